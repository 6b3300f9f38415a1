"""Events become a chain that can be exported and checked, and nobody changes what is in it unnoticed."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.database import Database
from risiti.gateway.events import Event, Happening
from risiti.gateway.journal import exporting, reading
from risiti.gateway.journal.chaining import PORTION, SETTLES, Chained, extend
from risiti.gateway.journal.tables import JournalEntry
from risiti.gateway.journal.verifying import Report, verify
from risiti.gateway.kernel.errors import NotFound
from risiti.gateway.kernel.ids import Ids
from tests.clock import ManualClock
from tests.gateway.db.disaster import strike
from tests.gateway.db.rows import MANGO, NOW, PAPAYA, two_companies

pytestmark = pytest.mark.anyio

IDS = Ids(ManualClock(NOW))


@pytest.fixture(autouse=True)
async def _companies(database: Database) -> None:
    await two_companies(database)


async def happen(database: Database, company_id: str, *names: str) -> None:
    def work(session: Session) -> None:
        for name in names:
            what = Happening(name, NOW, {"state": "waiting", "n": 2.5}, by="key_till")
            events.record(session, IDS, company_id, None, what)
            session.flush()

    await database.write(work)


async def chain(database: Database, settled: int = 0, most: int = PORTION) -> Chained:
    return await database.write(partial(extend, now=NOW, settled=settled, most=most))


async def exported(database: Database, company_id: str = MANGO, **part: int) -> list[bytes]:
    return [line async for line in exporting.lines(database, company_id, **part)]


async def report(database: Database) -> Report:
    return verify(await exported(database))


async def test_each_company_has_a_chain_of_its_own_in_the_order_of_its_events(database: Database) -> None:
    await happen(database, MANGO, "one", "two")
    await happen(database, PAPAYA, "other")
    await happen(database, MANGO, "three")
    assert (await chain(database)).events == 4
    lines = await exported(database)
    assert [name for line in lines for name in (b"one", b"two", b"three", b"other") if b'"%s"' % name in line] == [
        b"one",
        b"two",
        b"three",
    ]
    assert b'"by":"key_till"' in lines[1]
    assert verify(lines).is_good
    assert verify(await exported(database, PAPAYA)).entries == 1


async def test_what_is_chained_is_not_chained_again(database: Database) -> None:
    await happen(database, MANGO, "one")
    first = await chain(database)
    assert (await chain(database, first.settled)).events == 0
    await happen(database, MANGO, "two")
    assert (await chain(database, first.settled)).events == 1
    assert (await report(database)).number == 2


async def test_a_backlog_is_chained_in_portions(database: Database) -> None:
    await happen(database, MANGO, *(f"event_{number}" for number in range(7)))
    counts = []
    settled = 0
    while (done := await chain(database, settled, most=3)).events:
        counts.append(done.events)
        settled = done.settled
    assert counts == [3, 3, 1]
    assert (await report(database)).is_good


async def test_an_event_whose_transaction_ended_late_is_chained_behind_the_others(database: Database) -> None:
    await happen(database, MANGO, "one", "two")
    late = Event(position=900, id="evt_late", company_id=MANGO, name="late", at=NOW, data="{}")
    next_one = Event(position=901, id="evt_next", company_id=MANGO, name="next", at=NOW, data="{}")
    await database.write(lambda session: session.add(next_one))
    first = await chain(database)
    await database.write(lambda session: session.add(late))
    assert (await chain(database, first.settled)).events == 1
    assert (await report(database)).number == 4


async def test_what_is_old_is_not_looked_at_again(database: Database) -> None:
    await happen(database, MANGO, "one", "two")
    after = NOW + SETTLES + timedelta(seconds=1)
    done = await database.write(partial(extend, now=after, settled=0))
    last = await database.read(lambda session: max(session.scalars(select(Event.position)).all()))
    assert done.settled == last
    assert (await chain(database)).settled == 0


async def test_a_part_goes_on_where_the_one_before_it_ended(database: Database) -> None:
    await happen(database, MANGO, *(f"event_{number}" for number in range(5)))
    await chain(database)
    assert verify(await exported(database, after=2, most=2)).number == 4
    with pytest.raises(NotFound):
        await exported(database, after=6)


async def test_the_head_is_what_an_export_ends_with(database: Database) -> None:
    await happen(database, MANGO, "one", "two")
    await chain(database)
    head = await database.read_as(MANGO, partial(reading.head, company_id=MANGO))
    found = await report(database)
    assert (head.number, head.hash) == (found.number, found.head)


@pytest.mark.parametrize("table", [Event, JournalEntry])
@pytest.mark.parametrize("act", ["update", "delete"])
async def test_nothing_of_ours_changes_or_deletes_it(
    database: Database, table: type[Event | JournalEntry], act: str
) -> None:
    await happen(database, MANGO, "one")
    await chain(database)
    statement = delete(table) if act == "delete" else update(table).values(company_id=PAPAYA)
    with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
        await database.write(lambda session: session.execute(statement))
    assert (await report(database)).is_good


@pytest.mark.parametrize(
    "harm",
    [
        update(Event).where(Event.name == "two").values(name="TWO"),
        update(Event).where(Event.name == "two").values(data='{"state": "refused"}'),
        update(Event).where(Event.name == "two").values(data="no json"),
        update(Event).where(Event.name == "two").values(at=NOW + timedelta(seconds=1)),
        update(Event).where(Event.name == "two").values(actor="key_other"),
        update(Event).where(Event.name == "two").values(company_id=PAPAYA),
        delete(Event).where(Event.name == "two"),
        update(JournalEntry).where(JournalEntry.number == 2).values(hash=b"\x01" * 32),
        delete(JournalEntry).where(JournalEntry.number == 2),
    ],
    ids=["name", "data", "no json", "time", "actor", "company", "event erased", "hash", "entry erased"],
)
async def test_what_somebody_with_the_database_in_hand_changes_is_found_where_it_was(
    database: Database, harm: object
) -> None:
    await happen(database, MANGO, "one", "two", "three")
    await chain(database)
    await strike(database, lambda session: session.execute(harm) and None)  # type: ignore[call-overload]  # any statement
    found = await report(database)
    assert {fault.entry for fault in found.faults} <= {2, 3}
    assert found.faults
