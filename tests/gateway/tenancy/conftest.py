"""A database with two companies, and what opening them needs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import KeyEncryptionKey, Vault
from risiti.gateway.tenancy import companies
from tests.clock import ManualClock
from tests.gateway.tenancy.floor import Floor, a_company
from tests.migrated import migrated_file


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(migrated_file(tmp_path / "risiti.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def floor(database: SqliteDatabase) -> Floor:
    """Two companies, Mango Street Grocers and Papaya Hardware, both fictitious."""
    clock = ManualClock()
    ids, vault = Ids(clock), Vault(KeyEncryptionKey.generate())
    mango = await database.write(lambda session: companies.open_company(session, vault, ids, clock, a_company()))
    other = a_company(tin="1000000077", legal_name="Papaya Hardware (fictitious)")
    papaya = await database.write(lambda session: companies.open_company(session, vault, ids, clock, other))
    return Floor(database, clock, ids, vault, mango.id, papaya.id)
