"""How much of each registered good lies in each branch, and what sales, notes and stock calls do to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from risiti.simulator.registry import Taxpayer
from risiti.simulator.shelf import Goods, Shelf
from risiti.simulator.store import Store
from risiti.simulator.values import decimal_of, plain

SCHEMA = """
CREATE TABLE IF NOT EXISTS stock_levels (
    goods_id INTEGER NOT NULL, branch TEXT NOT NULL, quantity TEXT NOT NULL, stocked INTEGER NOT NULL,
    PRIMARY KEY (goods_id, branch)
) STRICT;
"""

HOME = ""
"""Branch of a call that names none: the seller's first branch, or the only one of a seller without branches."""

KEPT = Decimal("1e-24")
"""Levels are kept this exactly, so that twelve twelfths of a carton are a carton again."""
SHOWN = Decimal("1e-8")
"""Levels are shown and compared in the wire's eight decimals."""

_DIGITS = 60
_DISCOUNT_LINE = "0"
_WHOLE, _DECIMALS = 12, 8


@dataclass(frozen=True, slots=True)
class Portion:
    """Some of one good, in its main unit."""

    goods: Goods
    quantity: Decimal


def branch_of(seller: Taxpayer, branch_id: str) -> str:
    """Return the branch under which stock is kept for a branch id of the wire ("" for none)."""
    return HOME if branch_id == home_id(seller) else branch_id


def home_id(seller: Taxpayer) -> str:
    """Return the branch id a seller's home branch has on the wire; "" for a seller without branches."""
    return next(iter(seller.branches), HOME)


def shown(quantity: Decimal) -> str:
    """Write a quantity as the wire has it: at most eight decimals, no trailing zeros, no exponent."""
    with localcontext() as context:
        context.prec = _DIGITS
        rounded = quantity.quantize(SHOWN)
        return format(rounded.normalize(), "f") if rounded else "0"


class Stock:
    """Stock levels in the store. All quantities are in the main unit of the good."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf
        with store.reading() as db:
            db.executescript(SCHEMA)

    def level(self, goods: Goods, branch: str) -> Decimal:
        """Return how much of a good a branch has, to eight decimals; negative if more was sold than stocked."""
        with localcontext() as context:
            context.prec = _DIGITS
            return self._kept(goods, branch).quantize(SHOWN)

    def stocked(self, goods: Goods, branch: str | None = None) -> bool:
        """Tell whether stock of a good ever came in, into one branch or into any."""
        where, values = ("", ()) if branch is None else (" AND branch = ?", (branch,))
        with self._store.reading() as db:
            row = db.execute(
                f"SELECT 1 FROM stock_levels WHERE goods_id = ? AND stocked = 1{where} LIMIT 1",  # noqa: S608 - constants
                (goods.id, *values),
            ).fetchone()
        return row is not None

    def bring(self, goods: Goods, branch: str, quantity: Decimal) -> None:
        """Add stock that came in from outside or from another branch."""
        self._change(goods, branch, quantity, stocked=True)

    def remove(self, goods: Goods, branch: str, quantity: Decimal) -> None:
        """Take stock away; whether there is enough is for the caller to check."""
        self._change(goods, branch, -quantity, stocked=False)

    def portions(self, tin: str, lines: Iterable[Mapping[str, object]]) -> list[Portion]:
        """Return what the lines of a document move: registered goods that are no services, one portion for each.

        Args:
            tin: The seller.
            lines: `goodsDetails` as on the wire. Discount lines move nothing; the sign of `qty` is ignored.
        """
        found: dict[str, Portion] = {}
        for line in lines:
            goods = self._shelf.find(tin, _text(line, "itemCode"))
            quantity = decimal_of(_text(line, "qty"), _WHOLE, _DECIMALS)
            discount = _text(line, "discountFlag") == _DISCOUNT_LINE
            if goods is None or quantity is None or discount or goods.service:
                continue
            before = found[goods.code].quantity if goods.code in found else Decimal(0)
            amount = goods.in_main_units(abs(quantity), _text(line, "unitOfMeasure"))
            found[goods.code] = Portion(goods, _sum(before, amount))
        return list(found.values())

    def take(self, seller: Taxpayer, branch_id: str, lines: Iterable[Mapping[str, object]]) -> None:
        """Take what a fiscalised document sold from the stock of its branch (`sellerDetails.branchId`)."""
        for portion in self.portions(seller.tin, lines):
            self.remove(portion.goods, branch_of(seller, branch_id), portion.quantity)

    def give_back(self, seller: Taxpayer, branch_id: str, lines: Iterable[Mapping[str, object]]) -> None:
        """Put what an approved credit note returns back into the stock of the original document's branch.

        Args:
            seller: Who issued the original document.
            branch_id: `sellerDetails.branchId` of the original document, or "".
            lines: `goodsDetails` of the note as on the wire; the sign of `qty` is ignored. Goods not registered, and
                services, have no stock and are passed over.
        """
        for portion in self.portions(seller.tin, lines):
            self._change(portion.goods, branch_of(seller, branch_id), portion.quantity, stocked=False)

    def _kept(self, goods: Goods, branch: str) -> Decimal:
        with self._store.reading() as db:
            row = db.execute(
                "SELECT quantity FROM stock_levels WHERE goods_id = ? AND branch = ?", (goods.id, branch)
            ).fetchone()
        return Decimal(0) if row is None else Decimal(row[0])

    def _change(self, goods: Goods, branch: str, by: Decimal, *, stocked: bool) -> None:
        with self._store.transaction() as db:
            level = _sum(self._kept(goods, branch), by)
            db.execute(
                "INSERT INTO stock_levels VALUES (?, ?, ?, ?) ON CONFLICT (goods_id, branch) "
                "DO UPDATE SET quantity = excluded.quantity, stocked = max(stocked, excluded.stocked)",
                (goods.id, branch, str(level), int(stocked)),
            )


def _sum(one: Decimal, other: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = _DIGITS
        return (one + other).quantize(KEPT)


def _text(line: Mapping[str, object], name: str) -> str:
    value = line.get(name)
    return plain(value) if isinstance(value, str) else ""
