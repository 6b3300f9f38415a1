"""What a claim promises, on both databases: one owner, a fence, caps, order where asked, and nobody in the way."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from risiti.efris import NotSent
from risiti.gateway.db.database import DatabaseUnavailable, PlainWork
from risiti.gateway.events import Event
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.submissions.claim import Claim, claim_at_once
from risiti.gateway.submissions.lanes import AGEING, Priority, Turn
from risiti.gateway.submissions.settle import RESUMED, Outcome, Settlement, settle_all
from risiti.gateway.submissions.sql import claiming_postgresql
from risiti.gateway.submissions.sql.claims import Plan
from risiti.gateway.submissions.tables import AttemptOutcome, Document, Lane
from risiti.gateway.tenancy.tables import Device, DeviceState
from risiti.gateway.worker.loop import IN_FLIGHT_PER_DEVICE, Worker
from risiti.simulator import Fault
from tests.gateway.submissions.world import CONCURRENCY, World, open_world
from tests.make import an_invoice, as_body

pytestmark = pytest.mark.anyio

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds of real time after which a test that would never end is ended."""


async def test_two_workers_never_hold_the_same_document(world: World) -> None:
    await _warm(world)
    for number in range(12):
        await world.post(f"INV-{number}")
    first = await world.claim()
    second = await world.claim(Worker(world.runtime.engine, CONCURRENCY))
    held = [claim.document_id for claim in (*first, *second)]
    assert len(held) == len(set(held))
    assert len(first) == IN_FLIGHT_PER_DEVICE
    assert second == []


async def test_every_claim_has_its_attempt_written_ahead(world: World) -> None:
    await _warm(world)
    await world.post("INV-1")
    (claim,) = await world.claim()
    (attempt,) = await world.attempts(claim.document_id)
    assert attempt.id == claim.attempt_id
    assert attempt.outcome is AttemptOutcome.OPEN
    assert (attempt.exchange_id, attempt.request_time) == (claim.stamp.exchange_id, claim.stamp.request_time)
    assert attempt.fence == claim.fence


async def test_a_worker_whose_lease_ran_out_writes_nothing_and_its_document_is_asked_about(world: World) -> None:
    await _warm(world)
    await world.post("INV-1")
    (claim,) = await world.claim()
    answer = await world.runtime.engine.kinds[claim.kind].send(await _client(world, claim), claim.payload, claim.stamp)
    world.clock.advance(world.runtime.engine.timing.lease + 1)
    world.break_authority(Fault("drop_before", "T106"))
    await world.turn()
    assert (await world.look(claim.document_id)).state == "in_doubt"
    history = await world.history(claim.document_id)
    late = [Settlement(claim, Outcome(answer))]
    written = await world.runtime.database.write(partial(settle_all, desk=world.runtime.desk(), settlements=late))
    assert written == [False]
    assert await world.history(claim.document_id) == history
    world.break_authority()
    await world.work(600)
    assert (await world.look(claim.document_id)).state == "fiscalised"
    assert len(world.numbers("INV-1")) == 1


async def test_good_and_bad_answers_are_written_down_together_each_under_its_own_fence(world: World) -> None:
    await _warm(world)
    for number in range(3):
        await world.post(f"INV-{number}")
    good, stale, bad = await world.claim()
    engine = world.runtime.engine
    client = await _client(world, good)
    answers = [await engine.kinds[one.kind].send(client, one.payload, one.stamp) for one in (good, stale)]
    await _set(world, stale.document_id, fence=stale.fence + 1)
    settlements = [
        Settlement(good, Outcome(answers[0])),
        Settlement(stale, Outcome(answers[1])),
        Settlement(bad, Outcome(NotSent("the line was cut"))),
    ]
    written = await world.runtime.database.write(
        partial(settle_all, desk=world.runtime.desk(), settlements=settlements)
    )
    assert written == [True, False, True]
    assert [(await world.look(one.document_id)).state for one in (good, stale, bad)] == [
        "fiscalised",
        "sending",
        "waiting",
    ]


async def test_two_good_answers_of_a_paused_device_open_it_once(world: World) -> None:
    await _warm(world)
    for number in range(2):
        await world.post(f"INV-{number}")
    claims = await world.claim()
    engine, client = world.runtime.engine, await _client(world, claims[0])
    answers = [await engine.kinds[one.kind].send(client, one.payload, one.stamp) for one in claims]
    await _change(world, update(Device).values(state=DeviceState.PAUSED, paused_at=world.clock.now()))
    settlements = [Settlement(claim, Outcome(answer)) for claim, answer in zip(claims, answers, strict=True)]
    settle_both = partial(settle_all, desk=world.runtime.desk(), settlements=settlements)
    assert await world.runtime.database.write_at_once(settle_both) == [True, True]
    told = await world.runtime.database.read(
        lambda session: session.scalars(select(Event).where(Event.name == RESUMED)).all()
    )
    assert [(one.company_id, one.document_id, json.loads(one.data)) for one in told] == [
        (world.company_id, None, {"device": claims[0].device_id})
    ]
    states = await world.runtime.database.read(lambda session: session.scalars(select(Device.state)).all())
    assert states == [DeviceState.ACTIVE]


