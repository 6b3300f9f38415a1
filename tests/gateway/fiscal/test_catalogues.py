"""The authority's lists are fetched bit by bit, kept, refreshed and aged; what a check needs is looked up in them."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal.catalogues import fetching, keeping
from risiti.gateway.fiscal.catalogues.keeping import CopyView
from risiti.gateway.fiscal.catalogues.tables import CatalogueList
from risiti.gateway.fiscal.validation.known import Known, Wanted
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.jobs.runner import Runner
from risiti.gateway.submissions.tables import Revision
from risiti.gateway.tenancy.environment import Environment
from risiti.simulator import Fault
from tests.gateway.submissions.persons import do_tasks
from tests.gateway.submissions.world import World, open_world

pytestmark = pytest.mark.anyio

LEAF = "14111514"


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url) as opened:
        yield opened


async def fetch(world: World, kind: str = fetching.LISTS, *, runner: Runner | None = None) -> None:
    new = NewTask(kind, company_id=world.company_id, key="test")
    await world.runtime.database.write(
        lambda session: queue.enqueue(session, world.runtime.ids, world.clock.now(), new)
    )
    await do_tasks(world, runner or _runner(world))


def _runner(world: World) -> Runner:
    handler = fetching.fetching(world.runtime.engine)
    return Runner(
        world.runtime.database,
        {fetching.LISTS: handler, fetching.GOODS: handler},
        clock=world.clock,
        random=world.runtime.engine.random,
        timing=world.runtime.task_timing,
        concurrency=1,
    )


async def look_up(world: World, **wanted: frozenset[str]) -> Known:
    read_lists = world.runtime.knowledge.read_lists
    assert read_lists is not None

    def work(session: CompanySession) -> Known:
        return read_lists(session, Wanted(**wanted))

    return await world.runtime.database.read_as(world.company_id, work)


async def copies(world: World) -> dict[str, CopyView]:
    found = await world.runtime.database.read_as(
        world.company_id, lambda session: keeping.copies_of(session, world.clock.now())
    )
    return {one.list.value: one for one in found}


async def test_before_the_first_fetching_nothing_is_known_and_nothing_is_said(world: World) -> None:
    assert await look_up(world) == Known()
    assert await copies(world) == {}


async def test_after_fetching_units_currencies_categories_and_duties_are_known(world: World) -> None:
    await fetch(world)
    known = await look_up(world, categories=frozenset({LEAF, "00000000"}))
    assert "101" in (known.units or {})
    assert "UGX" in (known.currencies or ())
    assert set(known.categories or {}) == {LEAF}
    assert known.duties == {}
    assert known.goods is None
    there = await copies(world)
    assert set(there) == {"units", "currencies", "exchange_rates", "excise_duties", "categories"}
    assert all(one.entries > 0 for one in there.values())


async def test_a_fetching_that_is_cut_off_goes_on_where_it_was(world: World) -> None:
    world.break_authority(Fault("http_503", "T125"))
    runner = _runner(world)
    await fetch(world, runner=runner)
    assert set(await copies(world)) == {"units", "currencies", "exchange_rates"}
    lists = world.authority.calls()["T115"]
    world.break_authority()
    await do_tasks(world, runner, minutes=10)
    assert "categories" in await copies(world)
    assert world.authority.calls()["T115"] == lists


async def test_the_lists_are_not_fetched_anew_for_every_company_and_only_changes_are_asked_for_later(
    world: World,
) -> None:
    await fetch(world)
    calls = world.authority.calls()
    await fetch(world)
    assert world.authority.calls()["T115"] == calls["T115"]
    world.clock.advance(timedelta(hours=21).total_seconds())
    assert (await copies(world))["units"].age_hours > 20
    await fetch(world)
    assert world.authority.calls()["T115"] == calls["T115"] + 1
    assert world.authority.calls()["T124"] == calls["T124"]
    assert (await copies(world))["categories"].age_hours < 1


async def test_a_company_s_goods_are_its_own(world: World) -> None:
    await fetch(world, fetching.GOODS)
    known = await look_up(world, goods=frozenset({"BOOK-96"}))
    assert known.goods == {}
    assert set(await copies(world)) == {"goods"}


async def test_a_foreign_document_is_kept_at_the_authority_s_rate_and_at_the_caller_s_own_if_it_gives_one(
    world: World,
) -> None:
    await fetch(world)
    rates = await world.runtime.database.read(
        lambda session: keeping.exchange_rates(session, Environment.TEST, world.clock.now())
    )
    told = await world.post("RATE-1", currency="USD")
    assert await rate_of(world, told.invoice.id) == rates["USD"]
    own = await world.post("RATE-2", currency="USD", exchange_rate="3700")
    assert await rate_of(world, own.invoice.id) == Decimal(3700)
    await world.work()
    assert (await world.look(told.invoice.id)).state == "fiscalised"


async def test_a_rate_is_used_for_so_long_and_not_longer(world: World) -> None:
    await fetch(world)
    world.clock.advance(keeping.RATES_LAST.total_seconds() - 60)
    still = await world.post("RATE-3", currency="USD")
    assert await rate_of(world, still.invoice.id) is not None
    world.clock.advance(120)
    late = await world.post("RATE-4", currency="USD")
    assert await rate_of(world, late.invoice.id) is None


async def rate_of(world: World, document_id: str) -> Decimal | None:
    def work(session: CompanySession) -> str:
        return session.get_one(Revision, (document_id, 1)).content

    rate = json.loads(await world.runtime.database.read_as(world.company_id, work), parse_float=str)["exchange_rate"]
    return None if rate is None else Decimal(rate)


async def test_what_is_remembered_of_a_list_gives_way_to_its_next_copy(world: World) -> None:
    await fetch(world)
    before = await look_up(world, categories=frozenset({LEAF, "99999999"}))
    assert set(before.categories or {}) == {LEAF}
    assert await look_up(world, categories=frozenset({LEAF, "99999999"})) == before
    later = world.clock.now() + timedelta(hours=1)
    entry = {"code": "99999999", "name": "New", "is_leaf": True}
    parts = [
        keeping.Part(CatalogueList.CATEGORIES, {"99999999": json.dumps(entry)}, is_last=True),
        keeping.Part(CatalogueList.UNITS, {"ZZZ": "New unit"}, is_last=True),
    ]
    await world.runtime.database.write(lambda session: keeping.keep_lists(session, Environment.TEST, parts, later))
    after = await look_up(world, categories=frozenset({LEAF, "99999999"}))
    assert set(after.categories or {}) == {"99999999"}
    assert after.units == {"ZZZ": "New unit"}
    assert after.duties == before.duties
