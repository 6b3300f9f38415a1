"""Everything goes wrong at random for hours; then it heals, and the books are compared."""

from contextlib import suppress
from decimal import Decimal
from random import Random

import pytest

from risiti.simulator import Fault
from tests.gateway.submissions.crashes import Killed
from tests.gateway.submissions.faults import ANSWERS, CODES
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

ROUNDS = {"sqlite": 36, "postgresql": 16}
"""On a server each takes thrice as long; whatever may come in whatever order is the simulation's matter."""
PAUSES = (1, 5, 30, 95, 700, 1500)


@pytest.mark.parametrize("duplicate_check", ["doc", "off"])
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_each_document_ends_with_at_most_one_number_and_it_is_ours(
    world: World, seed: int, duplicate_check: str
) -> None:
    """Also without the authority's own duplicate check, on which nothing may depend while its lists keep up."""
    chance = Random(seed)  # noqa: S311 - repeatable on purpose
    world.authority.settings = world.authority.settings.changed({"duplicate_check": duplicate_check})
    may_lag = duplicate_check == "doc"
    accepted: dict[str, str] = {}
    database_url = world.runtime.settings.database_url.get_secret_value()
    for _ in range(ROUNDS[database_url.partition(":")[0]]):
        match chance.randrange(5):
            case 0 | 1:
                reference = f"INV-{chance.randrange(60)}"
                invoice = (await world.post(reference)).invoice
                assert accepted.setdefault(reference, invoice.id) == invoice.id
            case 2:
                world.break_authority(*_faults(chance, may_lag=may_lag))
            case 3:
                world.killer.kill_at(chance.randrange(30))
            case _:
                pass
        with suppress(Killed):
            await world.work(chance.choice(PAUSES), step=60)
        if world.killer.has_killed:
            await world.crash()

    world.break_authority()
    await world.crash()
    await world.settle(12 * 3600, step=900)

    for reference, document_id in accepted.items():
        invoice = await world.look(document_id)
        numbers = world.numbers(reference)
        assert len(numbers) <= 1, f"{reference} was doubled"
        assert invoice.state in {"fiscalised", "refused", "held"}, f"{reference} never settled"
        if invoice.state == "fiscalised":
            assert [invoice.fdn] == numbers
        if invoice.state == "refused":
            assert numbers == [], f"{reference} is called refused, and exists"


def _faults(chance: Random, *, may_lag: bool) -> list[Fault]:
    interfaces = ("T109", "T109", "T109", "T106", "T108", "T104", "T101", None)
    faults = [
        Fault(chance.choice(ANSWERS), chance.choice(interfaces), times=chance.randrange(1, 6))
        for _ in range(chance.randrange(4))
    ]
    if chance.random() < 0.5:
        late = Decimal(chance.randrange(5, 700))
        faults.append(Fault("late_delivery", "T109", times=chance.randrange(1, 4), seconds=late))
    if chance.random() < 0.3:
        faults.append(Fault("refuse", "T109", times=1, code=chance.choice(CODES)))
    if may_lag and chance.random() < 0.2:
        faults.append(Fault("lag", "T106", times=chance.randrange(1, 20)))
    return faults
