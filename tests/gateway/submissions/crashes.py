"""Kills a worker at a chosen step: before or after one of its commits, or while it speaks to the authority."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from risiti.efris import Reply, Transport
from risiti.gateway.db.database import CompanyWork, Database, PlainWork, PoolStanding, SystemWork

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing catches this, as nothing catches a kill -9."""


@dataclass
class Killer:
    """Counts the steps that a worker takes, and kills it at one of them."""

    at: int | None = None
    """The number of the step, from 0; None: let it live."""
    steps: list[str] = field(default_factory=list)

    def kill_at(self, step: int | None) -> None:
        """Count anew, and kill at that step."""
        self.at = step
        self.steps = []

    def spare(self) -> None:
        """Let who comes next live."""
        self.at = None

    @property
    def has_killed(self) -> bool:
        """Whether the step was reached."""
        return self.at is not None and len(self.steps) > self.at

    def step(self, name: str) -> None:
        """Note a step. From the chosen one on, the worker is dead."""
        self.steps.append(name)
        if self.has_killed:
            raise Killed(name)


class KillableDatabase:
    """A database whose user may die just before or just after a commit."""

    def __init__(self, inner: Database, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    async def read(self, work: SystemWork[T]) -> T:
        """Read; a step of its own would tell nothing new."""
        return await self._inner.read(work)

    async def read_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Read as a company."""
        return await self._inner.read_as(company_id, work)

    async def write(self, work: SystemWork[T]) -> T:
        """Write, with a step on each side of the commit."""
        return await self._step(partial(self._inner.write, work))

    async def write_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Write as a company."""
        return await self._inner.write_as(company_id, work)

    async def read_plain(self, work: PlainWork[T]) -> T:
        """Read without mapped classes."""
        return await self._inner.read_plain(work)

    async def write_plain(self, work: PlainWork[T]) -> T:
        """Write without mapped classes, with a step on each side of the commit."""
        return await self._step(partial(self._inner.write_plain, work))

    async def write_at_once(self, work: PlainWork[T]) -> T:
        """Write one statement, with a step on each side of it."""
        return await self._step(partial(self._inner.write_at_once, work))

    async def administer(self, work: Callable[[Connection], T]) -> T:
        """Run with a bare connection."""
        return await self._inner.administer(work)

    def pool(self) -> PoolStanding:
        """Return the inner database's."""
        return self._inner.pool()

    async def close(self) -> None:
        """Leave the inner database open: its owner closes it."""

    async def _step(self, write: Callable[[], Awaitable[T]]) -> T:
        self._killer.step("before a commit")
        result = await write()
        self._killer.step("after a commit")
        return result


class KillableTransport:
    """A way to the authority on which its user may die before the request leaves or before the answer is read."""

    def __init__(self, inner: Transport, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        """Send, with a step before and one after."""
        self._killer.step("before the request leaves")
        reply = await self._inner.post(url, body, timeout=timeout, limit=limit)
        self._killer.step("before the answer is read")
        return reply
