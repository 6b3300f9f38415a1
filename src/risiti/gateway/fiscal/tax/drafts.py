"""Each line on its own, before any rule for the whole document: what it comes to with taxes, and what is taken off.

A tax-inclusive line is quantity times price *cut* to cents, as the authority does; a line without tax is rounded half
up, its duty and its VAT likewise. Beside the cents stands the exact amount, from which the rounding rules work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from risiti.efris import amounts
from risiti.gateway.fiscal.decimals import MAX_INTEGER_DIGITS, QUANTITY_DECIMALS, plain
from risiti.gateway.fiscal.payloads import Charge, Discount, DocumentDiscount, Line, Sale
from risiti.gateway.fiscal.tax import rates, spread
from risiti.gateway.fiscal.tax.rates import ZERO, cents, cut
from risiti.gateway.fiscal.words import Prices
from risiti.gateway.kernel.errors import FieldError

MAX_AMOUNT: Final = Decimal(10) ** MAX_INTEGER_DIGITS - Decimal("0.01")
"""The largest line total and document total, in the document's currency."""
_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


@dataclass(slots=True)
class Draft:
    """A line while it is worked out. Amounts are with taxes unless `net` is in the name."""

    place: str
    source: Line
    total: Decimal
    """Before the discount."""
    discount: Decimal
    """What is taken off, not negative."""
    unit_price: Decimal | None
    exact: Decimal
    """After the discount, not rounded."""
    exact_net: Decimal
    """The same in the terms of the prices."""
    exact_duty: Decimal
    """Duty by quantity, not rounded."""

    @property
    def gross(self) -> Decimal:
        """After the discount."""
        return self.total - self.discount


@dataclass(slots=True)
class _Value:
    """A line in the terms of the prices: with tax if they are, without if they are."""

    place: str
    source: Line
    exact: Decimal
    base: Decimal
    """In cents, before discounts."""
    off: Decimal
    exact_off: Decimal
    duty: Decimal
    """By quantity, not rounded."""


def make(sale: Sale) -> tuple[list[Draft], list[FieldError]]:
    """Work out every line and charge; what cannot be is among the faults, and the lines are then not complete."""
    faults: list[FieldError] = []
    values = list(_values(sale, faults))
    own = len(sale.lines)
    for index, discount in enumerate(sale.discounts):
        fault = _take_off(discount, [value for value in values if not _is_charge(value)][:own], f"/discounts/{index}")
        if fault is not None:
            faults.append(fault)
    drafts = []
    for value in values:
        draft = _draft(value, sale)
        fault = _fault(value, draft)
        if fault is None:
            drafts.append(draft)
        else:
            faults.append(fault)
    return drafts, faults


def _is_charge(value: _Value) -> bool:
    return value.place.startswith("/charges")


def _values(sale: Sale, faults: list[FieldError]) -> Iterator[_Value]:
    rows = [(f"/lines/{index}", line) for index, line in enumerate(sale.lines)]
    rows += [(f"/charges/{index}", as_line(charge)) for index, charge in enumerate(sale.charges)]
    for place, line in rows:
        charge = line.charge or ZERO
        if line.amount is not None:
            exact = base = line.amount
        else:
            exact = line.quantity * (line.unit_price or ZERO)
            is_inclusive = sale.prices is Prices.TAX_INCLUSIVE
            base = cut(exact) if is_inclusive else cents(exact)
        duty = ZERO if line.excise is None else rates.duty_by_quantity(line, line.excise, sale)
        if duty is None:
            faults.append(_rate_missing(place, line, sale))
            duty = ZERO
        base += charge
        off, exact_off = _own_discount(line.discount, base, exact + charge)
        yield _Value(place, line, exact + charge, base, off, exact_off, duty)


def as_line(charge: Charge) -> Line:
    """Return a charge as the line that it becomes."""
    return Line.model_construct(
        name=charge.name,
        code=charge.code,
        category=charge.category,
        unit=charge.unit,
        tax=charge.tax,
        quantity=_ONE,
        amount=charge.amount,
    )