async def test_an_answer_whose_commit_was_not_confirmed_is_written_down_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = await world.post("INV-1")
    database = world.runtime.database
    write_at_once = database.write_at_once

    async def unconfirmed(work: PlainWork[T]) -> T:
        monkeypatch.undo()
        await write_at_once(work)
        raise DatabaseUnavailable("the connection was cut after the commit")

    monkeypatch.setattr(database, "write_at_once", unconfirmed)
    working = asyncio.create_task(world.work())
    async with asyncio.timeout(PATIENCE):
        await world.clock.until_asleep(1)  # before it tries again
    world.clock.advance(1.0)
    await asyncio.wait_for(working, PATIENCE)
    assert (await world.history(accepted.invoice.id)).count("invoice.fiscalised") == 1
    assert len(world.numbers("INV-1")) == 1


async def test_one_number_on_two_documents_holds_the_second_and_lets_the_others_through(world: World) -> None:
    await _warm(world)
    await world.post("INV-1")
    await world.work()
    for number in range(2, 5):
        await world.post(f"INV-{number}")
    claims = await world.claim()
    engine, client = world.runtime.engine, await _client(world, claims[0])
    answers = [await engine.kinds[one.kind].send(client, one.payload, one.stamp) for one in claims]
    answers[1] = answers[0]
    results = [
        await world.worker._settling.put(Settlement(claim, Outcome(answer)))
        for claim, answer in zip(claims, answers, strict=True)
    ]
    assert results == [True, True, True]
    states = [(await world.look(claim.document_id)).state for claim in claims]
    assert states == ["fiscalised", "held", "fiscalised"]


async def test_a_company_never_has_more_on_the_wire_than_its_cap(world: World) -> None:
    await _warm(world)
    await _change(world, update(Lane).values(most_at_once=3))
    for number in range(10):
        await world.post(f"INV-{number}")
    claims = [*await world.claim(), *await world.claim(Worker(world.runtime.engine, CONCURRENCY))]
    assert len(claims) == 3


@pytest.mark.parametrize("in_order", [False, True])
async def test_what_was_claimed_since_a_worker_looked_counts_towards_the_cap(
    world: World, monkeypatch: pytest.MonkeyPatch, *, in_order: bool
) -> None:
    await _warm(world)
    await _change(world, update(Device).values(keep_order=in_order))
    for number in range(2 * IN_FLIGHT_PER_DEVICE):
        await world.post(f"INV-{number}")
    other = Worker(world.runtime.engine, CONCURRENCY)
    database, before = world.runtime.database, []
    write_at_once = database.write_at_once

    async def later(work: PlainWork[T]) -> T:
        monkeypatch.undo()
        before.extend(await world.claim(other))
        return await write_at_once(work)

    monkeypatch.setattr(database, "write_at_once", later)
    claims = await world.claim(Worker(world.runtime.engine, CONCURRENCY))
    assert (len(before), claims) == (1 if in_order else IN_FLIGHT_PER_DEVICE, [])


async def test_places_that_are_left_after_another_claim_are_used_in_the_same_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _warm(world)
    for number in range(5):
        await world.post(f"INV-{number}")
    other = Worker(world.runtime.engine, 3)
    database, before = world.runtime.database, []
    write_at_once = database.write_at_once

    async def later(work: PlainWork[T]) -> T:
        monkeypatch.undo()
        before.extend(await world.claim(other))
        return await write_at_once(work)

    monkeypatch.setattr(database, "write_at_once", later)
    claims = await world.claim(Worker(world.runtime.engine, CONCURRENCY))
    assert (len(before), len(claims)) == (3, 2)
    assert not {one.document_id for one in before} & {one.document_id for one in claims}
    turns = await database.read(lambda session: session.scalars(select(Lane.served)).one())
    assert turns == 1 + 3 + 2  # every claim counts, whatever its worker has seen


