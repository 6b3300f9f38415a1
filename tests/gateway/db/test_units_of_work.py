import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.sqlite import UNITS_PER_COMMIT, SqliteDatabase
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.tenancy.tables import Company
from tests.gateway.db.rows import MANGO, PAPAYA, a_company

pytestmark = pytest.mark.anyio


class _BrokenError(Exception):
    pass


def adding(company_id: str, tin: str) -> Callable[[Session], None]:
    return lambda session: session.add(a_company(company_id, tin))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Company)) or 0


def ids(session: Session) -> set[str]:
    return set(session.scalars(select(Company.id)))


async def test_what_was_written_is_there_for_the_next_reader(database: Database) -> None:
    await database.write(adding(MANGO, "1000000000"))
    assert await database.read(ids) == {MANGO}


async def test_a_unit_that_fails_leaves_nothing_and_its_caller_hears_why(database: Database) -> None:
    def work(session: Session) -> None:
        session.add(a_company(MANGO, "1000000000"))
        session.flush()
        raise _BrokenError

    with pytest.raises(_BrokenError):
        await database.write(work)
    assert await database.read(count) == 0


async def test_a_broken_constraint_is_told_to_its_caller_alone(database: Database) -> None:
    await database.write(adding(MANGO, "1000000000"))
    results = await asyncio.gather(
        database.write(adding("com_1", "1000000001")),
        database.write(adding(PAPAYA, "1000000000")),  # the TIN is taken
        database.write(adding("com_2", "1000000002")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), IntegrityError, type(None)]
    assert await database.read(ids) == {MANGO, "com_1", "com_2"}


async def test_many_units_at_once_are_all_kept(database: Database) -> None:
    wanted = 3 * UNITS_PER_COMMIT if isinstance(database, SqliteDatabase) else 40
    await asyncio.gather(
        *(database.write(adding(f"com_{number}", f"{1000000000 + number}")) for number in range(wanted))
    )
    assert await database.read(count) == wanted


async def test_a_reader_that_writes_is_refused(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(adding(MANGO, "1000000000"))
    assert await database.read(count) == 0


async def test_an_administrators_failure_changes_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half_made (id INTEGER)"))
        raise _BrokenError

    with pytest.raises(_BrokenError):
        await database.administer(work)
    await database.administer(lambda connection: connection.execute(text("CREATE TABLE half_made (id INTEGER)")))


async def test_a_caller_that_goes_away_does_not_tear_its_unit_in_two(database: Database) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(session: Session) -> None:
        session.add(a_company(MANGO, "1000000000"))
        session.flush()
        loop.call_soon_threadsafe(begun.set)
        session.add(a_company(PAPAYA, "1000000077"))
        session.flush()

    caller = asyncio.create_task(database.write(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await database.close()
    reopened = reopen(database)
    assert await reopened.read(ids) == {MANGO, PAPAYA}
    await reopened.close()


async def test_errors_do_not_quote_the_values_of_a_row(database: Database) -> None:
    await database.write(adding(MANGO, "1000000000"))
    with pytest.raises(IntegrityError) as error:
        await database.write(adding(MANGO, "1000000099"))
    assert "1000000099" not in str(error.value)


# SQLite ---------------------------------------------------------------------------------------------------------------


async def units_in_one_commit(database: SqliteDatabase, *works: Callable[[Session], object]) -> list[object]:
    """Run units in one commit: the writer is held until all of them wait."""
    holding, go = threading.Event(), threading.Event()

    def hold(_: Session) -> None:
        holding.set()
        go.wait()

    first = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(holding.wait)
    waiting = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)  # each task runs up to its place in the queue
    go.set()
    await first
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_units_that_share_a_commit_do_not_share_a_failure(sqlite_database: SqliteDatabase) -> None:
    def broken(session: Session) -> None:
        session.add(a_company("com_broken", "1000000003"))
        session.flush()
        raise _BrokenError

    results = await units_in_one_commit(
        sqlite_database, adding("com_1", "1000000001"), broken, adding("com_2", "1000000002")
    )
    assert [type(result) for result in results] == [type(None), _BrokenError, type(None)]
    assert await sqlite_database.read(ids) == {"com_1", "com_2"}


async def test_nobody_hears_of_success_before_the_commit(sqlite_database: SqliteDatabase) -> None:
    holding, go = threading.Event(), threading.Event()
    second_runs, finish = threading.Event(), threading.Event()

    def hold(_: Session) -> None:
        holding.set()
        go.wait()

    def second(_: Session) -> None:
        second_runs.set()
        finish.wait()

    before = asyncio.create_task(sqlite_database.write(hold))
    await asyncio.to_thread(holding.wait)
    first = asyncio.create_task(sqlite_database.write(adding("com_1", "1000000001")))
    shares_its_commit = asyncio.create_task(sqlite_database.write(second))
    await asyncio.sleep(0)  # both wait for the writer now
    go.set()
    await asyncio.to_thread(second_runs.wait)  # so the first has run
    for _ in range(100):
        await asyncio.sleep(0)
    heard_early = first.done()
    finish.set()
    await asyncio.gather(before, first, shares_its_commit)
    assert not heard_early
    assert await sqlite_database.read(ids) == {"com_1"}


async def test_when_sqlite_rolls_everything_back_every_unit_of_the_commit_hears_of_it(
    sqlite_database: SqliteDatabase,
) -> None:
    def rolled_back(session: Session) -> None:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
        raise _BrokenError

    results = await units_in_one_commit(
        sqlite_database, adding("com_1", "1000000001"), rolled_back, adding("com_2", "1000000002")
    )
    assert [type(result) for result in results] == [DatabaseUnavailable] * 3
    assert await sqlite_database.read(count) == 0
    await sqlite_database.write(adding("com_3", "1000000003"))
    assert await sqlite_database.read(ids) == {"com_3"}


async def test_a_commit_that_fails_is_told_to_all_who_share_it(sqlite_database: SqliteDatabase) -> None:
    def dangling(session: Session) -> None:
        connection = session.connection()
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))  # found out at the commit only
        connection.execute(text("INSERT INTO data_keys VALUES ('com_nobody', x'00', '00', 0)"))

    results = await units_in_one_commit(sqlite_database, adding("com_1", "1000000001"), dangling)
    assert [type(result) for result in results] == [DatabaseUnavailable] * 2
    assert await sqlite_database.read(count) == 0


