"""The closure report: which amount of which line is not what the unrounded numbers give, and by which rule."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from risiti.gateway.fiscal.tax.computed import Closure, Move, Moved
from risiti.gateway.fiscal.tax.pieces import Piece
from risiti.gateway.fiscal.tax.rates import ZERO
from risiti.gateway.fiscal.words import Rounding

_SHOWN: Final = Decimal("0.00000001")


def of(
    rows: Sequence[Piece], before: Mapping[str, Decimal], rule: Rounding, seller_gross: Decimal, *, is_stated: bool
) -> Closure:
    """Return the report.

    Args:
        rows: The finished rows.
        before: What each line came to, by its place, before the rule was applied.
        rule: The rule.
        seller_gross: The seller's own total.
        is_stated: Whether the seller has stated it.
    """
    return Closure(rule, seller_gross, is_stated, tuple(_moves(rows, before, rule)))


def _moves(rows: Sequence[Piece], before: Mapping[str, Decimal], rule: Rounding) -> Iterator[Move]:
    seen = ""
    for row in rows:
        draft = row.draft
        if draft.place != seen:
            seen = draft.place
            was_moved = draft.gross != before[draft.place]
            if was_moved or draft.gross != draft.exact:
                yield _move(
                    draft.place, Moved.GROSS, draft.exact, draft.gross, rule if was_moved else Rounding.PER_LINE
                )
        for what, exact, sent in (
            (Moved.TAX, row.exact_tax, row.tax),
            (Moved.EXCISE, row.exact_excise, row.excise or ZERO),
        ):
            if sent != exact.quantize(sent, ROUND_HALF_UP):
                yield _move(draft.place, what, exact, sent, rule)


def _move(place: str, what: Moved, exact: Decimal, sent: Decimal, rule: Rounding) -> Move:
    return Move(place, what, exact.quantize(_SHOWN, ROUND_HALF_UP), sent, rule)
