"""What the authority notes about devices: their branch, keys, certificates, positions, faults, what they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from risiti.simulator.store import Store

MOST_POSITIONS = 10
"""Positions handed out by T170: the newest ones."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS device_branches (device_no TEXT PRIMARY KEY, branch TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS device_states (
    device_no TEXT PRIMARY KEY, issuing_status TEXT NOT NULL, reported_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS device_keys (device_no TEXT PRIMARY KEY, private_key BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS device_positions (
    id INTEGER PRIMARY KEY, device_no TEXT NOT NULL, longitude TEXT NOT NULL, latitude TEXT NOT NULL,
    recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS positions_of_device ON device_positions (device_no, id);
CREATE TABLE IF NOT EXISTS device_faults (
    id INTEGER PRIMARY KEY, device_no TEXT NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL,
    detail TEXT NOT NULL, happened_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS thumbprints (
    tin TEXT NOT NULL, thumbprint TEXT NOT NULL, uploaded INTEGER NOT NULL, PRIMARY KEY (tin, thumbprint)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class FaultReport:
    """One row of T132. `happened_at` is Kampala wall time, as the device wrote it."""

    kind: str
    description: str
    detail: str
    happened_at: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where a device was; degrees as it sent them, `recorded_at` aware."""

    longitude: str
    latitude: str
    recorded_at: datetime


class DeviceBook:
    """Notes about devices in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def branch(self, device_no: str) -> str:
        """Return the branch id of a device, "" for the head office."""
        return self._text("SELECT branch FROM device_branches WHERE device_no = ?", device_no)

    def move(self, device_no: str, branch: str) -> None:
        """Put a device into a branch."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO device_branches VALUES (?, ?)", (device_no, branch))

    def issuing_status(self, device_no: str) -> str:
        """Return what the device last said it was doing (T176), "" if it never did."""
        return self._text("SELECT issuing_status FROM device_states WHERE device_no = ?", device_no)

    def report_status(self, device_no: str, status: str, now: datetime) -> None:
        """Note down what a device is doing."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO device_states VALUES (?, ?, ?)", (device_no, status, now.isoformat()))

    def private_key(self, device_no: str) -> bytes | None:
        """Return the key pair the authority made for a device (T102), PKCS#8 DER, or None."""
        with self._store.reading() as db:
            row = db.execute("SELECT private_key FROM device_keys WHERE device_no = ?", (device_no,)).fetchone()
        return None if row is None else bytes(row[0])

    def keep_private_key(self, device_no: str, der: bytes) -> None:
        """Keep the key pair made for a device."""
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO device_keys VALUES (?, ?)", (device_no, der))

    def record_position(self, device_no: str, position: Position) -> None:
        """Note down where a device is; older positions beyond those that T170 shows are dropped."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO device_positions (device_no, longitude, latitude, recorded_at) VALUES (?, ?, ?, ?)",
                (device_no, position.longitude, position.latitude, position.recorded_at.isoformat()),
            )
            db.execute(
                "DELETE FROM device_positions WHERE device_no = ? AND id NOT IN "
                "(SELECT id FROM device_positions WHERE device_no = ? ORDER BY id DESC LIMIT ?)",
                (device_no, device_no, MOST_POSITIONS),
            )

    def positions(self, device_no: str) -> list[Position]:
        """List the newest positions of a device, newest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT longitude, latitude, recorded_at FROM device_positions WHERE device_no = ? ORDER BY id DESC",
                (device_no,),
            ).fetchall()
        return [Position(row[0], row[1], datetime.fromisoformat(row[2])) for row in rows]

    def report_faults(self, device_no: str, reports: Sequence[FaultReport]) -> None:
        """Keep the fault log of a device."""
        with self._store.transaction() as db:
            db.executemany(
                "INSERT INTO device_faults (device_no, kind, description, detail, happened_at) VALUES (?, ?, ?, ?, ?)",
                [(device_no, row.kind, row.description, row.detail, row.happened_at) for row in reports],
            )

    def faults(self, device_no: str) -> list[FaultReport]:
        """List the fault log of a device, oldest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT kind, description, detail, happened_at FROM device_faults WHERE device_no = ? ORDER BY id",
                (device_no,),
            ).fetchall()
        return [FaultReport(*row) for row in rows]

    def expect_certificate(self, tin: str, thumbprint: str) -> None:
        """Register the thumbprint of a certificate that a taxpayer is going to upload.

        Args:
            tin: The taxpayer.
            thumbprint: SHA-1 of the DER certificate, hexadecimal in either case, with or without colons.
        """
        with self._store.transaction() as db:
            db.execute("INSERT OR IGNORE INTO thumbprints VALUES (?, ?, 0)", (tin, _bare(thumbprint)))

    def certificate(self, tin: str, thumbprint: str) -> bool | None:
        """Tell whether a certificate was uploaded; None if its thumbprint was never registered."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT uploaded FROM thumbprints WHERE tin = ? AND thumbprint = ?", (tin, _bare(thumbprint))
            ).fetchone()
        return None if row is None else bool(row[0])

    def take_certificate(self, tin: str, thumbprint: str) -> None:
        """Note down that a registered certificate came in."""
        with self._store.transaction() as db:
            db.execute("UPDATE thumbprints SET uploaded = 1 WHERE tin = ? AND thumbprint = ?", (tin, _bare(thumbprint)))

    def _text(self, query: str, device_no: str) -> str:
        with self._store.reading() as db:
            row = db.execute(query, (device_no,)).fetchone()
        return "" if row is None else str(row[0])


def _bare(thumbprint: str) -> str:
    return thumbprint.replace(":", "").replace(" ", "").lower()
