"""The record of every stock call that moved something: what came in, what was written off, what changed branches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from risiti.simulator.clock import kampala
from risiti.simulator.store import Store
from risiti.simulator.values import decimal_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS stock_records (
    id INTEGER PRIMARY KEY, tin TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL, recorded_at TEXT NOT NULL,
    header TEXT NOT NULL, rows TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS stock_records_of_seller ON stock_records (tin, kind);
"""

NUMBER_OFFSET = 10**17
"""Record numbers have 18 digits on the wire; ours count on from here."""

_WHOLE, _DECIMALS = 12, 24


class Kind(StrEnum):
    """What a record is about."""

    INCREASE = "increase"
    REDUCTION = "reduction"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class StockRecord:
    """One stock call as far as it was carried out.

    Attributes:
        id: Our number for it; on the wire `record_id`.
        tin: Whose stock.
        kind: What was done.
        reference: `extendField.referenceNo` of the call, or one we made.
        recorded_at: When, aware.
        header: `goodsStockIn` or `goodsStockTransfer`, texts by wire name; `branchId` is the branch's key.
        rows: The rows carried out, texts by the names of the detail interfaces.
    """

    id: int
    tin: str
    kind: Kind
    reference: str
    recorded_at: datetime
    header: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]

    @property
    def record_id(self) -> str:
        """The authority's number for it, 18 digits."""
        return str(NUMBER_OFFSET + self.id)

    @property
    def day(self) -> str:
        """The day it counts for, yyyy-MM-dd: stockInDate, or else the day of the call."""
        return self.header.get("stockInDate") or kampala(self.recorded_at).date().isoformat()

    def total(self, name: str) -> Decimal:
        """Return the sum of an amount over its rows."""
        return sum(
            (decimal_of(row.get(name, ""), _WHOLE * 2, _DECIMALS) or Decimal(0) for row in self.rows), Decimal(0)
        )


class StockBook:
    """Stock records in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def file(
        self,
        *,
        tin: str,
        kind: Kind,
        reference: str,
        header: Mapping[str, str],
        rows: Sequence[Mapping[str, str]],
        now: datetime,
    ) -> StockRecord:
        """Store a record. An empty `reference` gets one in the authority's form, as `26PL0000000001`."""
        with self._store.transaction() as db:
            number: int = db.execute("SELECT coalesce(max(id), 0) + 1 FROM stock_records").fetchone()[0]
            reference = reference or f"{kampala(now).year % 100:02d}PL{number:010d}"
            record = StockRecord(number, tin, kind, reference, now, dict(header), [dict(row) for row in rows])
            db.execute(
                "INSERT INTO stock_records VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, tin, kind, reference, now.isoformat(), json.dumps(record.header), json.dumps(record.rows)),
            )
        return record

    def of(self, tin: str, *kinds: Kind) -> list[StockRecord]:
        """List the records of a taxpayer of these kinds, newest first."""
        places = ", ".join("?" * len(kinds))
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT id, tin, kind, reference, recorded_at, header, rows FROM stock_records "  # noqa: S608 - places
                f"WHERE tin = ? AND kind IN ({places}) ORDER BY id DESC",
                (tin, *kinds),
            ).fetchall()
        return [_record(row) for row in rows]

    def find(self, tin: str, record_id: str, *kinds: Kind) -> StockRecord | None:
        """Find a record of a taxpayer by the authority's number for it."""
        return next((record for record in self.of(tin, *kinds) if record.record_id == record_id), None)


def _record(row: tuple[int, str, str, str, str, str, str]) -> StockRecord:
    number, tin, kind, reference, recorded_at, header, rows = row
    return StockRecord(
        number, tin, Kind(kind), reference, datetime.fromisoformat(recorded_at), json.loads(header), json.loads(rows)
    )
