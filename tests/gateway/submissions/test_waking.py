"""Who waits for a number hears of it from whichever process got it; a word that is lost costs a poll and no more."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.runtime import Runtime, open_runtime
from risiti.gateway.runtime import World as Outside
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.settlements import LONGEST_PAUSE
from tests.gateway.submissions.world import World, open_world
from tests.make import an_invoice, as_body

pytestmark = pytest.mark.anyio

PATIENCE = 30.0
"""Seconds after which a test that would never end is ended."""


@pytest.fixture
async def world(postgres_url: str) -> AsyncIterator[World]:
    async with open_world(postgres_url) as opened:
        yield opened


@pytest.fixture
async def api(world: World) -> AsyncIterator[Runtime]:
    """Another process on the same database: the one that callers speak to. The clock stands still: it polls never."""
    outside = Outside(world.clock, Random(3), follows_database=False)  # noqa: S311 - repeatable on purpose
    async with open_runtime(world.runtime.settings, outside) as opened:
        yield opened


async def waiting(world: World, api: Runtime, document_id: str) -> "asyncio.Task[object]":
    """Wait for a document in the other process, up to the point where it sleeps."""
    task: asyncio.Task[object] = asyncio.create_task(api.wait_until_settled(world.company_id, document_id, 30))
    async with asyncio.timeout(PATIENCE):
        await world.clock.until_asleep(1)
    return task


async def test_what_one_process_settles_wakes_who_waits_in_another(world: World, api: Runtime) -> None:
    accepted = await world.post("INV-1")
    task = await waiting(world, api, accepted.invoice.id)
    await world.work()
    view = await asyncio.wait_for(task, PATIENCE)
    assert getattr(view, "fdn", None) == world.numbers("INV-1")[0]


async def test_the_transactions_of_a_document_that_comes_alone_wake_worker_and_caller_by_themselves(
    world: World, api: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _hand_in(api, world, "INV-1")  # from now on its seller is remembered
    await world.work()
    woken = asyncio.Event()
    world.runtime.tell_of_work(lambda _: woken.set())
    for signals in (api.signals, world.runtime.signals):
        monkeypatch.setattr(signals, "say", lambda *_: None)
        monkeypatch.setattr(signals, "is_quiet", lambda _: True)
    document_id = await _hand_in(api, world, "INV-2")
    await asyncio.wait_for(woken.wait(), PATIENCE)
    task = await waiting(world, api, document_id)
    await world.work()
    view = await asyncio.wait_for(task, PATIENCE)
    assert getattr(view, "fdn", None) == world.numbers("INV-2")[0]


async def _hand_in(api: Runtime, world: World, reference: str) -> str:
    new = parse_invoice(as_body(an_invoice(reference)), now=world.clock.now())
    return (await api.acceptance.accept(Handed(world.company_id, new, None, Priority.TILL))).invoice.id


async def test_a_lost_notify_costs_the_time_of_a_poll_and_nothing_else(
    world: World, api: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.runtime.signals, "say", lambda *_: None)
    monkeypatch.setattr(world.runtime.signals, "is_quiet", lambda _: False)
    accepted = await world.post("INV-1")
    task = await waiting(world, api, accepted.invoice.id)
    await world.work()
    assert not task.done()
    world.clock.advance(LONGEST_PAUSE)
    view = await asyncio.wait_for(task, PATIENCE)
    assert getattr(view, "fdn", None) == world.numbers("INV-1")[0]