@pytest.mark.parametrize("in_order", [False, True])
async def test_what_is_claimed_while_a_claim_has_begun_and_holds_no_lane_yet_counts_as_well(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, *, in_order: bool
) -> None:
    """The statement is held up between its beginning, from which what it counts dates, and its lock on the lane."""
    async with open_world(postgres_url) as world:
        await _warm(world)
        await _change(world, update(Device).values(keep_order=in_order))
        for number in range(2 * IN_FLIGHT_PER_DEVICE):
            await world.post(f"INV-{number}")
        gate = await asyncpg.connect(postgres_url)
        name = "_TAKE_IN_ORDER_AT_ONCE" if in_order else "_TAKE_AT_ONCE"
        held_up = getattr(claiming_postgresql, name).replace(
            "FROM unnest($6", "FROM (SELECT pg_advisory_xact_lock(7)) gate CROSS JOIN unnest($6", 1
        )
        try:
            await gate.execute("SELECT pg_advisory_lock(7)")
            with monkeypatch.context() as patched:
                patched.setattr(claiming_postgresql, name, held_up)
                late = asyncio.create_task(world.claim(Worker(world.runtime.engine, CONCURRENCY)))
                async with asyncio.timeout(PATIENCE):
                    while not await gate.fetchval(_WAITS_AT_THE_GATE):  # noqa: ASYNC110 - the server's lock
                        await asyncio.sleep(0)
            before = await world.claim(Worker(world.runtime.engine, CONCURRENCY))
            await gate.execute("SELECT pg_advisory_unlock(7)")
            assert (len(before), await late) == (1 if in_order else IN_FLIGHT_PER_DEVICE, [])
        finally:
            await gate.close()


_WAITS_AT_THE_GATE = """
SELECT EXISTS (
    SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND NOT l.granted AND a.datname = current_database()
)
"""


async def test_a_lane_that_somebody_holds_is_passed_over(postgres_url: str) -> None:
    async with open_world(postgres_url) as world:
        await _warm(world)
        await world.post("INV-1")
        other = await asyncpg.connect(postgres_url)
        try:
            await other.execute("BEGIN; SELECT 1 FROM lanes FOR NO KEY UPDATE")
            assert await world.claim() == []
            await other.execute("ROLLBACK")
            assert len(await world.claim()) == 1
        finally:
            await other.close()


async def test_what_is_claimed_already_is_sent_even_if_the_rest_of_the_plan_cannot_be_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _warm(world)
    await world.post("INV-1")
    database = world.runtime.database

    def with_some_left(*args: Any, **kwargs: Any) -> tuple[list[Claim], Plan]:  # noqa: ANN401 - whatever it takes
        claims, plan = claim_at_once(*args, **kwargs)
        return claims, replace(plan, turns=[Turn("another", 1, 0.0, 1, {})])

    async def claim_and_go_away(work: PlainWork[T]) -> T:
        result = await database.write(work)
        monkeypatch.setattr(database, "write_plain", away)
        return result

    async def away(_work: object) -> None:
        raise DatabaseUnavailable("the database went away")

    monkeypatch.setattr("risiti.gateway.worker.loop.claim_at_once", with_some_left)
    monkeypatch.setattr(database, "write_at_once", claim_and_go_away)
    assert len(await world.claim()) == 1
    with pytest.raises(DatabaseUnavailable):
        await world.claim()


