"""What goes after its time, what never does, and that of a company under legal hold nothing goes; on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from risiti.gateway import retention
from risiti.gateway.db.base import APPEND_ONLY
from risiti.gateway.db.database import Database
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.from_settings import periods_of
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import Again, Done, Job, NewTask
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.migrations import guards
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.runtime import open_database
from risiti.gateway.setting_sources import SettingsError
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.tables import (
    Attempt,
    Base,
    BreakerTurn,
    Company,
    Device,
    Document,
    IdempotencyKey,
    OneTimeToken,
    SignIn,
    Task,
)
from risiti.gateway.tenancy import legal_holds, users
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firm_tables import Firm, FirmMember
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.door import Firm as Caller
from tests.gateway.api.persons import tokens_of, with_password
from tests.gateway.db.every_table import fill
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()
JOB = Job("tsk_x", retention.REMOVE, None, {}, 1, 1, 86_400)
PERIODS = {
    "retention_tasks_days": 7,
    "retention_sign_ins_days": 90,
    "retention_links_days": 30,
    "retention_breaker_turns_days": 400,
    "retention_unreadable_answers_days": 1_827,
    "retention_idempotency_keys_days": 60,
}
FIRST_GOES_AFTER = {
    "tasks": 7,
    "links": 30,
    "idempotency_keys": 60,
    "sign_ins": 90,  # a place from which a link was used; what was signed in with ends by itself, 30 days later
    "breaker_turns": 400,
    "unreadable_answers": 1_827,
}


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """Two companies, each with something of every kind that goes after its time."""
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK, **PERIODS) as door:
        for firm, name in ((door.firm, "mango"), (door.other, "papaya")):
            await live_a_day(door, firm, name)
        yield door


async def live_a_day(door: Door, firm: Caller, name: str) -> None:
    answer = await door.ask(
        "POST", firm.path("/invoices"), firm, json=an_invoice("R-1"), headers={"Idempotency-Key": f"{name}-1"}
    )
    assert answer.status == 202
    await door.work()
    person = await with_password(door, name)  # its link to choose a password is one of those that go
    await tokens_of(door, person.email)

    def unit(session: Session) -> None:
        desk = door.runtime.desk()
        users.give_role(session, desk.ids, door.clock, firm.id, person.user_id, role=Role.VIEWER)
        task_id = queue.enqueue(session, desk.ids, desk.now, NewTask("note.write", company_id=firm.id))
        done = {"state": TaskState.DONE, "due_at": None, "ended_at": desk.now}
        session.execute(update(Task).where(Task.id == task_id).values(**done))
        device_id = session.scalar(select(Device.id).where(Device.company_id == firm.id))
        turn = {"phase": Phase.OPEN, "at": desk.now, "reason": "slow", "process": "p-1"}
        session.add(BreakerTurn(scope=f"device:{device_id}", **turn))
        session.execute(update(Attempt).where(Attempt.company_id == firm.id).values(answer=b"<html>what?</html>"))

    await door.runtime.database.write(unit)


async def run(door: Door) -> list[str]:
    """Have the task do all there is to do, and return what went, each as often as it went."""
    handle = door.runtime.handlers[retention.REMOVE]
    before = await counts(door.runtime.database)
    while isinstance(await handle(JOB), Again):
        pass
    after = await counts(door.runtime.database)
    return sorted((before - after).elements())


OWNERS = {
    "tasks": Task,
    "sign_ins": SignIn,
    "links": OneTimeToken,
    "breaker_turns": BreakerTurn,
    "idempotency_keys": IdempotencyKey,
}


async def counts(database: Database) -> Counter[str]:
    def unit(session: Session) -> Counter[str]:
        found = Counter(
            {what: session.scalar(select(func.count()).select_from(owner)) or 0 for what, owner in OWNERS.items()}
        )
        found["unreadable_answers"] = session.scalar(select(func.count(Attempt.answer))) or 0
        return found

    return await database.read(unit)


async def test_each_thing_goes_after_its_own_period_and_not_a_second_before(shop: Door) -> None:
    assert any(routine.kind == retention.REMOVE for routine in shop.runtime.routines)
    assert set(FIRST_GOES_AFTER) == set(retention.KINDS)
    passed = 0.0
    for what, days in sorted(FIRST_GOES_AFTER.items(), key=lambda one: one[1]):
        if what == "links":
            continue  # below: each ends at a time of its own, and so do sign-ins
        until = days * 86_400.0 - 1
        shop.clock.advance(until - passed)
        assert what not in await run(shop)
        shop.clock.advance(2)
        passed = until + 2
        assert (await run(shop)).count(what) == 2
    assert await run(shop) == []
    assert not any((await counts(shop.runtime.database)).values())
    shown = shop.runtime.metrics.as_text().decode()
    assert 'risiti_retention_removed_total{what="idempotency_keys"} 2.0' in shown
    assert shop.firm.id not in shown


async def test_a_link_goes_its_period_after_its_end(shop: Door) -> None:
    links = await shop.runtime.database.read(lambda session: session.scalars(select(OneTimeToken.until)).all())
    first = min(links)
    shop.clock.advance((first + timedelta(days=30) - shop.clock.now()).total_seconds())
    assert "links" not in await run(shop)
    shop.clock.advance(1)
    assert "links" in await run(shop)


async def test_of_a_company_under_legal_hold_and_its_people_nothing_goes_until_it_is_lifted(shop: Door) -> None:
    database, desk = shop.runtime.database, shop.runtime.desk()
    about: dict[str, Any] = {"ids": desk.ids, "now": desk.now, "company_id": shop.firm.id, "by": "operator"}
    await database.write(lambda session: legal_holds.place(session, **about, reason="Audit"))
    shop.clock.advance(10 * 366 * 86_400)
    kinds = sorted([*retention.KINDS, "sign_ins"])  # where a link was used, and where somebody signed in
    due = await database.read(partial(retention.overview, periods=_periods(shop), now=shop.clock.now()))
    assert sorted(one.what for one in due for _ in range(one.due)) == kinds
    assert sorted(one.what for one in due for _ in range(one.held)) == kinds
    assert await run(shop) == kinds  # one of each: the other company's
    assert await run(shop) == []
    await database.write(lambda session: legal_holds.lift(session, **about, reason="Over"))
    assert await run(shop) == kinds


async def test_a_hold_reaches_the_people_of_the_firm_that_works_for_the_company(shop: Door) -> None:
    clerk = await with_password(shop, "clerk")

    def unit(session: Session) -> None:
        desk = shop.runtime.desk()
        session.add(Firm(id="frm_ledger", name="Ledger & Daughters (fictitious)", created_at=desk.now))
        session.flush()
        session.add(FirmMember(firm_id="frm_ledger", user_id=clerk.user_id, role=FirmRole.MEMBER, since=desk.now))
        of_firm = {"firm_id": "frm_ledger", "firm_role": Role.VIEWER, "firm_since": desk.now}
        session.execute(update(Company).where(Company.id == shop.firm.id).values(**of_firm))
        legal_holds.place(session, desk.ids, desk.now, shop.firm.id, "Audit", by="operator")

    await shop.runtime.database.write(unit)
    shop.clock.advance(10 * 366 * 86_400)
    await run(shop)
    left = await shop.runtime.database.read(lambda session: session.scalars(select(SignIn.user_id)).all())
    assert clerk.user_id in left
    assert len(set(left)) == 2


def _periods(door: Door) -> retention.Periods:
    return periods_of(door.runtime.settings)


async def test_a_document_that_is_not_settled_keeps_its_key_and_what_was_answered(shop: Door) -> None:
    held = {"state": DocumentState.HELD, "held_reason": "conflict", "fdn": None, "due_at": None}
    whose = Document.company_id == shop.firm.id
    await shop.runtime.database.write(lambda session: session.execute(update(Document).where(whose).values(**held)))
    shop.clock.advance(10 * 366 * 86_400)
    gone = Counter(await run(shop))
    assert (gone["idempotency_keys"], gone["unreadable_answers"], gone["tasks"]) == (1, 1, 2)


async def test_what_is_forgotten_of_a_key_doubles_nothing(shop: Door) -> None:
    first = (await (await shop.ask("GET", shop.firm.path("/invoices"))).json())["items"]
    shop.clock.advance(61 * 86_400)
    assert "idempotency_keys" in await run(shop)
    again = await shop.ask(
        "POST", shop.firm.path("/invoices"), json=an_invoice("R-1"), headers={"Idempotency-Key": "mango-1"}
    )
    assert (await again.json())["id"] == first[0]["id"]
    assert len((await (await shop.ask("GET", shop.firm.path("/invoices"))).json())["items"]) == 1


async def test_a_full_batch_is_one_transaction_and_the_rest_goes_in_the_next(
    shop: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    whose = shop.firm.id

    def unit(session: Session) -> None:
        now = shop.clock.now()
        for _ in range(3):
            task_id = queue.enqueue(session, shop.runtime.ids, now, NewTask("note.write", company_id=whose))
            session.execute(update(Task).where(Task.id == task_id).values(state="done", due_at=None, ended_at=now))

    await shop.runtime.database.write(unit)
    shop.clock.advance(8 * 86_400)
    handle = shop.runtime.handlers[retention.REMOVE]
    assert isinstance(await handle(JOB), Again)
    assert (await counts(shop.runtime.database))["tasks"] == 2
    assert isinstance(await handle(JOB), Done)
    assert (await counts(shop.runtime.database))["tasks"] == 0


async def test_a_hold_that_is_placed_while_a_batch_runs_is_waited_for_and_kept_to(
    postgres_url: str, tmp_path: Path
) -> None:
    async with open_door(tmp_path, database_url=postgres_url, risiti_kek=KEK, **PERIODS) as door:
        await live_a_day(door, door.firm, "mango")
        door.clock.advance(10 * 366 * 86_400)
        placing = await asyncpg.connect(postgres_url)
        transaction = placing.transaction()
        await transaction.start()
        await placing.execute("UPDATE companies SET legal_hold_since = now() WHERE id = $1", door.firm.id)
        removing = asyncio.create_task(run_quietly(door.runtime.handlers[retention.REMOVE]))
        while not await placing.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not removing.done()
        await transaction.commit()
        await placing.close()
        await removing
        assert all(number > 0 for number in (await counts(door.runtime.database)).values())


async def run_quietly(handle: Callable[[Job], Awaitable[object]]) -> None:
    await handle(JOB)


class _Enough(Exception):
    pass


@pytest.mark.parametrize("table", sorted((guards.UNCHANGING | guards.UNDELETED) & set(guards.owned())))
async def test_no_fiscal_record_can_be_deleted_by_anybody(database_url: str, table: str) -> None:
    database = open_database(Settings(database_url=database_url))
    statements = [f"DELETE FROM {table}"]  # noqa: S608 - a name of ours
    if isinstance(database, PostgresDatabase):
        statements.append(f"TRUNCATE {table} CASCADE")

    def unit(connection: Connection) -> None:
        fill(connection)
        if isinstance(database, PostgresDatabase):
            connection.execute(text("SET LOCAL session_replication_role = origin"))
        for statement in statements:
            with pytest.raises(DBAPIError, match=APPEND_ONLY), connection.begin_nested():
                connection.execute(text(statement))
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 2  # noqa: S608 - as above
        raise _Enough

    with pytest.raises(_Enough):
        await database.administer(unit)
    await database.close()


async def test_what_retention_removes_is_no_fiscal_record() -> None:
    emptied = "unreadable_answers"  # the attempts themselves stay
    removed = {kind.key[0].class_.__tablename__ for what, kind in retention.KINDS.items() if what != emptied}
    assert not removed & (guards.UNCHANGING | guards.UNDELETED | {"companies", "devices", "api_keys", "users"})
    assert removed <= set(Base.metadata.tables)


MINIMA = dict(zip(PERIODS, (1, 90, 1, 30, 1_827, 30), strict=True))


@pytest.mark.parametrize(("name", "least"), MINIMA.items())
def test_no_period_is_shorter_than_its_minimum(monkeypatch: pytest.MonkeyPatch, name: str, least: int) -> None:
    for days, is_good in ((least, True), (least - 1, False), (36_500, True), (36_501, False)):
        monkeypatch.setenv(name.upper(), str(days))
        if is_good:
            assert getattr(Settings.load(), name) == days
        else:
            with pytest.raises(SettingsError, match=name.upper()):
                Settings.load()


def test_a_period_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_DOCUMENTS_DAYS", "30")
    with pytest.raises(SettingsError, match="RETENTION_DOCUMENTS_DAYS"):
        Settings.load()


def test_without_settings_keys_are_kept_as_long_as_documents_and_answers_for_seven_years() -> None:
    settings = Settings()
    assert settings.retention_idempotency_keys_days is None
    assert settings.retention_unreadable_answers_days >= 7 * 365
