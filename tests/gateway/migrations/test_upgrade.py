import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from risiti.gateway.db.database import Database
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.migrations.run import FOLDER, NewerDatabaseError, pending, upgrade
from risiti.gateway.migrations.write import write
from risiti.gateway.tables import Base

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    opened: Database = (
        SqliteDatabase(tmp_path / "risiti.db")
        if request.param == "sqlite"
        else PostgresDatabase(request.getfixturevalue("empty_postgres_url"))
    )
    yield opened
    await opened.close()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_an_empty_database_gets_exactly_the_tables_of_the_code(database: Database) -> None:
    await upgrade(database)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))

    assert await database.administer(differences) == []


async def test_every_constraint_of_the_code_is_in_the_database(database: Database) -> None:
    await upgrade(database)

    def found(connection: Connection) -> set[str]:
        look = inspect(connection)
        return {
            str(constraint["name"])
            for table in Base.metadata.tables
            for constraint in look.get_check_constraints(table)
        }

    expected = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    assert expected
    assert await database.administer(found) >= expected


async def test_an_upgrade_that_was_done_is_not_done_again(database: Database) -> None:
    before = await pending(database)
    assert before[0] == "0001_first"
    await upgrade(database)
    assert await pending(database) == []
    await upgrade(database)


async def test_several_processes_may_upgrade_at_once(database: Database) -> None:
    await asyncio.gather(*(upgrade(database) for _ in range(3)))
    assert await pending(database) == []


async def test_asking_what_is_pending_changes_nothing(database: Database) -> None:
    await pending(database)
    assert await database.administer(tables) == set()


async def test_a_database_of_a_newer_release_is_left_alone(database: Database) -> None:
    await upgrade(database)
    await database.administer(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9'"))
    )
    for act in (upgrade, pending):
        with pytest.raises(NewerDatabaseError, match="install the newer"):
            await act(database)


async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(database: Database) -> None:
    await database.administer(lambda connection: connection.execute(text("CREATE TABLE events (in_the_way INTEGER)")))
    with pytest.raises(Exception, match="events"):
        await upgrade(database)
    assert await database.administer(tables) == {"events"}


async def test_a_new_version_needs_a_name_that_can_be_a_file() -> None:
    for name in ("", "Add Branches", "../x", "x" * 60):
        with pytest.raises(ValueError, match="lower case"):
            await write(name)


def test_versions_are_numbered_without_a_gap() -> None:
    names = sorted(file.name for file in (FOLDER / "versions").glob("[0-9]*.py"))
    assert [name[:5] for name in names] == [f"{number:04d}_" for number in range(1, len(names) + 1)]
