"""Back from the authority's form to our words: a document of its own (an upload, or what it answers) as a NewInvoice.

What comes out is checked by the way there: it is added up and put on the wire again, and every amount that then differs
is named. Discounts on the whole document come back as those of the lines, for that is what the wire carries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from pydantic import ValidationError

from risiti.efris import amounts
from risiti.efris.models import invoice_upload as upload
from risiti.efris.models import issued
from risiti.efris.models.codes import DiscountFlag, VatApplicable, YesNo
from risiti.gateway.fiscal import codes, parties, parts, totals, wire
from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.decimals import plain
from risiti.gateway.fiscal.faults import faults_of, raise_if_any
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.shapes import DEEMED_SUFFIX
from risiti.gateway.fiscal.tax.rates import ZERO
from risiti.gateway.fiscal.words import Category, Industry, OtherTaxKind, Rounding, Tax
from risiti.gateway.kernel.errors import FieldError, Invalid

_RULES: Final = (Rounding.PER_LINE, Rounding.PER_DOCUMENT, Rounding.LARGEST_LINE)
_KINDS: Final = codes.backwards(codes.KINDS)
_BUYERS: Final = codes.backwards(codes.BUYERS)
_INDUSTRIES: Final = codes.backwards(codes.INDUSTRIES)
_PAYMENTS: Final = codes.backwards(codes.PAYMENTS)
_CATEGORIES: Final = codes.backwards(codes.CATEGORIES)
_DUTY_UNITS: Final = codes.backwards(codes.DUTY_UNITS)
_INVOICE: Final = ("", "1")

_ONE: Final = Decimal(1)
_LEAST_RATE: Final = Decimal("0.00000001")

Words = dict[str, object]
Document = upload.InvoiceUpload | issued.FiscalDocument
Row = upload.Line | issued.IssuedLine


@dataclass(frozen=True, slots=True)
class Unwired:
    """A document in our words, and where it does not give the same amounts when it is put on the wire again."""

    invoice: NewInvoice
    differences: tuple[FieldError, ...]
    """Amounts of the document that its own lines do not give; none where the document is sound."""


def read(document: Document, *, now: datetime) -> Unwired:
    """Return a document of the authority's form in our words; `now` (aware) bounds its date.

    Raises:
        Invalid: it is none that our words can say (a note, an airline's or a petrol station's document), or a field of
            it is not what it may be; every fault is listed, with its place in our words.
    """
    words = _words(document)
    try:
        invoice = NewInvoice.model_validate(words, context={"now": now})
    except ValidationError as error:
        raise_if_any(faults_of(error, lambda place: parts.names_at(place, {}), parties.BUYER_TYPES))
        raise  # unreachable: pydantic never raises without a finding
    found = [_under(rule, invoice, document) for rule in _RULES[:1]]
    if found[0].differences:
        found += [_under(rule, invoice, document) for rule in _RULES[1:]]
    return min(found, key=lambda one: len(one.differences))


def _words(document: Document) -> Words:
    head, summary = document.basic_information, document.summary
    _demand_sayable(document)
    words: Words = {
        "reference": document.seller_details.reference_no,
        "kind": _KINDS.get(_text(head.invoice_kind), ""),
        "industry": _INDUSTRIES[_text(head.invoice_industry_code) or codes.INDUSTRIES[Industry.GENERAL].value],
        "currency": _text(head.currency),
        "buyer": _buyer(document.buyer_details),
        "lines": list(_lines(document)),
        "taxes": list(_taxes(document)),
        "totals": {
            "net": _number(summary.net_amount),
            "tax": _number(summary.tax_amount),
            "gross": _number(summary.gross_amount),
        },
        "operator": _text(head.operator) or None,
        "remarks": _text(summary.remarks) or None,
    }
    if head.issued_date is not None:
        words["issued_at"] = head.issued_date.isoformat()
    if document.pay_way:
        words["payments"] = [
            {"method": _PAYMENTS.get(_text(row.payment_mode), ""), "amount": _number(row.payment_amount)}
            for row in document.pay_way
        ]
    if head.currency_rate is not None and _text(head.currency) != SHILLING:
        words["exchange_rate"] = _number(head.currency_rate)
    return words | _industry_parts(document)


def _demand_sayable(document: Document) -> None:
    head = document.basic_information
    faults = []
    if _text(head.invoice_type) not in _INVOICE:
        message = "This is a note, not an invoice or a receipt."
        faults.append(FieldError("", "not_an_invoice", message, "Send invoices and receipts only."))
    if _text(head.invoice_industry_code) not in ("", *_INDUSTRIES):
        message = "Documents of this industry cannot be said in our words."
        faults.append(FieldError("/industry", "unknown_value", message, "One of: " + ", ".join(_INDUSTRIES.values())))
    raise_if_any(faults)


def _industry_parts(document: Document) -> Words:
    found: Words = {}
    head, abroad = document.basic_information, document.import_services_seller
    terms = _text(document.buyer_details.delivery_terms_code)
    if not terms and isinstance(head, upload.BasicInformation):
        terms = _text(head.delivery_terms_code)
    if terms:
        found["export"] = {"delivery_terms": terms}
    if abroad is not None and abroad.import_business_name:
        found["foreign_seller"] = {
            "name": abroad.import_business_name,
            "address": abroad.import_address,
            "invoice_date": _day(abroad.import_invoice_date),
            "email": abroad.import_email_address or None,
            "phone": abroad.import_contact_number or None,
        }
    return found


def _buyer(buyer: upload.Buyer | issued.IssuedBuyer) -> Words:
    kind = _BUYERS.get(_text(buyer.buyer_type), "")
    name = buyer.buyer_legal_name
    words: Words = {
        "type": kind,
        "tin": buyer.buyer_tin,
        "name": "" if kind == "consumer" and name == wire.WALK_IN_CUSTOMER else name,
        "email": buyer.buyer_email,
        "phone": buyer.buyer_mobile_phone,
        "address": buyer.buyer_address,
        "trading_name": buyer.buyer_business_name,
        "reference": buyer.buyer_reference_no,
    }
    if kind == "consumer":
        words["national_id"] = buyer.buyer_nin_brn
    if kind == "foreigner":
        words |= {"passport": buyer.buyer_passport_num, "citizenship": buyer.buyer_citizenship}
    return {name: value for name, value in words.items() if value}


# ---------------------------------------------------------------- lines and taxes


def _lines(document: Document) -> Iterator[Words]:
    line: Words | None = None
    for row in document.goods_details:
        if _text(row.discount_flag) == DiscountFlag.DISCOUNT and line is not None:
            line["discount"] = {"amount": plain(abs(row.total or ZERO))}
            continue
        if line is not None:
            yield line
        line = _line(row, document)
    if line is not None:
        yield line


def _line(row: Row, document: Document) -> Words:
    tax, name = _treatment(row), row.item
    if tax is Tax.DEEMED and name.casefold().endswith(DEEMED_SUFFIX.casefold()):
        name = name[: -len(DEEMED_SUFFIX)]
    words: Words = {
        "name": name,
        "code": row.item_code,
        "category": row.goods_category_id,
        "quantity": _number(row.qty),
        "unit": row.unit_of_measure,
        "unit_price": _number(row.unit_price),
        "tax": tax.value,
        "hs_code": row.hs_code,
        "hs_name": row.hs_name,
        "weight": _number(row.total_weight),
    }
    if row.vat_project_id:
        words["project"] = {"id": row.vat_project_id, "name": row.vat_project_name}
    if row.total_weight is not None and row.piece_qty is not None:
        words["pieces"] = {"quantity": _number(row.piece_qty), "unit": row.piece_measure_unit}
    if _text(row.excise_flag) == YesNo.YES:
        words["excise"] = _excise(row, document)
    return {name: value for name, value in words.items() if value}


def _treatment(row: Row) -> Tax:
    if _text(row.vat_applicable_flag) == VatApplicable.OUT_OF_SCOPE:
        return Tax.OUT_OF_SCOPE
    if _text(row.deemed_flag) == YesNo.YES:
        return Tax.DEEMED
    if row.tax_rate == codes.NO_RATE:
        return Tax.EXEMPT
    return Tax.STANDARD if _decimal(row.tax_rate) else Tax.ZERO


def _excise(row: Row, document: Document) -> Words:
    words: Words = {"code": row.category_id, "name": row.category_name}
    unit = _text(row.excise_unit)
    if not unit:
        percent = ZERO if row.excise_rate == codes.NO_RATE else _decimal(row.excise_rate) * 100
        return words | {"percent": plain(percent.normalize())}
    words |= {"amount": row.excise_rate, "per": _DUTY_UNITS.get(unit, ""), "currency": row.excise_currency}
    if row.pack is not None and row.stick is not None:
        words |= {"pack": _number(row.pack), "stick": _number(row.stick)}
    if row.excise_currency not in (SHILLING, _text(document.basic_information.currency)):
        words["exchange_rate"] = _duty_exchange(row, document)
    return words


def _duty_exchange(row: Row, document: Document) -> str:
    """Return the rate at which a duty was converted, which the wire does not carry: what it came to tells."""
    packed = _text(row.unit_of_measure) != _text(row.excise_unit)
    pieces_each = (row.stick or _ONE) / (row.pack or _ONE) if packed else _ONE
    units = (row.qty or ZERO) * pieces_each
    due, ours = _decimal(row.excise_rate) * units, document.basic_information.currency_rate or 1
    rate = (row.excise_tax or ZERO) * ours / due if due else ZERO
    return plain(max(rate, _LEAST_RATE).quantize(_LEAST_RATE))


def _taxes(document: Document) -> Iterator[Words]:
    others = {kind.value for kind in OtherTaxKind}
    for row in document.tax_details:
        category = _CATEGORIES.get(_text(row.tax_category_code))
        if category is not None and category.value in others:
            words = {"tax": category.value, "amount": _number(row.tax_amount), "name": row.tax_rate_name}
            yield {name: value for name, value in words.items() if value}


# ---------------------------------------------------------------- the way there, to compare


def _under(rule: Rounding, invoice: NewInvoice, document: Document) -> Unwired:
    tried = invoice.model_copy(update={"rounding": rule})
    try:
        computed = totals.compute(tried)
    except Invalid as error:
        return Unwired(tried, tuple(error.errors))
    return Unwired(tried, tuple(_differences(computed, document)))


def _differences(computed: totals.Totals, document: Document) -> Iterator[FieldError]:
    rows: Sequence[Row] = document.goods_details
    for line, row in zip(computed.lines, rows, strict=False):
        for name, ours, theirs in (
            ("total", line.total, row.total),
            ("tax", line.tax, row.tax),
            ("excise", line.excise or ZERO, row.excise_tax or ZERO),
        ):
            if ours != theirs:
                yield _difference(f"{line.place}/{name}", ours, theirs)
    if len(computed.lines) != len(rows):
        yield FieldError("/lines", "amount_differs", "Discounts and lines do not belong together.", "Check the rows.")
    sums = _sums(document)
    for category, (tax, gross) in _computed_sums(computed).items():
        if sums.get(category, (ZERO, ZERO)) != (tax, gross):
            yield _difference(f"/taxes/{category.value}", tax, sums.get(category, (ZERO, ZERO))[0])
    for category in sums.keys() - {row.category for row in computed.rows}:
        yield FieldError("/taxes", "amount_differs", f"No line is of the category {category.value}.", "Check the rows.")


def _sums(document: Document) -> dict[Category, tuple[Decimal, Decimal]]:
    sums: dict[Category, tuple[Decimal, Decimal]] = {}
    for row in document.tax_details:
        category = _CATEGORIES.get(_text(row.tax_category_code))
        if category is not None:
            tax, gross = sums.get(category, (ZERO, ZERO))
            sums[category] = (tax + (row.tax_amount or ZERO), gross + (row.gross_amount or ZERO))
    return sums


def _computed_sums(computed: totals.Totals) -> dict[Category, tuple[Decimal, Decimal]]:
    sums: dict[Category, tuple[Decimal, Decimal]] = {}
    for row in computed.rows:
        tax, gross = sums.get(row.category, (ZERO, ZERO))
        sums[row.category] = (tax + row.tax, gross + row.gross)
    return sums


def _difference(path: str, ours: Decimal, theirs: Decimal | None) -> FieldError:
    said = "nothing" if theirs is None else plain(theirs)
    return FieldError(path, "amount_differs", f"The lines give {plain(ours)}; the document says {said}.", plain(ours))


# ---------------------------------------------------------------- scalars


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _number(value: Decimal | None) -> str | None:
    return None if value is None else amounts.plain(value)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return ZERO


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()[:10]
