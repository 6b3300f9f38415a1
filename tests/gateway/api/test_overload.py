"""Under pressure: what can come later is refused before it is begun, and what was accepted is never dropped."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.resilience.pressure import LASTS_SECONDS, LOOK_EVERY, WAITS_NEEDED
from tests.gateway.api.door import Door, open_door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

KEK = b64encode(b"of these tests alone, 32 bytes!!").decode()
STRAINED, OVERLOADED = 0.5, 1.5


@pytest.fixture
async def any_door(tmp_path: Path, database_url: str) -> AsyncIterator[Door]:
    """A door on either database."""
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _calm(door: Door) -> None:
    """The tests of a file share a door: what one of them has pressed is over."""
    door.clock.advance(LASTS_SECONDS + LOOK_EVERY)


def press(door: Door, seconds: float) -> None:
    """Let units of work have waited that long."""
    door.clock.advance(LOOK_EVERY)
    for _ in range(50 * WAITS_NEEDED):
        door.runtime.pressure.waited(seconds)


@asynccontextmanager
async def no_place(door: Door) -> AsyncIterator[None]:
    """Take every connection, as other work does."""
    database = door.runtime.database
    assert isinstance(database, PostgresDatabase | SqliteDatabase)
    for _ in range(database.places.size):
        await database.places.take()
    patience, database.places.line.seconds = database.places.line.seconds, 0.02
    yield
    database.places.line.seconds = patience
    for _ in range(database.places.size):
        database.places.give_back()


async def test_while_the_database_has_no_place_a_request_hears_so_and_the_same_one_later_succeeds(
    any_door: Door,
) -> None:
    door = any_door
    before = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("B-1"))).json()
    async with no_place(door):
        answers = await asyncio.gather(
            *(door.ask("POST", door.firm.path("/invoices"), json=an_invoice(f"B-{number}")) for number in range(2, 6))
        )
    for answer in answers:
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["effect"]) == (503, "overloaded", "none")
        assert int(answer.headers["Retry-After"]) > 0
    assert (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("B-2"))).status == 202
    assert await door.state_of(before["reference"]) == "waiting"
    assert await door.state_of("B-3") == ""


async def test_a_strained_service_leaves_lists_and_imports_for_later_and_takes_documents(door: Door) -> None:
    first = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("C-1"))
    press(door, STRAINED)
    listed = await door.ask("GET", door.firm.path("/invoices"))
    problem = await listed.json()
    assert (listed.status, problem["code"], problem["effect"]) == (503, "overloaded", "none")
    assert int(listed.headers["Retry-After"]) > 0
    assert (await door.ask("POST", door.firm.path("/imports"), data=b"")).status == 503
    assert (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("C-2"))).status == 202
    assert (await door.ask("GET", first.headers["Location"])).status == 200


async def test_a_strained_service_makes_nobody_wait_for_a_number(door: Door) -> None:
    press(door, STRAINED)
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), json=an_invoice("D-1"), headers={"Prefer": "wait=30"}
    )  # the clock stands still: it would wait for ever
    assert (answer.status, (await answer.json())["state"]) == (202, "waiting")


async def test_an_overloaded_service_takes_nothing_new_and_shows_what_it_has(door: Door) -> None:
    first = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("E-1"))
    press(door, OVERLOADED)
    refused = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("E-2"))
    assert (refused.status, (await refused.json())["effect"]) == (503, "none")
    for path in (first.headers["Location"], "/health", "/health/ready", "/metrics"):
        assert (await door.ask("GET", path)).status == 200
    shown = await (await door.ask("GET", "/metrics")).text()
    assert "risiti_pressure 2.0" in shown
    assert 'risiti_requests_shed_total{worth="new"} 1.0' in shown


async def test_what_was_accepted_is_sent_however_overloaded_the_service_is_and_then_new_ones_are_taken(
    door: Door,
) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-1"))
    press(door, OVERLOADED)
    assert (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-2"))).status == 503
    await door.work()
    door.clock.advance(LASTS_SECONDS + LOOK_EVERY)
    assert await door.state_of("F-1") == "fiscalised"
    assert (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-2"))).status == 202
