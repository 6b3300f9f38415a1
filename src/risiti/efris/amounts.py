"""The wire's decimal arithmetic: places, rounding, truncation, and the VAT inside an amount."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal

MONEY_PLACES = 2
"""Places of an amount of money; the service's codes compare at two."""

QUANTITY_PLACES = 8
"""Most places of a quantity or unit price."""

STANDARD_RATE = Decimal("0.18")
"""The standard VAT rate, as a fraction."""

_MOST_DIGITS = 40
_EXACT = Context(prec=4 * _MOST_DIGITS)
_ZERO = Decimal(0)


def places_of(value: Decimal) -> int:
    """Count the decimals a value needs: 2.50 needs 1, 100 needs 0.

    Raises:
        ValueError: the value is NaN, infinite, or far outside what the wire can carry.
    """
    exponent = _finite(value).normalize(_EXACT).as_tuple().exponent
    return max(0, -int(exponent))


def integer_digits_of(value: Decimal) -> int:
    """Count the digits before the decimal point: 0.5 has 0, 12.5 has 2.

    Raises:
        ValueError: the value is NaN, infinite, or far outside what the wire can carry.
    """
    return max(0, _finite(value).adjusted() + 1) if value else 0


def plain(value: Decimal, places: int = 0) -> str:
    """Write a value without exponent and thousands separators, with at least `places` decimals; no digit is lost.

    Raises:
        ValueError: the value is NaN, infinite, or far outside what the wire can carry.
    """
    needed = max(places, places_of(value))
    quantum = Decimal(1).scaleb(-needed)
    exact = value.quantize(quantum, context=_EXACT)
    return f"{exact or abs(exact):f}"


def money(value: Decimal) -> str:
    """Write an amount of money with exactly two decimals.

    Raises:
        ValueError: it has more than two; round it where the rule for rounding is known.
    """
    if places_of(value) > MONEY_PLACES:
        raise ValueError("an amount of money has at most two decimals")
    return plain(value, MONEY_PLACES)


def round_half_up(value: Decimal, places: int = MONEY_PLACES) -> Decimal:
    """Round to `places` decimals, halves away from zero."""
    return _finite(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_EXACT)


def truncate(value: Decimal, places: int = MONEY_PLACES) -> Decimal:
    """Cut off after `places` decimals, towards zero."""
    return _finite(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_EXACT)


def line_total(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Return the total of a line as the service computes it: the product cut to two decimals (code 1316)."""
    return truncate(_EXACT.multiply(quantity, unit_price))


def vat_inside(amount: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT contained in a tax-inclusive amount, rounded half up to two decimals (code 2776).

    Args:
        amount: Tax-inclusive, any sign; the VAT has the same sign.
        rate: As a fraction, 0 or more; 0 for zero-rated and exempt lines.

    Raises:
        ValueError: the rate is negative.
    """
    if rate < _ZERO:
        raise ValueError("a VAT rate is not negative")
    share = _EXACT.multiply(_finite(amount), rate)
    return round_half_up(_EXACT.divide(share, _EXACT.add(Decimal(1), rate)))


def unit_price_for(total: Decimal, quantity: Decimal) -> Decimal | None:
    """Find the unit price, at most eight decimals, for which `line_total` gives exactly `total`.

    The quotient is rounded up, so that truncating the product lands on the total again.

    Args:
        total: The wanted total of the line, at most two decimals, not negative.
        quantity: More than 0.

    Returns:
        The price, or None if no price of eight decimals gives that total (only for quantities of a million and more).
    """
    exact = _EXACT.divide(total, quantity)
    price = exact.quantize(Decimal(1).scaleb(-QUANTITY_PLACES), rounding=ROUND_UP, context=_EXACT)
    return price if line_total(quantity, price) == total else None


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("an amount is a number")
    if value and abs(value.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"an amount has at most {_MOST_DIGITS} digits")
    return value
