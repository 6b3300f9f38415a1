"""Transactions over PostgreSQL's driver alone: a fifth of the processor time that one through SQLAlchemy takes.

The connection comes out of the same pool and goes back into it, so there is one bound and one count for all.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import Pool, PoolProxiedConnection
from sqlalchemy.util import await_only

from risiti.gateway.db.raw import PlainTransaction, Row
from risiti.gateway.db.row_security import EVERY_COMPANY

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


def in_plain_transaction(pool: Pool, work: Callable[[PlainTransaction], T], begin: str) -> T:
    """Run a unit of work over all companies; commits, or leaves nothing.

    To be called where SQLAlchemy lets plain functions await.

    Args:
        pool: Where the connection comes from.
        work: The unit of work.
        begin: The statement that begins the transaction.

    Raises:
        IntegrityError: a constraint does not hold.
        asyncpg.PostgresError: whatever else the server refuses.
    """
    checked_out = pool.connect()
    try:
        connection = checked_out.driver_connection
        if connection is None:  # for the type checker: it has just been handed out
            raise asyncpg.InterfaceError("no connection")
        try:
            connection.binding = EVERY_COMPANY
            await_only(connection.execute(begin))
            result = work(PostgresTransaction(connection))
            await_only(connection.execute("COMMIT"))
        except BaseException:
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
