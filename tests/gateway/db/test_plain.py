"""Units of work that need no mapped classes: whole or not at all, on both databases, like all others."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from risiti.gateway.db import postgresql
from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.db.postgres_plain import NotAlone
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.raw import Statements, is_postgresql, run, run_many
from tests.gateway.db.rows import MANGO, PAPAYA, a_company

pytestmark = pytest.mark.anyio

COUNT = "SELECT count(*) FROM lanes"
INSERT = {
    True: "INSERT INTO lanes (company_id, weight, served) VALUES ($1, 1, 0)",
    False: "INSERT INTO lanes (company_id, weight, served) VALUES (?, 1, 0)",
}


class _BrokenError(Exception):
    pass


def _broken(_: object) -> None:
    raise _BrokenError


def companies(session: Session) -> None:
    session.add_all([a_company(MANGO, "1000000000"), a_company(PAPAYA, "1000000001")])


def lanes(session: Statements, *company_ids: str) -> None:
    run_many(session, INSERT[is_postgresql(session)], [(one,) for one in company_ids])


async def how_many(database: Database) -> int:
    ((number,),) = await database.read_plain(lambda session: run(session, COUNT))
    return int(number)


async def test_what_a_plain_unit_writes_is_there_for_the_next_one(database: Database) -> None:
    await database.write(companies)
    await database.write_plain(lambda session: lanes(session, MANGO, PAPAYA))
    assert await how_many(database) == 2


async def test_a_plain_unit_that_fails_leaves_nothing(database: Database) -> None:
    def broken(session: Statements) -> None:
        lanes(session, MANGO)
        raise _BrokenError

    await database.write(companies)
    with pytest.raises(_BrokenError):
        await database.write_plain(broken)
    assert await how_many(database) == 0


async def test_a_constraint_that_does_not_hold_is_told_as_everywhere_and_leaves_nothing(database: Database) -> None:
    await database.write(companies)
    with pytest.raises(IntegrityError):
        await database.write_plain(lambda session: lanes(session, PAPAYA, MANGO, MANGO))
    assert await how_many(database) == 0


async def test_a_plain_unit_that_reads_cannot_write(database: Database) -> None:
    insert = INSERT[isinstance(database, PostgresDatabase)]
    await database.write(companies)
    for write in (lambda session: run(session, insert, (MANGO,)), lambda session: lanes(session, MANGO)):
        with pytest.raises(Exception, match=r"readonly|read-only"):
            await database.read_plain(write)
    assert await how_many(database) == 0


async def test_one_statement_is_a_unit_by_itself(database: Database) -> None:
    insert = INSERT[isinstance(database, PostgresDatabase)]
    await database.write(companies)
    await database.write_at_once(lambda session: run(session, insert, (MANGO,)))
    with pytest.raises(IntegrityError):
        await database.write_at_once(lambda session: run(session, insert, (MANGO,)))
    assert await how_many(database) == 1


async def test_a_second_statement_that_writes_is_refused_where_the_first_is_committed_already(
    postgres_database: PostgresDatabase,
) -> None:
    def two(session: Statements) -> None:
        run(session, INSERT[True], (MANGO,))
        run(session, INSERT[True], (PAPAYA,))

    await postgres_database.write(companies)
    with pytest.raises(NotAlone, match="one statement"):
        await postgres_database.write_at_once(two)
    with pytest.raises(NotAlone):
        await postgres_database.write_at_once(lambda session: lanes(session, MANGO, PAPAYA))
    assert await how_many(postgres_database) == 1


async def test_a_statement_that_holds_a_lock_needs_a_transaction(postgres_database: PostgresDatabase) -> None:
    with pytest.raises(NotAlone):
        await postgres_database.read_plain(lambda session: run(session, "SELECT 1 FROM lanes FOR KEY SHARE"))


async def test_units_through_the_mapped_classes_are_planned_and_bound_as_before_on_the_same_connection(
    postgres_url: str,
) -> None:
    database = PostgresDatabase(postgres_url, connections=1)
    shown = "SELECT current_user::text, current_setting('plan_cache_mode')"
    try:
        plain = await database.read_plain(lambda session: tuple(run(session, shown)[0]))
        of_company = await database.read_as(MANGO, lambda session: tuple(run(session, shown)[0]))
        of_all = await database.write(lambda session: tuple(run(session, shown)[0]))
        assert (plain, of_company, of_all) == (
            ("risiti_system", "force_generic_plan"),
            ("risiti_company", "auto"),
            ("risiti_system", "auto"),
        )
        owner = await database.administer(lambda connection: connection.exec_driver_sql(shown).one())
        assert owner[0] not in {"risiti_system", "risiti_company"}
        assert await database.read_as(MANGO, lambda session: tuple(run(session, shown)[0])) == of_company
        with pytest.raises(_BrokenError):
            await database.administer(_broken)
        assert await database.read_as(MANGO, lambda session: tuple(run(session, shown)[0])) == of_company
        assert await database.read_plain(lambda session: tuple(run(session, shown)[0])) == plain
    finally:
        await database.close()


async def test_after_a_connection_is_cut_the_next_plain_unit_gets_a_new_one(
    postgres_database: PostgresDatabase,
) -> None:
    def cut(session: Statements) -> None:
        lanes(session, MANGO)
        run(session, "RESET ROLE")
        run(session, "SELECT pg_terminate_backend(pg_backend_pid())")

    await postgres_database.write(companies)
    with pytest.raises(DatabaseUnavailable):
        await postgres_database.write_plain(cut)
    assert await how_many(postgres_database) == 0
    assert postgres_database.pool().in_use == 0


async def test_units_of_both_kinds_share_the_connections_and_their_bound(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url, connections=2)
    try:
        await database.write(companies)
        for _ in range(5):
            plain = [database.write_plain(lambda session: run(session, "SELECT pg_backend_pid()")) for _ in range(2)]
            mapped = [database.read(lambda session: run(session, "SELECT pg_backend_pid()")) for _ in range(4)]
            reading = [database.read_plain(lambda session: run(session, "SELECT pg_backend_pid()")) for _ in range(4)]
            used = {rows[0][0] for rows in await asyncio.gather(*plain, *mapped, *reading)}
            assert len(used) <= 2
            assert database.pool().in_use == 0
        assert len(await database.read(lambda session: run(session, _OURS))) <= 2
    finally:
        await database.close()


_OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'risiti'"


async def test_a_connection_that_the_server_has_closed_between_two_plain_units_is_replaced(
    postgres_url: str, postgres_database: PostgresDatabase
) -> None:
    ((before,),) = await postgres_database.read_plain(lambda session: run(session, "SELECT pg_backend_pid()"))
    other = await asyncpg.connect(postgres_url)
    try:
        await other.execute("SELECT pg_terminate_backend($1, 20000)", before)
        await asyncio.sleep(0)  # lets the driver see the end of it
        ((after,),) = await postgres_database.read_plain(lambda session: run(session, "SELECT pg_backend_pid()"))
        assert after != before
    finally:
        await other.close()


async def test_a_connection_that_was_handed_on_for_long_goes_back_to_where_its_age_is_looked_at(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PARKED_SECONDS", 0.0)
    monkeypatch.setattr(postgresql, "RECYCLED_SECONDS", 0.0)
    database = PostgresDatabase(postgres_url, connections=2)
    try:
        used = [await database.read_plain(lambda session: run(session, "SELECT pg_backend_pid()")) for _ in range(3)]
        assert len({rows[0][0] for rows in used}) == 3
        assert database.pool().in_use == 0
    finally:
        await database.close()


async def test_a_plain_unit_that_lost_a_race_is_run_again(postgres_database: PostgresDatabase) -> None:
    runs: list[int] = []

    def racing(session: Statements) -> None:
        lanes(session, MANGO)
        runs.append(len(runs))
        if len(runs) < 3:
            run(session, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    await postgres_database.write(companies)
    await postgres_database.write_plain(racing)
    assert await how_many(postgres_database) == 1
    assert len(runs) == 3


async def test_a_plain_unit_runs_as_the_role_that_sees_every_company_and_owns_nothing(
    postgres_database: PostgresDatabase,
) -> None:
    ((role,),) = await postgres_database.read_plain(lambda session: run(session, "SELECT current_user::text"))
    assert role == "risiti_system"


async def test_units_that_fail_by_the_hundred_leave_every_connection_free(postgres_database: PostgresDatabase) -> None:
    def broken(session: Statements) -> None:
        run(session, "SELECT 1")
        raise _BrokenError

    for _ in range(100):
        with pytest.raises(_BrokenError):
            await postgres_database.write_plain(broken)
    assert postgres_database.pool().in_use == 0
    assert await how_many(postgres_database) == 0
