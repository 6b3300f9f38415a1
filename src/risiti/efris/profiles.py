"""Where the authority's services are, and what each kind of service expects: online, or the offline enabler."""

from dataclasses import dataclass
from typing import TypeVar

from risiti.efris.models.base import EfrisRequest
from risiti.efris.models.codes import DataSource, ModeCode
from risiti.efris.models.invoice_upload import InvoiceUpload

Req = TypeVar("Req", bound=EfrisRequest)

TEST_URL = "https://efristest.ura.go.ug/efrisws/ws/taapp/getInformation"
"""The test environment. The interface document prints no address; every public client has this one."""

PRODUCTION_URL = "https://efrisws.ura.go.ug/ws/taapp/getInformation"
"""Production, where documents are real. Source: public clients and integration guides."""

OTHER_PRODUCTION_URL = "https://efris.ura.go.ug/efrisws/ws/taapp/getInformation"
"""Production by another name; reported as working by a few public clients. `SIGN_IN` names a taxpayer's own address."""

ENABLER_PORT = 9880
"""Port of the offline enabler, as installed by the authority."""


def enabler_url(host: str = "127.0.0.1", port: int = ENABLER_PORT) -> str:
    """Return the address of an offline enabler: plain HTTP, so on this machine or the shop's own network only."""
    return f"http://{host}:{port}/efristcs/ws/tcsapp/getInformation"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a kind of service expects of its callers.

    Attributes:
        secured: Contents are signed, and encrypted under a session key, and calls carry the authority's time. Without
            it a content is base64 and no more, the signature empty, and no call needs another one first.
        data_source: Channel of the documents (`dataSource`).
        mode_code: Whether documents get their numbers online (`modeCode`).
    """

    secured: bool
    data_source: DataSource
    mode_code: ModeCode

    def fit(self, request: Req) -> Req:
        """Put channel and mode into a document to be fiscalised, unless it names its own. Other requests stay as is."""
        if not isinstance(request, InvoiceUpload):
            return request
        basic, summary = request.basic_information, request.summary
        if "data_source" not in basic.model_fields_set:
            basic = basic.model_copy(update={"data_source": self.data_source})
        if "mode_code" not in summary.model_fields_set:
            summary = summary.model_copy(update={"mode_code": self.mode_code})
        return request.model_copy(update={"basic_information": basic, "summary": summary})


ONLINE = Profile(secured=True, data_source=DataSource.WEB_SERVICE, mode_code=ModeCode.ONLINE)
"""URA's service itself, test or production."""

OFFLINE_ENABLER = Profile(secured=False, data_source=DataSource.OFFLINE_ENABLER, mode_code=ModeCode.OFFLINE)
"""URA's program for shops with a poor line: it numbers, signs, keeps and forwards documents by itself.

It holds the key, so ours is not needed and there is no session key (T104 is for the online mode only). Number,
verification code and QR text of a document stay empty in the request; the enabler fills them in and answers like the
online service. Source: public clients of the enabler, which make no other call first.
"""
