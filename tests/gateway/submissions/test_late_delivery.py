"""A request that the network delivers long after its connection has ended: one number, whenever it arrives."""

from decimal import Decimal

import pytest

from risiti.gateway.submissions.tables import AttemptOutcome
from risiti.simulator import Fault
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

QUIET_AND_LAG = 1_800


def hold_back(world: World, seconds: int) -> None:
    """Have the next document arrive so much later; its sender sees the connection end at once."""
    world.break_authority(Fault("late_delivery", "T109", times=1, seconds=Decimal(seconds)))


@pytest.mark.parametrize("seconds", [150, 590])
async def test_one_that_arrives_after_it_was_asked_about_in_vain_is_found_and_not_sent_again(
    world: World, seconds: int
) -> None:
    hold_back(world, seconds)
    accepted = await world.post()
    await world.work(seconds - 10, step=10)
    assert (await world.look(accepted.invoice.id)).state == "in_doubt"
    assert world.authority.calls()["T106"] > 1
    assert world.numbers("INV-0001") == []
    await world.work(20, step=10)
    assert len(world.numbers("INV-0001")) == 1
    await world.work(QUIET_AND_LAG, step=30)
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-0001"))
    assert world.authority.calls()["T109"] == 1


async def test_one_that_arrives_too_late_for_the_authority_is_refused_there_and_sent_again_after_the_quiet_period(
    world: World,
) -> None:
    hold_back(world, 660)
    accepted = await world.post()
    await world.work(QUIET_AND_LAG + 600, step=30)
    invoice = await world.look(accepted.invoice.id)
    assert (invoice.state, [invoice.fdn]) == ("fiscalised", world.numbers("INV-0001"))
    first, second = await world.attempts(invoice.id)
    assert (first.outcome, second.outcome) == (AttemptOutcome.PRESUMED_ABSENT, AttemptOutcome.FISCALISED)
    assert (second.request_time - first.request_time).total_seconds() >= QUIET_AND_LAG
