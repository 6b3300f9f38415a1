"""An import's backlog goes several documents to a message, and each document is still settled for itself."""

import asyncio
import dataclasses
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from risiti.gateway.events import Event
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions.batches import InLine, messages
from risiti.gateway.submissions.claim import by_message
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.recovery import Epoch, hold_back, open_epoch
from risiti.gateway.submissions.send import send
from risiti.gateway.submissions.sql import claiming_postgresql, claiming_sqlite
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Lane, Revision
from risiti.gateway.tenancy.tables import Device, DeviceState
from risiti.gateway.worker.loop import IN_FLIGHT_PER_DEVICE
from risiti.simulator import Fault
from risiti.simulator.answers import Answer
from risiti.simulator.handlers import invoice_batch
from tests.gateway.submissions.crashes import Killed
from tests.gateway.submissions.world import World, open_world
from tests.make import a_line, an_invoice, as_body

pytestmark = pytest.mark.anyio

BACKLOG = 40
BATCH = "T129"
ALONE = "T109"


async def test_an_imports_backlog_goes_several_documents_to_a_message_and_each_gets_its_number(world: World) -> None:
    ids = await imported(world, BACKLOG)
    await world.work()
    calls = world.authority.calls()
    assert calls[BATCH] > 0
    assert calls[ALONE] + calls[BATCH] < 0.6 * BACKLOG
    for number, document_id in enumerate(ids):
        invoice = await world.look(document_id)
        assert [invoice.fdn] == world.numbers(reference(number))
        (attempt,) = await world.attempts(document_id)
        assert attempt.outcome is AttemptOutcome.FISCALISED
        (sent,) = as_wire((await world.events(document_id))[-1].data["wire"])
        assert sent["exchange"] == attempt.exchange_id
    await is_one_message_a_call(world, calls[ALONE] + calls[BATCH])


async def test_tills_and_single_documents_never_share_a_message(world: World) -> None:
    for number in range(BACKLOG):
        await post(world, number, (Priority.TILL, Priority.SINGLE)[number % 2])
    await world.work()
    assert world.authority.calls().get(BATCH, 0) == 0
    assert await states(world) == {"fiscalised": BACKLOG}


@pytest.mark.parametrize("most", [1, 3])
async def test_no_message_carries_more_than_the_setting_says(database_url: str, most: int) -> None:
    async with open_world(database_url, efris_batch=most) as world:
        await imported(world, BACKLOG)
        await world.work()
        shared = await documents_of_messages(world)
        assert max(shared.values()) == most
        assert await states(world) == {"fiscalised": BACKLOG}


async def test_a_refused_document_of_a_batch_is_refused_alone_and_explained(world: World) -> None:
    await imported(world, 10)
    bad = [await post(world, number, Priority.BULK, lines=[a_line(unit="zz9")]) for number in range(10, 12)]
    good = [await post(world, number, Priority.BULK) for number in range(12, BACKLOG)]
    await world.work()
    assert world.authority.calls()[BATCH] > 0
    for document_id in bad:
        refused = await world.look(document_id)
        assert refused.state == "refused"
        assert refused.refusal is not None
        assert (refused.refusal.code, refused.refusal.path) == ("1208", "/lines/0/unit")
    assert {(await world.look(one)).state for one in good} == {"fiscalised"}


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "garbage"])
async def test_a_batch_whose_answer_is_lost_puts_each_of_its_documents_in_doubt_and_each_is_settled_once(
    world: World, fault: str
) -> None:
    await imported(world, BACKLOG)
    world.break_authority_once(fault, BATCH)
    await world.work()
    doubted = (await states(world))["in_doubt"]
    assert doubted >= 2
    await world.settle(3_600, 60)
    assert await states(world) == {"fiscalised": BACKLOG}
    assert all(len(world.numbers(reference(number))) == 1 for number in range(BACKLOG))


async def test_what_was_sent_in_vain_with_others_goes_alone_the_next_time(world: World) -> None:
    ids = await imported(world, BACKLOG)
    world.break_authority_once("drop_before", BATCH)
    await world.settle(3_600, 60)
    shared = await documents_of_messages(world)
    again = 0
    for document_id in ids:
        attempts = await world.attempts(document_id)
        again += len(attempts) > 1
        assert all(shared[attempt.exchange_id] == 1 for attempt in attempts[1:])
    assert again >= 2


