"""`risiti db copy`: a running installation moves to PostgreSQL; killed anywhere, it goes on; nothing is lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, func, select, text

from risiti.efris import AsgiTransport
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.session import SystemSession
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.events import Event
from risiti.gateway.migrations import marks
from risiti.gateway.migrations.marks import Standing
from risiti.gateway.migrations.refusal import CopyDiffers, CopyRefused
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.migrations.source import Source
from risiti.gateway.migrations.transfer import TABLES, Progress, Transfer
from risiti.gateway.runtime import World, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.worker.loop import Worker
from risiti.simulator import create_simulator
from tests.gateway.api.door import Door, open_door
from tests.gateway.db.rows import MANGO, NOW, a_company, two_companies
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

MANY = 1_200
"""Rows that need several portions."""


class Killed(BaseException):
    """Stands for SIGKILL between two steps: no handler of ours may see it."""


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An installation with two companies and many events."""
    database = SqliteDatabase(tmp_path / "risiti.db")
    await upgrade(database)
    await two_companies(database)
    await database.write(partial(add_events, first=0, count=MANY))
    yield database
    await database.close()


@pytest.fixture
async def target(empty_postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(empty_postgres_url)
    yield database
    await database.close()


def add_events(session: SystemSession, first: int, count: int) -> None:
    session.add_all(
        Event(id=f"evt_{number:06d}", company_id=MANGO, name="company.noted", at=NOW, data=f'{{"n": {number}}}')
        for number in range(first, first + count)
    )


def copy_of(file: Path, target: PostgresDatabase, tell: Callable[[Progress], None] = lambda _: None) -> Transfer:
    return Transfer(Source(file), target, "copy-1", lambda: datetime(2026, 3, 2, tzinfo=UTC), tell)


def rows_of(connection: Connection) -> dict[str, int]:
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES}


