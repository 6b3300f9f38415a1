"""Together: what many callers want written goes into one unit of work; each hears after the commit of it.

While one commit is under way the next callers gather. So nobody waits when little is going on, and under load a commit
and its round trips are shared by all who came meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from risiti.gateway.db.database import DatabaseUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_TOGETHER = 256


class Together(Generic[Item, Result]):
    """Writes items in batches through `write`, which returns one result for each, in order."""

    def __init__(
        self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int = MOST_TOGETHER
    ) -> None:
        self._write = write
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Write an item with whatever else is there, and return its result once it is durable.

        Raises:
            DatabaseUnavailable: the database did not confirm it.
            Exception: what `write` raises for this item alone: one that cannot be written takes nothing with it.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await done

    def drop(self) -> None:
        """Write nothing more, as in a crash."""
        if self._writing is not None:
            self._writing.cancel()
        self._waiting.clear()

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._write_batch(batch)
        finally:
            self._writing = None

    async def _write_batch(self, batch: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except DatabaseUnavailable as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the callers, who is found below
            if len(batch) == 1:
                _fail(batch, error)
                return
            for one in batch:
                await self._write_batch([one])
        except BaseException as error:
            _fail([*batch, *self._waiting], error)
            self._waiting.clear()
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():
                    done.set_result(result)


def _fail(batch: Sequence[tuple[object, "asyncio.Future[Result]"]], error: BaseException) -> None:
    for _, done in batch:
        if done.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            done.cancel()
        else:
            done.set_exception(error)
