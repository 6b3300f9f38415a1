"""The taxes of worked-out lines: each line is one piece, or two with a discount, and each piece has its own cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from risiti.gateway.fiscal.decimals import plain
from risiti.gateway.fiscal.tax import rates
from risiti.gateway.fiscal.tax.computed import ComputedLine, Role
from risiti.gateway.fiscal.tax.drafts import Draft
from risiti.gateway.fiscal.tax.rates import ZERO, cents
from risiti.gateway.kernel.errors import FieldError


@dataclass(slots=True)
class Piece:
    """A row on the wire while its taxes are worked out; amounts carry their sign."""

    draft: Draft
    role: Role
    total: Decimal
    exact_tax: Decimal
    """Contained in `total`, not rounded."""
    tax: Decimal
    exact_excise: Decimal = ZERO
    excise: Decimal | None = None

    def computed(self) -> ComputedLine:
        """Return the finished line."""
        draft = self.draft
        return ComputedLine(
            source=draft.source,
            role=self.role,
            total=self.total,
            tax=self.tax,
            unit_price=None if self.role is Role.DISCOUNT else draft.unit_price,
            discount=-draft.discount if self.role is Role.DISCOUNTED else None,
            excise=self.excise,
            place=draft.place,
        )


def of(drafts: Iterable[Draft]) -> list[Piece]:
    """Return the rows of all lines, with the VAT in each rounded half up."""
    pieces = []
    for draft in drafts:
        role = Role.DISCOUNTED if draft.discount else Role.PLAIN
        pieces.append(_piece(draft, role, draft.total))
        if draft.discount:
            pieces.append(_piece(draft, Role.DISCOUNT, -draft.discount))
    return pieces


def _piece(draft: Draft, role: Role, total: Decimal) -> Piece:
    exact = rates.exact_vat_in(total, draft.source.tax)
    return Piece(draft, role, total, exact, cents(exact))


def add_excise(pieces: Iterable[Piece]) -> None:
    """Work out the excise duty in each row from its total and its VAT.

    A duty by quantity stands on the sold row alone: a discount does not change how much was sold.
    """
    for piece in pieces:
        duty = piece.draft.source.excise
        if duty is None:
            continue
        if duty.percent is not None:
            piece.exact_excise = rates.exact_duty_in(piece.total - piece.tax, duty)
        else:
            piece.exact_excise = ZERO if piece.role is Role.DISCOUNT else piece.draft.exact_duty
        piece.excise = cents(piece.exact_excise)


def faults_of(pieces: Iterable[Piece]) -> list[FieldError]:
    """List the lines whose duty is more than what they come to without VAT."""
    left: dict[str, Decimal] = {}
    for piece in pieces:
        if piece.excise is not None:
            place = piece.draft.place
            left[place] = left.get(place, ZERO) + piece.total - piece.tax - piece.excise
    return [
        FieldError(
            f"{place}/excise",
            "excise_over_price",
            f"The duty is {plain(-rest)} more than the line comes to without VAT.",
            "Check the rate, the unit of the duty, and whether the price contains the duty.",
        )
        for place, rest in left.items()
        if rest < 0
    ]
