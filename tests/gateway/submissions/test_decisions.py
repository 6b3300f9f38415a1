"""A held document ends as the person decides who looked into it - never against what the authority shows."""

from decimal import Decimal
from functools import partial

import pytest

from risiti.gateway.kernel.errors import Conflict, Invalid, NotFound
from risiti.gateway.submissions.choices import Action, DecisionState
from risiti.gateway.tenancy import companies
from risiti.simulator import Fault
from tests.gateway.submissions.persons import ANNA, OKELLO, decide, do_tasks, forget, look_at
from tests.gateway.submissions.world import World
from tests.make import a_line

pytestmark = pytest.mark.anyio

OVER = 2_400
"""Seconds after which a document that is not shown is held, if the authority's duplicate check is unproven."""


async def held(world: World, *, exists: bool) -> str:
    """Have a document held although the authority has it (and does not show it), or because it has not."""
    world.break_authority(
        Fault("drop_after" if exists else "drop_before", "T109", times=1),
        Fault("lag", "T106"),
    )
    accepted = await world.post()
    await world.work(OVER, step=60)
    world.break_authority()
    assert (await world.look(accepted.invoice.id)).state == "held"
    return accepted.invoice.id


async def in_conflict(world: World) -> str:
    """Have a document held because the authority has other content under its reference."""
    first = await world.post("INV-A")
    await world.work()
    await forget(world, first.invoice.id)
    other = await world.post("INV-A", lines=[a_line(quantity="7")])
    await world.work(10)
    assert (await world.look(other.invoice.id)).held_reason == "conflict"
    return other.invoice.id


async def test_the_number_that_a_person_names_is_compared_and_adopted(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=True)
    (fdn,) = world.numbers("INV-0001")
    decision = await decide(world, document_id, Action.ADOPT, fdn=fdn)
    assert decision.state is DecisionState.ORDERED
    assert (await world.look(document_id)).state == "held"
    await do_tasks(world)
    invoice = await world.look(document_id)
    assert (invoice.state, invoice.fdn) == ("fiscalised", fdn)
    assert world.authority.calls()["T109"] == 1
    known = await look_at(world, document_id)
    assert [one.state for one in known.decisions] == [DecisionState.DONE]
    assert [attempt.outcome for attempt in known.attempts] == ["superseded"]
    assert (await world.history(document_id))[-2:] == ["invoice.decided", "invoice.fiscalised"]


async def test_a_number_that_belongs_to_other_content_is_not_adopted_whatever_reason_is_given(world: World) -> None:
    document_id = await in_conflict(world)
    (fdn,) = world.numbers("INV-A")
    known = await look_at(world, document_id)
    (candidate,) = known.candidates
    assert candidate.fdn == fdn
    assert {one.field for one in candidate.differences or ()} >= {"gross", "tax"}
    assert known.ours["reference"] == "INV-A"
    await decide(world, document_id, Action.ADOPT, fdn=fdn, accept_differences="It must do.")
    await do_tasks(world)
    known = await look_at(world, document_id)
    assert (known.state, known.held_reason) == ("held", "conflict")
    assert known.decisions[0].state is DecisionState.FAILED
    assert "gross" in (known.decisions[0].outcome or "")


async def test_a_difference_that_touches_no_money_needs_a_reason_of_its_own(world: World) -> None:
    first = await world.post("INV-B")
    await world.work()
    await forget(world, first.invoice.id)
    world.clock.advance(60)
    again = await world.post("INV-B")  # the same sale, but its time was not given and is another now
    await world.work(10)
    document_id = again.invoice.id
    assert (await world.look(document_id)).held_reason == "conflict"
    (fdn,) = world.numbers("INV-B")
    await decide(world, document_id, Action.ADOPT, fdn=fdn)
    await do_tasks(world)
    assert (await look_at(world, document_id)).decisions[0].state is DecisionState.FAILED
    await decide(world, document_id, Action.ADOPT, fdn=fdn, accept_differences="The till restarted; one sale.")
    await do_tasks(world)
    invoice = await world.look(document_id)
    assert (invoice.state, invoice.fdn) == ("fiscalised", fdn)


async def test_a_number_that_the_authority_does_not_know_leaves_the_document_held(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=False)
    await decide(world, document_id, Action.ADOPT, fdn="999999999999")
    await do_tasks(world)
    known = await look_at(world, document_id)
    assert (known.state, known.decisions[0].state) == ("held", DecisionState.FAILED)


