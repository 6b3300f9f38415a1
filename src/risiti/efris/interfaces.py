"""THE table: one row per interface - code, request model, answer model, reads or writes, encrypted or not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from risiti.efris.errors import Fault, Malformed
from risiti.efris.models.base import FROM_WIRE, EfrisAnswer, EfrisRequest, EfrisRows, NoContent, to_wire
from risiti.efris.models.dictionaries import Dictionary
from risiti.efris.models.goods import GoodsPage, GoodsQuery, GoodsUpload, GoodsUploaded
from risiti.efris.models.invoice_upload import InvoiceUpload
from risiti.efris.models.invoices import (
    CreditableInvoiceQuery,
    InvoiceDetails,
    InvoicePage,
    InvoiceQuery,
    InvoiceRead,
    InvoiceUploaded,
)
from risiti.efris.models.session import ServerTime, SessionKeyAnswer, SignedIn
from risiti.efris.models.taxpayers import TaxpayerFound, TaxpayerQuery
from risiti.efris.return_codes import SUCCESS, code_for
from risiti.efris.wirejson import JsonError, read_json, write_json

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)


class Effect(StrEnum):
    """Whether a call can change anything at the authority."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A request's content as JSON bytes, sent exactly as they are; b"" for no content.

    What was stored when a document was accepted is wrapped in this when it is sent, however much later.
    """

    content: bytes


@dataclass(frozen=True)
class Interface(Generic[Req, Res]):
    """One interface of the authority.

    Attributes:
        code: `T101`, ...
        request: Model of its request; NoContent if it takes none.
        answer: Model of its answer.
        effect: READ may be repeated at will, WRITE never is.
        timeout: Seconds one call may take.
        answer_codes: Return codes that come with the answer; more than "00" where a partial success is one.
        summary: What it is for.
    """

    code: str
    request: type[Req]
    answer: type[Res]
    effect: Effect
    timeout: float
    summary: str
    answer_codes: frozenset[str] = frozenset({SUCCESS})

    @property
    def takes_content(self) -> bool:
        """Whether a request has content; without, nothing is encrypted or signed and no session key is needed."""
        return self.request is not NoContent

    def freeze(self, request: Req) -> Frozen:
        """Check a request against the wire's rules and turn it into bytes; equal requests give equal bytes.

        Raises:
            Malformed: it breaks the rules. Every fault is named, with the code the authority would answer.
        """
        if not self.takes_content:
            return Frozen(b"")
        document, faults = to_wire(request)
        if faults:
            raise Malformed(tuple(self._with_code(fault) for fault in faults), interface=self.code)
        return Frozen(write_json(document))

    def parse(self, content: bytes) -> Req:
        """Read a request written by someone else, as wire JSON. `freeze` checks lengths and digits afterwards.

        Raises:
            Malformed: not JSON, unknown or missing fields, a value outside its list.
        """
        try:
            document = read_json(content)
        except JsonError as error:
            raise Malformed((Fault("", "format", None, str(error)),), interface=self.code) from error
        if issubclass(self.request, EfrisRows):
            document = {self.request.wire_list: document}
        try:
            return self.request.model_validate(document, context=FROM_WIRE)
        except ValidationError as error:
            faults = tuple(self._with_code(_fault(detail)) for detail in error.errors(include_url=False))
            raise Malformed(faults, interface=self.code) from error

    def _with_code(self, fault: Fault) -> Fault:
        path = re.sub(r"\[\d+\]\.?", ".", fault.path).strip(".").replace("..", ".")
        rules = _RULES_LIKE.get(fault.rule, (fault.rule,))
        return replace(fault, code=code_for(self.code, path, rules))


_RULES_LIKE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "required": ("required", "min_max_length"),
        "max_length": ("max_length", "min_max_length", "format"),
        "min_max_length": ("min_max_length", "max_length", "format"),
        "max_digits": ("max_digits", "max_length"),
        "invalid_value": ("invalid_value", "format"),
    }
)
"""The catalogue's names for one kind of fault, the likeliest first."""

_RULE_OF_TYPE: Mapping[str, str] = MappingProxyType({"missing": "required", "enum": "invalid_value"})


def _fault(detail: ErrorDetails) -> Fault:
    path = ""
    for step in detail["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return Fault(path.strip("."), _RULE_OF_TYPE.get(detail["type"], "format"), None, detail["msg"])


SERVER_TIME = Interface("T101", NoContent, ServerTime, Effect.READ, 5.0, "The authority's clock; also a sign of life.")
SIGN_IN = Interface("T103", NoContent, SignedIn, Effect.READ, 15.0, "Who we are, and every switch set for us.")
SESSION_KEY = Interface("T104", NoContent, SessionKeyAnswer, Effect.READ, 15.0, "A session key for the device.")
FIND_INVOICES = Interface("T106", InvoiceQuery, InvoicePage, Effect.READ, 15.0, "Search fiscal documents.")
FIND_CREDITABLE_INVOICES = Interface(
    "T107", CreditableInvoiceQuery, InvoicePage, Effect.READ, 15.0, "Search documents that can still be credited."
)
READ_INVOICE = Interface("T108", InvoiceRead, InvoiceDetails, Effect.READ, 15.0, "Read one fiscal document in full.")
UPLOAD_INVOICE = Interface("T109", InvoiceUpload, InvoiceUploaded, Effect.WRITE, 30.0, "Fiscalise a document.")
DICTIONARY = Interface("T115", NoContent, Dictionary, Effect.READ, 30.0, "Every code list at once.")
FIND_TAXPAYER = Interface("T119", TaxpayerQuery, TaxpayerFound, Effect.READ, 15.0, "Who stands behind a TIN.")
FIND_GOODS = Interface("T127", GoodsQuery, GoodsPage, Effect.READ, 30.0, "Search the registered goods.")
UPLOAD_GOODS = Interface(
    "T130",
    GoodsUpload,
    GoodsUploaded,
    Effect.WRITE,
    30.0,
    "Register or change goods; rows that failed come back with code 45.",
    answer_codes=frozenset({SUCCESS, "45"}),
)

INTERFACES: Mapping[str, Interface[EfrisRequest, EfrisAnswer]] = MappingProxyType(
    {
        interface.code: interface  # type: ignore[misc]
        for interface in (
            SERVER_TIME,
            SIGN_IN,
            SESSION_KEY,
            FIND_INVOICES,
            FIND_CREDITABLE_INVOICES,
            READ_INVOICE,
            UPLOAD_INVOICE,
            DICTIONARY,
            FIND_TAXPAYER,
            FIND_GOODS,
            UPLOAD_GOODS,
        )
    }
)
"""Every interface by its code."""