def _rate_missing(place: str, line: Line, sale: Sale) -> FieldError:
    currency = line.excise.currency if line.excise is not None else ""
    message = f"The duty is in {currency} and the document in {sale.currency}: the rate between them is missing."
    fix = 'Add "exchange_rate" to the document, or to the duty where neither is in shillings.'
    return FieldError(f"{place}/excise", "exchange_rate_missing", message, fix)


def _own_discount(discount: Discount | None, base: Decimal, exact: Decimal) -> tuple[Decimal, Decimal]:
    if discount is None:
        return ZERO, ZERO
    if discount.percent is not None:
        return cents(base * discount.percent / _HUNDRED), exact * discount.percent / _HUNDRED
    amount = cents(discount.amount or ZERO)
    return amount, amount


def _take_off(discount: DocumentDiscount, lines: Sequence[_Value], place: str) -> FieldError | None:
    """Spread a discount on the whole document over the lines it concerns, in proportion to what they come to."""
    taken = [line for line in lines if discount.tax is None or line.source.tax is discount.tax]
    room = [max(line.base - line.off, ZERO) for line in taken]
    whole = sum(room, ZERO)
    if discount.percent is not None:
        exact = whole * discount.percent / _HUNDRED
        amount = cents(exact)
    else:
        exact = amount = discount.amount or ZERO
    shares = spread.in_proportion(amount, room, room)
    if shares is None:
        message = f"The discount of {plain(amount)} is more than the {plain(whole)} that it is taken off."
        return FieldError(place, "discount_over_document", message, plain(whole))
    for line, share, weight in zip(taken, shares, room, strict=True):
        line.off += share
        line.exact_off += exact * weight / whole if whole else ZERO
    return None


def _draft(value: _Value, sale: Sale) -> Draft:
    line = value.source
    exact_net = value.exact - value.exact_off
    if sale.prices is Prices.TAX_INCLUSIVE:
        total, discount, exact = value.base, value.off, exact_net
    else:
        total = _with_taxes(value.base, line, cents(value.duty))
        discount = _with_taxes(value.off, line, ZERO)
        vat = 1 + rates.vat_rate(line.tax)
        exact = (exact_net * (1 + rates.duty_rate(line.excise)) + value.duty) * vat
    price = unit_price(line, total) if ZERO < total <= MAX_AMOUNT else None
    return Draft(value.place, line, total, discount, price, exact, exact_net, value.duty)


def _with_taxes(net: Decimal, line: Line, duty: Decimal) -> Decimal:
    """Return a net amount with duty and VAT, each rounded half up to cents."""
    if line.excise is not None:
        net += duty + cents(net * rates.duty_rate(line.excise))
    rate = rates.vat_rate(line.tax)
    return net + cents(net * rate) if rate else net


def unit_price(line: Line, total: Decimal) -> Decimal | None:
    """Return a price with taxes whose product with the quantity cuts to `total`: the seller's own if it does.

    None if no price of eight decimals does, which takes a quantity of a million or more.
    """
    if line.unit_price is not None and cut(line.quantity * line.unit_price) == total:
        return line.unit_price
    price = amounts.unit_price_for(total, line.quantity)
    return price if price is not None and price <= MAX_AMOUNT else None


def _fault(value: _Value, draft: Draft) -> FieldError | None:
    path, total = value.place, draft.total
    if total <= 0:
        message = "Quantity times unit price comes to less than a cent."
        return FieldError(path, "line_total_zero", message, "Check the quantity and the unit price.")
    if total > MAX_AMOUNT:
        message = f"Quantity times unit price comes to more than {plain(MAX_AMOUNT)}."
        return FieldError(path, "line_total_too_large", message, "Check the quantity and the unit price.")
    if value.off > value.base:
        message = f"The discount of {plain(draft.discount)} is more than the line's total of {plain(total)}."
        return FieldError(f"{path}/discount", "discount_over_line", message, plain(value.base))
    if draft.unit_price is None:
        message = f"No price of {QUANTITY_DECIMALS} decimals times this quantity gives {plain(total)} with tax."
        fix = "Split the line into smaller quantities, or send prices with tax."
        return FieldError(f"{path}/unit_price", "price_not_representable", message, fix)
    return None
