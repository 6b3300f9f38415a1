"""Lets a request wait until its document is settled, without holding a transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from risiti.gateway.db.database import DatabaseBusy
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import Clock, set_or_over

T = TypeVar("T")

LONGEST_PAUSE = 1.0
"""Seconds between two looks at a document whose worker cannot wake us, once it has not settled at once."""


class Settlements:
    """Wakes those who wait for a document when a worker has moved it.

    What a worker of another process says may be lost, or there is nothing to say it by (SQLite): so the document is
    looked at as well, first after `poll` seconds, then less and less often.
    """

    def __init__(self, clock: Clock, poll: float) -> None:
        self._clock = clock
        self._poll = poll
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def announce(self, document_id: str) -> None:
        """Wake everybody who waits for a document; without an id, everybody who waits."""
        for waiting in (self._waiting.get(document_id, set()),) if document_id else self._waiting.values():
            for event in waiting:
                event.set()

    @contextmanager
    def watching(self, document_id: str) -> Iterator[asyncio.Event]:
        """Have an event set whenever a worker says that it has moved the document."""
        moved = asyncio.Event()
        self._waiting.setdefault(document_id, set()).add(moved)
        try:
            yield moved
        finally:
            waiting = self._waiting[document_id]
            waiting.discard(moved)
            if not waiting:
                del self._waiting[document_id]

    async def wait(
        self,
        moved: asyncio.Event,
        look: Callable[[T | None], Awaitable[T]],
        is_settled: Callable[[T], bool],
        seconds: float,
        *,
        seen: T | None = None,
    ) -> T:
        """Return what `look` shows as soon as it is settled, or what it last showed when the time is over.

        Args:
            moved: From `watching`.
            look: Looks at the document, given what was last seen of it.
            is_settled: Tells whether there is nothing more to wait for.
            seconds: How long at most.
            seen: How it stood before it was watched; the first look is then left out.
        """
        end = self._clock.monotonic() + seconds
        pause = self._poll
        if seen is None:
            moved.clear()
            with deadline.unbounded():  # the one look that is never left out
                seen = await look(None)
        while True:
            left = end - self._clock.monotonic()
            if is_settled(seen) or left <= 0:
                return seen
            await set_or_over(moved, self._clock, min(left, pause))
            pause = min(2 * pause, LONGEST_PAUSE)
            moved.clear()
            seen = await self._look(look, seen, end - self._clock.monotonic())

    @staticmethod
    async def _look(look: Callable[[T | None], Awaitable[T]], seen: T, left: float) -> T:
        """Look again, but no longer than there is time."""
        try:
            async with asyncio.timeout(left):
                return await look(seen)
        except (TimeoutError, DatabaseBusy):
            return seen
