"""What petrol stations report: shifts, disconnections, what nozzles do, pump versions, buyers named after the sale."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from risiti.simulator.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS station_reports (
    id INTEGER PRIMARY KEY, tin TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, received_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS station_reports_of ON station_reports (tin, kind, id);
CREATE TABLE IF NOT EXISTS station_facts (
    tin TEXT NOT NULL, kind TEXT NOT NULL, number TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tin, kind, number)
) STRICT;
CREATE TABLE IF NOT EXISTS buyer_changes (id INTEGER PRIMARY KEY, fdn TEXT NOT NULL, changed_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS buyer_changes_of ON buyer_changes (fdn);
"""

SHIFT, DISCONNECTION = "shift", "disconnection"
"""Kinds of reports."""

NOZZLE_STATUS, PUMP_VERSION, PRICE = "nozzle status", "pump version", "price"
"""Kinds of facts: by nozzle number, pump number, and commodity goods id."""


class StationBook:
    """Reports and facts in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def report(self, tin: str, kind: str, rows: Sequence[Mapping[str, object]], now: datetime) -> None:
        """Keep reports of a kind as they came."""
        with self._store.transaction() as db:
            db.executemany(
                "INSERT INTO station_reports (tin, kind, data, received_at) VALUES (?, ?, ?, ?)",
                [(tin, kind, json.dumps(row, ensure_ascii=False), now.isoformat()) for row in rows],
            )

    def reports(self, tin: str, kind: str) -> list[dict[str, object]]:
        """List the reports of a kind, oldest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT data FROM station_reports WHERE tin = ? AND kind = ? ORDER BY id", (tin, kind)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def note(self, tin: str, kind: str, number: str, value: str) -> None:
        """Note down a fact, or replace it."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO station_facts VALUES (?, ?, ?, ?)", (tin, kind, number, value))

    def fact(self, tin: str, kind: str, number: str, default: str) -> str:
        """Return a fact."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT value FROM station_facts WHERE tin = ? AND kind = ? AND number = ?", (tin, kind, number)
            ).fetchone()
        return default if row is None else str(row[0])

    def buyer_changed(self, fdn: str, now: datetime) -> None:
        """Note down that the buyer of a document was changed."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO buyer_changes (fdn, changed_at) VALUES (?, ?)", (fdn, now.isoformat()))

    def buyer_changes(self, fdn: str) -> int:
        """Return how often the buyer of a document was changed."""
        with self._store.reading() as db:
            return int(db.execute("SELECT count(*) FROM buyer_changes WHERE fdn = ?", (fdn,)).fetchone()[0])
