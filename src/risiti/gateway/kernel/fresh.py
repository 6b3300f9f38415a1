"""Fresh: one look-up that serves everybody who asks while it is fresh, however many ask at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """Looks at most once every `seconds`; those who ask meanwhile get the last answer or wait for the one under way."""

    def __init__(self, look: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._seen: tuple[T, float] | None = None
        self._looking: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Return what was seen, or look.

        Raises:
            Exception: whatever the look raises; it is not kept.
        """
        if self._seen is not None and asyncio.get_running_loop().time() - self._seen[1] < self._seconds:
            return self._seen[0]
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._see())
        return await asyncio.shield(self._looking)

    def forget(self) -> None:
        """Look again the next time."""
        self._seen = None

    async def _see(self) -> T:
        value = await self._look()
        self._seen = value, asyncio.get_running_loop().time()
        return value
