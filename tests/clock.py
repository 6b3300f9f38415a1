"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ManualClock:
    """Wall time, monotonic time and sleeping, all moved by `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 1_000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._watchers: list[tuple[int, asyncio.Event]] = []

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that only `advance` moves."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been moved that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        self._sleepers.append((self._monotonic + seconds, woken))
        for count, watcher in self._watchers:
            if len(self._sleepers) >= count:
                watcher.set()
        await woken.wait()

    @property
    def asleep(self) -> int:
        """How many sleep."""
        return len(self._sleepers)

    async def until_asleep(self, count: int) -> None:
        """Return once so many sleep, in real time."""
        if self.asleep >= count:
            return
        watcher = (count, asyncio.Event())
        self._watchers.append(watcher)
        try:
            await watcher[1].wait()
        finally:
            self._watchers.remove(watcher)

    def advance(self, seconds: float) -> None:
        """Move the time forward and wake whoever slept until then."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._monotonic]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._monotonic]
        for _, woken in due:
            woken.set()

    def next_waking(self) -> float:
        """Return the monotonic moment when the next sleeper wakes; now if nobody sleeps."""
        return min((moment for moment, _ in self._sleepers), default=self._monotonic)

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock alone, as a time server does."""
        self._now += timedelta(seconds=seconds)
