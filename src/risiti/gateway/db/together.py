"""Together: what many callers want written goes into one unit of work; each hears after the commit of it.

While one commit is under way the next callers gather. So nobody waits when little is going on, and under load a commit
and its round trips are shared by all who came meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from risiti.gateway.db.database import DatabaseBusy, DatabaseUnavailable
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.deadline import Deadline

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_TOGETHER = 256
MOST_WAITING = 5_000
"""Beyond so many that wait for their commit the next one is sent away before it is begun."""


class Together(Generic[Item, Result]):
    """Writes items in batches through `write`, which returns one result for each, in order."""

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        most: int = MOST_TOGETHER,
        between: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Write through `write`, at most so many items at once.

        Args:
            write: Returns one result for each item, in order, once they are durable.
            most: Most items of one batch.
            between: Awaited after a batch of several, for more to gather; by default the next one begins at once.
        """
        self._write = write
        self._most = most
        self._between = between
        self._waiting: list[_Waiting[Item, Result]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Write an item with whatever else is there, and return its result once it is durable.

        Raises:
            DatabaseBusy: too many wait already, or the caller's time was over before its turn came; nothing was begun.
            DatabaseUnavailable: the database did not confirm it.
            Exception: what `write` raises for this item alone: one that cannot be written takes nothing with it.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise DatabaseBusy(f"{len(self._waiting)} wait for their commit already")
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, done, deadline.current()))
        if self._writing is None:
            with deadline.unbounded():  # it writes for others, too
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
                if in_time := _in_time(batch):
                    await self._write_batch(in_time)
                if self._between is not None and len(batch) > 1:
                    await self._between()
        finally:
            self._writing = None

    async def _write_batch(self, batch: "list[_Waiting[Item, Result]]") -> None:
        try:
            results = await self._write([one.item for one in batch])
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
            for one, result in zip(batch, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    done: "asyncio.Future[Result]"
    deadline: Deadline | None

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and self.deadline.left == 0


def _in_time(batch: "list[_Waiting[Item, Result]]") -> "list[_Waiting[Item, Result]]":
    """Send away whose time is over; return the others."""
    in_time = []
    for one in batch:
        if one.is_late:
            _fail((one,), DatabaseBusy("the caller's time was over before its turn came"))
        else:
            in_time.append(one)
    return in_time


def _fail(batch: "Sequence[_Waiting[Item, Result]]", error: BaseException) -> None:
    for one in batch:
        if one.done.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            one.done.cancel()
        else:
            one.done.set_exception(error)
