"""Which fiscal document is a note to which, which notes are cancelled, and which documents the authority withholds."""

from dataclasses import dataclass
from datetime import datetime

from risiti.simulator.store import Store

INVOICE, CREDIT_NOTE, DEBIT_NOTE, CREDIT_MEMO = "1", "2", "4", "5"
"""Values of invoiceType. A credit memo is also what an approved application without original document becomes."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    fdn TEXT PRIMARY KEY, original_fdn TEXT NOT NULL, kind TEXT NOT NULL, tin TEXT NOT NULL, buyer_tin TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notes_by_original ON notes (original_fdn);
CREATE INDEX IF NOT EXISTS notes_by_tin ON notes (tin);
CREATE INDEX IF NOT EXISTS notes_by_buyer ON notes (buyer_tin);
CREATE TABLE IF NOT EXISTS cancellations (
    fdn TEXT PRIMARY KEY, reason_code TEXT NOT NULL, reason TEXT NOT NULL, cancelled_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS withheld_documents (fdn TEXT PRIMARY KEY) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Note:
    """The tie between a note and the document it is about.

    Attributes:
        fdn: The note's own number.
        original_fdn: The document it is about; "" for a credit memo.
        kind: invoiceType of the note.
        tin: The seller.
        buyer_tin: The buyer, or "".
        cancelled: Whether it was cancelled and counts no more.
    """

    fdn: str
    original_fdn: str
    kind: str
    tin: str
    buyer_tin: str
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why and when a note was cancelled. `cancelled_at` is aware."""

    fdn: str
    reason_code: str
    reason: str
    cancelled_at: datetime


class Notes:
    """Ties, cancellations and withheld documents in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(_SCHEMA)

    def tie(self, fdn: str, original_fdn: str, kind: str, tin: str, buyer_tin: str) -> None:
        """Note down that a document is a note, and to which document ("" for none)."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", (fdn, original_fdn, kind, tin, buyer_tin))

    def find(self, fdn: str) -> Note | None:
        """Return the tie of a note, None for a document that is no note."""
        found = self._select("notes.fdn = ?", (fdn,))
        return found[0] if found else None

    def standing(self, original_fdn: str, kind: str) -> list[Note]:
        """List the notes of a kind to a document that are not cancelled, oldest first."""
        found = self._select("original_fdn = ? AND kind = ?", (original_fdn, kind))
        return [note for note in found if not note.cancelled]

    def concerning(self, tin: str) -> list[Note]:
        """List the notes that a taxpayer issued or was issued."""
        return self._select("tin = ? OR buyer_tin = ?", (tin, tin))

    def cancel(self, cancellation: Cancellation) -> None:
        """Cancel a note."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO cancellations VALUES (?, ?, ?, ?)",
                (
                    cancellation.fdn,
                    cancellation.reason_code,
                    cancellation.reason,
                    cancellation.cancelled_at.isoformat(),
                ),
            )

    def cancellation(self, fdn: str) -> Cancellation | None:
        """Return the cancellation of a note, or None."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT fdn, reason_code, reason, cancelled_at FROM cancellations WHERE fdn = ?", (fdn,)
            ).fetchone()
        return None if row is None else Cancellation(row[0], row[1], row[2], datetime.fromisoformat(row[3]))

    def withhold(self, fdn: str, *, withheld: bool) -> None:
        """Make a document unavailable for notes (3134), or available again."""
        with self._store.transaction() as db:
            if withheld:
                db.execute("INSERT OR IGNORE INTO withheld_documents VALUES (?)", (fdn,))
            else:
                db.execute("DELETE FROM withheld_documents WHERE fdn = ?", (fdn,))

    def is_withheld(self, fdn: str) -> bool:
        """Tell whether the authority withholds a document."""
        with self._store.reading() as db:
            return db.execute("SELECT 1 FROM withheld_documents WHERE fdn = ?", (fdn,)).fetchone() is not None

    def _select(self, where: str, values: tuple[str, ...]) -> list[Note]:
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT notes.fdn, original_fdn, kind, tin, buyer_tin, cancellations.fdn IS NOT NULL FROM notes "  # noqa: S608
                f"LEFT JOIN cancellations ON cancellations.fdn = notes.fdn WHERE {where} ORDER BY notes.rowid",
                values,
            ).fetchall()
        return [Note(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]
