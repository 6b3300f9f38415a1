"""Adds a sale up to the cent, the way the authority will: lines, discounts, tax by category, payments.

The rules are the authority's (system-to-system interface v23.4, invoice upload): a line's total is quantity times
tax-inclusive unit price, *cut* to cents; its tax is the VAT contained in it, rounded half up; everything above is a
sum, never computed again, so that it closes exactly.

Prices without tax are brought into that form: the line's net is quantity times price rounded half up, the tax is 18
percent of it rounded half up, and the unit price sent is the smallest of eight decimals that gives the gross.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import Final

from risiti.efris import amounts
from risiti.gateway.fiscal.decimals import MAX_INTEGER_DIGITS, QUANTITY_DECIMALS, plain
from risiti.gateway.fiscal.faults import raise_if_any
from risiti.gateway.fiscal.payloads import ExpectedTotals, Line, Payment, Sale
from risiti.gateway.fiscal.words import Prices, Tax
from risiti.gateway.kernel.errors import FieldError

MAX_AMOUNT: Final = Decimal(10) ** MAX_INTEGER_DIGITS - Decimal("0.01")
"""The largest line total and document total, in the document's currency."""

_ZERO: Final = Decimal("0.00")
# Wide enough that a product of two numbers of 20 digits is exact; the default context would round it.
_WIDE: Final = Context(prec=60)


class Role(StrEnum):
    """What a computed line is: sold as it is, sold with a discount, or the discount that follows it."""

    PLAIN = "plain"
    DISCOUNTED = "discounted"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class ComputedLine:
    """One line as it is sent and printed; amounts contain the tax and have two decimals."""

    source: Line
    role: Role
    total: Decimal
    """Quantity times unit price cut to cents; of a discount the negative amount taken off."""
    tax: Decimal
    """VAT contained in `total`, with its sign."""
    unit_price: Decimal | None
    """With tax; None for a discount."""
    discount: Decimal | None = None
    """Of a discounted line: the total of the line after it, negative."""

    @property
    def quantity(self) -> Decimal | None:
        """How much was sold; None for a discount."""
        return None if self.role is Role.DISCOUNT else self.source.quantity


@dataclass(frozen=True, slots=True)
class TaxRow:
    """The sums over all lines of one tax category."""

    category: Tax
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """A sale added up; all amounts in the document's currency with two decimals."""

    lines: tuple[ComputedLine, ...]
    rows: tuple[TaxRow, ...]
    """One for each tax category that occurs, in the order standard, zero, exempt."""
    net: Decimal
    tax: Decimal
    gross: Decimal
    item_count: int
    """Lines without the discounts."""
    payments: tuple[Payment, ...]
    """What was paid; adds up to `gross`."""


def compute(sale: Sale) -> Totals:
    """Add the sale up.

    Raises:
        Invalid: a line comes to nothing or to too much, a discount exceeds its line, no unit price of eight decimals
            gives a line's total, or payments or expected totals differ from the sum; every fault is listed.
    """
    with localcontext(_WIDE):
        faults: list[FieldError] = [*_not_yet(sale)]
        lines: list[ComputedLine] = []
        raise_if_any(faults)
        for index, line in enumerate(sale.lines):
            computed = _compute_line(line, sale.prices, f"/lines/{index}")
            if isinstance(computed, FieldError):
                faults.append(computed)
            else:
                lines.extend(computed)
        raise_if_any(faults)
        rows = _rows(lines)
        gross, tax = sum((row.gross for row in rows), _ZERO), sum((row.tax for row in rows), _ZERO)
        payments = sale.payments or (Payment.model_construct(method=sale.payment, amount=gross),)
        totals = Totals(
            lines=tuple(lines),
            rows=rows,
            net=gross - tax,
            tax=tax,
            gross=gross,
            item_count=len(sale.lines),
            payments=payments,
        )
        raise_if_any(_contradictions(totals, sale.totals))
    return totals


def vat_in(total: Decimal, category: Tax) -> Decimal:
    """Return the VAT contained in an amount, rounded half up to cents; negative for a negative amount."""
    return amounts.vat_inside(total, amounts.STANDARD_RATE) if category is Tax.STANDARD else _ZERO


def _not_yet(sale: Sale) -> Iterator[FieldError]:
    """Name what is read and not added up yet."""
    message, fix = "This cannot be added up yet.", "Leave it out for now."
    for name in ("charges", "discounts", "taxes"):
        if getattr(sale, name):
            yield FieldError(f"/{name}", "not_supported", message, fix)
    for index, line in enumerate(sale.lines):
        for name in ("amount", "charge", "excise", "project"):
            if getattr(line, name) is not None:
                yield FieldError(f"/lines/{index}/{name}", "not_supported", message, fix)
        if line.tax in (Tax.DEEMED, Tax.OUT_OF_SCOPE):
            yield FieldError(f"/lines/{index}/tax", "not_supported", message, fix)


