"""The goods and services taxpayers registered by T130, as T127 lists them and T109 checks against."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from risiti.simulator import tariff
from risiti.simulator.store import Store
from risiti.simulator.values import decimal_of

FUEL = "102"
NUMBER_OFFSET = 10**17
"""The authority's goods numbers have 18 digits; ours count on from here."""

_WHOLE, _DECIMALS = 12, 8
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Goods:
    """One registered good or service.

    Attributes:
        id: Our number for it; on the wire `commodity_goods_id`.
        tin: Its owner.
        code: The owner's item code.
        name: Registered name; invoice lines must carry it.
        changed_at: Last change, aware.
        data: The row as registered, texts by wire name.
    """

    id: int
    tin: str
    code: str
    name: str
    changed_at: datetime
    data: Mapping[str, object]

    @property
    def commodity_goods_id(self) -> str:
        """The authority's number for it, 18 digits."""
        return str(NUMBER_OFFSET + self.id)

    @property
    def category(self) -> str:
        """Commodity category code."""
        return self.text("commodityCategoryId")

    @property
    def service(self) -> bool:
        """Whether it is a service, which has no stock."""
        category = tariff.categories().get(self.category)
        return category is not None and category.service

    @property
    def fuel(self) -> bool:
        """Whether it was registered as fuel."""
        return self.text("goodsTypeCode") == FUEL

    def text(self, name: str) -> str:
        """Return what was registered under a wire name, "" if nothing."""
        return str(self.data.get(name) or "")

    def units(self) -> set[str]:
        """Return the units it may be sold in: main, piece and others."""
        others = {row["otherUnit"] for row in self._others()}
        return ({self.text("measureUnit"), self.text("pieceMeasureUnit")} | others) - {""}

    def in_main_units(self, quantity: Decimal, unit: str) -> Decimal:
        """Return a quantity told in one of its units as so many main units; an unknown unit counts as the main one."""
        if unit in ("", self.text("measureUnit")):
            return quantity
        if unit == self.text("pieceMeasureUnit"):
            return _scaled(quantity, self.text("packageScaledValue"), self.text("pieceScaledValue"))
        for row in self._others():
            if row["otherUnit"] == unit:
                return _scaled(quantity, row["packageScaled"], row["otherScaled"])
        return quantity

    def _others(self) -> list[dict[str, str]]:
        rows = self.data.get("goodsOtherUnits")
        if not isinstance(rows, list):
            return []
        names = ("otherUnit", "packageScaled", "otherScaled")
        return [{name: str(row.get(name) or "") for name in names} for row in rows if isinstance(row, dict)]


def _scaled(quantity: Decimal, packages: str, parts: str) -> Decimal:
    """Return how many packages so many parts are, where `packages` hold `parts`."""
    whole, part = decimal_of(packages, _WHOLE, _DECIMALS), decimal_of(parts, _WHOLE, _DECIMALS)
    if not whole or not part:
        return quantity
    with localcontext() as context:
        context.prec = _DIGITS
        return quantity * whole / part


class Shelf:
    """Registered goods in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, tin: str, code: str, name: str, data: Mapping[str, object], now: datetime) -> None:
        """Register goods, or replace what was registered under the code."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO goods (tin, code, name, changed_at, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (tin, code) "
                "DO UPDATE SET name = excluded.name, changed_at = excluded.changed_at, data = excluded.data",
                (tin, code, name, now.isoformat(), json.dumps(data, ensure_ascii=False)),
            )

    def find(self, tin: str, code: str) -> Goods | None:
        """Find goods of a taxpayer by item code."""
        found = self._select("tin = ? AND code = ?", (tin, code))
        return found[0] if found else None

    def by_id(self, tin: str, commodity_goods_id: str) -> Goods | None:
        """Find goods of a taxpayer by the authority's number for them."""
        number = decimal_of(commodity_goods_id, 18, 0)
        if number is None or number <= NUMBER_OFFSET:
            return None
        found = self._select("tin = ? AND id = ?", (tin, str(int(number) - NUMBER_OFFSET)))
        return found[0] if found else None

    def of(self, tin: str) -> list[Goods]:
        """List all goods of a taxpayer in the order they were first registered."""
        return self._select("tin = ?", (tin,))

    def _select(self, where: str, values: tuple[str, ...]) -> list[Goods]:
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT id, tin, code, name, changed_at, data FROM goods WHERE {where} ORDER BY id",  # noqa: S608
                values,
            ).fetchall()
        return [
            Goods(row[0], row[1], row[2], row[3], datetime.fromisoformat(row[4]), json.loads(row[5])) for row in rows
        ]
