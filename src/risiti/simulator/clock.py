"""The authority's clock and its source of chance; the only place of the simulator that reads either."""

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

KAMPALA = timezone(timedelta(hours=3), "EAT")
"""East Africa Time: UTC+3, no daylight saving. Every time on the wire is in it."""


class Clock(Protocol):
    """Tells the time; tests pass one they can move."""

    def now(self) -> datetime:
        """Return the present moment, aware of its zone."""
        ...


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


def system_chance() -> random.Random:
    """Return the operating system's randomness, in the shape tests replace by a seeded `random.Random`."""
    return random.SystemRandom()


def kampala(moment: datetime) -> datetime:
    """Return `moment` as Kampala's wall clock shows it, whole seconds, without a zone (as the wire has it)."""
    return moment.astimezone(KAMPALA).replace(tzinfo=None, microsecond=0)
