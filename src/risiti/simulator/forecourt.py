"""The equipment of petrol stations, so far as a fuel invoice names it: nozzles and what each is connected to."""

import json
from dataclasses import asdict, dataclass

from risiti.simulator.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS nozzles (
    tin TEXT NOT NULL, number TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (tin, number)
) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nozzle:
    """One nozzle.

    Attributes:
        number: Its number, unique with its owner.
        tank: Tank it draws from.
        pump: Pump it hangs on.
        controller: Number of the station's controller.
        acquisition: Number of the acquisition equipment.
        gauge: Number of the level gauge.
        branch: Branch id of the station, "" where the owner has no branches.
    """

    number: str
    tank: str
    pump: str
    controller: str = ""
    acquisition: str = ""
    gauge: str = ""
    branch: str = ""


class Forecourt:
    """Nozzles in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def put(self, tin: str, nozzle: Nozzle) -> None:
        """Register a nozzle of a taxpayer, or replace what is known of it."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO nozzles VALUES (?, ?, ?)", (tin, nozzle.number, json.dumps(asdict(nozzle)))
            )

    def of(self, tin: str) -> list[Nozzle]:
        """List the nozzles of a taxpayer by number."""
        with self._store.reading() as db:
            rows = db.execute("SELECT data FROM nozzles WHERE tin = ? ORDER BY number", (tin,)).fetchall()
        return [Nozzle(**json.loads(row[0])) for row in rows]

    def nozzle(self, tin: str, number: str) -> Nozzle | None:
        """Find a nozzle of a taxpayer by its number."""
        with self._store.reading() as db:
            row = db.execute("SELECT data FROM nozzles WHERE tin = ? AND number = ?", (tin, number)).fetchone()
        return None if row is None else Nozzle(**json.loads(row[0]))