async def test_a_batch_that_is_too_large_for_the_authority_holds_nothing_up(world: World) -> None:
    world.authority.settings = dataclasses.replace(world.authority.settings, max_batch=2)
    await imported(world, BACKLOG)
    await world.settle(600, 5)
    assert await states(world) == {"fiscalised": BACKLOG}
    assert all(len(world.numbers(reference(number))) == 1 for number in range(BACKLOG))
    outcomes = await count(world, Attempt.outcome)
    assert set(outcomes) == {AttemptOutcome.FISCALISED, AttemptOutcome.NOT_PROCESSED}
    refused = outcomes[AttemptOutcome.NOT_PROCESSED]
    assert 3 <= refused < BACKLOG / 2


@pytest.mark.parametrize("change", ["in another order", "with a row missing"])
async def test_an_answer_whose_rows_cannot_be_told_apart_is_not_believed(
    world: World, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    def mixed_up(rows: list[object], *rest: str) -> Answer:
        return Answer(rows[::-1] if change == "in another order" else rows[:-1], *rest)

    monkeypatch.setattr(invoice_batch, "Answer", mixed_up)
    await imported(world, BACKLOG)
    await world.work()
    held = await states(world)
    assert held["in_doubt"] >= 2
    assert held.keys() <= {"in_doubt", "fiscalised", "waiting"}
    await world.settle(3_600, 60)
    assert await states(world) == {"fiscalised": BACKLOG}
    for number in range(BACKLOG):
        assert len(world.numbers(reference(number))) == 1


@pytest.mark.parametrize("code", ["1610", "2247"])
async def test_a_code_about_one_document_over_a_whole_batch_makes_no_document_go_again_at_once(
    world: World, code: str
) -> None:
    """All of them may have been stored before the authority disliked one."""
    await imported(world, BACKLOG)
    world.break_authority(Fault("refuse_after", BATCH, times=1, code=code))
    await world.work()
    assert (await states(world))["in_doubt"] >= 2
    world.authority.settings = dataclasses.replace(world.authority.settings, duplicate_check="off")
    await world.settle(3_600, 60)
    assert await states(world) == {"fiscalised": BACKLOG}
    assert all(len(world.numbers(reference(number))) == 1 for number in range(BACKLOG))


async def test_no_document_is_called_refused_by_an_answer_that_leaves_another_in_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows of it may stand in each other's place, and nothing in them would show it."""
    monkeypatch.setattr(invoice_batch, "Answer", _first_row_unclear_and_both_exchanged)
    await with_a_backlog(world, 2, unit="zz9")
    await world.turn()
    assert (await states(world)).get("refused", 0) == 0


async def test_documents_that_are_refused_make_no_batch_smaller(world: World) -> None:
    await with_a_backlog(world, BACKLOG, unit="zz9")
    await world.work()
    assert (await states(world))["refused"] == BACKLOG
    assert max((await documents_of_messages(world)).values()) > 2


@pytest.mark.parametrize("code", ["403", "402"])
async def test_a_device_or_key_that_is_turned_away_with_a_batch_holds_nothing_against_its_documents(
    world: World, code: str
) -> None:
    await with_a_backlog(world)
    world.break_authority(Fault("refuse", BATCH, code=code))
    await world.turn()
    seen = await states(world)
    assert seen.keys() <= {"fiscalised", "waiting"}
    if code == "403":
        paused = select(func.count()).select_from(Event).where(Event.name == "device.paused")
        assert await world.runtime.database.read(lambda session: session.scalar(paused)) == 1
    world.break_authority()
    await world.settle(7_200, 60)
    assert (await states(world))["fiscalised"] == BACKLOG + 1


@pytest.mark.parametrize("gate", ["of the address", "of documents", "of the device"])
async def test_while_anything_on_its_way_is_tried_a_message_carries_one_document(world: World, gate: str) -> None:
    await with_a_backlog(world)
    (device_id,) = await world.device_ids()
    lane = world.runtime.engine.connections.upstreams._lanes[device_id]
    assert lane.batch(0.0) > 1
    tried = {
        "of the address": lane.upstream.gate,
        "of documents": lane.upstream.submit.gate,
        "of the device": lane.gate,
    }
    tried[gate].standing = dataclasses.replace(tried[gate].standing, phase=Phase.HALF_OPEN)
    assert lane.batch(0.0) == 1


async def test_after_a_recovery_one_of_the_documents_that_are_left_of_a_message_holds_its_place(world: World) -> None:
    await with_a_backlog(world)
    older = (await waiting(world))[::2]
    await change(world, update(Document).where(Document.id.not_in(older)).values(epoch=1))
    opened = await world.runtime.database.write(lambda session: open_epoch(session, world.clock.now(), "a test"))
    claims = await world.claim()
    desk, epoch = world.runtime.desk(), Epoch(opened.number, opened.opened_at, opened.until)
    kept = await world.runtime.database.write(partial(hold_back, desk=desk, epoch=epoch, claims=claims))
    assert 0 < len(kept) < len(claims)
    places = select(func.count()).where(Document.state == "sending", Document.rides_along.is_(False))
    assert await world.runtime.database.read(lambda session: session.scalar(places)) == len(by_message(kept))


@pytest.mark.parametrize("left", [True, False])
async def test_a_batch_that_is_not_signed_in_time_has_not_left_and_is_put_in_no_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch, *, left: bool
) -> None:
    await with_a_backlog(world, 2)
    claims = await world.claim()
    client = world.runtime.engine.connections.ready(claims[0].device_id)
    assert client is not None
    timing = dataclasses.replace(world.runtime.engine.timing, answer=0.01)
    engine = dataclasses.replace(world.runtime.engine, timing=timing)

    async def never(*_: object, **__: object) -> None:
        await asyncio.get_running_loop().create_future()

    patched = ("_exchange", "_with_key")[not left]
    if left:
        monkeypatch.setattr(client._transport, "post", never, raising=False)
    else:
        monkeypatch.setattr(client, patched, never)
    await send(engine, client, claims, world.worker._settling.put)
    assert (await states(world))["in_doubt" if left else "waiting"] == 2


