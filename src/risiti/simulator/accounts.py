"""Accounts at the authority: users of its portal with password and one-time password, and USSD subscribers."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from risiti.simulator.store import Store

FIRST_USER, FIRST_PASSWORD = "admin", "efris-in-a-box"
"""The user each taxpayer has from the start."""

OTP_LIFETIME = timedelta(minutes=5)
PROOF_LIFETIME = timedelta(minutes=30)
"""How long after the right one-time password a device may be registered."""

OTP_DIGITS = 6

SCHEMA = """
CREATE TABLE IF NOT EXISTS portal_users (
    tin TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (tin, name)
) STRICT;
CREATE TABLE IF NOT EXISTS one_time_passwords (
    tin TEXT PRIMARY KEY, digits TEXT NOT NULL, sent_at TEXT NOT NULL, proved_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ussd_accounts (mobile_number TEXT PRIMARY KEY, tin TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, tin TEXT NOT NULL, address TEXT NOT NULL, body TEXT NOT NULL, sent_at TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail or SMS the authority would have sent; kept here instead. `sent_at` is aware."""

    tin: str
    address: str
    body: str
    sent_at: datetime


class Accounts:
    """Users, subscribers, and what was sent to them, in the store."""

    def __init__(self, store: Store, chance: Random) -> None:
        self._store = store
        self._chance = chance
        with store.reading() as db:
            db.executescript(SCHEMA)

    def has_user(self, tin: str, name: str) -> bool:
        """Tell whether a taxpayer has a portal user of this name."""
        return name == FIRST_USER or self._digest(tin, name) is not None

    def opens(self, tin: str, name: str, password: str) -> bool:
        """Tell whether a password is the user's."""
        stored = self._digest(tin, name)
        if stored is None:
            return name == FIRST_USER and hmac.compare_digest(password.encode(), FIRST_PASSWORD.encode())
        return hmac.compare_digest(stored, _digested(tin, name, password))

    def set_password(self, tin: str, name: str, password: str) -> None:
        """Change a user's password; an unknown user comes into being."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO portal_users VALUES (?, ?, ?)", (tin, name, _digested(tin, name, password))
            )

    def new_otp(self, tin: str, now: datetime) -> str:
        """Make a one-time password for a taxpayer; the one before is worth nothing any more."""
        digits = "".join(self._chance.choices("0123456789", k=OTP_DIGITS))
        with self._store.transaction() as db:
            db.execute("INSERT OR REPLACE INTO one_time_passwords VALUES (?, ?, ?, '')", (tin, digits, now.isoformat()))
        return digits

    def otp(self, tin: str, now: datetime) -> str | None:
        """Return the one-time password of a taxpayer; "" if it is too old, None if there is none."""
        with self._store.reading() as db:
            row = db.execute("SELECT digits, sent_at FROM one_time_passwords WHERE tin = ?", (tin,)).fetchone()
        if row is None:
            return None
        return str(row[0]) if now < datetime.fromisoformat(row[1]) + OTP_LIFETIME else ""

    def prove(self, tin: str, now: datetime) -> None:
        """Note down that the right one-time password was given."""
        with self._store.transaction() as db:
            db.execute("UPDATE one_time_passwords SET proved_at = ? WHERE tin = ?", (now.isoformat(), tin))

    def proved(self, tin: str, now: datetime) -> bool:
        """Tell whether the right one-time password was given a short while ago."""
        with self._store.reading() as db:
            row = db.execute("SELECT proved_at FROM one_time_passwords WHERE tin = ?", (tin,)).fetchone()
        return row is not None and row[0] != "" and now < datetime.fromisoformat(row[0]) + PROOF_LIFETIME

    def subscriber(self, mobile_number: str) -> str | None:
        """Return the TIN a mobile number belongs to (T175), or None."""
        with self._store.reading() as db:
            row = db.execute("SELECT tin FROM ussd_accounts WHERE mobile_number = ?", (mobile_number,)).fetchone()
        return None if row is None else str(row[0])

    def subscribe(self, mobile_number: str, tin: str) -> None:
        """Open a USSD account."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO ussd_accounts VALUES (?, ?)", (mobile_number, tin))

    def send(self, message: Message) -> None:
        """Keep what would go out by e-mail or SMS."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO messages (tin, address, body, sent_at) VALUES (?, ?, ?, ?)",
                (message.tin, message.address, message.body, message.sent_at.isoformat()),
            )

    def messages(self, limit: int) -> list[Message]:
        """List what was sent, newest first."""
        with self._store.reading() as db:
            rows = db.execute(
                "SELECT tin, address, body, sent_at FROM messages ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [Message(row[0], row[1], row[2], datetime.fromisoformat(row[3])) for row in rows]

    def _digest(self, tin: str, name: str) -> str | None:
        with self._store.reading() as db:
            row = db.execute("SELECT digest FROM portal_users WHERE tin = ? AND name = ?", (tin, name)).fetchone()
        return None if row is None else str(row[0])


def _digested(tin: str, name: str, password: str) -> str:
    return hashlib.sha256(f"{tin}\0{name}\0{password}".encode("utf-8", "surrogatepass")).hexdigest()
