"""East Africa Time, the wire's date formats, and the clock and call ids used where none are given."""

import time
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

EAST_AFRICA_TIME = timezone(timedelta(hours=3), "EAT")
"""UTC+3 all year; every time on the wire is meant in it."""

_TIME_FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
)
_DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%Y/%m/%d")


class Clock(Protocol):
    """Time as the client needs it; tests and simulations pass their own."""

    def now(self) -> datetime:
        """Wall time, aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for ages and round trips."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()


def random_exchange_id() -> str:
    """Return 32 hexadecimal characters that nobody has used before."""
    return uuid.uuid4().hex


def write_time(moment: datetime) -> str:
    """Format a moment for a request: `yyyy-MM-dd HH:mm:ss` in East Africa Time, fractions of a second dropped.

    Raises:
        ValueError: the moment is naive, so nobody can know which time it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a time for the wire must be aware, with a time zone")
    return moment.astimezone(EAST_AFRICA_TIME).strftime("%Y-%m-%d %H:%M:%S")


def write_date(day: date) -> str:
    """Format a date for a request: `yyyy-MM-dd`."""
    return day.strftime("%Y-%m-%d")


def read_time(text: str) -> datetime | None:
    """Read a moment from an answer, in any of the forms seen; aware, in East Africa Time. None if it is none of them.

    A date without a time is read as its first second.
    """
    compact = " ".join(text.split())
    for form in (*_TIME_FORMATS, *_DATE_FORMATS):
        try:
            return datetime.strptime(compact, form).replace(tzinfo=EAST_AFRICA_TIME)
        except ValueError:
            continue
    return None
