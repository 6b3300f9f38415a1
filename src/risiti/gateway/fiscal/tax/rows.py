"""The sums by tax category: a row each, excise duty one for each of its rates, other taxes one for each name."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from risiti.gateway.fiscal.payloads import ExciseDuty, Sale
from risiti.gateway.fiscal.tax.computed import ComputedLine, DutyRate, TaxRow
from risiti.gateway.fiscal.tax.rates import ZERO
from risiti.gateway.fiscal.words import Category, OtherTaxKind

_Sums = tuple[Decimal, Decimal]
_ORDER = {category: number for number, category in enumerate(Category)}


def of(lines: Sequence[ComputedLine], sale: Sale) -> tuple[TaxRow, ...]:
    """Return all rows, in the order of `Category`."""
    rows = [*_of_treatments(lines), *_of_duties(lines), *_of_others(sale)]
    return tuple(sorted(rows, key=lambda row: _ORDER[row.category]))


def _of_treatments(lines: Sequence[ComputedLine]) -> Iterator[TaxRow]:
    sums: dict[Category, _Sums] = {}
    for line in lines:
        category = Category(line.source.tax.value)
        gross, tax = sums.get(category, (ZERO, ZERO))
        sums[category] = (gross + line.total, tax + line.tax)
    for category, (gross, tax) in sums.items():
        yield TaxRow(category, gross - tax, tax, gross)


def _of_duties(lines: Sequence[ComputedLine]) -> Iterator[TaxRow]:
    sums: dict[DutyRate, _Sums] = {}
    for line in lines:
        if line.source.excise is not None and line.excise is not None:
            rate = duty_rate_of(line.source.excise)
            gross, tax = sums.get(rate, (ZERO, ZERO))
            sums[rate] = (gross + line.total - line.tax, tax + line.excise)
    for rate, (gross, tax) in sums.items():
        yield TaxRow(Category.EXCISE_DUTY, gross - tax, tax, gross, rate=rate)


def duty_rate_of(duty: ExciseDuty) -> DutyRate:
    """Return the rate of a duty, which is the same for equal rates however they are spelled."""
    if duty.percent is not None:
        return DutyRate(percent=duty.percent)
    return DutyRate(amount=duty.amount, currency=duty.currency, per=duty.per)


def _of_others(sale: Sale) -> Iterator[TaxRow]:
    sums: dict[tuple[OtherTaxKind, str], Decimal] = {}
    for tax in sale.taxes:
        key = (tax.tax, tax.name or "")
        sums[key] = sums.get(key, ZERO) + tax.amount
    for (kind, name), amount in sums.items():
        cents = ZERO + amount
        yield TaxRow(Category(kind.value), ZERO, cents, cents, name=name)
