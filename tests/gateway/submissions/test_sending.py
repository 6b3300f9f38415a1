"""What becomes of one document, whatever the authority and the network do with it."""

from functools import partial

import pytest

from risiti.efris import RefusedForGood
from risiti.efris.return_codes import lookup
from risiti.gateway.fiscal import invoices
from risiti.gateway.kernel.errors import Conflict
from risiti.gateway.submissions.settle import Outcome, settle
from risiti.gateway.submissions.tables import AttemptOutcome
from risiti.gateway.tenancy import companies
from risiti.simulator import Fault
from tests.gateway.submissions.persons import forget
from tests.gateway.submissions.world import World
from tests.make import a_line

pytestmark = pytest.mark.anyio

QUIET = 900
LAG = 900
MAY_HAVE_ACTED = (
    "drop_after",
    "http_500_after",
    "http_502_after",
    "html_after",
    "empty_body_after",
    "garbage_after",
    "error_99_after",
    "truncated",
    "other_key",
    "other_exchange_id",
)
NOTHING_HAPPENED = ("drop_before", "close", "http_500", "http_503", "html", "empty_body", "garbage", "error_99")


async def test_a_document_is_fiscalised_with_the_number_that_the_authority_gave(world: World) -> None:
    accepted = await world.post()
    assert accepted.invoice.state == "waiting"
    await world.work()
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")
    assert invoice.verification_code
    assert invoice.qr
    assert await world.history(invoice.id) == ["invoice.accepted", "invoice.fiscalised"]


@pytest.mark.parametrize("fault", MAY_HAVE_ACTED)
async def test_an_answer_lost_on_the_way_is_found_not_sent_again(world: World, fault: str) -> None:
    world.break_authority(Fault(fault, "T109", times=1))
    accepted = await world.post()
    await world.work()
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    await world.work(10)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")
    assert world.authority.calls()["T109"] == 1
    assert [attempt.outcome for attempt in await world.attempts(invoice.id)] == [AttemptOutcome.SUPERSEDED]


@pytest.mark.parametrize("fault", NOTHING_HAPPENED)
async def test_what_never_took_effect_is_sent_again_but_not_before_that_is_proved(world: World, fault: str) -> None:
    world.break_authority(Fault(fault, "T109", times=1))
    accepted = await world.post()
    await world.work(QUIET + LAG - 60, step=60)
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    assert world.authority.calls()["T109"] == 1
    await world.work(400, step=60)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")
    assert world.authority.calls()["T109"] == 2
    first, second = await world.attempts(invoice.id)
    assert first.outcome is AttemptOutcome.PRESUMED_ABSENT
    assert first.evidence_id is not None
    assert second.outcome is AttemptOutcome.FISCALISED
    assert (second.request_time - first.request_time).total_seconds() >= QUIET + LAG


async def test_without_a_proven_duplicate_check_a_lost_request_waits_for_a_person(unproven_world: World) -> None:
    world = unproven_world
    world.break_authority(Fault("drop_before", "T109", times=1))
    accepted = await world.post()
    await world.work(QUIET + LAG + 600, step=60)
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, invoice.held_reason) == ("held", "undecided")
    assert world.authority.calls()["T109"] == 1
    await _look_again(world, invoice.id, may_send=True)
    await world.work(600, step=60)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")


async def test_while_the_authority_cannot_be_reached_documents_wait_untouched(world: World) -> None:
    world.break_authority(Fault("drop_before", "T101"))
    accepted = [await world.post(f"INV-{number}") for number in range(5)]
    await world.work(3600, step=60)
    for one in accepted:
        assert await world.history(one.invoice.id) == ["invoice.accepted"]
    world.break_authority()
    await world.work(300, step=30)
    for one in accepted:
        assert (await world.look(one.invoice.id)).state == "fiscalised"


async def test_a_reference_that_the_authority_has_already_is_adopted_after_comparing_content(world: World) -> None:
    first = await world.post("INV-A")
    await world.work()
    sent = world.authority.documents("INV-A")[0]
    await forget(world, first.invoice.id)
    again = await world.post("INV-A", issued_at="2026-03-02T09:00:00Z")
    await world.work(10)
    invoice = await world.look(again.invoice.id)
    assert (invoice.state, invoice.fdn) == ("fiscalised", sent.fdn)
    assert len(world.numbers("INV-A")) == 1


