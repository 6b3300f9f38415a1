"""PostgreSQL: a bounded pool of connections; every time-out that the server ships switched off is switched on."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import greenlet_spawn

from risiti.gateway.db.database import CompanyWork, DatabaseUnavailable, PlainWork, PoolStanding, SystemWork
from risiti.gateway.db.failures import with_db_error_handling
from risiti.gateway.db.places import Line, Places, Waited, nobody
from risiti.gateway.db.raw import How
from risiti.gateway.db.row_security import EVERY_COMPANY, UNBOUND, one_company
from risiti.gateway.db.session import in_company, in_system

T = TypeVar("T")

POOL_WAIT_SECONDS = 2.0
CONNECT_SECONDS = 5.0
RECYCLED_SECONDS = 1800
"""A connection that is older is replaced before it is used again."""
PARKED_SECONDS = 60.0
"""So long a connection can be handed from plain unit to plain unit before the pool looks at its age."""
RUNS_OF_A_UNIT = 3
_LOST_A_RACE = frozenset({"40001", "40P01", "0A000"})
"""SQLSTATEs: serialization failure, deadlock, a prepared statement from before a migration."""
_AWAY = ("08", "28", "3D", "53", "55P03", "57")
"""SQLSTATEs: connection lost, not let in, no such database, out of resources, lock time-out, cancelled or shut down."""
_SESSION_SETTINGS = {
    "application_name": "risiti",
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "15000",
    "synchronous_commit": "on",
    "standard_conforming_strings": "on",  # `row_security.one_company` relies on it
    "timezone": "UTC",
}


class PostgresDatabase:
    """A PostgreSQL database; `url` is `postgresql://user:password@host/name`, `connections` bounds the pool."""

    def __init__(self, url: str, connections: int = 10, waited: Waited = nobody) -> None:
        """Open nothing yet; `waited` is told how long each unit of work waited for its connection."""
        from risiti.gateway.db.postgres_binding import BoundConnection  # noqa: PLC0415 - its driver is an extra
        from risiti.gateway.db.postgres_plain import BROKEN, Parked  # noqa: PLC0415 - as above

        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_recycle=RECYCLED_SECONDS,
            pool_use_lifo=True,  # few connections with warm plans and caches at the server, not many with cold ones
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "server_settings": _SESSION_SETTINGS,
                "connection_class": BoundConnection,
            },
        )
        event.listen(self._engine.sync_engine, "checkout", _replace_if_closed)
        self._broken = BROKEN
        self._parked = Parked(self._engine.sync_engine.pool, PARKED_SECONDS)
        self._reading = self._engine.execution_options(postgresql_readonly=True)
        self._running: set[asyncio.Task[object]] = set()
        self._answered = -math.inf
        self.places = Places(connections, Line(POOL_WAIT_SECONDS, waited=waited))

    @with_db_error_handling
    async def read(self, work: SystemWork[T]) -> T:
        """Run a unit of work that only reads, over all companies."""
        return await self._run(in_system(work), self._reading, EVERY_COMPANY)

    @with_db_error_handling
    async def write(self, work: SystemWork[T]) -> T:
        """Run a unit of work over all companies; it is durable when this returns."""
        return await self._run(in_system(work), self._engine, EVERY_COMPANY)

    @with_db_error_handling
    async def read_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that only reads and sees one company."""
        return await self._run(in_company(company_id, work), self._reading, one_company(company_id))

    @with_db_error_handling
    async def write_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that sees one company; it is durable when this returns."""
        return await self._run(in_company(company_id, work), self._engine, one_company(company_id))

    @with_db_error_handling
    async def read_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work that only reads, over all companies, and speaks through `db.raw` alone."""
        return await self._run_plain(work, How.READING)

    @with_db_error_handling
    async def write_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work over all companies that speaks through `db.raw` alone; durable when this returns."""
        return await self._run_plain(work, How.WRITING)

    @with_db_error_handling
    async def write_at_once(self, work: PlainWork[T]) -> T:
        """Run a unit of work as `write_plain` does that is one statement, a transaction by itself."""
        return await self._run_plain(work, How.WRITING_AT_ONCE)

    @with_db_error_handling
    async def administer(self, work: Callable[[Connection], T]) -> T:
        """Run a migration or check with a bare connection, in one transaction."""
        return await self._run(work, self._engine, UNBOUND)

    def pool(self) -> PoolStanding:
        """Return how the connections of this process are used."""
        pool, line = self._engine.pool, self.places.line
        in_use = pool.checkedout() - len(self._parked) if isinstance(pool, QueuePool) else 0
        return PoolStanding(self.places.size, in_use, line.waiting, line.turned_away, self._answered)

    async def close(self) -> None:
        """Finish the units that run, then close every connection."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await greenlet_spawn(self._parked.close)
        await self._engine.dispose()

    async def _run(self, run: Callable[[Connection], T], engine: AsyncEngine, binding: str) -> T:
        bound = _bound(run, binding)

        async def once() -> T:
            self._parked.make_room()
            async with engine.begin() as connection:
                return await connection.run_sync(bound)

        return await self._run_to_its_end(once)

    async def _run_plain(self, work: PlainWork[T], how: How) -> T:
        async def once() -> T:
            try:
                return await greenlet_spawn(self._parked.run, work, how)
            except self._broken as error:
                raise DatabaseUnavailable(str(error) or type(error).__name__) from error

        return await self._run_to_its_end(once)

    async def _run_to_its_end(self, unit: Callable[[], Awaitable[T]]) -> T:
        await self.places.take()
        # A caller that goes away must not tear its unit of work in two: the unit runs to its end by itself.
        task = asyncio.create_task(_again_after_a_race(unit))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        self.places.give_back()
        if not task.cancelled() and task.exception() is None:
            self._answered = task.get_loop().time()


def _bound(run: Callable[[Connection], T], binding: str) -> Callable[[Connection], T]:
    """Bind the transaction, which begins with its first statement."""

    def work(connection: Connection) -> T:
        driver = connection.connection.driver_connection
        driver.binding = binding  # type: ignore[union-attr]  # a BoundConnection
        return run(connection)

    return work


def _replace_if_closed(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """Look whether the server has closed a connection: the driver knows, so that no question need be asked first."""
    driver = getattr(connection, "driver_connection", None)
    if driver is not None and driver.is_closed():
        raise InvalidatePoolError


async def _again_after_a_race(unit: Callable[[], Awaitable[T]]) -> T:
    """Run a unit of work; again if it has lost a race, which the database has undone."""
    for last in (False,) * (RUNS_OF_A_UNIT - 1) + (True,):
        try:
            return await unit()
        except (PoolTimeout, OperationalError, InterfaceError, OSError) as error:
            raise DatabaseUnavailable(str(error)) from error
        except Exception as error:
            state, cause = _state(error)
            if state.startswith(_AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise DatabaseUnavailable(str(cause)) from error
            if state not in _LOST_A_RACE:
                raise
            if last:
                raise DatabaseUnavailable(str(cause)) from error
    message = "unreachable"
    raise AssertionError(message)


def _state(error: Exception) -> tuple[str, object]:
    """Return the SQLSTATE of a server's error, "" if it is none, and the driver's own error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or ""), cause
