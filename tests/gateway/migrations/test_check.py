from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, text

from risiti.gateway.db.database import Database
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.migrations import marks
from risiti.gateway.migrations.check import TIME_OUTS, Finding, Grade, examine, without_time_outs
from risiti.gateway.migrations.marks import Mark, Standing
from risiti.gateway.migrations.run import upgrade
from tests.gateway.migrations.test_upgrade import database

__all__ = ["database"]  # the fixture: an empty database of each kind

pytestmark = pytest.mark.anyio

OF_THE_TEST_SERVER = {"fsync", "full_page_writes"}
"""It is fast rather than durable, and the check says so."""


async def bad(database: Database, now: datetime | None = None) -> dict[str, Finding]:
    """Return what is not fit, by name."""
    findings = await database.administer(partial(examine, now=now or datetime.now(UTC), connections=10))
    return {one.name: one for one in findings if one.grade is Grade.FAIL and one.name not in OF_THE_TEST_SERVER}


async def test_a_database_that_is_up_to_date_is_fit(database: Database) -> None:
    await upgrade(database)
    assert await bad(database) == {}


async def test_a_database_without_tables_is_not_and_the_fix_is_named(database: Database) -> None:
    assert (await bad(database))["tables"].fix == "run `risiti db upgrade`"


async def test_a_guard_that_somebody_dropped_is_missed(database: Database) -> None:
    await upgrade(database)
    await database.administer(lambda connection: connection.execute(text("DROP INDEX uq_attempts_one_open")))
    assert "uq_attempts_one_open" in (await bad(database))["constraints"].what


async def test_half_a_copy_is_not_fit(database: Database) -> None:
    await upgrade(database)
    half = Mark("copy-1", marks.TARGET, Standing.COPYING)
    await database.administer(partial(marks.put, mark=half, now=datetime(2026, 3, 2, tzinfo=UTC)))
    assert "not complete" in (await bad(database))["copy"].what


async def test_clocks_that_disagree_are_found(empty_postgres_url: str) -> None:
    database = PostgresDatabase(empty_postgres_url)
    await upgrade(database)
    assert "clock" in await bad(database, datetime.now(UTC) + timedelta(minutes=5))
    await database.close()


async def test_the_time_outs_that_every_connection_asks_for_are_in_force(database: Database) -> None:
    assert await database.administer(without_time_outs) is None


@pytest.mark.parametrize("name", TIME_OUTS)
async def test_a_time_out_that_something_in_between_drops_stops_the_start(empty_postgres_url: str, name: str) -> None:
    def look(connection: Connection) -> str | None:
        connection.execute(text(f"SET LOCAL {name} = 0"))
        return without_time_outs(connection)

    database = PostgresDatabase(empty_postgres_url)
    said = await database.administer(look)
    await database.close()
    assert said is not None
    assert said.startswith(f"PostgreSQL has {name} switched off")
