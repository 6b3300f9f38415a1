import asyncio
import threading
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from risiti.gateway.api import health
from risiti.gateway.api.health import VERSION
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.simulator import Fault
from tests.gateway.api.door import Door, open_door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


async def test_health_says_what_the_contract_says(door: Door) -> None:
    answer = await door.ask_bare("GET", "/health")
    assert answer.status == 200
    assert await answer.json() == {
        "status": "healthy",
        "timestamp": door.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "database": "connected",
        "version": VERSION,
    }
    assert (await door.ask_bare("GET", "/health/live")).status == 200
    assert (await door.ask_bare("GET", "/health/ready")).status == 200


async def test_a_load_balancer_may_ask_with_head(door: Door) -> None:
    answer = await door.ask_bare("HEAD", "/health")
    assert (answer.status, await answer.read()) == (200, b"")
    assert (await door.ask("HEAD", door.firm.path("/invoices"))).status == 405


async def test_an_authority_that_does_not_answer_is_no_illness_of_ours(door: Door) -> None:
    door.authority.faults.set([Fault("http_500")])
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("H-1"))
    await door.work()
    assert {(await door.ask_bare("GET", path)).status for path in ("/health", "/health/live", "/health/ready")} == {200}


async def test_a_database_that_is_away_is_said_in_time_and_the_process_stays_alive(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", -1.0)

    async def away(_: object) -> None:
        raise DatabaseUnavailable("gone")

    probes = door.app.state.probes
    monkeypatch.setattr(probes.reading, "_ask", away)
    monkeypatch.setattr(probes.writing, "_ask", away)
    for path in ("/health", "/health/ready"):
        answer = await door.ask_bare("GET", path)
        body = await answer.json()
        assert (answer.status, body["status"], body["database"]) == (503, "unhealthy", "unavailable")
    assert (await door.ask_bare("GET", "/health/live")).status == 200


async def test_ready_tells_how_tables_workers_and_the_authority_stand(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        await door.work()
        answer = await door.ask_bare("GET", "/health/ready")
        body = await answer.json()
        assert (answer.status, body["tables"], body["draining"]) == (200, "up_to_date", False)
        assert body["workers"] == 1
        assert body["authority"] == {"test": "closed"}


async def test_a_worker_that_is_silent_is_told_with_its_age_and_takes_no_process_out_of_service(
    tmp_path: Path,
) -> None:
    async with open_door(tmp_path) as door:
        before = await (await door.ask_bare("GET", "/health/ready")).json()
        assert (before["workers"], before["worker_seen_seconds"]) == (0, None)
    async with open_door(tmp_path / "second") as door:
        await door.work()
        door.clock.advance(600)
        answer = await door.ask_bare("GET", "/health/ready")
        body = await answer.json()
        assert (answer.status, body["workers"], body["worker_seen_seconds"]) == (200, 0, 600)


async def test_a_process_that_is_about_to_end_is_not_ready_and_is_still_alive(door: Door) -> None:
    door.runtime.draining = True
    try:
        answer = await door.ask_bare("GET", "/health/ready")
        assert (answer.status, (await answer.json())["draining"]) == (503, True)
        assert (await door.ask_bare("GET", "/health")).status == 200
        assert (await door.ask_bare("GET", "/health/live")).status == 200
    finally:
        door.runtime.draining = False


async def test_tables_older_than_those_at_the_start_make_it_unready_and_newer_ones_do_not(door: Door) -> None:
    started_with, door.runtime.schema = door.runtime.schema, "9999_to_come"
    try:
        answer = await door.ask_bare("GET", "/health/ready")
        assert (answer.status, (await answer.json())["tables"]) == (503, "older")
        door.runtime.schema = "0000_long_ago"
        assert (await door.ask_bare("GET", "/health/ready")).status == 200
    finally:
        door.runtime.schema = started_with


async def test_probes_do_not_queue_behind_slow_work_and_ask_only_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.05)
    monkeypatch.setattr(health, "FRESH_SECONDS", -1.0)
    release = threading.Event()
    slow = [asyncio.ensure_future(door.runtime.database.read(lambda _: release.wait(10))) for _ in range(4)]
    try:
        answers = await asyncio.gather(*(door.ask_bare("GET", "/health") for _ in range(100)))
        assert {answer.status for answer in answers} == {503}
    finally:
        release.set()
        await asyncio.gather(*slow)
    assert (await door.ask_bare("GET", "/health")).status == 200


async def test_a_database_that_works_for_others_is_there_and_no_probe_waits_with_them(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.05)
    database, other = PostgresDatabase(postgres_url, 1), await asyncpg.connect(postgres_url)
    try:
        await other.execute("SELECT pg_advisory_lock(1)")
        await database.read(lambda session: session.execute(text("SELECT 1")))
        waits = asyncio.create_task(
            database.read(lambda session: session.execute(text("SELECT pg_advisory_xact_lock_shared(1)")))
        )
        while database.pool().in_use == 0:  # noqa: ASYNC110 - it has its place within a few turns of the loop
            await asyncio.sleep(0)
        probe = health.DatabaseProbe(database)
        monkeypatch.setattr(health, "FRESH_SECONDS", 60.0)
        assert await probe.answers()
        monkeypatch.setattr(health, "FRESH_SECONDS", -1.0)
        assert not await probe.answers(), "that was long ago: it has to be asked, and does not answer in time"
        await other.execute("SELECT pg_advisory_unlock(1)")
        await waits
        assert await probe.answers()
    finally:
        await other.close()
        await database.close()
