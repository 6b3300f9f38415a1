"""Pressure: how much more a process has to do than it can, from how long work waits for the database and the loop.

Both are measured where they arise: every unit of work says how long it stood in line, and a timer says how late the
event loop came to it. A peak is no pressure; what lasts is.
"""

from collections import deque
from enum import IntEnum
from statistics import median_high
from typing import TYPE_CHECKING

import structlog

from risiti.gateway.kernel.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

LASTS_SECONDS = 5.0
"""What is measured is looked at over so long."""
LOOK_EVERY = 0.25
WAITS_NEEDED = 20
"""Fewer units of work in that time say nothing."""
WAITS_KEPT = 2_000

_log = structlog.get_logger()


class Level(IntEnum):
    """How much has to be left undone."""

    CALM = 0
    STRAINED = 1
    """Lists, imports and waiting for a number can come later."""
    OVERLOADED = 2
    """New documents, too: what was accepted comes first."""


WAIT_SECONDS = {Level.STRAINED: 0.2, Level.OVERLOADED: 1.0}
"""When every other unit of work waited less than that for the database, it is not so bad: a stall of a moment, such as
a neighbour's start, makes some wait and must not turn anybody away."""
LAG_SECONDS = {Level.STRAINED: 0.25, Level.OVERLOADED: 1.0}
"""When the event loop was less late than that at least once, neither."""


class Pressure:
    """The pressure on one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: deque[tuple[float, float]] = deque(maxlen=WAITS_KEPT)
        self._in_time_at: dict[Level, float] = {}
        self._looked_at = float("-inf")
        self._level = Level.CALM
        self.on_level: Callable[[Level], None] = lambda _: None
        """Is told of every look."""

    def waited(self, seconds: float) -> None:
        """Say how long a unit of work waited for the database."""
        self._waits.append((self._clock.monotonic(), seconds))

    def lagged(self, seconds: float) -> None:
        """Say how late the event loop came to a timer."""
        now = self._clock.monotonic()
        for level, most in LAG_SECONDS.items():
            if seconds <= most:
                self._in_time_at[level] = now
            else:
                self._in_time_at.setdefault(level, now)

    @property
    def level(self) -> Level:
        """How high it is now."""
        now = self._clock.monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._see(max(self._of_waits(now), self._of_lag(now)))
        return self._level

    @property
    def is_high(self) -> bool:
        """Whether anything has to come later."""
        return self.level > Level.CALM

    def _see(self, level: Level) -> None:
        if level is not self._level:
            _log.warning("pressure.changed", before=self._level.name.lower(), now=level.name.lower())
        self._level = level
        self.on_level(level)

    def _of_waits(self, now: float) -> Level:
        while self._waits and self._waits[0][0] < now - LASTS_SECONDS:
            self._waits.popleft()
        if len(self._waits) < WAITS_NEEDED:
            return Level.CALM
        usual = median_high(seconds for _, seconds in self._waits)
        return max((level for level, most in WAIT_SECONDS.items() if usual > most), default=Level.CALM)

    def _of_lag(self, now: float) -> Level:
        late = (level for level, at in self._in_time_at.items() if now - at >= LASTS_SECONDS)
        return max(late, default=Level.CALM)
