"""Units of work over PostgreSQL's driver alone: a fifth of the processor time that one through SQLAlchemy takes.

The connection comes out of the same pool, so there is one bound and one count for all. It is not handed back after each
unit: the next one finds it as the last one has left it, and units through SQLAlchemy get it when they need it.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import Pool, PoolProxiedConnection, QueuePool
from sqlalchemy.util import await_only

from risiti.gateway.db.postgres_binding import BoundConnection
from risiti.gateway.db.raw import How, PlainTransaction, Row

T = TypeVar("T")

BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, asyncio.TimeoutError)
"""What the driver raises when there is no connection any more, or the server is just ending it; whether a commit got
through is then not known."""


class PostgresTransaction(PlainTransaction):
    """A transaction on one connection of the driver."""

    is_postgresql = True

    def __init__(self, connection: BoundConnection) -> None:
        self._connection = connection

    def run(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        """Run a statement; see `raw.run`."""
        rows: list[Row] = await_only(self._connection.fetch(statement, *parameters))
        return rows

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row; see `raw.run_many`."""
        await_only(self._connection.executemany(statement, rows))


class WithoutTransaction(PostgresTransaction):
    """Statements that have no transaction around them: any number that read, or one alone that writes."""

    def __init__(self, connection: BoundConnection, how: How) -> None:
        super().__init__(connection)
        self._how = how
        self._written = False

    def run(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        """Run a statement.

        Raises:
            NotAlone: it needs a transaction that this unit of work does not have.
        """
        if _writes(statement):
            if self._how is How.READING:
                raise NotAlone("this unit of work is read-only")
            if self._written:
                raise NotAlone("this unit of work writes with one statement and no more")
            self._written = True
        return super().run(statement, parameters)

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:  # noqa: ARG002 - see `raw.run_many`
        """Refuse: it would be many statements.

        Raises:
            NotAlone: always.
        """
        raise NotAlone("many statements are no single one, and none that reads is run in this way: read-only")


class NotAlone(RuntimeError):
    """A unit of work has no transaction, and ran a statement that needs one: always a bug of ours."""


@cache
def _writes(statement: str) -> bool:
    return _READING.match(statement) is None or _WRITING.search(statement) is not None


_READING = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|SHARE|DO|CALL)\b", re.IGNORECASE)
"""Words of statements that change something or hold a lock. Statements are texts of this program, so this is enough."""


class Parked:
    """Connections out of a pool that wait for the next plain unit, the last one used first."""

    def __init__(self, pool: Pool, seconds: float) -> None:
        """Park connections of `pool`, each for at most so many seconds: then the pool sees whether it is too old."""
        self._pool = pool
        self._seconds = seconds
        self._parked: list[tuple[PoolProxiedConnection, float]] = []

    def __len__(self) -> int:
        return len(self._parked)

    def run(self, work: Callable[[PlainTransaction], T], how: How) -> T:
        """Run a unit of work over all companies; commits, or leaves nothing.

        To be called where SQLAlchemy lets plain functions await.

        Args:
            work: The unit of work.
            how: With a transaction around it, or without one.

        Raises:
            IntegrityError: a constraint does not hold.
            NotAlone: it needs a transaction, and has none.
            asyncpg.PostgresError: whatever else the server refuses.
        """
        checked_out, since = self._take()
        try:
            result = _run_on(checked_out, work, how)
        except BaseException as error:
            if isinstance(error, BROKEN):  # else the next one gets it before its end is noticed
                checked_out.invalidate()
            checked_out.close()
            if isinstance(error, asyncpg.IntegrityConstraintViolationError):
                raise IntegrityError(None, None, error) from error
            raise
        self._parked.append((checked_out, since))
        return result

    def make_room(self) -> None:
        """Hand one back to the pool if it has none at hand: for a unit that takes its connection from there."""
        if self._parked and isinstance(self._pool, QueuePool) and not self._pool.checkedin():
            self._parked.pop()[0].close()

    def close(self) -> None:
        """Hand all of them back."""
        while self._parked:
            self._parked.pop()[0].close()

    def _take(self) -> tuple[PoolProxiedConnection, float]:
        now = asyncio.get_running_loop().time()
        while self._parked:
            checked_out, since = self._parked.pop()
            connection = checked_out.driver_connection
            if connection is None or connection.is_closed():
                checked_out.invalidate()
            elif now - since < self._seconds:
                return checked_out, since
            checked_out.close()
        return self._pool.connect(), now


def _run_on(checked_out: PoolProxiedConnection, work: Callable[[PlainTransaction], T], how: How) -> T:
    connection = checked_out.driver_connection
    if not isinstance(connection, BoundConnection):  # for the type checker: it has just been handed out
        raise asyncpg.InterfaceError("no connection")
    if connection.is_in_transaction():  # never; but what a statement alone writes would then not be committed
        checked_out.invalidate()
        raise asyncpg.InterfaceError("the connection was left in a transaction")
    if not connection.is_ready:
        await_only(connection.make_ready())
    if how is How.WRITING:
        return _in_transaction(checked_out, connection, work)
    return work(WithoutTransaction(connection, how))


def _in_transaction(
    checked_out: PoolProxiedConnection, connection: BoundConnection, work: Callable[[PlainTransaction], T]
) -> T:
    try:
        await_only(connection.begin_plain())
        result = work(PostgresTransaction(connection))
        await_only(connection.execute("COMMIT"))
    except BaseException:
        _roll_back(checked_out, connection)
        raise
    return result


def _roll_back(checked_out: PoolProxiedConnection, connection: BoundConnection) -> None:
    """End a transaction that failed; a connection that cannot even do that is thrown away."""
    try:
        await_only(connection.execute("ROLLBACK", timeout=5.0))
    except BaseException:  # noqa: BLE001 - the first failure is the one that explains this one
        checked_out.invalidate()
