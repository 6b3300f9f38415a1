import asyncio
import threading

import pytest

from risiti.gateway.api import health
from risiti.gateway.api.health import VERSION
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.simulator import Fault
from tests.gateway.api.door import Door
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
