"""Who waits for a document gets what he would read, however it ends, and it is read as a whole once."""

import asyncio
from unittest.mock import patch

import pytest

from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.simulator.faults import Fault
from tests.gateway.submissions.world import World
from tests.make import a_line

pytestmark = pytest.mark.anyio

SECONDS = 30.0
PATIENCE = 30.0
"""Seconds of real time after which a test that would never end is ended."""


def begin_to_wait(world: World, known: InvoiceView) -> "asyncio.Task[InvoiceView]":
    """Wait for a document that has just been taken on."""
    waiting = world.runtime.wait_until_settled(world.company_id, known.id, SECONDS, known=known)
    return asyncio.create_task(waiting)


async def asleep(world: World) -> None:
    """Let who waits come to the point where he sleeps."""
    async with asyncio.timeout(PATIENCE):
        await world.clock.until_asleep(1)


async def test_who_waits_for_a_number_gets_what_he_would_read(world: World) -> None:
    accepted = await world.post("INV-1")
    task = begin_to_wait(world, accepted.invoice)
    await asleep(world)
    await world.work()
    shown = await asyncio.wait_for(task, PATIENCE)
    assert shown.fdn == world.numbers("INV-1")[0]
    assert shown.links.receipt is not None
    assert shown.model_dump(exclude={"closure"}) == (await world.look(shown.id)).model_dump(exclude={"closure"})
    assert shown.closure == accepted.invoice.closure


async def test_who_waits_for_what_is_refused_gets_the_refusal(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="1316"))
    accepted = await world.post("INV-R", lines=[a_line(quantity="2")])
    task = begin_to_wait(world, accepted.invoice)
    await asleep(world)
    await world.work()
    shown = await asyncio.wait_for(task, PATIENCE)
    assert shown.state == "refused"
    assert shown.refusal == (await world.look(shown.id)).refusal != None  # noqa: E711 - the same, and not nothing


async def test_who_waits_longer_than_the_authority_takes_is_told_how_it_stands(world: World) -> None:
    world.break_authority_once("drop_after")
    accepted = await world.post("INV-D")
    await world.work()
    task = begin_to_wait(world, accepted.invoice)  # as if nothing had happened since it was taken on
    await asleep(world)
    world.clock.advance(0.5)
    await asleep(world)  # it has looked once
    world.clock.advance(SECONDS)
    shown = await asyncio.wait_for(task, PATIENCE)
    assert (shown.state, shown.fdn) == ("in_doubt", None)


async def test_who_waits_for_a_refused_document_that_is_corrected_meanwhile_gets_the_correction(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="1316"))
    accepted = await world.post("INV-C", lines=[a_line(quantity="2")])
    await world.work()
    corrected = await world.post("INV-C", revision=2, lines=[a_line(quantity="3")])
    await world.work()
    task = begin_to_wait(world, accepted.invoice)  # as if nothing had happened since it was taken on
    await asleep(world)
    world.clock.advance(1.0)
    shown = await asyncio.wait_for(task, PATIENCE)
    assert (shown.revision, shown.state) == (2, "fiscalised")
    assert shown.totals == corrected.invoice.totals


async def test_while_it_waits_a_document_is_never_read_as_a_whole(world: World) -> None:
    accepted = await world.post("INV-S")
    with patch("risiti.gateway.fiscal.waiting.invoices.read") as read:
        task = begin_to_wait(world, accepted.invoice)
        await asleep(world)
        await world.work()
        shown = await asyncio.wait_for(task, PATIENCE)
    assert shown.fdn is not None
    read.assert_not_called()
