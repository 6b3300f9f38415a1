"""A sale that has no fiscal number yet is never forgotten until it is too late, even if no worker runs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.gateway.events import Event
from risiti.gateway.submissions import watchdog
from risiti.gateway.submissions.deadlines import DeadlineRules, deadline, sold_before
from risiti.gateway.submissions.tables import Document
from risiti.gateway.submissions.watchdog import Level, Watchdog
from tests.gateway.submissions.world import World, open_world

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
RULES = st.builds(DeadlineRules, backdating_days=st.integers(0, 60), months_close=st.booleans())


def eat(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=EAST_AFRICA_TIME)


def test_a_deadline_is_the_earlier_of_seven_days_and_the_end_of_the_month_in_kampala() -> None:
    assert deadline(eat(2026, 3, 2, 12)) == eat(2026, 3, 10)
    assert deadline(eat(2026, 3, 28, 12)) == eat(2026, 4, 1)
    assert deadline(eat(2026, 12, 31, 23, 59)) == eat(2027, 1, 1)
    assert deadline(datetime(2026, 3, 31, 21, 30, tzinfo=UTC)) == eat(2026, 4, 9)  # April has begun in Kampala


@given(MOMENTS, RULES)
def test_a_sale_is_never_over_before_it_is_made(sold: datetime, rules: DeadlineRules) -> None:
    assert sold < deadline(sold, rules) <= sold + timedelta(days=rules.backdating_days + 1)


@given(MOMENTS, MOMENTS, RULES)
def test_the_database_is_asked_for_exactly_the_sales_whose_deadline_is_so_near(
    sold: datetime, moment: datetime, rules: DeadlineRules
) -> None:
    assert (deadline(sold, rules) <= moment) is (sold < sold_before(moment, rules))


@pytest.mark.anyio
async def test_with_every_worker_down_the_owner_is_warned_a_day_and_six_hours_before_and_when_it_is_over(
    world: World,
) -> None:
    accepted = [await world.post(f"INV-{number}") for number in range(3)]
    assert accepted[0].invoice.upload_deadline == eat(2026, 3, 10)
    dog = Watchdog(world.runtime.database, world.clock, world.runtime.ids)
    other = Watchdog(world.runtime.database, world.clock, world.runtime.ids)
    assert await dog.turn() == []
    world.clock.advance((eat(2026, 3, 8, 22) - world.clock.now()).total_seconds())
    told = []
    while world.clock.now() < eat(2026, 3, 10, 2):
        for level, item in [*await dog.turn(), *await other.turn()]:
            told.append((level, item.documents_by_level[level], round(item.hours_left)))
        world.clock.advance(7_200)
    assert told == [(Level.DAY, 3, 24), (Level.HOURS, 3, 6), (Level.OVER, 3, 0)]
    events = await world.runtime.database.read(
        lambda session: list(session.scalars(select(Event).where(Event.name == "deadline.near")))
    )
    assert len(events) == len(told)


@pytest.mark.anyio
async def test_the_tax_at_risk_is_that_of_the_documents_without_a_number(world: World) -> None:
    fiscalised = await world.post("INV-A")
    await world.work()
    await world.post("INV-B")
    withdrawn = await world.post("INV-C")
    await world.runtime.database.write(
        lambda session: setattr(session.get_one(Document, withdrawn.invoice.id), "state", "withdrawn")
    )
    found = await world.runtime.database.read_as(
        world.company_id, lambda session: watchdog.look(session, world.clock.now())
    )
    (item,) = found.items
    assert (item.documents, item.currency, item.tax) == (1, "UGX", Decimal("457.63"))
    assert item.penal_tax == 2 * item.tax
    assert (await world.look(fiscalised.invoice.id)).upload_deadline is None
    assert watchdog.total(found).documents["any"] == 1


@pytest.mark.anyio
async def test_near_the_end_of_a_period_the_oldest_sales_go_out_first(world: World) -> None:
    late = world.clock.now() - timedelta(days=6)  # in February: its month is over
    fresh = await world.post("INV-NEW")
    old = await world.post("INV-OLD", issued_at=late.isoformat())
    dog = Watchdog(world.runtime.database, world.clock, world.runtime.ids)
    await dog.turn()
    order = await world.runtime.database.read(
        lambda session: list(session.scalars(select(Document.id).order_by(Document.turn_at)))
    )
    assert order == [old.invoice.id, fresh.invoice.id]
    assert await dog.turn() == []


@pytest.mark.anyio
async def test_other_rules_that_are_set_hold_for_documents_for_the_watchdog_and_for_the_penalty(
    database_url: str,
) -> None:
    async with open_world(
        database_url, efris_backdating_days=40, efris_months_close=False, efris_penalty_factor=Decimal(3)
    ) as world:
        accepted = await world.post("INV-A")
        assert accepted.invoice.upload_deadline == eat(2026, 4, 12)  # sold on 2 March
        handed = await world.hand_in("INV-B")
        assert handed.invoice.upload_deadline == eat(2026, 4, 12)
        rules = world.runtime.rules
        found = await world.runtime.database.read(lambda session: watchdog.look(session, world.clock.now(), rules))
        (item,) = found.items
        assert (item.next_deadline, item.penal_tax) == (eat(2026, 4, 12), 3 * item.tax)
