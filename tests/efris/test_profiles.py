"""The online services and the offline enabler, and what goes out to each."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from risiti.efris import (
    FIND_INVOICES,
    OFFLINE_ENABLER,
    ONLINE,
    OTHER_PRODUCTION_URL,
    PRODUCTION_URL,
    SERVER_TIME,
    TEST_URL,
    UPLOAD_INVOICE,
    AsgiTransport,
    AsyncClient,
    Credentials,
    Frozen,
    NoContent,
    NotReady,
    Unreadable,
    crypto,
    enabler_url,
    wire_json,
)
from risiti.efris.envelope import Envelope, decode_base64, encode_base64
from risiti.efris.models.codes import DataSource, ModeCode
from risiti.efris.models.invoices import InvoiceQuery
from tests.clock import ManualClock
from tests.efris import known
from tests.efris.authority import ENDPOINT, Authority
from tests.efris.documents import UPLOADED, an_upload

pytestmark = pytest.mark.anyio


class Enabler(Authority):
    """An offline enabler: its contents are base64 and no more."""

    compressed = False

    def reply(self, request: Envelope, code: str, content: Any) -> bytes:  # noqa: ANN401 - any JSON
        data = b"" if content is None else json.dumps(content).encode()
        packed = gzip.compress(data) if self.compressed else data
        return Envelope(
            content=encode_base64(packed),
            zip_code="1" if self.compressed else "0",
            global_info=request.global_info,
            return_code=code,
        ).to_bytes()


@pytest.fixture
def enabler() -> Enabler:
    made = Enabler(ManualClock())
    made.answers |= {"T109": lambda _: ("00", UPLOADED), "T106": lambda _: ("00", {"records": []})}
    return made


@pytest.fixture
def client(enabler: Enabler) -> AsyncClient:
    credentials = Credentials("1000000000", "TCS0000000000000001")
    transport = AsgiTransport(enabler)
    return AsyncClient(enabler_url(), credentials, profile=OFFLINE_ENABLER, transport=transport, clock=enabler.clock)


def test_the_addresses_are_those_that_public_clients_use() -> None:
    assert TEST_URL == "https://efristest.ura.go.ug/efrisws/ws/taapp/getInformation"
    assert PRODUCTION_URL == "https://efrisws.ura.go.ug/ws/taapp/getInformation"
    assert OTHER_PRODUCTION_URL == "https://efris.ura.go.ug/efrisws/ws/taapp/getInformation"
    assert enabler_url() == "http://127.0.0.1:9880/efristcs/ws/tcsapp/getInformation"
    assert enabler_url("till.example", 80) == "http://till.example:80/efristcs/ws/tcsapp/getInformation"


async def test_a_document_for_the_enabler_is_base64_and_no_more_and_needs_no_other_call(
    client: AsyncClient, enabler: Enabler
) -> None:
    uploaded = await client.call(UPLOAD_INVOICE, an_upload())
    assert uploaded.basic_information.invoice_no == "325043056477"
    assert enabler.calls == {"T109": 1}
    [sent] = enabler.requests
    assert (sent.signature, sent.code_type, sent.encrypt_code, sent.zip_code) == ("", "0", "1", "0")
    document = json.loads(decode_base64(sent.content))
    assert document["basicInformation"]["dataSource"] == "106"
    assert document["summary"]["modeCode"] == "0"
    assert document["basicInformation"]["invoiceNo"] == document["basicInformation"]["antifakeCode"] == ""
    assert document["summary"]["qrCode"] == ""


async def test_a_compressed_answer_of_the_enabler_is_read(client: AsyncClient, enabler: Enabler) -> None:
    enabler.compressed = True
    assert (await client.call(UPLOAD_INVOICE, an_upload())).basic_information.invoice_no == "325043056477"


async def test_calls_to_the_enabler_carry_this_machines_time(client: AsyncClient, enabler: Enabler) -> None:
    assert client.is_ready
    await client.ready()
    assert client.stamp().request_time == enabler.clock.now()
    page = await client.call(FIND_INVOICES, InvoiceQuery())
    assert page.records == ()
    assert enabler.requests[-1].global_text("requestTime") == "2026-03-02 12:00:00"


async def test_the_enabler_can_be_asked_for_its_time(client: AsyncClient, enabler: Enabler) -> None:
    shown = await client.call(SERVER_TIME, NoContent())
    assert abs(shown.current_time - enabler.clock.now()) < timedelta(seconds=1)


async def test_frozen_bytes_go_to_the_enabler_as_they_are(client: AsyncClient, enabler: Enabler) -> None:
    stored = UPLOAD_INVOICE.freeze(OFFLINE_ENABLER.fit(an_upload()))
    await client.call(UPLOAD_INVOICE, stored)
    assert decode_base64(enabler.requests[-1].content) == stored.content


def test_a_document_that_names_its_own_channel_keeps_it() -> None:
    upload = an_upload()
    named = upload.model_copy(
        update={
            "basic_information": upload.basic_information.model_copy(update={"data_source": DataSource.EFD}),
            "summary": upload.summary.model_copy(update={"mode_code": ModeCode.ONLINE}),
        }
    )
    assert OFFLINE_ENABLER.fit(named) == named


def test_the_online_profile_changes_no_byte() -> None:
    assert wire_json(ONLINE.fit(an_upload())) == wire_json(an_upload())
    assert OFFLINE_ENABLER.fit(InvoiceQuery()) == InvoiceQuery()


class Signing(Authority):
    """An authority that signs its answers."""

    spoil = ""

    def reply(self, request: Envelope, code: str, content: Any) -> bytes:  # noqa: ANN401 - any JSON
        answer = json.loads(super().reply(request, code, content))
        text = answer["data"]["content"] + (self.spoil if request.global_text("interfaceCode") == "T109" else "")
        answer["data"]["signature"] = encode_base64(crypto.sign(Signing.signing_key(), text.encode()))
        return json.dumps(answer).encode()

    @staticmethod
    def signing_key() -> crypto.PrivateKey:
        return crypto.load_private_key(known.messages()["keys"]["server_private_pem"].encode())


def verifying(authority: Authority) -> AsyncClient:
    return AsyncClient(
        ENDPOINT,
        known.credentials(),
        transport=AsgiTransport(authority),
        clock=authority.clock,
        authority_key=Signing.signing_key().public_key(),
    )


async def test_signed_answers_are_believed_where_signatures_are_checked() -> None:
    authority = Signing(ManualClock())
    authority.answers["T109"] = lambda _: ("00", UPLOADED)
    assert (await verifying(authority).call(UPLOAD_INVOICE, an_upload())).summary.gross_amount


async def test_an_answer_with_a_wrong_signature_settles_nothing_where_signatures_are_checked() -> None:
    authority = Signing(ManualClock())
    authority.spoil = "!"
    authority.answers["T109"] = lambda _: ("00", UPLOADED)
    with pytest.raises(Unreadable, match="authority's signature") as raised:
        await verifying(authority).call(UPLOAD_INVOICE, an_upload())
    assert not raised.value.accepted_opaque


async def test_a_session_key_without_signature_is_not_used_where_signatures_are_checked() -> None:
    authority = Authority(ManualClock())
    with pytest.raises(NotReady, match="authority's signature"):
        await verifying(authority).ready()


async def test_signatures_are_not_looked_at_unless_asked() -> None:
    authority = Signing(ManualClock())
    authority.spoil = "!"
    authority.answers["T109"] = lambda _: ("00", UPLOADED)
    client = AsyncClient(ENDPOINT, known.credentials(), transport=AsgiTransport(authority), clock=authority.clock)
    frozen = Frozen(UPLOAD_INVOICE.freeze(an_upload()).content)
    assert (await client.call(UPLOAD_INVOICE, frozen)).basic_information.invoice_no
