"""A document whose sending breaks on our side is held after five tries in a row, and never in the way of others."""

import dataclasses
from contextlib import suppress
from itertools import pairwise

import pytest
from sqlalchemy import update

from risiti.efris import AsyncClient, EfrisError, Refused, Stamp
from risiti.gateway.submissions.broken import MOST_IN_A_ROW, WHY
from risiti.gateway.submissions.choices import Action
from risiti.gateway.submissions.kind import Explanation, Found, Kind
from risiti.gateway.submissions.tables import AttemptOutcome
from risiti.gateway.tenancy.tables import Device
from risiti.gateway.worker.loop import Worker
from risiti.simulator import Fault
from tests.gateway.submissions.persons import decide
from tests.gateway.submissions.world import CONCURRENCY, World

pytestmark = pytest.mark.anyio

POISON = "INV-POISON"
QUIET_AND_LAG = 1_800


class Brittle:
    """A kind that breaks on one reference, before anything leaves this machine or when the answer is read."""

    def __init__(self, inner: Kind) -> None:
        self._inner = inner
        self.type, self.named_in, self.find, self.read = inner.type, inner.named_in, inner.find, inner.read
        self.goes_together, self.send_together = inner.goes_together, inner.send_together
        self.breaks = MOST_IN_A_ROW * 100
        """So many more tries break."""
        self.after_sending = False
        self.tries = 0

    async def send(self, client: AsyncClient, payload: bytes, stamp: Stamp) -> Found:
        if POISON.encode() not in payload:
            return await self._inner.send(client, payload, stamp)
        self.tries += 1
        if not self.breaks:
            return await self._inner.send(client, payload, stamp)
        self.breaks -= 1
        if self.after_sending:
            with suppress(EfrisError):
                await self._inner.send(client, payload, stamp)
        raise ZeroDivisionError

    def explain(self, refusal: Refused, payload: bytes, content: str) -> Explanation:
        if self.breaks:
            raise ZeroDivisionError
        return self._inner.explain(refusal, payload, content)


def brittle(world: World) -> Brittle:
    """Have the worker speak of documents in a way that breaks."""
    engine = world._engine
    kinds = {name: Brittle(kind) for name, kind in engine.kinds.items()}
    world._engine = dataclasses.replace(engine, kinds=kinds)
    world.worker = Worker(world._engine, CONCURRENCY)
    return kinds["invoice"]


async def post(world: World, *references: str) -> list[str]:
    ids = []
    for reference in references:
        ids.append((await world.post(reference)).invoice.id)
        world.clock.advance(0.001)
    return ids


@pytest.mark.parametrize("in_order", [False, True])
async def test_one_that_breaks_before_it_leaves_is_held_after_five_tries_and_the_others_get_their_numbers(
    world: World, *, in_order: bool
) -> None:
    kind = brittle(world)
    await world.runtime.database.write(lambda session: session.execute(update(Device).values(keep_order=in_order)))
    poison, *others = await post(world, POISON, "INV-2", "INV-3")
    await world.work(600)
    assert [(await world.look(one)).state for one in others] == ["fiscalised"] * 2
    invoice = await world.look(poison)
    assert (invoice.state, invoice.held_reason, kind.tries) == ("held", "undecided", MOST_IN_A_ROW)
    assert [one.outcome for one in await world.attempts(poison)] == [AttemptOutcome.NOT_SENT] * MOST_IN_A_ROW
    *tries, held = await world.events(poison)
    assert [one.event for one in tries] == ["invoice.accepted"] + ["invoice.not_sent"] * (MOST_IN_A_ROW - 1)
    assert (held.event, held.data["why"]) == ("invoice.held", WHY)
    assert world.authority.calls()["T109"] == len(others)  # of the broken one nothing ever left
    await world.work(7_200, step=600)
    assert kind.tries == MOST_IN_A_ROW


