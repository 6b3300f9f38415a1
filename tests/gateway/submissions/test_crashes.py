"""A worker killed at any step leaves a document that its successor settles: exactly one fiscal number, and ours."""

from contextlib import suppress
from functools import partial

import pytest

from risiti.efris import AsyncClient
from risiti.gateway.submissions.claim import Claim
from risiti.gateway.submissions.send import send
from risiti.gateway.submissions.settle import Outcome, settle
from tests.gateway.submissions.crashes import Killed
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

STEPS = 12
"""At least so many as sending one document takes; see the second test."""


@pytest.mark.parametrize("step", range(STEPS))
async def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(world: World, step: int) -> None:
    accepted = await world.post()
    world.killer.kill_at(step)
    with suppress(Killed):
        await world.work(60)
    await world.crash()
    await world.work_until(partial(_is_fiscalised, world, accepted.invoice.id))
    invoice = await world.look(accepted.invoice.id)
    assert [invoice.fdn] == world.numbers("INV-0001")


async def test_the_steps_of_sending_one_document_are_all_among_those_tested(world: World) -> None:
    accepted = await world.post()
    world.killer.kill_at(None)
    await world.work_until(partial(_is_fiscalised, world, accepted.invoice.id))
    assert len(world.killer.steps) <= STEPS
    assert set(world.killer.steps) == {
        "before a commit",
        "after a commit",
        "before the request leaves",
        "before the answer is read",
    }


@pytest.mark.parametrize("step", range(6))
async def test_a_worker_killed_while_it_asks_changes_nothing(world: World, step: int) -> None:
    accepted = await world.post()
    world.break_authority_once("drop_after")
    await world.work()
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    world.killer.kill_at(step)
    with suppress(Killed):
        await world.work(60)
    await world.crash()
    await world.work_until(partial(_is_fiscalised, world, accepted.invoice.id))
    assert len(world.numbers("INV-0001")) == 1
    assert world.authority.calls()["T109"] == 1


async def test_a_worker_that_was_paused_before_it_wrote_sends_nothing_any_more(world: World) -> None:
    claim, client = await _claim(world)
    engine = world.runtime.engine
    world.clock.advance(engine.timing.send_window + 1)
    await send(engine, client, [claim], world.worker._settling.put)
    assert world.numbers("INV-LATE") == []
    assert (await world.look(claim.document_id)).state == "waiting"


async def test_a_worker_that_was_paused_after_it_wrote_can_write_nothing_down(world: World) -> None:
    claim, client = await _claim(world)
    engine = world.runtime.engine
    late_answer = await engine.kinds[claim.kind].send(client, claim.payload, claim.stamp)
    world.clock.advance(engine.timing.lease + 1)
    await world.work(60)
    settled = await world.look(claim.document_id)
    assert settled.state == "fiscalised"
    history = await world.history(claim.document_id)
    write = partial(settle, desk=world.runtime.desk(), claim=claim, outcome=Outcome(late_answer))
    assert await engine.database.write(write) is False
    assert await world.history(claim.document_id) == history


@pytest.mark.parametrize(("seconds", "leaves"), [(9, True), (11, False)])
async def test_a_worker_whose_event_loop_stands_still_after_the_claim_sends_within_its_window_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, *, leaves: bool
) -> None:
    claim, client = await _claim(world)
    ready = AsyncClient.ready

    async def held_up(self: AsyncClient) -> None:
        world.clock.advance(seconds)  # nothing else runs meanwhile, and nothing is noticed
        await ready(self)

    with monkeypatch.context() as patch:
        patch.setattr(AsyncClient, "ready", held_up)
        await send(world.runtime.engine, client, [claim], world.worker._settling.put)
    assert len(world.numbers("INV-LATE")) == leaves
    assert (await world.look(claim.document_id)).state == ("fiscalised" if leaves else "waiting")
    await world.work(60)
    invoice = await world.look(claim.document_id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-LATE"))
    assert "invoice.in_doubt" not in await world.history(claim.document_id)


async def _claim(world: World) -> tuple[Claim, AsyncClient]:
    """Claim a document as a worker does, and stop there."""
    await world.post("INV-FIRST")
    await world.work()
    await world.post("INV-LATE")
    client = world.runtime.engine.connections.ready(*await world.device_ids())
    assert client is not None
    (claim,) = await world.claim()
    return claim, client


async def _is_fiscalised(world: World, document_id: str) -> bool:
    return (await world.look(document_id)).state == "fiscalised"