async def test_who_rides_along_holds_no_place_of_his_company_or_device(world: World) -> None:
    await with_a_backlog(world)
    claims = await world.claim()
    assert len({claim.stamp.exchange_id for claim in claims}) == IN_FLIGHT_PER_DEVICE
    assert len(claims) > IN_FLIGHT_PER_DEVICE
    till = await post(world, BACKLOG + 1, Priority.TILL)
    assert await world.claim() == []  # all places are taken, as before
    await finish(world, claims[0].stamp.exchange_id)
    assert [claim.document_id for claim in await world.claim()] == [till]


async def test_a_companys_cap_counts_messages(world: World) -> None:
    await with_a_backlog(world)
    await change(world, update(Lane).values(most_at_once=2))
    claims = await world.claim()
    assert len({claim.stamp.exchange_id for claim in claims}) == 2
    assert len(claims) == 4


@pytest.mark.parametrize("state", ["keeps its order", "is paused"])
async def test_a_device_that_keeps_its_order_or_is_only_probed_sends_one_by_one(world: World, state: str) -> None:
    await with_a_backlog(world)
    if state == "is paused":
        values: dict[str, object] = {"state": DeviceState.PAUSED, "paused_reason": "x", "paused_at": world.clock.now()}
    else:
        values = {"keep_order": True}
    await change(world, update(Device).values(**values))
    world.clock.advance(world.runtime.engine.timing.lane_probe + 1)
    assert len(await world.claim()) == 1


@pytest.mark.parametrize(("too_large_by", "goes_alone"), [(0, False), (1, True)])
async def test_a_large_document_has_a_message_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch, too_large_by: int, *, goes_alone: bool
) -> None:
    await with_a_backlog(world)
    query = select(Revision.document_id, Revision.payload)
    payloads = await world.runtime.database.read(lambda session: session.execute(query).all())
    sizes = {document_id: len(payload) for document_id, payload in payloads}
    large = max(sizes, key=lambda document_id: sizes[document_id])
    for claiming in (claiming_postgresql, claiming_sqlite):
        monkeypatch.setattr(claiming, "MOST_BYTES", sizes[large] - too_large_by)
    claims = await world.claim()
    (call,) = [claim.stamp.exchange_id for claim in claims if claim.document_id == large]
    assert (sum(claim.stamp.exchange_id == call for claim in claims) == 1) is goes_alone