async def test_an_adoption_waits_while_the_authority_is_away(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=True)
    (fdn,) = world.numbers("INV-0001")
    world.break_authority(Fault("drop_before"))
    await decide(world, document_id, Action.ADOPT, fdn=fdn)
    runner = world.runtime.runner()
    await do_tasks(world, runner, minutes=5)
    assert (await look_at(world, document_id)).decisions[0].state is DecisionState.ORDERED
    world.break_authority()
    await do_tasks(world, runner, minutes=10)
    assert (await world.look(document_id)).fdn == fdn


async def test_what_is_to_be_sent_again_is_asked_about_first_and_what_is_found_wins(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=True)
    await decide(world, document_id, Action.SEND_AGAIN)
    await world.work(10)
    invoice = await world.look(document_id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-0001"))
    assert world.authority.calls()["T109"] == 1


async def test_what_is_not_there_is_sent_again_when_a_person_says_so(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=False)
    await decide(world, document_id, Action.SEND_AGAIN)
    await world.work(600, step=60)
    invoice = await world.look(document_id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-0001"))


async def test_above_the_companys_limit_two_people_with_two_keys_must_say_so(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=False)
    limit = partial(
        companies.need_second_person,
        ids=world.runtime.ids,
        clock=world.clock,
        company_id=world.company_id,
        above=Decimal("2999.99"),
    )
    await world.runtime.database.write(limit)
    first = await decide(world, document_id, Action.SEND_AGAIN, person=ANNA)
    assert first.state is DecisionState.NEEDS_SECOND
    with pytest.raises(Conflict, match="another person"):
        await decide(world, document_id, Action.SEND_AGAIN, person=ANNA)
    assert (await world.look(document_id)).state == "held"
    second = await decide(world, document_id, Action.SEND_AGAIN, person=OKELLO)
    assert (second.id, second.second_by) == (first.id, OKELLO.name)
    await world.work(600, step=60)
    assert (await world.look(document_id)).state == "fiscalised"


async def test_at_the_companys_limit_one_person_is_enough(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=False)
    limit = partial(
        companies.need_second_person,
        ids=world.runtime.ids,
        clock=world.clock,
        company_id=world.company_id,
        above=Decimal(3000),
    )
    await world.runtime.database.write(limit)
    assert (await decide(world, document_id, Action.SEND_AGAIN)).state is DecisionState.DONE


async def test_a_document_that_is_given_up_stays_where_everybody_sees_it_and_can_be_taken_up(
    unproven_world: World,
) -> None:
    world = unproven_world
    document_id = await held(world, exists=True)
    await decide(world, document_id, Action.GIVE_UP)
    invoice = await world.look(document_id)
    assert (invoice.state, invoice.held_reason) == ("held", "given_up")
    await world.work(3_600, step=600)
    assert (await world.look(document_id)).held_reason == "given_up"
    await decide(world, document_id, Action.ADOPT, fdn=world.numbers("INV-0001")[0])
    await do_tasks(world)
    assert (await world.look(document_id)).state == "fiscalised"


async def test_a_decision_names_who_and_why_for_good(unproven_world: World) -> None:
    world = unproven_world
    document_id = await held(world, exists=False)
    await decide(world, document_id, Action.GIVE_UP, person=OKELLO)
    (decision,) = (await look_at(world, document_id)).decisions
    told = (decision.decided_by, decision.reason, decision.decided_at)
    assert told == (OKELLO.name, "looked for it on the portal", world.clock.now())
    assert "invoice.given_up" in await world.history(document_id)


async def test_only_what_is_held_can_be_decided_and_only_in_words_that_fit(world: World) -> None:
    accepted = await world.post()
    with pytest.raises(Conflict, match="held"):
        await decide(world, accepted.invoice.id, Action.GIVE_UP)
    with pytest.raises(NotFound):
        await decide(world, "doc_" + "0" * 26, Action.GIVE_UP)
    with pytest.raises(Invalid, match="number to adopt"):
        await decide(world, accepted.invoice.id, Action.ADOPT)
    with pytest.raises(Invalid, match="only"):
        await decide(world, accepted.invoice.id, Action.GIVE_UP, fdn="325043056477")
