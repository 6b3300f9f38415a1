"""A UBL document as it stands in the file: no tax law, no arithmetic; each part knows its path."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Category:
    """A tax category: its letter (UNCL 5305) and its rate."""

    letter: str
    """As written; empty where the file names none."""
    percent: Decimal | None
    path: str

    @property
    def key(self) -> tuple[str, Decimal]:
        """What makes two categories one: the letter and the rate."""
        return self.letter, self.rate

    @property
    def rate(self) -> Decimal:
        """The rate in percent; a category without one is not taxed."""
        return (self.percent or Decimal(0)).normalize()


@dataclass(frozen=True, slots=True)
class AllowanceCharge:
    """Taken off (an allowance) or put on top (a charge), of the document, a line or a price."""

    is_charge: bool
    amount: Decimal
    base: Decimal | None
    percent: Decimal | None
    reason: str
    category: Category | None
    path: str

    @property
    def signed(self) -> Decimal:
        """What it adds."""
        return self.amount if self.is_charge else -self.amount


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or a part of one where a line consists of lines."""

    id: str
    name: str
    quantity: Decimal | None
    unit: str
    net: Decimal
    price: Decimal | None
    base_quantity: Decimal
    changes: tuple[AllowanceCharge, ...]
    category: Category | None
    seller_code: str
    standard_code: str
    buyer_code: str
    classifications: tuple[tuple[str, str], ...]
    """List and code."""
    parts: tuple["Line", ...]
    path: str

    def leaves(self) -> Iterator["Line"]:
        """Yield the lines that it consists of; itself where it consists of none."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Subtotal:
    """The stated tax of one category."""

    taxable: Decimal
    tax: Decimal
    category: Category
    path: str


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The stated tax in one currency."""

    currency: str
    tax: Decimal
    subtotals: tuple[Subtotal, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The stated totals (LegalMonetaryTotal); None where the file does not say."""

    lines: Decimal | None
    net: Decimal | None
    gross: Decimal | None
    allowances: Decimal | None
    charges: Decimal | None
    prepaid: Decimal | None
    rounding: Decimal | None
    payable: Decimal | None
    path: str


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer."""

    name: str
    tax_ids: tuple[tuple[str, str], ...]
    """Each number with its path, the tax schemes' first."""
    country: str
    address: str
    email: str
    phone: str
    path: str


@dataclass(frozen=True, slots=True)
class UblDocument:
    """One invoice or credit note."""

    root: str
    """`Invoice` or `CreditNote`."""
    type_code: str
    id: str
    issue_date: date | None
    issue_time: time | None
    currency: str
    note: str
    preceding: tuple[str, ...]
    """Numbers of the documents that it refers to as the earlier ones."""
    seller: Party
    buyer: Party
    changes: tuple[AllowanceCharge, ...]
    tax_totals: tuple[TaxTotal, ...]
    totals: Totals
    lines: tuple[Line, ...]
    payment_means: str
    attachments: int
    path: str

    @property
    def tax_total(self) -> TaxTotal | None:
        """The tax in the document's own currency: with subtotals, if there is such a one."""
        own = [total for total in self.tax_totals if total.currency == self.currency]
        detailed = [total for total in own if total.subtotals]
        return next(iter(detailed or own), None)
