"""The authority's books and ours are compared, and each way in which they can differ is found, told and explained."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import NoAnswer
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.gateway.events import Event
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.jobs.runner import Runner
from risiti.gateway.submissions import audit, books, findings
from risiti.gateway.submissions.comparing import FindingKind
from risiti.gateway.submissions.findings import FindingState, FindingView
from risiti.simulator import Fault
from tests.gateway.submissions.persons import do_tasks, forget
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio


async def compare_books(world: World, kind: str = audit.FULL, *, later: float = 3_600) -> list[FindingView]:
    """Compare the books once, so much later; return the findings."""
    world.clock.advance(later)
    new = NewTask(kind, company_id=world.company_id)
    await world.runtime.database.write(partial(queue.enqueue, ids=world.runtime.ids, now=world.clock.now(), new=new))
    await do_tasks(world)
    return await world.runtime.database.read_as(world.company_id, partial(findings.page, limit=50))


async def told(world: World) -> int:
    """Count the events of findings."""

    def work(session: Session) -> int:
        return len(session.scalars(select(Event).where(Event.name == "reconciliation.found")).all())

    return await world.runtime.database.read(work)


async def test_books_that_agree_find_nothing(world: World) -> None:
    for number in range(3):
        await world.post(f"INV-{number}")
    await world.work()
    assert await compare_books(world) == []


async def test_a_document_of_ours_that_we_know_nothing_of_is_imported_and_told(world: World) -> None:
    lost = await world.post("INV-LOST")
    await world.work()
    await forget(world, lost.invoice.id)
    (found,) = await compare_books(world)
    assert (found.kind, found.state, [found.fdn]) == (FindingKind.ORPHAN, FindingState.OPEN, world.numbers("INV-LOST"))
    assert (found.detail["reference"], found.detail["gross"]) == ("INV-LOST", "3000.00")
    assert found.detail["lines"]
    assert len(await compare_books(world)) == 1
    assert await told(world) == 1


async def test_a_number_that_the_authority_does_not_know_is_asked_for_by_name_before_anybody_is_told(
    world: World,
) -> None:
    await world.post("INV-GONE")
    await world.work()
    (fdn,) = world.numbers("INV-GONE")
    world.break_authority(Fault("lag", "T106"))
    assert await compare_books(world, audit.LIGHT) == []  # the list hides it, but it is there
    world.break_authority()
    _lose_at_the_authority(world, fdn)
    (found,) = await compare_books(world)
    assert (found.kind, found.fdn, found.state) == (FindingKind.MISSING, fdn, FindingState.OPEN)


async def test_a_reference_with_two_numbers_is_told_with_the_draft_of_a_credit_note_for_the_later_one(
    world: World,
) -> None:
    world.authority.settings = replace(world.authority.settings, duplicate_check="off")
    world.break_authority(Fault("duplicate_delivery", "T109", times=1))
    accepted = await world.post("INV-TWICE")
    await world.work(60)
    first, second = world.numbers("INV-TWICE")
    (found,) = await compare_books(world)
    ours = (await world.look(accepted.invoice.id)).fdn
    assert (found.kind, found.document_id) == (FindingKind.DOUBLED, accepted.invoice.id)
    assert {ours, found.fdn} == {first, second}
    draft = found.detail["credit_note_draft"]
    assert isinstance(draft, dict)
    assert (draft["original_fdn"], draft["gross"], found.detail["beside"]) == (found.fdn, "3000.00", ours)


async def test_a_refused_document_that_exists_after_all_gets_its_number(world: World) -> None:
    world.break_authority(Fault("refuse_after", "T109", times=1, code="1316"))
    accepted = await world.post("INV-BACK")
    await world.work()
    assert (await world.look(accepted.invoice.id)).state == "refused"
    (found,) = await compare_books(world)
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-BACK"))
    assert (found.kind, found.state) == (FindingKind.RESURRECTED, FindingState.RESOLVED)
    assert await told(world) == 1


@pytest.mark.parametrize("hours", [1, 24, 72])
async def test_a_refused_reference_is_asked_about_again_after_an_hour_a_day_and_three_days(
    world: World, hours: int
) -> None:
    accepted = await world.post("INV-LATER")
    world.break_authority(Fault("refuse_after", "T109", times=1, code="1316"), Fault("lag", "T106"))
    await world.work()
    runner = Runner(
        world.runtime.database,
        {audit.RECHECK: audit.rechecking(world.runtime.engine)},
        clock=world.clock,
        random=Random(1),  # noqa: S311 - repeatable on purpose
        timing=world.runtime.task_timing,
        concurrency=1,
    )
    new = NewTask(audit.RECHECK, company_id=world.company_id, every=600)
    await world.runtime.database.write(partial(queue.enqueue, ids=world.runtime.ids, now=world.clock.now(), new=new))
    await do_tasks(world, runner)
    world.clock.advance(hours * 3_600 - 1_200)
    await do_tasks(world, runner)
    world.break_authority()
    assert (await world.look(accepted.invoice.id)).state == "refused"
    world.clock.advance(1_800)
    await do_tasks(world, runner)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"
    assert world.authority.calls()["T109"] == 1


async def test_what_has_come_right_is_closed_by_itself_and_what_a_person_closes_stays_closed(world: World) -> None:
    lost = await world.post("INV-LOST")
    await world.work()
    await forget(world, lost.invoice.id)
    (found,) = await compare_books(world)
    again = await world.runtime.database.write_as(
        world.company_id, lambda session: findings.close(session, world.clock.now(), found.id, "booked by hand")
    )
    assert (again.state, again.outcome) == (FindingState.CLOSED, "booked by hand")
    (found,) = await compare_books(world)
    assert found.state is FindingState.CLOSED


async def test_nothing_is_believed_while_the_authority_does_not_answer(world: World) -> None:
    await world.post("INV-A")
    await world.work()
    world.break_authority(Fault("http_503", "T106"))
    assert await compare_books(world) == []


def _lose_at_the_authority(world: World, fdn: str) -> None:
    with world.authority.store.transaction() as store:
        store.execute("DELETE FROM documents WHERE fdn = ?", (fdn,))


async def test_a_list_that_is_too_long_for_one_window_is_read_in_halves_down_to_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "MAX_PAGE_SIZE", 2)
    monkeypatch.setattr(books, "PAGES_MOST", 2)
    numbers = set()
    for day in range(3):
        for number in range(4):
            accepted = await world.post(f"DAY-{day}-{number}", issued_at=world.clock.now().isoformat())
            await world.work()
            numbers.add((await world.look(accepted.invoice.id)).fdn)
        world.clock.advance(86_400)
    (device_id,) = await world.device_ids()
    connections = world.runtime.engine.connections
    connections.want(device_id, lambda: None)
    await connections.opened()
    client = connections.ready_to_ask(device_id)
    assert client is not None
    today = world.clock.now().astimezone(EAST_AFRICA_TIME).date()
    first = today - timedelta(days=3)
    listed = [one.fdn async for page in books.pages_between(client, first, today) for one in page]
    assert set(listed) == numbers
    monkeypatch.setattr(books, "PAGES_MOST", 1)
    with pytest.raises(NoAnswer, match="more than 2 documents on"):
        async for _ in books.pages_between(client, first, today):
            pass