async def test_the_authoritys_duplicate_check_counts_as_proven_once_it_was_seen_at_work(unproven_world: World) -> None:
    world = unproven_world
    first = await world.post("INV-A")
    await world.work()
    await forget(world, first.invoice.id)
    await world.post("INV-A", issued_at="2026-03-02T09:00:00Z")
    await world.work(10)
    company = await world.runtime.database.read(partial(companies.read, company_id=world.company_id))
    assert company.guard == "proven"


async def test_a_reference_that_stands_for_other_content_at_the_authority_is_never_adopted(world: World) -> None:
    first = await world.post("INV-A")
    await world.work()
    await forget(world, first.invoice.id)
    other = await world.post("INV-A", lines=[a_line(quantity="3")])
    await world.work(10)
    invoice = await world.look(other.invoice.id)
    assert (invoice.state, invoice.held_reason, invoice.fdn) == ("held", "conflict", None)
    assert len(world.numbers("INV-A")) == 1


async def test_a_refusal_is_final_and_a_corrected_revision_goes_out_under_the_same_reference(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="1316"))
    refused = await world.post("INV-R", lines=[a_line(quantity="2")])
    await world.work()
    invoice = await world.look(refused.invoice.id)
    assert invoice.state == "refused"
    assert invoice.refusal is not None
    assert invoice.refusal.code == "1316"
    with pytest.raises(Conflict, match="revision 2"):
        await world.post("INV-R", lines=[a_line(quantity="3")])
    corrected = await world.post("INV-R", lines=[a_line(quantity="3")], revision=2)
    assert corrected.invoice.id == refused.invoice.id
    await world.work()
    invoice = await world.look(corrected.invoice.id)
    assert (invoice.state, invoice.revision, invoice.refusal) == ("fiscalised", 2, None)
    assert [invoice.fdn] == world.numbers("INV-R")


async def test_a_refusal_names_the_sellers_own_line_and_field_although_discounts_are_rows_of_the_authoritys(
    world: World,
) -> None:
    off = {"discount": {"percent": "10"}}
    accepted = await world.post("INV-L", lines=[a_line(**off), a_line(unit="zz9", **off), a_line()])
    await world.work()
    invoice = await world.look(accepted.invoice.id)
    assert invoice.refusal is not None
    assert (invoice.refusal.code, invoice.refusal.path) == ("1208", "/lines/1/unit")
    assert invoice.refusal.message == "The authority does not know this unit."
    assert invoice.refusal.fix
    assert invoice.refusal.said.endswith("Collection index:2")
    refused = (await world.events(accepted.invoice.id))[-1]
    assert refused.event == "invoice.refused"
    assert (refused.data["path"], refused.data["fix"]) == (invoice.refusal.path, invoice.refusal.fix)


async def test_a_shortage_at_the_first_attempt_is_believed_once_asking_shows_no_copy_of_it(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="1600"))
    accepted = await world.post()
    await world.work()
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "refused"
    assert invoice.refusal is not None
    assert invoice.refusal.code == "1600"
    assert world.authority.calls()["T106"] >= 1


async def test_a_shortage_that_a_copy_of_the_message_has_caused_is_not_believed(world: World) -> None:
    """Something on the way sends it twice, and what comes back is the answer to the second copy."""
    accepted = await world.post()
    (claim,) = await world.claim()
    engine = world.runtime.engine
    client = engine.connections.ready(claim.device_id)
    assert client is not None
    await engine.kinds[claim.kind].send(client, claim.payload, claim.stamp)
    shortage = Outcome(RefusedForGood(lookup("1600", "T109")))
    assert await engine.database.write(partial(settle, desk=world.runtime.desk(), claim=claim, outcome=shortage))
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    await world.work()
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")


async def test_a_shortage_after_an_unanswered_attempt_is_not_believed(world: World) -> None:
    world.break_authority(Fault("drop_before", "T109", times=1))
    accepted = await world.post()
    await world.work(QUIET + LAG - 60, step=60)
    world.break_authority(Fault("refuse", "T109", times=1, code="1600"))
    await world.work(900, step=60)
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, invoice.held_reason) == ("held", "undecided")


async def test_a_sale_in_a_closed_tax_period_is_held_for_a_person(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="2789"))
    accepted = await world.post()
    await world.work()
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, invoice.held_reason) == ("held", "period")


async def test_a_sale_held_for_its_period_goes_out_when_a_person_says_so(world: World) -> None:
    world.break_authority(Fault("refuse", "T109", times=1, code="2789"))
    accepted = await world.post()
    await world.work()
    await _look_again(world, accepted.invoice.id, may_send=True)
    await world.work(60)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")


