"""What customs declared: imports, exports of fiscal documents, and how far an export is (C101-C107)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from risiti.simulator.store import Store

DECLARED, CONFIRMED, CANCELLED = "declared", "confirmed", "cancelled"
IMPORT, EXPORT = "import", "export"

SCHEMA = """
CREATE TABLE IF NOT EXISTS customs_declarations (
    sad_number TEXT PRIMARY KEY, kind TEXT NOT NULL, fdn TEXT NOT NULL, office TEXT NOT NULL, cif TEXT NOT NULL,
    state TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS customs_declarations_of ON customs_declarations (fdn);
CREATE TABLE IF NOT EXISTS export_states (fdn TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT;
"""

_COLUMNS = "sad_number, kind, fdn, office, cif, state, body"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration.

    Attributes:
        sad_number: Number of its single administrative document; used once.
        kind: `IMPORT` or `EXPORT`.
        fdn: The exported fiscal document, "" for an import.
        office: Customs office of an import.
        cif: Cost, insurance and freight of an import, as text.
        state: `DECLARED`, `CONFIRMED` or `CANCELLED`.
        body: As declared.
    """

    sad_number: str
    kind: str
    fdn: str
    office: str
    cif: str
    state: str
    body: Mapping[str, object]


class CustomsBook:
    """Declarations and export states in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def declare(self, declaration: Declaration) -> None:
        """Keep a declaration, or replace the one with its number."""
        with self._store.transaction() as db:
            db.execute(
                f"INSERT OR REPLACE INTO customs_declarations ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    declaration.sad_number,
                    declaration.kind,
                    declaration.fdn,
                    declaration.office,
                    declaration.cif,
                    declaration.state,
                    json.dumps(declaration.body, ensure_ascii=False),
                ),
            )

    def by_sad(self, sad_number: str) -> Declaration | None:
        """Find a declaration by the number of its SAD."""
        found = self._select("sad_number = ?", (sad_number,))
        return found[0] if found else None

    def of_document(self, fdn: str) -> list[Declaration]:
        """List the declarations of an exported document."""
        return self._select("fdn = ?", (fdn,))

    def shipment(self, office: str, cif: str) -> Declaration | None:
        """Find the import of an office with this CIF value (2046)."""
        found = self._select("kind = 'import' AND office = ? AND cif = ?", (office, cif))
        return found[0] if found else None

    def set_export_status(self, fdn: str, status: str) -> None:
        """Set how far the export of a document is; a value of exportStatusCode."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO export_states VALUES (?, ?)", (fdn, status))

    def export_status(self, fdn: str) -> str:
        """Return what customs said about the export of a document, "" for nothing yet."""
        with self._store.reading() as db:
            row = db.execute("SELECT status FROM export_states WHERE fdn = ?", (fdn,)).fetchone()
        return "" if row is None else str(row[0])

    def _select(self, where: str, values: tuple[str, ...]) -> list[Declaration]:
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM customs_declarations WHERE {where} ORDER BY rowid",  # noqa: S608 - fixed texts
                values,
            ).fetchall()
        return [Declaration(row[0], row[1], row[2], row[3], row[4], row[5], json.loads(row[6])) for row in rows]
