"""Spreading an amount over several places in whole cents, so that nothing is lost and nothing added."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from risiti.gateway.fiscal.tax.rates import CENT, ZERO


def in_proportion(amount: Decimal, weights: Sequence[Decimal], room: Sequence[Decimal]) -> list[Decimal] | None:
    """Share an amount out in proportion to weights, in cents; who is nearest to a further cent gets what is left.

    Args:
        amount: Not negative, two decimals.
        weights: Not negative.
        room: What each place takes at most, two decimals.

    Returns:
        The shares, whose sum is `amount`; None if there is no room for all of it.
    """
    whole = sum(weights, ZERO)
    if amount > sum(room, ZERO) or (amount and not whole):
        return None
    if not amount:
        return [ZERO] * len(weights)
    exact = [amount * weight / whole for weight in weights]
    shares = [min(cut(share), most) for share, most in zip(exact, room, strict=True)]
    left = amount - sum(shares, ZERO)
    order = sorted(range(len(shares)), key=lambda index: shares[index] - exact[index])
    while left:
        for index in order:
            if left and shares[index] < room[index]:
                shares[index] += CENT
                left -= CENT
    return shares


def to_target(exact: Sequence[Decimal], target: Decimal) -> list[Decimal]:
    """Round amounts to cents so that their sum is `target`: down, and up where the fraction is largest.

    A cent or two beyond that are spread in the same order; every amount stays within two cents of its exact value as
    long as the target is within a cent for each of them.
    """
    rounded = [cut(amount) for amount in exact]
    left = int((target - sum(rounded, ZERO)) / CENT)
    order = sorted(range(len(exact)), key=lambda index: rounded[index] - exact[index])
    if left < 0:
        order.reverse()
    step = CENT if left > 0 else -CENT
    for number in range(abs(left)):
        rounded[order[number % len(order)]] += step
    return rounded


def cut(amount: Decimal) -> Decimal:
    """Cut to cents, downwards."""
    return amount.quantize(CENT, ROUND_FLOOR)
