"""On which terms a company sells - VAT status, rounding rule, rates - and a document filled in by them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.parties import BusinessBuyer, ConsumerBuyer
from risiti.gateway.fiscal.payloads import Item, NewInvoice
from risiti.gateway.fiscal.words import Industry, Kind, OtherTaxKind, Rounding, Tax
from risiti.gateway.kernel.errors import FieldError

_INDUSTRIES: Final[Mapping[OtherTaxKind, Industry]] = {
    OtherTaxKind.OVER_THE_TOP: Industry.TELECOM,
    OtherTaxKind.UCC_LEVY: Industry.TELECOM,
    OtherTaxKind.STAMP_DUTY: Industry.STAMP_DUTY,
    OtherTaxKind.LOCAL_HOTEL_TAX: Industry.HOTEL,
    OtherTaxKind.OTHER: Industry.OTHER_TAXES,
}
_VAT: Final = frozenset({Tax.STANDARD, Tax.ZERO, Tax.DEEMED})
"""Treatments that only a seller registered for VAT may use."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the engine has to know of a company."""

    vat_registered: bool = True
    """Issues invoices; all others issue receipts, and charge no VAT."""
    rounding: Rounding = Rounding.PER_LINE
    """The rule for documents that name none."""
    tin: str = ""
    """With the name: who buys an imported service, where the document does not say."""
    legal_name: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """Shillings for one unit of a currency, as the authority has it for VAT."""

    @property
    def kind(self) -> Kind:
        """What the company issues."""
        return Kind.INVOICE if self.vat_registered else Kind.RECEIPT


ANYBODY: Final = Terms()
"""The terms of a company of which nothing is known."""


def settled(invoice: NewInvoice, terms: Terms) -> NewInvoice:
    """Return the document with everything in it that it leaves to the company: what is kept, added up and sent."""
    filled: dict[str, object] = {
        "kind": invoice.kind or terms.kind,
        "industry": invoice.industry or told_industry(invoice),
        "rounding": invoice.rounding or terms.rounding,
        "exchange_rate": invoice.exchange_rate or terms.rates.get(invoice.currency),
    }
    if invoice.foreign_seller is not None and terms.tin and invoice.buyer == ConsumerBuyer(type="consumer"):
        filled["buyer"] = BusinessBuyer.model_construct(type="business", tin=terms.tin, name=terms.legal_name)
    if invoice.currency == SHILLING:
        filled["exchange_rate"] = None
    return invoice.model_copy(update=filled)


def told_industry(invoice: NewInvoice) -> Industry:
    """Return the industry that the rest of a document tells."""
    if invoice.export is not None:
        return Industry.EXPORT
    if invoice.foreign_seller is not None:
        return Industry.IMPORTED_SERVICE
    told = {_INDUSTRIES[row.tax] for row in invoice.taxes}
    if len(told) > 1:
        return Industry.OTHER_TAXES
    return told.pop() if told else Industry.GENERAL


def faults_of(invoice: NewInvoice, terms: Terms) -> list[FieldError]:
    """List what this company may not issue: an invoice without being registered for VAT, a receipt although it is."""
    faults = []
    if invoice.kind not in (None, terms.kind):
        status = "registered for VAT" if terms.vat_registered else "not registered for VAT"
        message = f"The company is {status}: it issues {terms.kind.value}s."
        faults.append(FieldError("/kind", "wrong_kind", message, f'Send "{terms.kind.value}", or leave it out.'))
    if not terms.vat_registered and invoice.kind is not Kind.RECEIPT:
        faults.extend(faults_of_a_receipt(invoice))
    return faults


def faults_of_a_receipt(invoice: NewInvoice) -> list[FieldError]:
    """List the lines and charges that carry VAT, which no receipt does."""
    rows: list[tuple[str, Item]] = [(f"/lines/{index}", line) for index, line in enumerate(invoice.lines)]
    rows += [(f"/charges/{index}", charge) for index, charge in enumerate(invoice.charges)]
    message = "A receipt carries no VAT: it is for sellers who are not registered for it."
    fix = 'Send "tax": "exempt"; a seller registered for VAT sends "kind": "invoice".'
    return [FieldError(f"{path}/tax", "tax_on_receipt", message, fix) for path, row in rows if row.tax in _VAT]
