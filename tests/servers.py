"""Real servers for tests, without root, services or containers: a PostgreSQL that lives as long as the test run.

Where it comes from, first that is there: `TEST_DATABASE_URL` (a PostgreSQL whose user may create databases), and what
`scripts/servers` finds: a wheel, the system's own. When there is none the tests that ask for it are skipped, or fail if
`RISITI_REQUIRE_POSTGRES=1`, which `make test` sets.

Fixtures: `postgres_url` is a fresh, migrated database; `empty_postgres_url` a fresh one without tables.
"""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from risiti.gateway.db.postgresql import PostgresDatabase
from scripts.servers.postgres import FAST, Postgres
from scripts.servers.programs import NoServer, open_folder

T = TypeVar("T")

CONNECT_SECONDS = 20
SUPERUSER = "risiti_test"


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the message says what was tried."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL in which tests may make databases; `url` names its maintenance database."""

    url: str
    origin: str

    def url_of(self, database: str) -> str:
        """Return the URL of another database on this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create(self, *, template: str | None = None) -> str:
        """Make a database, a copy of `template` if given (nobody may be connected to that); return its name."""
        name = f"risiti_test_{secrets.token_hex(6)}"
        self._execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.url, timeout=CONNECT_SECONDS)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        _finish(execute)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Find or start a PostgreSQL, and stop it at the end if it was started here.

    Raises:
        NoPostgres: there is none, or it does not start; the message says why.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        if not given.startswith(("postgresql://", "postgres://")):
            raise NoPostgres("TEST_DATABASE_URL must begin with postgresql://")
        yield PostgresServer(given, "TEST_DATABASE_URL")
        return
    with _home() as home:
        try:
            server = Postgres(home, FAST, superuser=SUPERUSER)
            server.initialise()
            server.start()
        except NoServer as reason:
            raise NoPostgres(str(reason)) from None
        try:
            yield PostgresServer(server.url, server.origin)
        finally:
            server.stop()


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    """A folder that goes with the run, also when the run is killed: the server's watchdog removes it then."""
    try:
        place = open_folder()
    except NoServer as reason:
        raise NoPostgres(str(reason)) from None
    with tempfile.TemporaryDirectory(prefix="risiti-postgres-", dir=place, ignore_cleanup_errors=True) as folder:
        (Path(folder) / "remove").touch()
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL of this test run."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except NoPostgres as reason:
            if os.environ.get("RISITI_REQUIRE_POSTGRES") == "1":
                pytest.fail(f"PostgreSQL is required and missing: {reason}", pytrace=False)
            pytest.skip(f"NOT TESTED ON POSTGRESQL: {reason}")
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database without tables."""
    name = postgres_server.create()
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database that went through all migrations once; copying it is quicker than repeating them."""
    name = postgres_server.create()
    _finish(lambda: _migrate(postgres_server.url_of(name)))
    yield name
    postgres_server.drop(name)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """The URL of a fresh database with all tables."""
    name = postgres_server.create(template=migrated_template)
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


async def _migrate(url: str) -> None:
    from risiti.gateway.migrations.run import upgrade  # noqa: PLC0415 - loads every table; only who needs it pays

    database = PostgresDatabase(url)
    try:
        await upgrade(database)
    finally:
        await database.close()


def _finish(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end in a thread of its own, so that it works with and without a running event loop."""

    async def await_it() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(await_it())).result()