@pytest.mark.parametrize("step", range(7))
async def test_a_worker_killed_while_batches_are_on_their_way_loses_and_doubles_nothing(
    world: World, step: int
) -> None:
    await with_a_backlog(world, 6)
    world.killer.kill_at(step)
    with suppress(Killed):
        await world.turn()
    await world.crash()
    await world.settle(7_200, 60)
    assert step == 0 or max((await documents_of_messages(world)).values()) > 1
    assert await states(world) == {"fiscalised": 6 + 1}
    assert all(len(world.numbers(reference(number))) == 1 for number in range(6))


lines = st.lists(
    st.builds(InLine, document=st.uuids(), kind=st.sampled_from(["invoice", "receipt"]), may_share=st.booleans()),
    max_size=40,
    unique_by=lambda one: one.document,
)


@given(line=lines, places=st.integers(0, 8), most=st.integers(1, 10))
def test_a_line_is_divided_into_messages(line: list[InLine[object]], places: int, most: int) -> None:
    made = messages(line, places, most)
    by_document = {one.document: one for one in line}
    taken = [document for message in made for document in message]
    assert len(taken) == len(set(taken))
    assert len(made) <= places
    assert [message[0] for message in made] == [one.document for one in line if one.document in {m[0] for m in made}]
    for message in made:
        assert 1 <= len(message) <= most
        assert len({by_document[document].kind for document in message}) == 1
        assert len(message) == 1 or all(by_document[document].may_share for document in message)
    if len(made) < places:
        assert set(taken) == set(by_document)
    elif places:
        assert line[0].document in taken


def _first_row_unclear_and_both_exchanged(rows: list[dict[str, str]], *rest: str) -> Answer:
    first = rows[0] | {"invoiceReturnCode": "99", "invoiceContent": ""}
    return Answer([*rows[1:], first], *rest)


def as_wire(data: object) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", data)


def reference(number: int) -> str:
    return f"IMPORT-{number:04}"


async def post(world: World, number: int, priority: Priority, **changes: object) -> str:
    new = parse_invoice(as_body(an_invoice(reference(number), **changes)), now=world.clock.now())
    create = partial(invoices.create, desk=world.runtime.desk(), new=new, priority=priority)
    world.clock.advance(0.001)
    return (await world.runtime.database.write_as(world.company_id, create)).invoice.id


async def imported(world: World, how_many: int) -> list[str]:
    return [await post(world, number, Priority.BULK) for number in range(how_many)]


async def with_a_backlog(world: World, how_many: int = BACKLOG, **line: object) -> None:
    """Have a worker that knows of a backlog, with a device that is ready and nothing on the wire."""
    await world.post("INV-WARM")
    await world.work()
    await post(world, 0, Priority.BULK, lines=[a_line(name="L" * 60, **line)])
    for number in range(1, how_many):
        await post(world, number, Priority.BULK, lines=[a_line(**line)])
    (device_id,) = await world.device_ids()
    world.worker._backlogs.add(device_id)


async def waiting(world: World) -> list[str]:
    query = select(Document.id).where(Document.state == "waiting").order_by(Document.turn_at, Document.id)
    return await world.runtime.database.read(lambda session: list(session.scalars(query)))


async def finish(world: World, exchange_id: str) -> None:
    """Have the documents of one message settled as sent."""
    query = select(Attempt.document_id).where(Attempt.exchange_id == exchange_id)
    ids = await world.runtime.database.read(lambda session: list(session.scalars(query)))
    await change(
        world,
        update(Document)
        .where(Document.id.in_(ids))
        .values(state="in_doubt", due_at=world.clock.now(), lease_until=None),
    )


async def change(world: World, statement: object) -> None:
    await world.runtime.database.write(lambda session: session.execute(statement) and None)  # type: ignore[call-overload]


async def states(world: World) -> dict[str, int]:
    return {str(state): number for state, number in (await count(world, Document.state)).items()}


async def count(world: World, column: object) -> Counter[object]:
    query = select(column, func.count()).group_by(column)  # type: ignore[call-overload]
    return await world.runtime.database.read(lambda session: Counter(dict(session.execute(query).all())))


async def documents_of_messages(world: World) -> Counter[str]:
    query = select(Attempt.exchange_id)
    return await world.runtime.database.read(lambda session: Counter(session.scalars(query)))


async def is_one_message_a_call(world: World, calls: int) -> None:
    assert len(await documents_of_messages(world)) == calls
