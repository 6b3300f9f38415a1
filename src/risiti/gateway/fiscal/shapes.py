"""What comes in and what goes out, for all doors: `parse_invoice` reads a NewInvoice, `InvoiceView` shows one."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from risiti.gateway.fiscal import strict_json, totals
from risiti.gateway.fiscal.closing import ClosureView
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.fields import MAX_NAME_BYTES, visible
from risiti.gateway.fiscal.payloads import Line, NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.terms import ANYBODY, Terms, faults_of_a_receipt, settled, told_industry
from risiti.gateway.fiscal.validation.check import Basis, Report, Rules, check
from risiti.gateway.fiscal.validation.known import NOTHING, Known
from risiti.gateway.fiscal.viewing import MoneyText, View
from risiti.gateway.fiscal.words import Industry, Kind, Tax
from risiti.gateway.kernel.errors import FieldError, Invalid, Patch, PatchOp

__all__ = [
    "BuyerView",
    "InvoiceView",
    "Links",
    "NewInvoice",
    "Notice",
    "Refusal",
    "RepairStep",
    "TotalsView",
    "examine",
    "parse_invoice",
    "read_invoice",
    "warnings",
    "warnings_of",
]

DEEMED_SUFFIX = " (Deemed)"
"""Follows the item's name on a line whose VAT is deemed paid."""
DISCOUNT_SUFFIX = " (Discount)"
"""Follows the item's name on the line that holds its discount: the authority requires it."""


_ON_TERMS = frozenset({"total_mismatch", "payments_do_not_add_up", "exchange_rate_missing", "rounding_refused"})
"""Faults of sums that another rounding rule, or a rate that the company knows, may not have."""


def parse_invoice(body: bytes, *, now: datetime, on: Terms | None = ANYBODY) -> NewInvoice:
    """Read and check a caller's document; `now` (aware) bounds its date and is its date where it gives none.

    It is returned as it was given, not filled in: what a repeat is compared with is the caller's own content.

    Args:
        body: The document as JSON.
        now: The present moment.
        on: The company's terms; without them nothing is said of what depends on them, which `reckoning.reckon` does.

    Raises:
        BadRequest: the body is no JSON object that can be read safely.
        TooLarge: it holds more values than any document needs.
        Invalid: everything that is wrong with the document, in `errors`.
    """
    reading = strict_json.read_object(body)
    return _accepted(examine(reading.document, Basis(now, unread=reading.faults, terms=on)), reading)


def read_invoice(
    document: JsonObject, *, now: datetime, on: Terms | None = ANYBODY, known: Known = NOTHING
) -> NewInvoice:
    """Check a document that is read already, from our JSON or by one of `adapters`; see `parse_invoice`.

    Raises:
        Invalid: everything that is wrong with the document, in `errors`; paths are those of our JSON.
    """
    return _accepted(examine(document, Basis(now, known, terms=on)))


def examine(document: JsonObject, basis: Basis) -> Report:
    """List everything that is wrong with a document that was read or adapted."""
    return check(document, basis, Rules(_contradictions, _sums(basis.terms)))


def _accepted(report: Report, reading: strict_json.Reading | None = None) -> NewInvoice:
    if reading is not None and reading.faults:
        unread = {fault.path for fault in reading.faults}
        raise reading.refusal([fault for fault in report.problems if fault.path not in unread])
    raise_if_any(report.problems)
    if report.invoice is None:  # for the type checker: a document without problems has been read
        raise AssertionError
    return report.invoice


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


def _sums(on: Terms | None) -> Callable[[NewInvoice], list[FieldError]]:
    """Return what lists the faults of a document's sums on a company's terms; without, those it has on any."""

    def faults_of_sums(invoice: NewInvoice) -> list[FieldError]:
        try:
            totals.compute_once(settled(invoice, on or ANYBODY))
        except Invalid as error:
            return [fault for fault in error.errors if on is not None or fault.code not in _ON_TERMS]
        return []

    return faults_of_sums


def _contradictions(invoice: NewInvoice) -> list[FieldError]:
    faults = []
    if invoice.payments is not None and "payment" in invoice.model_fields_set:
        message = "The payment is given twice, in short and as a list."
        faults.append(FieldError("/payment", "given_twice", message, 'Send either "payment" or "payments".'))
    if invoice.kind is Kind.RECEIPT:
        faults.extend(faults_of_a_receipt(invoice))
    for index, line in enumerate(invoice.lines):
        faults.extend(_line_faults(line, f"/lines/{index}", is_discounted=bool(line.discount or invoice.discounts)))
    return faults + _industry_faults(invoice)


