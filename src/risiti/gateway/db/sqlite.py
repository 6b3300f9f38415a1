"""SQLite: one writer thread that commits waiting units of work together, and a few readers.

A commit costs a disk flush; sharing one among all units of work that wait multiplies the throughput, and each caller
still hears of success only after its own data is on the disk (WAL, synchronous=FULL). Each unit runs in a savepoint
of its own, so that one that fails takes nothing with it.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from risiti.gateway.db.base import APPEND_ONLY
from risiti.gateway.db.database import CompanyWork, DatabaseUnavailable, PlainWork, PoolStanding, SystemWork
from risiti.gateway.db.failures import with_db_error_handling, with_db_error_handling_sync
from risiti.gateway.db.places import Line, Places, Waited, nobody
from risiti.gateway.db.session import in_company, in_system

T = TypeVar("T")

UNITS_PER_COMMIT = 64
READERS = 4
BUSY_MILLISECONDS = 5_000
WAIT_SECONDS = 10.0
"""How long a unit of work may wait for its turn: nobody else's lock is waited for longer than half of it."""


@dataclass(slots=True)
class _Unit(Generic[T]):
    """One unit of work on its way through the writer thread; its caller hears after the commit."""

    run: Callable[[Connection], T]
    outcome: Future[T]
    result: T | None = None

    def succeed(self) -> None:
        self.outcome.set_result(self.result)  # type: ignore[arg-type]  # a T once it has run