def _price(line: Line) -> Decimal:
    return line.unit_price or _ZERO


def _compute_line(line: Line, prices: Prices, path: str) -> Sequence[ComputedLine] | FieldError:
    fault = None
    if prices is Prices.TAX_INCLUSIVE:
        total = amounts.line_total(line.quantity, _price(line))
        unit_price: Decimal | None = line.unit_price
        discount = _discount(line, total)
    else:
        net = amounts.round_half_up(line.quantity * _price(line))
        total = _with_tax(net, line.tax)
        unit_price = _unit_price(total, line)
        discount = _with_tax(_discount(line, net), line.tax)
    if total == 0:
        message = "Quantity times unit price comes to less than a cent."
        fault = FieldError(path, "line_total_zero", message, "Check the quantity and the unit price.")
    elif total > MAX_AMOUNT:
        message = f"Quantity times unit price comes to more than {plain(MAX_AMOUNT)}."
        fault = FieldError(path, "line_total_too_large", message, "Check the quantity and the unit price.")
    elif discount > total:
        message = f"The discount of {plain(discount)} is more than the line's total of {plain(total)}."
        fault = FieldError(f"{path}/discount", "discount_over_line", message, plain(total))
    if fault is not None:
        return fault
    if unit_price is None:
        message = f"No price of {QUANTITY_DECIMALS} decimals times this quantity gives {plain(total)} with tax."
        fix = "Split the line into smaller quantities, or send prices with tax."
        return FieldError(f"{path}/unit_price", "price_not_representable", message, fix)
    tax = vat_in(total, line.tax)
    if not discount:
        return [ComputedLine(line, Role.PLAIN, total, tax, unit_price)]
    return [
        ComputedLine(line, Role.DISCOUNTED, total, tax, unit_price, -discount),
        ComputedLine(line, Role.DISCOUNT, -discount, vat_in(-discount, line.tax), None),
    ]


def _discount(line: Line, total: Decimal) -> Decimal:
    """Return what is taken off, in the terms in which `total` is."""
    if line.discount is None:
        return _ZERO
    if line.discount.percent is not None:
        return amounts.round_half_up(total * line.discount.percent / 100)
    return amounts.round_half_up(line.discount.amount or _ZERO)


def _with_tax(net: Decimal, category: Tax) -> Decimal:
    if category is not Tax.STANDARD:
        return net
    return net + amounts.round_half_up(net * amounts.STANDARD_RATE)


def _unit_price(total: Decimal, line: Line) -> Decimal | None:
    """Return a price with tax whose product with the quantity cuts to `total`: the seller's own if it does."""
    if amounts.line_total(line.quantity, _price(line)) == total:
        return line.unit_price
    price = amounts.unit_price_for(total, line.quantity)
    return price if price is not None and price <= MAX_AMOUNT else None


def _rows(lines: Sequence[ComputedLine]) -> tuple[TaxRow, ...]:
    rows = []
    for category in Tax:
        members = [line for line in lines if line.source.tax is category]
        if members:
            gross = sum((line.total for line in members), _ZERO)
            tax = sum((line.tax for line in members), _ZERO)
            rows.append(TaxRow(category, gross - tax, tax, gross))
    return tuple(rows)


def _contradictions(totals: Totals, expected: ExpectedTotals | None) -> list[FieldError]:
    faults = []
    if totals.gross <= 0:
        message = "The document comes to nothing: discounts take everything off."
        faults.append(FieldError("/lines", "gross_zero", message, "Sell at least one line for more than zero."))
    if totals.gross > MAX_AMOUNT:
        message = f"The document comes to {plain(totals.gross)}; at most {plain(MAX_AMOUNT)} fit."
        faults.append(FieldError("/lines", "gross_too_large", message, "Split it into several documents."))
    paid = sum((payment.amount for payment in totals.payments), _ZERO)
    if paid != totals.gross:
        message = f"The payments add up to {plain(paid)}, the document to {plain(totals.gross)}."
        faults.append(FieldError("/payments", "payments_do_not_add_up", message, plain(totals.gross)))
    if expected is not None:
        for name, ours in (("gross", totals.gross), ("tax", totals.tax), ("net", totals.net)):
            theirs: Decimal | None = getattr(expected, name)
            if theirs is not None and theirs != ours:
                message = f"The {name} comes to {plain(ours)}, not to {plain(theirs)}."
                faults.append(FieldError(f"/totals/{name}", "total_mismatch", message, plain(ours)))
    return faults