async def test_a_shortage_that_a_person_has_weighed_no_longer_stops_the_document(world: World) -> None:
    world.break_authority(Fault("drop_before", "T109", times=1))
    accepted = await world.post()
    await world.work(QUIET + LAG - 60, step=60)
    world.break_authority(Fault("refuse", "T109", times=1, code="1600"))
    await world.work(900, step=60)
    assert (await world.look(accepted.invoice.id)).state == "held"
    await _look_again(world, accepted.invoice.id, may_send=True)
    await world.work(900, step=60)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")


@pytest.mark.parametrize("code", ["400", "403", "3088", "44"])
async def test_a_blocked_device_pauses_its_lane_and_its_documents_wait(world: World, code: str) -> None:
    world.break_authority(Fault("refuse", "T109", code=code))
    accepted = [await world.post(f"INV-{number}") for number in range(3)]
    await world.work(300, step=30)
    calls = world.authority.calls()["T109"]
    await world.work(300, step=30)
    assert world.authority.calls()["T109"] == calls
    for one in accepted:
        assert (await world.look(one.invoice.id)).state == "waiting"
    world.break_authority()
    await world.work(1800, step=60)
    for one in accepted:
        assert (await world.look(one.invoice.id)).state == "fiscalised"


async def test_an_expired_session_key_costs_one_handshake_for_a_whole_burst(world: World) -> None:
    await world.post("INV-FIRST")
    await world.work()
    handshakes = world.authority.calls()["T104"]
    world.break_authority(Fault("key_expired", "T109", times=8))
    accepted = [await world.post(f"INV-{number}") for number in range(8)]
    await world.work(300, step=10)
    for one in accepted:
        assert (await world.look(one.invoice.id)).state == "fiscalised"
    assert world.authority.calls()["T104"] == handshakes + 1


async def test_a_clock_of_ours_that_is_wrong_by_an_hour_does_not_matter(world: World) -> None:
    world.clock.step_wall(-3600)
    accepted = await world.post()
    await world.work(60)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"


async def test_a_list_that_lags_behind_delays_the_answer_but_never_doubles_the_document(world: World) -> None:
    world.break_authority(Fault("drop_after", "T109", times=1), Fault("lag", "T106"))
    accepted = await world.post()
    await world.work(QUIET + LAG + 900, step=60)
    world.break_authority()
    await world.work(7200, step=120)
    invoice = await world.look(accepted.invoice.id)
    assert invoice.state == "fiscalised"
    assert [invoice.fdn] == world.numbers("INV-0001")


async def test_the_same_document_posted_again_is_the_same_document(world: World) -> None:
    first = await world.post()
    again = await world.post()
    assert (first.replayed, again.replayed) == (False, True)
    assert first.invoice.id == again.invoice.id
    await world.work()
    later = await world.post()
    assert later.replayed
    assert later.invoice.state == "fiscalised"
    assert len(world.numbers("INV-0001")) == 1


async def test_a_withdrawn_document_is_never_sent(world: World) -> None:
    accepted = await world.post()
    withdraw = partial(invoices.withdraw, desk=world.runtime.desk(), document_id=accepted.invoice.id)
    await world.runtime.database.write_as(world.company_id, withdraw)
    await world.work(60)
    assert world.numbers("INV-0001") == []
    assert "T109" not in world.authority.calls()


async def test_a_document_that_may_be_on_its_way_cannot_be_withdrawn(world: World) -> None:
    world.break_authority(Fault("drop_after", "T109"))
    accepted = await world.post()
    await world.work()
    withdraw = partial(invoices.withdraw, desk=world.runtime.desk(), document_id=accepted.invoice.id)
    with pytest.raises(Conflict) as caught:
        await world.runtime.database.write_as(world.company_id, withdraw)
    assert caught.value.effect == "unknown"


async def test_a_replaced_key_is_used_without_a_restart(world: World) -> None:
    await world.post("INV-OLD-KEY")
    await world.work()
    await world.replace_key("another")
    accepted = await world.post("INV-NEW-KEY")
    await world.work(60)
    assert (await world.look(accepted.invoice.id)).state == "fiscalised"


async def _look_again(world: World, document_id: str, *, may_send: bool) -> None:
    """Have a person decide about a held document."""
    decide = partial(
        invoices.look_again,
        desk=world.runtime.desk(),
        document_id=document_id,
        reason="looked for it on the portal",
        may_send=may_send,
    )
    await world.runtime.database.write_as(world.company_id, decide)