async def test_every_row_arrives_and_the_digests_say_so(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    result = await copy_of(tmp_path / "risiti.db", target).run()
    assert result.standing is Standing.COMPLETE
    assert await target.administer(rows_of) == await source.administer(rows_of)
    assert {one.name: one.rows for one in result.tables} == await source.administer(rows_of)
    assert {one.rows for one in result.tables if one.name == "events"} == {MANY}


async def test_a_copy_that_is_killed_at_any_step_is_finished_by_the_same_command(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    step = 0
    while True:
        step += 1
        left = step

        def die_at_the_step(_: Progress) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Killed

        try:
            result = await copy_of(tmp_path / "risiti.db", target, die_at_the_step).run()
        except Killed:
            obstacle = await target.administer(marks.obstacle)
            assert obstacle is not None
            assert "not complete" in obstacle
            continue
        break
    assert step > sum(rows > 0 for rows in (await source.administer(rows_of)).values())
    assert result.standing is Standing.COMPLETE
    assert await target.administer(rows_of) == await source.administer(rows_of)


async def test_what_is_written_while_it_copies_arrives_too_and_nothing_is_written_after_it_is_frozen(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    def meanwhile(progress: Progress) -> None:
        """The service renames a company, removes one event, writes another, all behind the copy's back."""
        if progress.phase == "copy" and progress.table == "events" and progress.done == MANY:
            with Source(tmp_path / "risiti.db").writing() as connection:
                connection.execute(text("UPDATE companies SET email = 'new@example.com' WHERE id = 'com_mango'"))
                for act in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER risiti_no_{act}_events"))
                connection.execute(text("DELETE FROM events WHERE id = 'evt_000007'"))
                connection.execute(text("UPDATE events SET id = 'evt_late' WHERE id = 'evt_000008'"))

    await copy_of(tmp_path / "risiti.db", target, meanwhile).run()

    company = await target.read(lambda session: session.get_one(Company, MANGO))
    assert company.email == "new@example.com"
    ids = set(await target.read(lambda session: session.scalars(select(Event.id)).all()))
    assert "evt_late" in ids
    assert not {"evt_000007", "evt_000008"} & ids
    with pytest.raises(DatabaseUnavailable, match="moved to another database"):
        await source.write(partial(add_events, first=MANY, count=1))
    assert "moved" in str(await source.administer(marks.obstacle))


async def test_new_rows_at_the_target_are_counted_on_behind_the_copied_ones(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    await copy_of(tmp_path / "risiti.db", target).run()
    await target.write(partial(add_events, first=MANY, count=1))
    positions = await target.read(lambda session: session.scalars(select(Event.position).order_by(Event.id)).all())
    assert positions[-1] == max(positions) > MANY
    await source.close()


async def test_a_rehearsal_leaves_the_service_running_and_the_real_copy_goes_on_from_it(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    rehearsed = await copy_of(tmp_path / "risiti.db", target).rehearse()
    assert rehearsed.standing is Standing.COPYING
    await source.write(partial(add_events, first=MANY, count=3))
    result = await copy_of(tmp_path / "risiti.db", target).run()
    assert {one.written for one in result.tables if one.name == "events"} == {3}
    assert await target.administer(rows_of) == await source.administer(rows_of)


async def test_a_copy_that_is_given_up_gives_the_source_back_and_never_releases_the_target(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    def die_when_frozen(progress: Progress) -> None:
        if progress.phase == "complete":
            raise Killed

    with pytest.raises(Killed):
        await copy_of(tmp_path / "risiti.db", target, die_when_frozen).run()
    with pytest.raises(DatabaseUnavailable):
        await source.write(partial(add_events, first=MANY, count=1))

    await copy_of(tmp_path / "risiti.db", target).give_up()

    await source.write(partial(add_events, first=MANY, count=1))
    assert await source.administer(marks.obstacle) is None
    assert await target.administer(marks.obstacle) is not None


async def test_a_complete_copy_is_neither_repeated_nor_given_up(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    await copy_of(tmp_path / "risiti.db", target).run()
    await target.write(partial(add_events, first=MANY, count=1))
    with pytest.raises(CopyRefused, match="complete already"):
        await copy_of(tmp_path / "risiti.db", target).run()
    with pytest.raises(CopyRefused, match="cannot come back"):
        await copy_of(tmp_path / "risiti.db", target).give_up()
    assert (await target.administer(rows_of))["events"] == MANY + 1
    assert "moved" in str(await source.administer(marks.obstacle))


async def test_a_target_with_rows_of_its_own_is_refused_and_left_alone(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    await upgrade(target)
    await target.write(lambda session: session.add(a_company("com_other", "1000000088")))
    with pytest.raises(CopyRefused, match=r"not empty \(companies\)"):
        await copy_of(tmp_path / "risiti.db", target).run()
    assert (await target.administer(rows_of))["companies"] == 1
    await source.write(partial(add_events, first=MANY, count=1))


async def test_a_target_of_another_copy_is_refused(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    await copy_of(tmp_path / "risiti.db", target).rehearse()
    other = SqliteDatabase(tmp_path / "other.db")
    await upgrade(other)
    with pytest.raises(CopyRefused, match="belongs to another copy"):
        await copy_of(tmp_path / "other.db", target).run()
    await other.close()
    await source.close()


async def test_a_source_that_is_not_there_or_not_up_to_date_is_refused(
    target: PostgresDatabase, tmp_path: Path
) -> None:
    with pytest.raises(CopyRefused, match="is not there"):
        await copy_of(tmp_path / "missing.db", target).run()
    (tmp_path / "empty.db").touch()
    with pytest.raises(CopyRefused, match="not up to date"):
        await copy_of(tmp_path / "empty.db", target).run()


async def test_two_copies_of_one_source_at_once_are_refused(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    with Source(tmp_path / "risiti.db").alone(), pytest.raises(CopyRefused, match="another copy"):
        await copy_of(tmp_path / "risiti.db", target).run()
    await source.close()


async def test_a_row_that_differs_after_all_is_found_and_the_target_not_released(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path
) -> None:
    loop = asyncio.get_running_loop()

    def tamper(connection: Connection) -> None:
        connection.execute(text("UPDATE events SET data = '{}' WHERE id = 'evt_000001'"))

    tampering: list[asyncio.Task[None]] = []

    def meanwhile(progress: Progress) -> None:
        if progress.phase == "verify" and progress.table == "companies" and not tampering:
            tampering.append(loop.create_task(target.administer(tamper)))

    with pytest.raises(CopyDiffers, match="events differs"):
        await copy_of(tmp_path / "risiti.db", target, meanwhile).run()
    assert await target.administer(marks.obstacle) is not None
    assert (await copy_of(tmp_path / "risiti.db", target).run()).standing is Standing.COMPLETE
    await source.close()


async def work(worker: Worker, runtime_connections: Callable[[], object]) -> None:
    idle = 0
    while idle < 2:
        idle = 0 if await worker.turn() else idle + 1
        await runtime_connections()  # type: ignore[misc]  # a coroutine function of the engine
        await worker.idle()


async def test_the_service_goes_on_at_the_target_with_everything_that_was_accepted(
    tmp_path: Path, empty_postgres_url: str, target: PostgresDatabase
) -> None:
    references = [f"INV-{number:04d}" for number in range(8)]
    async with open_door(tmp_path) as door:
        await _accept(door, references[:4])
        await door.work()
        await _accept(door, references[4:])
    await copy_of(tmp_path / "risiti.db", target).run()

    settings = Settings(
        database_url=empty_postgres_url,
        risiti_kek=(tmp_path / "kek").read_text(encoding="ascii").strip(),
        efris_test_url="http://authority.invalid/efrisws/ws/taapp/getInformation",
    )
    transport = AsgiTransport(create_simulator(door.authority, clock=door.clock))
    async with open_runtime(settings, World(door.clock, Random(5), transport)) as runtime:  # noqa: S311 - repeatable
        await work(Worker(runtime.engine, 8), runtime.engine.connections.opened)
        states = await runtime.database.read(
            lambda session: {one.reference: one.state for one in session.scalars(select(Document))}
        )
    assert states == dict.fromkeys(references, DocumentState.FISCALISED)
    issued = [reference for _, _, reference, _ in door.authority.ledger.page(0, 100)]
    assert sorted(issued) == references


async def _accept(door: Door, references: list[str]) -> None:
    for reference in references:
        answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice(reference))
        assert answer.status == 202, await answer.text()


def kill_when_it_copies(command: list[str], environment: dict[str, str]) -> None:
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        while "copy events" not in first.stderr.readline():
            assert first.poll() is None
        first.send_signal(signal.SIGKILL)


async def test_the_command_killed_by_the_system_goes_on_when_it_is_repeated(
    source: SqliteDatabase, target: PostgresDatabase, tmp_path: Path, empty_postgres_url: str
) -> None:
    command = [sys.executable, "-m", "risiti.cli", "db", "copy", str(tmp_path / "risiti.db"), empty_postgres_url]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    await asyncio.to_thread(kill_when_it_copies, command, environment)
    assert await target.administer(marks.obstacle) is not None

    again = await asyncio.to_thread(
        subprocess.run, [*command, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert told["standing"] == "complete"
    assert {one["name"]: one["rows"] for one in told["tables"]} == await source.administer(rows_of)
    assert await target.administer(marks.obstacle) is None
