"""Places: how many units of work run at once, how many may wait for that, and for how long.

A line that grows without a bound is how a slow database becomes a dead service: everybody waits, and what is done is
done for callers who have gone. So the line has an end, nobody stands in it longer than there is time for, and whoever
is sent away hears that nothing was begun.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from risiti.gateway.db.database import DatabaseBusy
from risiti.gateway.kernel import deadline

MOST_WAITING = 1_000
"""Units of work of one process that may wait for a place at the same time."""

Waited = Callable[[float], None]
"""Is told how long (seconds) a unit of work has waited for its place, or waited in vain."""


def nobody(_seconds: float) -> None:
    """Care for no times."""


class Line:
    """Who waits for the database: bounded in length and in time, and measured."""

    def __init__(self, seconds: float, most: int = MOST_WAITING, waited: Waited = nobody) -> None:
        """Let up to `most` wait, each for up to `seconds`, or until its caller's deadline if that is sooner."""
        self.waiting = 0
        self.turned_away = 0
        """So many since the start were sent away."""
        self.seconds = seconds
        self._most = most
        self._waited = waited

    def pass_by(self) -> None:
        """Go to a free place at once, unless one's time is over.

        Raises:
            DatabaseBusy: the caller's time is over.
        """
        self._in_time()
        self._waited(0.0)

    def _in_time(self) -> float:
        seconds = deadline.bounded(self.seconds)
        if seconds <= 0:
            self.turned_away += 1
            raise DatabaseBusy("the caller's time was over before the database was asked")
        return seconds

    @asynccontextmanager
    async def stand(self) -> AsyncIterator[float]:
        """Stand in line for as long as the block takes; gives the seconds that one may wait.

        Raises:
            DatabaseBusy: the line is full, or the caller's time is over.
        """
        seconds = self._in_time()
        if self.waiting >= self._most:
            self._waited(self.seconds)
            self.turned_away += 1
            raise DatabaseBusy(f"{self.waiting} units of work wait for the database already")
        self.waiting += 1
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            yield seconds
        finally:
            self.waiting -= 1
            self._waited(clock.time() - began)

    def in_vain(self, seconds: float) -> DatabaseBusy:
        """Return what is raised when the time is over and nothing was begun."""
        self.turned_away += 1
        return DatabaseBusy(f"no place at the database came free within {seconds:.1f} s")


class Places:
    """So many units of work at once; the others stand in line."""

    def __init__(self, size: int, line: Line) -> None:
        self.size = size
        self.taken = 0
        self.line = line
        self._free = asyncio.Semaphore(size)

    async def take(self) -> None:
        """Wait for a place; `give_back` must follow.

        Raises:
            DatabaseBusy: none came free in time.
        """
        if self._free.locked():
            await self._stand_in_line()
        else:
            self.line.pass_by()
            await self._free.acquire()  # at once
        self.taken += 1

    async def _stand_in_line(self) -> None:
        async with self.line.stand() as seconds:
            try:
                async with asyncio.timeout(seconds):
                    await self._free.acquire()
            except TimeoutError:
                raise self.line.in_vain(seconds) from None

    def give_back(self) -> None:
        """Leave a place to the next one."""
        self.taken -= 1
        self._free.release()
