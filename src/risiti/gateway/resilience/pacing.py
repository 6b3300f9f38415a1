"""Pacing: at most so many messages in any one second, whoever sends them (GCRA: one moment per key, exact).

A burst of a tenth of the limit may leave at once; the rest is spread evenly such that no window of one second ever
holds more than the limit.
"""

from dataclasses import dataclass
from typing import Protocol

_BURST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Rate:
    """How messages are spread."""

    interval: float
    """Seconds between two messages in the long run."""
    tolerance: float
    """How far ahead of that a burst may run (seconds)."""

    @classmethod
    def of(cls, limit: float) -> "Rate":
        """Return the spread that lets at most `limit` messages leave in any one second."""
        burst = max(1, int(limit * _BURST_SHARE))
        steady = limit if burst == 1 else limit - burst + 1
        return cls(1 / steady, (burst - 1) / steady)


class Gcra:
    """Gives out turns, in this process. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._next = float("-inf")

    def take(self, rate: Rate, now: float) -> float:
        """Take the next turn and return the seconds until it comes."""
        due = max(self._next, now)
        self._next = due + rate.interval
        return max(0.0, due - rate.tolerance - now)

    def wait(self, rate: Rate, now: float) -> float:
        """Return what `take` would, and take nothing."""
        return max(0.0, max(self._next, now) - rate.tolerance - now)


class SharedTurns(Protocol):
    """Gives out turns to all processes together."""

    async def take(self, key: str, rate: Rate, most: float) -> float | None:
        """Take the next turn unless it is more than `most` seconds away; return the seconds until it comes.

        None: nobody can say now, and each process keeps to its own share.
        """
        ...


class Pacer:
    """Turns towards one place: of all processes together where they can be asked, else this process's share of them."""

    def __init__(self, key: str, limit: float, shared: SharedTurns | None) -> None:
        self._key = key
        self._limit = limit
        self._shared = shared
        self._own = Gcra()

    def share(self, processes: int) -> float:
        """Return how many messages a second this process may send when so many share the limit."""
        return self._limit / max(1, processes)

    async def take(self, now: float, processes: int, most: float) -> float | None:
        """Take the next turn and return the seconds until it comes; None, and none taken, if that is over `most`."""
        if self._shared is not None:
            wait = await self._shared.take(self._key, Rate.of(self._limit), most)
            if wait is not None:
                return wait if wait <= most else None
        rate = Rate.of(self.share(processes))
        if self._own.wait(rate, now) > most:
            return None
        return self._own.take(rate, now)
