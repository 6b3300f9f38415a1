"""The SQLite file that holds everything the stand-in knows; a committed transaction survives kill -9 and power cuts."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS taxpayers (tin TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS devices (
    device_no TEXT PRIMARY KEY, tin TEXT NOT NULL, public_key TEXT NOT NULL, status TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS session_keys (
    id INTEGER PRIMARY KEY, device_no TEXT NOT NULL, secret BLOB NOT NULL, issued_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS session_keys_of_device ON session_keys (device_no, id);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY,
    fdn TEXT NOT NULL UNIQUE,
    invoice_id TEXT NOT NULL UNIQUE,
    verification_code TEXT NOT NULL,
    tin TEXT NOT NULL,
    device_no TEXT NOT NULL,
    reference TEXT NOT NULL,
    invoice_type TEXT NOT NULL,
    invoice_kind TEXT NOT NULL,
    currency TEXT NOT NULL,
    gross TEXT NOT NULL,
    tax TEXT NOT NULL,
    buyer_tin TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    uploaded_at TEXT NOT NULL,
    late_upload INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS documents_by_reference ON documents (tin, reference);
CREATE INDEX IF NOT EXISTS documents_by_buyer ON documents (buyer_tin);
CREATE TABLE IF NOT EXISTS goods (
    id INTEGER PRIMARY KEY, tin TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, changed_at TEXT NOT NULL,
    data TEXT NOT NULL, UNIQUE (tin, code)
) STRICT;
CREATE TABLE IF NOT EXISTS calls (interface TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
"""


class Store:
    """One connection, one lock: the stand-in's transactions run one after the other, from any thread."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._lock = RLock()
        self._depth = 0
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction, committed when the block ends; an inner block joins the outer one."""
        with self._lock:
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    @contextmanager
    def undoable(self) -> Iterator[sqlite3.Connection]:
        """Run a block as a part of the transaction; if it raises, only what it changed is undone."""
        with self.transaction() as db:
            db.execute("SAVEPOINT part")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK TO part")
                raise
            finally:
                db.execute("RELEASE part")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading what is committed (or, inside a transaction, what it has written)."""
        with self._lock:
            yield self._connection

    def tally(self, interface: str) -> None:
        """Count one call; kept through kill -9 but not through a power cut, as statistics are worth no disk sync."""
        with self._lock:
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                self._connection.execute(
                    "INSERT INTO calls VALUES (?, 1) ON CONFLICT (interface) DO UPDATE SET count = count + 1",
                    (interface,),
                )
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")

    def fact(self, name: str) -> bytes | None:
        """Read one named value, or None."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def set_fact(self, name: str, value: bytes) -> None:
        """Store one named value."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file; everything committed stays."""
        with self._lock:
            self._connection.close()
