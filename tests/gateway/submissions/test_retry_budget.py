"""Tries that failed come out of a budget; once it is spent, documents leave one at a time until enough succeed."""

import pytest

from risiti.gateway.submissions.send import send
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

RESERVE = 50
SUCCESSES_FOR_ONE = 11
"""Ten earn one; the eleventh is for what tenths lose in binary."""


async def test_with_the_budget_spent_one_document_is_on_the_wire_until_ten_have_succeeded(world: World) -> None:
    await world.post("INV-WARM")
    await world.work()
    (upstream,) = world.runtime.engine.connections.upstreams._upstreams.values()
    for _ in range(RESERVE):
        upstream.budget.spend()
    for number in range(SUCCESSES_FOR_ONE + 5):
        await world.post(f"INV-{number}")
    for _ in range(SUCCESSES_FOR_ONE):
        (claim,) = await world.claim()
        client = world.runtime.engine.connections.ready(claim.device_id)
        assert client is not None
        await send(world.runtime.engine, client, [claim], world.worker._settling.put)
    assert len(await world.claim()) > 1
