"""The frequent buyers that taxpayers keep with the authority (T181, T182)."""

import json
from collections.abc import Mapping

from risiti.simulator.store import Store

FIRST_ID = 3 * 10**17
"""Ids have 18 digits, as the authority's."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (number INTEGER PRIMARY KEY, tin TEXT NOT NULL, data TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS contacts_of_taxpayer ON contacts (tin);
"""


class Contacts:
    """Frequent buyers in the store, each a mapping by wire name with its `id`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def of(self, tin: str) -> list[dict[str, str]]:
        """List what a taxpayer keeps, oldest first."""
        with self._store.reading() as db:
            rows = db.execute("SELECT number, data FROM contacts WHERE tin = ? ORDER BY number", (tin,)).fetchall()
        return [{"id": str(FIRST_ID + row[0]), **json.loads(row[1])} for row in rows]

    def add(self, tin: str, data: Mapping[str, str]) -> None:
        """Keep a buyer."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO contacts (tin, data) VALUES (?, ?)", (tin, json.dumps(data, ensure_ascii=False)))

    def change(self, contact_id: str, data: Mapping[str, str]) -> None:
        """Replace what is kept of a buyer."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE contacts SET data = ? WHERE number = ?",
                (json.dumps(data, ensure_ascii=False), int(contact_id) - FIRST_ID),
            )

    def remove(self, contact_id: str) -> None:
        """Forget a buyer."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM contacts WHERE number = ?", (int(contact_id) - FIRST_ID,))
