"""Waiting for the database has an end: in number, in time, and when the caller's own time is over."""

import asyncio
import threading

import pytest
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database, DatabaseBusy
from risiti.gateway.db.places import Line, Places
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.db.together import MOST_WAITING, Together
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import SystemClock
from tests.clock import ManualClock
from tests.gateway.db.rows import MANGO, a_company
from tests.gateway.db.test_units_of_work import adding, count

pytestmark = pytest.mark.anyio
Bounded = PostgresDatabase | SqliteDatabase


def bounded(database: Database) -> Bounded:
    assert isinstance(database, PostgresDatabase | SqliteDatabase)
    return database


async def test_while_every_place_is_taken_a_unit_is_not_begun_and_later_it_is(database: Database) -> None:
    places = bounded(database).places
    for _ in range(places.size):
        await places.take()
    with deadline.within(SystemClock(), 0.02), pytest.raises(DatabaseBusy):
        await database.read(count)
    assert (places.taken, places.line.waiting) == (places.size, 0)
    for _ in range(places.size):
        places.give_back()
    assert await database.read(count) == 0


async def test_what_waits_for_the_writer_too_long_is_taken_back_before_it_is_begun(
    sqlite_database: SqliteDatabase,
) -> None:
    entered, may_go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        session.add(a_company("com_held", "1000000009"))
        entered.set()
        may_go.wait()

    held = asyncio.create_task(sqlite_database.write(hold))
    await asyncio.to_thread(entered.wait)
    with deadline.within(SystemClock(), 0.02), pytest.raises(DatabaseBusy):
        await sqlite_database.write(adding(MANGO, "1000000000"))
    may_go.set()
    await held
    assert await sqlite_database.read(count) == 1


async def test_nothing_is_begun_for_a_caller_whose_time_is_over(database: Database) -> None:
    clock = ManualClock()
    with deadline.within(clock, 5):
        await database.write(adding(MANGO, "1000000000"))
        clock.advance(5)
        with pytest.raises(DatabaseBusy):
            await database.write(adding("com_late", "1000000001"))
    assert await database.read(count) == 1


async def test_a_full_line_takes_nobody_more() -> None:
    waits: list[float] = []
    places = Places(1, Line(60.0, most=2, waited=waits.append))
    await places.take()
    waiting = [asyncio.create_task(places.take()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseBusy):
        await places.take()
    for one in waiting:
        places.give_back()
        await one
    places.give_back()
    assert places.taken == 0
    assert len(waits) == 4  # each one's wait is told, that of the one sent away too


async def test_who_stops_waiting_leaves_no_place_taken() -> None:
    places = Places(1, Line(60.0))
    await places.take()
    waiting = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    places.give_back()
    assert (places.taken, places.line.waiting) == (0, 0)
    await places.take()


async def test_those_who_wait_for_a_commit_are_no_more_than_a_bound_and_none_who_is_in_is_dropped() -> None:
    may_write = asyncio.Event()

    async def write(items: "list[int]") -> list[int]:
        await may_write.wait()
        return items

    together = Together[int, int](write)  # type: ignore[arg-type]  # a list is what it is given
    first = asyncio.create_task(together.put(-1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(together.put(number)) for number in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseBusy):
        await together.put(MOST_WAITING)
    may_write.set()
    assert await asyncio.gather(first, *waiting) == list(range(-1, MOST_WAITING))


async def test_who_is_late_for_the_commit_is_left_out_of_it_and_the_others_are_not() -> None:
    clock = ManualClock()
    may_write = asyncio.Event()
    written: list[int] = []

    async def write(items: "list[int]") -> list[int]:
        await may_write.wait()
        written.extend(items)
        return items

    together = Together[int, int](write)  # type: ignore[arg-type]  # as above
    with deadline.within(clock, 5):
        first = asyncio.create_task(together.put(1))  # its deadline must not become that of the others
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        late = asyncio.create_task(together.put(2))
    patient = asyncio.create_task(together.put(3))
    await asyncio.sleep(0)
    clock.advance(6)
    may_write.set()
    assert (await first, await patient, written) == (1, 3, [1, 3])
    with pytest.raises(DatabaseBusy):
        await late
