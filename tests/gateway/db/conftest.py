"""The databases that every behaviour is held to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from risiti.gateway.db.database import Database
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.sqlite import SqliteDatabase
from tests.migrated import migrated_file


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(migrated_file(tmp_path / "risiti.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url, connections=5)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    opened: Database = request.getfixturevalue(name)
    return opened
