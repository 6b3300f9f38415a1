"""How much excise duty a line owes: the one formula that fits the specification's own sums, kept apart to be replaced.

The specification prints no formula. Duty is taken to lie inside the price, below VAT: a line of 11,800 at 18 percent
has 10,000 without VAT, and 10 percent duty in that is 10,000 x 0.1 / 1.1 = 909.09. This is the only reading that
satisfies rules 1342 to 1345 and the specification's example row (1,818.18 + 181.82 = 2,000.00 at 0.1).
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExciseLine:
    """What the duty of a line is worked out from.

    Attributes:
        without_vat: Total of the line without VAT, duty included.
        rate: Fraction for a percentage, amount per unit otherwise.
        per_unit: Whether the rate is an amount per unit.
        units: Quantity in the unit of the duty.
    """

    without_vat: Decimal
    rate: Decimal
    per_unit: bool
    units: Decimal


def due(line: ExciseLine) -> Decimal:
    """Return the duty of a line, unrounded, in the line's currency."""
    if line.per_unit:
        return line.rate * line.units
    return line.without_vat * line.rate / (1 + line.rate)


def units_of(quantity: Decimal, *, packages: Decimal, parts: Decimal, in_parts: bool) -> Decimal:
    """Return a quantity in the unit of the duty.

    Args:
        quantity: As sold.
        packages: `pack` of the line: so many packages ...
        parts: ... hold `stick` parts, and the duty is due per part.
        in_parts: Sold by the part already.
    """
    return quantity if in_parts else quantity * parts / packages
