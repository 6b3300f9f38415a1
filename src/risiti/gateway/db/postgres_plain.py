"""Units of work over PostgreSQL's driver alone: a fifth of the processor time that one through SQLAlchemy takes.

The connection comes out of the same pool and goes back into it, so there is one bound and one count for all.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import Pool, PoolProxiedConnection
from sqlalchemy.util import await_only

from risiti.gateway.db.postgres_binding import BoundConnection
from risiti.gateway.db.raw import PlainTransaction, Row

T = TypeVar("T")

BROKEN = (asyncpg.InterfaceError, OSError, asyncio.TimeoutError)
"""What the driver raises when there is no connection any more; whether a commit got through is then not known."""


class PostgresTransaction(PlainTransaction):
    """A transaction on one connection of the driver."""

    is_postgresql = True

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    def run(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        """Run a statement; see `raw.run`."""
        rows: list[Row] = await_only(self._connection.fetch(statement, *parameters))
        return rows

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row; see `raw.run_many`."""
        await_only(self._connection.executemany(statement, rows))


def run_plain(pool: Pool, work: Callable[[PlainTransaction], T], writes: bool) -> T:  # noqa: FBT001 - greenlet_spawn
    """Run a unit of work over all companies; commits, or leaves nothing.

    To be called where SQLAlchemy lets plain functions await.

    Args:
        pool: Where the connection comes from.
        work: The unit of work.
        writes: Else it only reads; each of its statements is then a transaction by itself, and sees what is committed
            when it begins, as it would in a transaction of READ COMMITTED.

    Raises:
        IntegrityError: a constraint does not hold.
        asyncpg.PostgresError: whatever else the server refuses.
    """
    checked_out = pool.connect()
    try:
        connection = checked_out.driver_connection
        if not isinstance(connection, BoundConnection):  # for the type checker: it has just been handed out
            raise asyncpg.InterfaceError("no connection")
        try:
            if writes:
                await_only(connection.begin_plain())
                result = work(PostgresTransaction(connection))
                await_only(connection.execute("COMMIT"))
            else:
                await_only(connection.make_ready())
                result = work(PostgresTransaction(connection))
        except BaseException:
            if writes:
                _roll_back(checked_out, connection)
            raise
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(None, None, error) from error
    finally:
        checked_out.close()
    return result


def _roll_back(checked_out: PoolProxiedConnection, connection: "asyncpg.Connection") -> None:
    """End a transaction that failed; a connection that cannot even do that is thrown away."""
    try:
        await_only(connection.execute("ROLLBACK", timeout=5.0))
    except BaseException:  # noqa: BLE001 - the first failure is the one that explains this one
        checked_out.invalidate()
