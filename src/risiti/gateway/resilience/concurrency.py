"""Adaptive concurrency: additive increase while it goes well, multiplicative decrease when the other side is loaded."""

from collections import deque
from dataclasses import dataclass

_SAMPLES = 100
_SAMPLES_NEEDED = 20
_TAIL = 0.95


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what a limit moves, and how."""

    start: int = 8
    least: int = 2
    most: int = 64
    shrink: float = 0.7
    shrink_every: float = 5.0
    """Seconds between two decreases: what was sent before one says nothing about it."""
    used_share: float = 0.8
    """Only a limit that is used that far grows."""
    slow_factor: float = 3.0
    """A tail of answers (95 %) so many times slower than the quickest is a sign of load..."""
    slow_at_least: float = 2.0
    """...if it is slower than that, too (seconds)."""


class AdaptiveLimit:
    """How many calls may be under way at once. Times are monotonic seconds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._limit = float(bounds.start)
        self._successes = 0
        self._shrunk_at: float | None = None
        self._times: deque[float] = deque(maxlen=_SAMPLES)

    @property
    def limit(self) -> int:
        """The limit as it stands."""
        return int(self._limit)

    def share(self, processes: int) -> int:
        """Return this process's part when so many share the limit; everybody may have one call under way."""
        return max(1, self.limit // max(1, processes))

    def succeeded(self, now: float, seconds: float | None, used: float) -> None:
        """Count a call that was answered in so many seconds, while so large a part (0 to 1) of the share was used.

        None: how long it took says nothing about the load, because calls of its kind differ in how much they ask for.
        """
        if seconds is not None:
            self._times.append(seconds)
        if self._is_slow():
            self.congested(now)
            return
        if used < self._bounds.used_share:
            return
        self._successes += 1
        if self._successes >= self.limit:
            self._successes = 0
            self._limit = min(float(self._bounds.most), self._limit + 1)

    def congested(self, now: float) -> None:
        """Shrink: the other side shows that it is loaded."""
        if self._shrunk_at is not None and now - self._shrunk_at < self._bounds.shrink_every:
            return
        self._shrunk_at = now
        self._successes = 0
        self._times.clear()
        self._limit = max(float(self._bounds.least), self._limit * self._bounds.shrink)

    def restart(self) -> None:
        """Begin at the least again, as after an outage."""
        self._limit = float(self._bounds.least)
        self._successes = 0
        self._shrunk_at = None
        self._times.clear()

    def _is_slow(self) -> bool:
        if len(self._times) < _SAMPLES_NEEDED:
            return False
        ordered = sorted(self._times)
        tail = ordered[int(_TAIL * (len(ordered) - 1))]
        return tail > self._bounds.slow_at_least and tail > self._bounds.slow_factor * ordered[0]


class RetryBudget:
    """How many new tries are worth making: each first success earns a part of one, each failed try costs one."""

    def __init__(self, size: float = 50.0, earned: float = 0.1) -> None:
        self._size = size
        self._earned = earned
        self._left = size

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left: new tries must wait for others to succeed."""
        return self._left < 1

    def earn(self) -> None:
        """Count a success."""
        self._left = min(self._size, self._left + self._earned)

    def spend(self) -> None:
        """Count something that has to be tried again."""
        self._left = max(0.0, self._left - 1)