async def test_a_device_that_is_named_is_served_without_a_look(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(postgres_url) as world:
        await _warm(world)
        accepted = await world.post("INV-1")
        with monkeypatch.context() as patched:
            patched.setattr(world.runtime.database, "read_plain", _nobody)
            assert await _serve_named(world)
        assert (await world.look(accepted.invoice.id)).state == "fiscalised"
        assert (await world.attempts(accepted.invoice.id))[0].fence == 1


async def test_now_and_then_a_worker_looks_although_devices_are_named(postgres_url: str) -> None:
    async with open_world(postgres_url) as world:
        await _warm(world)
        await world.post("INV-1")
        world.clock.advance(world.runtime.engine.timing.poll)
        assert not await _serve_named(world)  # it was served, but it is time to look
        assert len(world.numbers("INV-1")) == 1


@pytest.mark.parametrize(
    "change",
    [
        update(Device).values(state=DeviceState.PAUSED),
        update(Device).values(key_fingerprint="another"),
        update(Device).values(keep_order=True),
        update(Lane).values(weight=2),
        update(Lane).values(most_at_once=3),
    ],
    ids=["paused", "key", "order", "weight", "cap"],
)
async def test_a_device_that_is_named_and_has_changed_is_looked_at_first(postgres_url: str, change: Update) -> None:
    async with open_world(postgres_url) as world:
        await _warm(world)
        accepted = await world.post("INV-1")
        await _change(world, change)
        assert not await _serve_named(world)
        assert (await world.look(accepted.invoice.id)).state == "waiting"


async def test_two_that_are_named_or_one_while_another_is_sent_are_looked_at(postgres_url: str) -> None:
    async with open_world(postgres_url) as world:
        await _warm(world)
        accepted = await world.post("INV-1")
        assert not await _serve_named(world, "dev_another")
        world.worker._sending["dev_another"] = 1
        assert not await _serve_named(world)
        world.worker._sending.clear()
        assert not await _serve_named(world, "")
        assert (await world.look(accepted.invoice.id)).state == "waiting"
        assert await _serve_named(world)


async def _serve_named(world: World, *besides: str) -> bool:
    world.worker._named.clear()  # what was said before, which a worker that runs has heard
    for device_id in (*besides, *await world.device_ids()):
        world.worker.wake(device_id)
    served = await world.worker._serve_named()
    await world.worker.idle()
    return served


async def _nobody(_work: object) -> None:
    raise AssertionError


async def test_a_device_that_keeps_the_order_sends_one_after_another_even_past_a_failure(world: World) -> None:
    await _warm(world)
    await _change(world, update(Device).values(keep_order=True))
    ids = []
    for number in range(4):
        ids.append((await world.post(f"INV-{number}")).invoice.id)
        world.clock.advance(0.001)
    world.break_authority_once("drop_after")
    sent: list[str] = []
    for _ in range(40):
        claims = await world.claim()
        assert len(claims) <= 1
        for claim in claims:
            sent.append(claim.document_id)
            await _finish(world, claim)
        await world.turn()
        world.clock.advance(30)
    states = [(await world.look(one)).state for one in ids]
    assert states == ["fiscalised"] * 4
    numbers = [int((await world.look(one)).fdn or 0) for one in ids]
    assert numbers == sorted(numbers)


async def test_a_document_that_cannot_be_sent_now_lets_the_others_of_its_device_pass(world: World) -> None:
    await _warm(world)
    poison = (await world.post("INV-POISON")).invoice.id
    await _set(world, poison, due_at=world.clock.now() + timedelta(hours=1))
    other = (await world.post("INV-2")).invoice.id
    await world.work()
    assert (await world.look(other)).state == "fiscalised"
    assert (await world.look(poison)).state == "waiting"


async def test_tills_first_then_single_then_bulk_and_bulk_that_has_waited_before_fresh_ones(world: World) -> None:
    await _warm(world)
    old_bulk = await _post(world, "OLD-BULK", Priority.BULK)
    world.clock.advance(AGEING.total_seconds() + 1)
    bulk = await _post(world, "BULK", Priority.BULK)
    single = await _post(world, "SINGLE", Priority.SINGLE)
    till = await _post(world, "TILL", Priority.TILL)
    worker = Worker(world.runtime.engine, 1)
    order = [(await world.claim(worker))[0].document_id for _ in range(4)]
    assert order == [till, old_bulk, single, bulk]


async def _post(world: World, reference: str, priority: Priority) -> str:
    new = parse_invoice(as_body(an_invoice(reference)), now=world.clock.now())
    create = partial(invoices.create, desk=world.runtime.desk(), new=new, priority=priority)
    return (await world.runtime.database.write_as(world.company_id, create)).invoice.id


async def _warm(world: World) -> None:
    """Have the connection ready and the lane made."""
    await world.post("INV-WARM")
    await world.work()


async def _finish(world: World, claim: Claim) -> None:
    client = await _client(world, claim)
    try:
        answer = await world.runtime.engine.kinds[claim.kind].send(client, claim.payload, claim.stamp)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the worker would have got
        await world.worker._settling.put(Settlement(claim, Outcome(error)))  # type: ignore[arg-type]  # an EfrisError
    else:
        await world.worker._settling.put(Settlement(claim, Outcome(answer)))


async def _client(world: World, claim: Claim):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the protocol's client
    client = world.runtime.engine.connections.ready(claim.device_id)
    assert client is not None
    return client


async def _set(world: World, document_id: str, **values: object) -> None:
    await _change(world, update(Document).where(Document.id == document_id).values(**values))


async def _change(world: World, statement: Update) -> None:
    def work(session: Session) -> None:
        session.execute(statement)

    await world.runtime.database.write(work)


async def test_a_place_that_comes_free_while_a_worker_looks_is_used_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still: a worker that went to rest would rest for ever."""
    await _warm(world)
    await _change(world, update(Device).values(keep_order=True))
    runtime, clock = world.runtime, world.clock
    world.break_authority(Fault("latency", "T109", times=1, seconds=Decimal(5)))
    await world.post("INV-1")
    worker = Worker(runtime.engine, CONCURRENCY)
    running = asyncio.create_task(worker.run())
    await clock.until_asleep(2)  # the authority over the first document, and the worker
    second = await world.post("INV-2")
    look = runtime.database.read_plain

    async def look_for_long(work: PlainWork[T]) -> T:
        monkeypatch.undo()
        seen = await look(work)
        clock.advance(5.0)
        await worker.idle()
        return seen

    monkeypatch.setattr(runtime.database, "read_plain", look_for_long)
    worker.wake()
    waiting = runtime.wait_until_settled(world.company_id, second.invoice.id, 30, known=second.invoice)
    shown = await asyncio.wait_for(waiting, PATIENCE)
    assert shown.fdn == world.numbers("INV-2")[0]
    worker.stop()
    await running
