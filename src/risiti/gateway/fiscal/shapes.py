"""What comes in and what goes out, for all doors: `parse_invoice` reads a NewInvoice, `InvoiceView` shows one."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, ValidationError, WithJsonSchema

from risiti.gateway.fiscal import parties, payloads, strict_json, totals
from risiti.gateway.fiscal.decimals import plain
from risiti.gateway.fiscal.faults import Place, faults_of, raise_if_any
from risiti.gateway.fiscal.fields import MAX_NAME_BYTES, visible
from risiti.gateway.fiscal.payloads import NewInvoice, Sale
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.terms import faults_of_a_receipt
from risiti.gateway.fiscal.words import Kind
from risiti.gateway.kernel.errors import FieldError, Invalid

__all__ = [
    "BuyerView",
    "InvoiceView",
    "Links",
    "NewInvoice",
    "Refusal",
    "TotalsView",
    "parse_invoice",
    "read_invoice",
    "warnings",
    "warnings_of",
]

DISCOUNT_SUFFIX = " (Discount)"
"""Follows the item's name on the line that holds its discount: the authority requires it."""

_PARTS: dict[tuple[str, ...], type[BaseModel]] = {
    (): NewInvoice,
    ("lines",): payloads.Line,
    ("lines", "discount"): payloads.Discount,
    ("lines", "excise"): payloads.ExciseDuty,
    ("lines", "project"): payloads.Project,
    ("lines", "pieces"): payloads.Pieces,
    ("charges",): payloads.Charge,
    ("discounts",): payloads.DocumentDiscount,
    ("taxes",): payloads.OtherTax,
    ("export",): payloads.Export,
    ("foreign_seller",): parties.ForeignSeller,
    ("payments",): payloads.Payment,
    ("totals",): payloads.ExpectedTotals,
}


_BESIDE_THE_SUMS = frozenset({"currency", "payment", "payments", "totals"})
"""Fields without which a sale can still be added up."""


def parse_invoice(body: bytes, *, now: datetime) -> NewInvoice:
    """Read and check a caller's document; `now` (aware) bounds its date and is its date where it gives none.

    Raises:
        BadRequest: the body is no JSON object that can be read safely.
        TooLarge: it holds more values than any document needs.
        Invalid: everything that is wrong with the document, in `errors`.
    """
    return read_invoice(strict_json.parse_object(body), now=now)


def read_invoice(document: JsonObject, *, now: datetime) -> NewInvoice:
    """Check a document that is read already, from our JSON or by one of `adapters`; see `parse_invoice`.

    Raises:
        Invalid: everything that is wrong with the document, in `errors`; paths are those of our JSON.
    """
    if document.get("issued_at", "") is None:
        del document["issued_at"]
    try:
        invoice = NewInvoice.model_validate(document, context={"now": now})
    except ValidationError as error:
        faults = faults_of(error, lambda place: _known_names(place, document), parties.BUYER_TYPES)
        raise_if_any(faults + _faults_of_what_is_readable(document))
        raise  # unreachable: pydantic never raises without a finding
    raise_if_any(_contradictions(invoice) + _arithmetic(invoice))
    return invoice


def warnings(body: bytes) -> tuple[FieldError, ...]:
    """Return what was quietly changed in a document that `parse_invoice` has taken: invisible characters taken out."""
    return warnings_of(strict_json.parse_object(body))


def warnings_of(document: JsonObject) -> tuple[FieldError, ...]:
    """Return what was quietly changed in a document that `read_invoice` has taken."""
    found = []
    waiting: list[tuple[tuple[str | int, ...], strict_json.JsonValue]] = [((), document)]
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting.extend(((*path, key), member) for key, member in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), member) for index, member in enumerate(value))
        elif isinstance(value, str) and visible(value) != value:
            message = "Characters that cannot be seen were taken out of this text."
            found.append(FieldError(strict_json.pointer(path), "invisible_characters", message, visible(value)))
    return tuple(found)


def _known_names(place: Place, document: JsonObject) -> Collection[str]:
    part = tuple(step for step in place if isinstance(step, str))
    if part == ("buyer",):
        buyer = document.get("buyer")
        kind = buyer.get("type") if isinstance(buyer, dict) else None
        return parties.BUYER_TYPES[kind].model_fields if isinstance(kind, str) and kind in parties.BUYER_TYPES else ()
    return _PARTS[part].model_fields if part in _PARTS else ()


