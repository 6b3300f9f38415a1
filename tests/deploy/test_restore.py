"""Restoring a backup as docs/operations.md says: its steps are there, and in an order that doubles nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from risiti.cli import operating
from risiti.efris import AsgiTransport
from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.migrations.check import examine
from risiti.gateway.runtime import World as Outside
from risiti.gateway.runtime import open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.recovery import HOURS
from risiti.simulator import create_simulator
from tests.deploy import restoring
from tests.gateway.submissions.crashes import Killer
from tests.gateway.submissions.world import World, open_world

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
STEP = re.compile(r"^\d+\. (.*?)(?=^\d+\. |^\S|\Z)", re.MULTILINE | re.DOTALL)


def steps_of_restoring() -> list[str]:
    guide = OPERATIONS.read_text(encoding="utf-8").split("**Restore.**")[1].split("\n## ")[0]
    return [" ".join(step.split()) for step in STEP.findall(guide)]


def step_with(words: str) -> int:
    (place,) = (number for number, step in enumerate(steps_of_restoring()) if words in step)
    return place


def test_the_guide_stops_everything_and_opens_a_recovery_before_it_starts_a_worker() -> None:
    stopped, checked = step_with("systemctl stop risiti.target"), step_with("`risiti db check`")
    recovered, started = step_with("`risiti db epoch "), step_with("Start one worker")
    assert stopped < checked < recovered < started
    assert "any worker runs" in steps_of_restoring()[recovered]


@pytest.mark.parametrize("words", ["`pg_dump -Fc`", "`pg_restore --no-owner -d DATABASE FILE`", '".backup copy.db"'])
def test_the_guide_names_the_programs_that_are_tried_here(words: str) -> None:
    assert words in " ".join(OPERATIONS.read_text(encoding="utf-8").split())


@pytest.fixture
def restored_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """Where the backup is put: in the file's place, or into an empty database beside the lost one."""
    if database_url.startswith(restoring.SQLITE):
        return database_url
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.mark.anyio
async def test_a_backup_put_back_as_the_guide_says_settles_what_waited_in_it_and_doubles_nothing(
    database_url: str, restored_url: str, tmp_path: Path
) -> None:
    async with open_world(database_url) as world:
        world.authority.settings = replace(world.authority.settings, duplicate_check="off")
        waiting = (await world.post("RESTORED-1")).invoice.id
        fit = await checked(world.runtime.settings)
        copy = await asyncio.to_thread(restoring.back_up, database_url, tmp_path)
        await world.work(30)  # sent after the backup, which knows nothing of it
        (number,) = world.numbers("RESTORED-1")

    await asyncio.to_thread(restoring.restore, copy, restored_url, tmp_path)
    settings = world.runtime.settings.model_copy(update={"database_url": SecretStr(restored_url)})
    assert await checked(settings) == fit
    opened = await operating.open_epoch(settings, "restored the backup of 2 March", HOURS)  # `risiti db epoch`
    assert opened["documents"] == 1

    async with restarted(world, settings) as later:
        assert (await later.look(waiting)).state == "waiting"
        await later.work(4_000, step=100)
        settled = await later.look(waiting)
    assert (settled.state, settled.fdn) == ("fiscalised", number)
    assert world.numbers("RESTORED-1") == [number]


async def checked(settings: Settings) -> dict[str, str]:
    """Return what `risiti db check` finds, and how grave it is."""
    database = open_database(settings)
    try:
        look = partial(examine, now=SystemClock().now(), connections=settings.database_connections)
        return {one.name: str(one.grade) for one in await database.administer(look)}
    finally:
        await database.close()


@asynccontextmanager
async def restarted(world: World, settings: Settings) -> AsyncIterator[World]:
    """Start the gateway anew on a database, with the clock and the authority that there were."""
    simulator = create_simulator(world.authority, clock=world.clock, sleep=world.clock.sleep)
    outside = Outside(world.clock, Random(12), AsgiTransport(simulator), follows_database=False)  # noqa: S311 - repeatable
    async with open_runtime(settings, outside) as runtime:
        yield World(runtime, world.authority, world.clock, world.company_id, Killer())
