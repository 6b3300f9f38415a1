"""Units of work: a plain function over a session, run in one transaction.

A unit of work cannot await. So no transaction can be open while we speak to the authority or to anybody else, and
a unit that lost a race can be run again, because it has touched nothing but the database.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from risiti.gateway.db.raw import Statements
from risiti.gateway.db.session import CompanySession, SystemSession

T = TypeVar("T")
SystemWork = Callable[[SystemSession], T]
CompanyWork = Callable[[CompanySession], T]
PlainWork = Callable[[Statements], T]


class DatabaseUnavailable(Exception):
    """The database did not confirm the unit of work. Ask again before you believe that nothing was kept."""


@dataclass(frozen=True, slots=True)
class PoolStanding:
    """How the connections of one process are used."""

    size: int
    """The most that there can be."""
    in_use: int
    """So many run a unit of work now."""
    waiting: int
    """So many units wait for one now."""
    timed_out: int
    """So many units, since the start, were turned away before they were begun."""
    answered: float = -math.inf
    """When a unit of work ended well the last time, by the event loop's clock; where that is not noted: never."""


class DatabaseBusy(DatabaseUnavailable):
    """The unit of work was not begun: too many wait for the database, or its caller's time was over."""


class Database(Protocol):
    """A database of the gateway. Every method runs `work` in one transaction and commits it before it returns."""

    async def read(self, work: SystemWork[T]) -> T:
        """Run a unit of work that only reads, over all companies."""
        ...

    async def write(self, work: SystemWork[T]) -> T:
        """Run a unit of work over all companies; it is durable when this returns. An exception rolls it back."""
        ...

    async def read_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that only reads and sees one company."""
        ...

    async def write_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that sees one company; it is durable when this returns. An exception rolls it back."""
        ...

    async def read_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work that only reads, over all companies, and speaks through `db.raw` alone."""
        ...

    async def write_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work over all companies that speaks through `db.raw` alone; durable when this returns."""
        ...

    async def write_at_once(self, work: PlainWork[T]) -> T:
        """Run a unit of work as `write_plain` does that is one statement on PostgreSQL, a transaction by itself."""
        ...

    async def administer(self, work: Callable[[Connection], T]) -> T:
        """Run a migration or check with a bare connection, in one transaction."""
        ...

    def pool(self) -> PoolStanding:
        """Return how the connections of this process are used."""
        ...

    async def close(self) -> None:
        """Finish what runs and close every connection."""
        ...