def _faults_of_what_is_readable(document: JsonObject) -> list[FieldError]:
    """Add up what can be added up although other fields are wrong: the caller shall hear of everything at once."""
    known = {name: document[name] for name in Sale.model_fields if name in document}
    try:
        return _arithmetic(Sale.model_validate(known))
    except ValidationError as error:
        unreadable = {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
    if not unreadable <= _BESIDE_THE_SUMS:
        return []
    try:
        return _arithmetic(Sale.model_validate({name: known[name] for name in known.keys() - unreadable}))
    except ValidationError:
        return []


def _arithmetic(sale: Sale) -> list[FieldError]:
    try:
        totals.compute(sale)
    except Invalid as error:
        return list(error.errors)
    return []


def _contradictions(invoice: NewInvoice) -> list[FieldError]:
    faults = []
    if invoice.payments is not None and "payment" in invoice.model_fields_set:
        message = "The payment is given twice, in short and as a list."
        faults.append(FieldError("/payment", "given_twice", message, 'Send either "payment" or "payments".'))
    if invoice.kind is Kind.RECEIPT:
        faults.extend(faults_of_a_receipt(invoice))
    for index, line in enumerate(invoice.lines):
        longest = MAX_NAME_BYTES - len(DISCOUNT_SUFFIX)
        if line.discount is not None and len(line.name.encode()) > longest:
            message = f"The name of a discounted line may take {longest} bytes: its discount repeats it."
            faults.append(FieldError(f"/lines/{index}/name", "too_long", message, f"Shorten it to {longest} bytes."))
    return faults


MoneyText = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", "examples": ["118000.00"]}),
]
"""A decimal that leaves as a string: JSON numbers lose cents in too many readers."""


class View(BaseModel):
    """A part of what we answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class TotalsView(View):
    """The sums of a document, in its currency."""

    net: MoneyText
    """Without tax."""
    tax: MoneyText
    """The VAT."""
    gross: MoneyText
    """What the buyer pays."""


class BuyerView(View):
    """Who bought, as far as the seller said."""

    type: str
    """`business`, `consumer`, `foreigner` or `government`."""
    tin: str | None = None
    """Taxpayer identification number."""
    name: str | None = None
    """As on the document."""


class Refusal(View):
    """Why the authority refused the document."""

    code: str
    """The authority's return code."""
    field: str
    """The authority's name of the field."""
    message: str
    """What is wrong, in a sentence."""
    path: str | None = None
    """JSON pointer into the caller's document, where the field has a counterpart there."""
    fix: str = ""
    """What to do about it; then send the corrected document as its next `revision`."""
    said: str = ""
    """The authority's own words."""


class Links(View):
    """Where to go from here; paths on this server."""

    self: str
    """The document."""
    events: str
    """What happened to it."""
    receipt: str | None = None
    """Its receipt, once it has its fiscal number."""


class InvoiceView(View):
    """A document as its seller sees it. Times are in UTC; what is not known yet is null."""

    id: str
    """Ours; it names the document in addresses."""
    reference: str
    """Yours, as normalised."""
    revision: int
    """Which version of a corrected document this is."""
    state: str
    """waiting, sending, in_doubt, fiscalised, refused, held or withdrawn."""
    kind: str
    """`invoice` or `receipt`."""
    currency: str
    """ISO 4217."""
    totals: TotalsView
    """What it adds up to."""
    buyer: BuyerView
    """Who bought."""
    issued_at: datetime
    """The time of the sale."""
    created_at: datetime
    """When it was accepted here."""
    fiscalised_at: datetime | None = None
    """When the authority numbered it."""
    fdn: str | None = None
    """Fiscal document number."""
    verification_code: str | None = None
    """The authority's verification code (antifake code)."""
    qr: str | None = None
    """The text of the QR code."""
    authority_document_id: str | None = None
    """The authority's internal id of the document."""
    refusal: Refusal | None = None
    """Why the authority refused it."""
    held_reason: str | None = None
    """Why it needs a person: `undecided`, `conflict` or `period`."""
    upload_deadline: datetime | None = None
    """Until when the law wants the document to be with the authority."""
    links: Links
    warnings: tuple[FieldError, ...] = ()
    """What was quietly changed in the document as it was handed in; only in the answer to that."""
    """Where to go from here."""
