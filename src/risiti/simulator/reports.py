"""Daily reports that devices uploaded (T116). Their content is not specified, so it is kept as it came."""

import json
from dataclasses import dataclass
from datetime import datetime

from risiti.simulator.store import Store
from risiti.simulator.values import JsonValue

_SCHEMA = """
CREATE TABLE IF NOT EXISTS daily_reports (
    number INTEGER PRIMARY KEY, device_no TEXT NOT NULL, received_at TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `received_at` is aware."""

    device_no: str
    received_at: datetime
    content: JsonValue


class Reports:
    """Daily reports in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(_SCHEMA)

    def keep(self, report: Report) -> None:
        """Store a report."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO daily_reports (device_no, received_at, body) VALUES (?, ?, ?)",
                (report.device_no, report.received_at.isoformat(), json.dumps(report.content, ensure_ascii=False)),
            )

    def of(self, device_no: str) -> list[Report]:
        """List the reports of a device, oldest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT device_no, received_at, body FROM daily_reports WHERE device_no = ? ORDER BY number",
                (device_no,),
            ).fetchall()
        return [Report(row[0], datetime.fromisoformat(row[1]), json.loads(row[2])) for row in rows]