class SqliteDatabase:
    """A database in one file. `path` must lie on a local disk: SQLite's locks do not hold on network file systems."""

    def __init__(self, path: Path, waited: Waited = nobody) -> None:
        """Open the file; `waited` is told how long each unit of work waited for its turn."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # other users of the machine read none of it; SQLite gives its other files the same mode
        self._writing = _engine(path, begin="BEGIN IMMEDIATE", connections=1)
        self._reading = _engine(path, begin="BEGIN", connections=READERS, only_reads=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._units: queue.SimpleQueue[_Unit[object] | None] = queue.SimpleQueue()
        self.places = Places(READERS, Line(WAIT_SECONDS, waited=waited))
        self._to_write = Line(WAIT_SECONDS, waited=waited)
        self._closing = False
        self._writer = threading.Thread(target=self._write_units, name="sqlite-writer", daemon=True)
        self._writer.start()

    async def read(self, work: SystemWork[T]) -> T:
        """Run a unit of work that only reads, over all companies."""
        return await self._read(in_system(work), work)

    @with_db_error_handling
    async def write(self, work: SystemWork[T]) -> T:
        """Run a unit of work over all companies; it is durable when this returns."""
        return await self._write(in_system(work))

    async def read_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that only reads and sees one company."""
        return await self._read(in_company(company_id, work), work)

    @with_db_error_handling
    async def write_as(self, company_id: str, work: CompanyWork[T]) -> T:
        """Run a unit of work that sees one company; it is durable when this returns."""
        return await self._write(in_company(company_id, work))

    async def read_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work that only reads, over all companies, and speaks through `db.raw` alone."""
        return await self._read(in_system(work), work)

    @with_db_error_handling
    async def write_plain(self, work: PlainWork[T]) -> T:
        """Run a unit of work over all companies that speaks through `db.raw` alone; durable when this returns."""
        return await self._write(in_system(work))

    async def write_at_once(self, work: PlainWork[T]) -> T:
        """Run a unit of work as `write_plain` does that is one statement on PostgreSQL."""
        return await self.write_plain(work)

    @with_db_error_handling
    async def administer(self, work: Callable[[Connection], T]) -> T:
        """Run a migration or check with a bare connection, in one transaction."""

        def in_savepoint(connection: Connection) -> T:
            with connection.begin_nested():
                return work(connection)

        return await self._write(in_savepoint)

    async def close(self) -> None:
        """Finish the units that wait, then close."""
        if self._closing:
            return
        self._closing = True
        self._units.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._reading.dispose()
        self._writing.dispose()

    def pool(self) -> PoolStanding:
        """Return how the connections of this process are used."""
        in_use = sum(
            pool.checkedout() for pool in (self._reading.pool, self._writing.pool) if isinstance(pool, QueuePool)
        )
        reading, writing = self.places.line, self._to_write
        waiting = reading.waiting + self._units.qsize()
        return PoolStanding(READERS + 1, in_use, waiting, reading.turned_away + writing.turned_away)

    async def _read(self, run: Callable[[Connection], T], work: object) -> T:
        in_reader = partial(copy_context().run, self._in_reader, run, work)  # the log shall know who asked
        await self.places.take()
        reading = asyncio.get_running_loop().run_in_executor(self._readers, in_reader)
        reading.add_done_callback(lambda _: self.places.give_back())
        return await asyncio.shield(reading)  # its thread goes on until it is done, whoever has gone away

    @with_db_error_handling_sync
    def _in_reader(self, run: Callable[[Connection], T], _work: object) -> T:
        try:
            with self._reading.connect() as connection, connection.begin():
                return run(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_READONLY":
                raise  # a unit of work that should have been a write: a bug of ours
            raise DatabaseUnavailable(str(error.orig)) from error

    async def _write(self, run: Callable[[Connection], T]) -> T:
        if self._closing:
            message = "the database is being closed"
            raise DatabaseUnavailable(message)
        outcome: Future[T] = Future()
        async with self._to_write.stand() as seconds:
            self._units.put(_Unit(run, outcome))  # type: ignore[arg-type]  # the queue carries units of every result type
            written = asyncio.wrap_future(outcome)
            try:
                await asyncio.wait((written,), timeout=seconds)
            except asyncio.CancelledError:
                written.cancel()
                raise
        if not written.done() and outcome.cancel():  # one that has begun can no longer be taken back
            raise self._to_write.in_vain(seconds)
        return await written

    def _write_units(self) -> None:
        last = False
        while not last and (first := self._units.get()) is not None:
            units = [first]
            while len(units) < UNITS_PER_COMMIT and not self._units.empty():
                unit = self._units.get()
                if unit is None:
                    last = True
                    break
                units.append(unit)
            self._commit_together(units)

    def _commit_together(self, units: list[_Unit[object]]) -> None:
        wanted = [unit for unit in units if unit.outcome.set_running_or_notify_cancel()]
        done: list[_Unit[object]] = []
        failed: list[tuple[_Unit[object], Exception]] = []
        try:
            with self._writing.connect() as connection, connection.begin():
                for unit in wanted:
                    try:
                        unit.result = unit.run(connection)
                    except OperationalError as error:
                        failed.append((unit, DatabaseUnavailable(str(error.orig))))
                    except IntegrityError as error:
                        failed.append((unit, _moved(error) or error))
                    except Exception as error:  # noqa: BLE001 - it belongs to the unit's caller, who is told below
                        failed.append((unit, error))
                    else:
                        done.append(unit)
                    _still_in_transaction(connection)
        except Exception as error:  # noqa: BLE001 - nothing was kept, and every caller of this commit is told so
            for unit in wanted:
                unit.outcome.set_exception(DatabaseUnavailable(str(error)))
            return
        for unit, reason in failed:
            unit.outcome.set_exception(reason)
        for unit in done:
            unit.succeed()


def _still_in_transaction(connection: Connection) -> None:
    """Make sure that the units before this one are not gone.

    SQLite ends the whole transaction by itself when the disk is full or fails. What follows would then be committed
    bit by bit, and what went before would be reported as kept.
    """
    driver = connection.connection.driver_connection
    if not (isinstance(driver, sqlite3.Connection) and driver.in_transaction):
        raise DatabaseUnavailable("SQLite rolled the whole transaction back; nothing of it was kept")


def _moved(error: IntegrityError) -> DatabaseUnavailable | None:
    """Tell whether a trigger refused the write that freezes an installation which moves elsewhere."""
    refused = getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_TRIGGER"
    if not refused or str(error.orig).startswith(APPEND_ONLY):
        return None
    return DatabaseUnavailable(str(error.orig))


def _engine(path: Path, *, begin: str, connections: int, only_reads: bool = False) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=connections, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        if only_reads:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
