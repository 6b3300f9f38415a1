"""What is still left to credit on each line of a document: its own quantities and amounts less those of its notes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_NOTE
from risiti.simulator.values import decimal_of
from risiti.simulator.world import World

DISCOUNT = "0"
DIGITS = 60
"""Enough for the sum of any number of fields."""

_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of one line, net of its discount, in the document's unit and currency.

    Attributes:
        quantity: Quantity left.
        amount: Amount left, VAT included.
        original_quantity: Quantity the document was issued with.
        original_tax: VAT the line was issued with.
    """

    quantity: Decimal
    amount: Decimal
    original_quantity: Decimal
    original_tax: Decimal

    @property
    def nothing(self) -> bool:
        """Whether nothing can be credited any more."""
        return self.quantity <= 0 or self.amount <= 0


def remainder_of(document: Document, world: World) -> dict[str, Remainder]:
    """Return what is left of each line of a document, by orderNumber; a discount counts for the line before it."""
    fdns = [note.fdn for note in world.notes.standing(document.fdn, CREDIT_NOTE)]
    notes = [note for note in (world.ledger.by_fdn(fdn) for fdn in fdns) if note is not None]
    with localcontext() as context:
        context.prec = DIGITS
        return _less(_issued(document), notes)


def _issued(document: Document) -> dict[str, Remainder]:
    lines: dict[str, Remainder] = {}
    last = ""
    for line in lines_of(document):
        total, tax = _amount(line, "total"), _amount(line, "tax")
        if line.get("discountFlag") == DISCOUNT and last:
            before = lines[last]
            lines[last] = replace(before, amount=before.amount + total, original_tax=before.original_tax + tax)
            continue
        quantity = _amount(line, "qty")
        last = order_number(line.get("orderNumber"))
        lines[last] = Remainder(quantity, total, quantity, tax)
    return lines


def _less(lines: dict[str, Remainder], notes: Iterable[Document]) -> dict[str, Remainder]:
    for note in notes:
        for line in lines_of(note):
            number = order_number(line.get("orderNumber"))
            before = lines.get(number)
            if before is not None:
                quantity, amount = before.quantity + _amount(line, "qty"), before.amount + _amount(line, "total")
                lines[number] = replace(before, quantity=quantity, amount=amount)
    return lines


def lines_of(document: Document) -> list[Mapping[str, object]]:
    """Return the goods lines of a document as they were sent."""
    lines = document.blocks.get("goodsDetails")
    return [line for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []


def order_number(value: object) -> str:
    """Return an orderNumber in one form, so that `"0"`, `0` and `"00"` name the same line."""
    text = str(value if value is not None else "")
    return str(int(text)) if text.isascii() and text.isdigit() else text


def written(number: Decimal) -> str:
    """Write a number as the wire has it: no exponent, no trailing zeros."""
    with localcontext() as context:
        context.prec = DIGITS
        return format(number.normalize(), "f") if number else "0"


def _amount(line: Mapping[str, object], name: str) -> Decimal:
    return decimal_of(str(line.get(name) or ""), _MOST_DIGITS, _MOST_DIGITS) or Decimal(0)