async def test_units_that_wait_when_the_database_is_closed_are_finished(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "risiti.db")
    await upgrade(database)
    waiting = [
        asyncio.create_task(database.write(adding(f"com_{number}", f"{1000000000 + number}"))) for number in range(100)
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(DatabaseUnavailable):
        await database.write(adding(MANGO, "1000000999"))
    reopened = SqliteDatabase(tmp_path / "risiti.db")
    assert await reopened.read(count) == 100
    await reopened.close()


async def test_other_users_of_the_machine_cannot_read_the_file(sqlite_database: SqliteDatabase, tmp_path: Path) -> None:
    await sqlite_database.write(adding(MANGO, "1000000000"))
    assert modes_in(tmp_path) == {0o600}


async def test_every_commit_reaches_the_disk(sqlite_database: SqliteDatabase) -> None:
    def settings(session: Session) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(session.scalar(text(f"PRAGMA {name}")) for name in names)

    full = 2
    assert await sqlite_database.write(settings) == ("wal", full, 1)


# PostgreSQL -----------------------------------------------------------------------------------------------------------


async def test_a_unit_that_lost_a_race_is_run_again(postgres_database: PostgresDatabase) -> None:
    runs: list[int] = []

    def work(session: Session) -> None:
        session.add(a_company(MANGO, "1000000000"))
        session.flush()
        runs.append(len(runs))
        if len(runs) == 1:
            session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"))

    await postgres_database.write(work)
    assert runs == [0, 1]
    assert await postgres_database.read(ids) == {MANGO}


async def test_a_unit_that_loses_every_race_is_told_so(postgres_database: PostgresDatabase) -> None:
    def work(session: Session) -> None:
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))

    with pytest.raises(DatabaseUnavailable):
        await postgres_database.write(work)


@pytest.mark.parametrize("state", ["57014", "55P03", "53300", "08006"])
async def test_what_a_database_in_trouble_says_is_that_it_is_unavailable(
    postgres_database: PostgresDatabase, state: str
) -> None:
    def work(session: Session) -> None:
        session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))

    with pytest.raises(DatabaseUnavailable):
        await postgres_database.write(work)


async def test_after_a_connection_is_cut_the_next_unit_gets_a_new_one(postgres_database: PostgresDatabase) -> None:
    def cut(session: Session) -> None:
        session.add(a_company(MANGO, "1000000000"))
        session.flush()
        session.execute(text("RESET ROLE"))  # the one that row security holds may not
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseUnavailable):
        await postgres_database.write(cut)
    assert await postgres_database.read(count) == 0


async def test_a_server_that_does_not_answer_is_unavailable() -> None:
    database = PostgresDatabase("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable):
        await database.read(count)
    await database.close()


async def test_a_database_that_is_not_there_is_unavailable(postgres_url: str) -> None:
    database = PostgresDatabase(f"{postgres_url}_not_there")
    with pytest.raises(DatabaseUnavailable):
        await database.read(count)
    await database.close()


async def test_every_time_out_is_set(postgres_database: PostgresDatabase) -> None:
    names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit"]
    found = await postgres_database.read(lambda session: [session.scalar(text(f"SHOW {name}")) for name in names])
    assert found == ["5s", "2s", "15s", "on"]


def modes_in(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in folder.iterdir()}


def reopen(database: Database) -> Database:
    if isinstance(database, PostgresDatabase):
        return PostgresDatabase(database._engine.url.render_as_string(hide_password=False).replace("+asyncpg", ""))
    assert isinstance(database, SqliteDatabase)
    return SqliteDatabase(Path(str(database._writing.url.database)))
