"""Rates: the VAT of each treatment, and what excise duty a line owes.

Duty lies inside the price and below VAT: VAT is charged on the price with the duty in it. The formula is inferred (the
authority prints none), so it stands here alone to be replaced.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from risiti.efris import amounts
from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.payloads import ExciseDuty, Line, Sale
from risiti.gateway.fiscal.words import DutyUnit, Tax

ZERO: Final = Decimal("0.00")
CENT: Final = Decimal("0.01")
_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)

DUTY_UNITS: Final = {
    DutyUnit.STICK: "101",
    DutyUnit.LITRE: "102",
    DutyUnit.KILOGRAM: "103",
    DutyUnit.USER_DAY: "104",
    DutyUnit.MINUTE: "105",
    DutyUnit.THOUSAND_STICKS: "106",
    DutyUnit.FIFTY_KILOGRAMS: "107",
}
"""Codes of the units that goods are sold in and duty is charged on alike."""
_VAT: Final = {Tax.STANDARD: amounts.STANDARD_RATE, Tax.DEEMED: amounts.STANDARD_RATE}


def cents(amount: Decimal) -> Decimal:
    """Round half up to cents, halves away from zero; the context is wide enough for every amount of a document."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def cut(amount: Decimal) -> Decimal:
    """Cut to cents, towards zero."""
    return amount.quantize(CENT, ROUND_DOWN)


def vat_rate(tax: Tax) -> Decimal:
    """Return the VAT rate of a treatment as a fraction; 0 where there is none."""
    return _VAT.get(tax, ZERO)


def vat_in(total: Decimal, tax: Tax) -> Decimal:
    """Return the VAT contained in an amount, rounded half up to cents; negative for a negative amount."""
    return cents(exact_vat_in(total, tax))


def exact_vat_in(total: Decimal, tax: Tax) -> Decimal:
    """Return the VAT contained in an amount, not rounded; the context is wide."""
    rate = _VAT.get(tax)
    return ZERO if rate is None else total * rate / (1 + rate)


def duty_rate(duty: ExciseDuty | None) -> Decimal:
    """Return an excise duty's rate as a fraction; 0 where it is by quantity or nil or none."""
    return ZERO if duty is None or duty.percent is None else duty.percent / _HUNDRED


def exact_duty_in(without_vat: Decimal, duty: ExciseDuty) -> Decimal:
    """Return the duty by rate contained in an amount without VAT, not rounded."""
    rate = duty_rate(duty)
    return without_vat * rate / (1 + rate)


def units_of(line: Line, duty: ExciseDuty) -> Decimal:
    """Return how many units of the duty a line sells: its quantity, or that of the pieces in its packages."""
    if duty.per is not None and line.unit == DUTY_UNITS[duty.per]:
        return line.quantity
    return line.quantity * duty.stick / duty.pack


def duty_by_quantity(line: Line, duty: ExciseDuty, sale: Sale) -> Decimal | None:
    """Return the duty by quantity of a line in the document's currency, not rounded; None if a rate is missing."""
    if duty.amount is None:
        return ZERO
    due = duty.amount * units_of(line, duty)
    if duty.currency == sale.currency:
        return due
    theirs = _ONE if duty.currency == SHILLING else duty.exchange_rate
    ours = _ONE if sale.currency == SHILLING else sale.exchange_rate
    return None if theirs is None or ours is None else due * theirs / ours
