"""The closure report of a document as its seller sees it; it is kept with the document's content."""

from typing import Final

from risiti.gateway.fiscal.reckoning import Reckoned
from risiti.gateway.fiscal.tax.computed import Move, Moved
from risiti.gateway.fiscal.viewing import MoneyText, View
from risiti.gateway.fiscal.words import Rounding

MAX_MOVES: Final = 100
"""Moved amounts that a report lists; what is beyond is counted."""


class MoveView(View):
    """An amount of a line that is not what the unrounded numbers give."""

    path: str
    """JSON pointer into the caller's document: `/lines/0` or `/charges/0`."""
    what: Moved
    """`gross` (after discounts), `tax` (VAT) or `excise`."""
    exact: MoneyText
    """Without rounding, to eight decimals."""
    sent: MoneyText
    """What is sent to the authority."""
    by: MoneyText
    """`sent` less `exact`."""
    rule: Rounding
    """`per_line`: the line's own rounding to cents; else the rule that moved it further."""


class ClosureView(View):
    """How the sums of a document were closed."""

    rule: Rounding
    """The rounding rule that was used."""
    seller_gross: MoneyText
    """Your total: the one that you have stated, or else your numbers added up and rounded once."""
    is_stated: bool
    """Whether you have stated it."""
    gross: MoneyText
    """The authority's total."""
    difference: MoneyText
    """`gross` less `seller_gross`."""
    moves: tuple[MoveView, ...] = ()
    """Which line was moved by how much, and by which rule; the first 100."""
    moves_left_out: int = 0
    """Moved amounts that are not listed."""
    exchange_rate: MoneyText | None = None
    """Shillings for one unit of a foreign currency, as sent."""
    gross_in_shillings: MoneyText | None = None
    """The authority's total at that rate."""


def closure_of(reckoned: Reckoned) -> ClosureView:
    """Return the report of a document that was added up."""
    totals, report = reckoned.totals, reckoned.totals.closure
    return ClosureView(
        rule=report.rule,
        seller_gross=report.seller_gross,
        is_stated=report.is_stated,
        gross=totals.gross,
        difference=totals.gross - report.seller_gross,
        moves=tuple(_move(move) for move in report.moves[:MAX_MOVES]),
        moves_left_out=max(len(report.moves) - MAX_MOVES, 0),
        exchange_rate=reckoned.invoice.exchange_rate,
        gross_in_shillings=totals.gross_in_shillings,
    )


def _move(move: Move) -> MoveView:
    return MoveView(path=move.place, what=move.what, exact=move.exact, sent=move.sent, by=move.by, rule=move.rule)
