"""The goods and services taxpayers registered by T130, as T127 lists them and T109 checks against."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from risiti.simulator.store import Store


@dataclass(frozen=True, slots=True)
class Goods:
    """One registered good or service.

    Attributes:
        id: The authority's number for it (`commodityGoodsId`).
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
    def category(self) -> str:
        """Commodity category code."""
        return str(self.data.get("commodityCategoryId", ""))

    def units(self) -> set[str]:
        """Return the units it may be sold in: main, piece and others."""
        others = self.data.get("goodsOtherUnits") or []
        found = {str(self.data.get("measureUnit", "")), str(self.data.get("pieceMeasureUnit", ""))}
        if isinstance(others, list):
            found |= {str(other.get("otherUnit", "")) for other in others if isinstance(other, dict)}
        return found - {""}


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