async def test_a_person_sends_it_once_the_cause_is_gone(world: World) -> None:
    kind = brittle(world)
    (poison,) = await post(world, POISON)
    await world.work(600)
    kind.breaks = 0
    await decide(world, poison, Action.SEND_AGAIN)
    await world.work(60)
    invoice = await world.look(poison)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers(POISON))


async def test_while_the_cause_is_still_there_a_persons_word_is_good_for_one_try(world: World) -> None:
    kind = brittle(world)
    (poison,) = await post(world, POISON)
    await world.work(600)
    await decide(world, poison, Action.SEND_AGAIN)
    await world.work(600)
    assert ((await world.look(poison)).state, kind.tries) == ("held", MOST_IN_A_ROW + 1)


async def test_an_error_that_goes_away_by_itself_needs_nobody(world: World) -> None:
    kind = brittle(world)
    kind.breaks = MOST_IN_A_ROW - 1
    (poison,) = await post(world, POISON)
    await world.work(600)
    invoice = await world.look(poison)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers(POISON))
    assert "invoice.in_doubt" not in await world.history(poison)


async def test_one_that_breaks_when_it_may_have_left_is_asked_about_and_found(world: World) -> None:
    kind = brittle(world)
    kind.after_sending = True
    (poison,) = await post(world, POISON)
    await world.work(30)
    invoice = await world.look(poison)
    assert (invoice.state, [invoice.fdn], kind.tries) == ("fiscalised", world.numbers(POISON), 1)
    assert [one.outcome for one in await world.attempts(poison)] == [AttemptOutcome.SUPERSEDED]


@pytest.mark.parametrize("in_order", [False, True])
async def test_one_that_may_have_left_each_time_is_held_rather_than_sent_a_sixth_time(
    world: World, *, in_order: bool
) -> None:
    kind = brittle(world)
    kind.after_sending = True
    await world.runtime.database.write(lambda session: session.execute(update(Device).values(keep_order=in_order)))
    (poison,) = await post(world, POISON)
    world.break_authority_once("drop_before")
    await world.work()
    (other,) = await post(world, "INV-2")
    await world.work(60)
    assert (await world.look(other)).state == ("waiting" if in_order else "fiscalised")
    world.break_authority(Fault("drop_before", "T109", times=MOST_IN_A_ROW - 1))
    await world.work(MOST_IN_A_ROW * (QUIET_AND_LAG + 300), step=60)
    invoice = await world.look(poison)
    assert (invoice.state, invoice.held_reason, kind.tries) == ("held", "undecided", MOST_IN_A_ROW)
    attempts = await world.attempts(poison)
    gaps = [(later.request_time - earlier.request_time).total_seconds() for earlier, later in pairwise(attempts)]
    assert min(gaps) >= QUIET_AND_LAG
    assert (await world.events(poison))[-1].data["why"] == WHY
    assert (await world.look(other)).state == "fiscalised"
    kind.breaks = 0
    await decide(world, poison, Action.SEND_AGAIN)
    await world.work(600, step=60)
    invoice = await world.look(poison)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers(POISON))


async def test_what_breaks_while_the_session_is_seen_to_is_held_against_no_document(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(world, "INV-WARM")
    await world.work()
    (waiting,) = await post(world, "INV-2")

    async def broken(_client: AsyncClient) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(AsyncClient, "ready", broken)
        await world.work(600)
    invoice = await world.look(waiting)
    attempts = await world.attempts(waiting)
    assert invoice.state == "waiting"
    assert len(attempts) > MOST_IN_A_ROW
    assert {one.outcome for one in attempts} == {AttemptOutcome.NOT_SENT}
    await world.work(300)
    assert (await world.look(waiting)).state == "fiscalised"


async def test_a_refusal_that_we_fail_to_explain_is_a_refusal(world: World) -> None:
    brittle(world)
    world.break_authority(Fault("refuse", "T109", times=1, code="1316"))
    (refused,) = await post(world, "INV-2")
    await world.work()
    invoice = await world.look(refused)
    assert invoice.state == "refused"
    assert invoice.refusal is not None
    assert invoice.refusal.code == "1316"
