"""What the engine works out: lines as they are sent, sums by tax category, and how the sums were closed."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from risiti.gateway.fiscal.payloads import Line, Payment
from risiti.gateway.fiscal.words import Category, DutyUnit, Rounding


class Role(StrEnum):
    """What a computed line is: sold as it is, sold with a discount, or the discount that follows it."""

    PLAIN = "plain"
    DISCOUNTED = "discounted"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class ComputedLine:
    """One line as it is sent and printed; amounts contain the taxes and have two decimals."""

    source: Line
    role: Role
    total: Decimal
    """Quantity times unit price cut to cents; of a discount the negative amount taken off."""
    tax: Decimal
    """VAT contained in `total`, with its sign."""
    unit_price: Decimal | None
    """With taxes; None for a discount."""
    discount: Decimal | None = None
    """Of a discounted line: the total of the line after it, negative."""
    excise: Decimal | None = None
    """Excise duty contained in `total` besides the VAT, with its sign; None where there is none to pay."""
    place: str = ""
    """Where it comes from in the caller's document, `/lines/0` or `/charges/0`."""

    @property
    def quantity(self) -> Decimal | None:
        """How much was sold; None for a discount."""
        return None if self.role is Role.DISCOUNT else self.source.quantity


@dataclass(frozen=True, slots=True)
class DutyRate:
    """The rate of an excise duty: a percentage (0 for nil), or an amount for each unit."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    per: DutyUnit | None = None


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The sums over all lines of one tax category; excise duty has a row for each of its rates."""

    category: Category
    net: Decimal
    tax: Decimal
    gross: Decimal
    rate: DutyRate | None = None
    """Of excise duty."""
    name: str = ""
    """Of a tax that has no category of its own."""


class Moved(StrEnum):
    """Which amount of a line was moved."""

    GROSS = "gross"
    TAX = "tax"
    EXCISE = "excise"


@dataclass(frozen=True, slots=True)
class Move:
    """An amount of a line that is not what the unrounded numbers give."""

    place: str
    what: Moved
    exact: Decimal
    """Without any rounding, to eight decimals."""
    sent: Decimal
    rule: Rounding
    """`per_line` where the line's own rounding did it, else the rule that moved it further."""

    @property
    def by(self) -> Decimal:
        """How much more is sent than the exact amount."""
        return self.sent - self.exact


@dataclass(frozen=True, slots=True)
class Closure:
    """How the sums were closed."""

    rule: Rounding
    seller_gross: Decimal
    """What the seller has stated, or else the seller's own numbers added up and rounded once."""
    is_stated: bool
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """A sale added up; all amounts in the document's currency with two decimals."""

    lines: tuple[ComputedLine, ...]
    rows: tuple[TaxRow, ...]
    """One for each tax category (and rate of excise duty) that occurs, in the order of `Category`."""
    net: Decimal
    tax: Decimal
    """All taxes: VAT, excise duty and others."""
    gross: Decimal
    item_count: int
    """Lines without the discounts."""
    payments: tuple[Payment, ...]
    """What was paid; adds up to `gross`."""
    closure: Closure
    gross_in_shillings: Decimal | None = None
    """Of a document in a foreign currency whose rate is known."""