def _line_faults(line: Line, path: str, *, is_discounted: bool) -> Iterator[FieldError]:
    is_deemed = line.tax is Tax.DEEMED
    longest = MAX_NAME_BYTES - len(DISCOUNT_SUFFIX) * is_discounted - len(DEEMED_SUFFIX) * is_deemed
    if len(line.name.encode()) > longest:
        kind = "discounted" if is_discounted else "deemed"
        message = f"The name of a {kind} line may take {longest} bytes: something is appended to it."
        yield FieldError(f"{path}/name", "too_long", message, f"Shorten it to {longest} bytes.")
    if is_deemed and line.project is None:
        message = "VAT is deemed paid for a project of the buyer's only."
        yield FieldError(f"{path}/project", "project_missing", message, 'Add "project": {"id": ..., "name": ...}.')
    if line.project is not None and line.tax not in (Tax.DEEMED, Tax.EXEMPT):
        message = f"A line for a project is deemed or exempt, not {line.tax.value}."
        yield FieldError(f"{path}/tax", "project_tax", message, 'Send "tax": "deemed", or leave the project out.')


def _industry_faults(invoice: NewInvoice) -> list[FieldError]:
    industry = invoice.industry or told_industry(invoice)
    faults = []
    if (industry is Industry.EXPORT) != (invoice.export is not None):
        fix = 'Add "export": {"delivery_terms": "FOB"}.' if invoice.export is None else 'Send "industry": "export".'
        faults.append(FieldError("/export", "industry_mismatch", "An export names its terms of delivery.", fix))
    if (industry is Industry.IMPORTED_SERVICE) != (invoice.foreign_seller is not None):
        fix = "Add name, address and invoice_date." if invoice.foreign_seller is None else "Leave the industry out."
        message = "An imported service names its foreign supplier."
        faults.append(FieldError("/foreign_seller", "industry_mismatch", message, fix))
    if industry is Industry.EXPORT:
        if not invoice.buyer.name:
            message = "The buyer of an export is named."
            faults.append(FieldError("/buyer/name", "missing", message, "Add the buyer's name."))
        for index, line in enumerate(invoice.lines):
            if line.weight is None:
                message = "Customs want the net weight of each line of an export."
                faults.append(FieldError(f"/lines/{index}/weight", "missing", message, "Add it in kilograms."))
    return faults


class TotalsView(View):
    """The sums of a document, in its currency."""

    net: MoneyText
    """Without tax."""
    tax: MoneyText
    """VAT, excise duty and other taxes."""
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


class RepairStep(View):
    """One operation of a JSON Patch (RFC 6902) on your own document."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    op: PatchOp
    path: str
    """JSON pointer into your own document."""
    value: str | int | None = None
    """Of `add` and `replace`."""
    source: Annotated[str | None, Field(alias="from")] = None
    """Of `move`: where the value is taken from."""

    @classmethod
    def of(cls, patch: Patch) -> Self:
        """Return a step as it is shown."""
        return cls(op=patch.op, path=patch.path, value=patch.value, source=patch.source or None)


class Notice(View):
    """Something about an accepted document that its seller should know."""

    path: str
    """JSON pointer into the document that was handed in."""
    code: str
    """Stable, for programs."""
    message: str
    """One plain sentence."""
    fix: str = ""
    """What was put in its place, or what to do."""
    repair: tuple[RepairStep, ...] = ()
    """What was changed, with `?fix=safe`."""

    @classmethod
    def of(cls, fault: FieldError) -> Self:
        """Return a problem that did not stand in the way."""
        steps = tuple(RepairStep.of(patch) for patch in fault.repair)
        return cls(path=fault.path, code=fault.code, message=fault.message, fix=fault.fix, repair=steps)


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
    """Why it needs a person: `undecided`, `conflict`, `period`; or `given_up`: a person has closed it."""
    closure: ClosureView | None = None
    """How the sums were closed: your total, the authority's, and what was moved; not in lists."""
    upload_deadline: datetime | None = None
    """From when on the authority may refuse it as back-dated; null once it has its number, or is withdrawn."""
    links: Links
    """Where to go from here."""
    warnings: tuple[Notice, ...] = ()
    """What was changed in the document as it was handed in, and what is worth a look; only in the answer to that."""
