"""How slow the authority is is learnt from its lists, kept and told, and only ever makes the gateway wait longer."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from risiti.gateway.submissions import standings
from risiti.gateway.submissions.standings import Slowest
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.submissions.upstreams import scope_of
from risiti.simulator import Fault
from tests.gateway.submissions.test_reconciliation import compare_books
from tests.gateway.submissions.world import ADDRESS, World

pytestmark = pytest.mark.anyio


async def seen(world: World) -> Slowest:
    """Return what every operator is shown, once the worker has looked, too."""
    world.clock.advance(10)
    await world.work()
    (upstream,) = (await world.runtime.database.read(world.runtime.protection)).upstreams
    return Slowest(upstream.longest_lag_seconds, upstream.longest_processing_seconds)


def waits(world: World) -> tuple[float, float]:
    """Return the quiet period and the lag that the engine reckons with."""
    timing = world.runtime.engine.connections.upstreams.careful(world.runtime.engine.timing)
    return timing.quiet, timing.query_lag


async def slow_by(world: World, slow: Slowest) -> None:
    def work(session: Session) -> None:
        assert standings.note_slowest(session, scope=scope_of(ADDRESS), seen=slow)

    await world.runtime.database.write(work)
    await seen(world)


async def test_a_list_that_hides_a_document_that_is_there_shows_how_far_it_lags(world: World) -> None:
    await world.post("INV-HIDDEN")
    await world.work()
    world.break_authority(Fault("lag", "T106"))
    await compare_books(world, later=1_200)
    world.break_authority()
    assert 1_200 <= (await seen(world)).lag < 1_300
    assert waits(world)[1] == 3 * (await seen(world)).lag
    await compare_books(world, later=1_200)  # it shows everything now: what was learnt is kept
    assert (await seen(world)).lag >= 1_200


async def test_a_document_that_the_authority_has_lost_says_nothing_of_its_lag(world: World) -> None:
    await world.post("INV-GONE")
    await world.work()
    with world.authority.store.transaction() as store:
        store.execute("DELETE FROM documents")
    await compare_books(world, later=1_200)
    assert (await seen(world)).lag == 0


async def test_what_is_seen_to_be_quick_shortens_nothing_and_what_is_slow_lengthens(world: World) -> None:
    safe = Timing()
    await world.post("INV-FIRST")
    await world.work()
    await seen(world)
    await slow_by(world, Slowest(lag=2.0, processing=1.0))
    assert waits(world) == (safe.quiet, safe.query_lag)
    await slow_by(world, Slowest(lag=1_000.0, processing=300.0))
    assert waits(world) == (safe.quiet + 360.0, 3_000.0)
    unchanged = partial(standings.note_slowest, scope=scope_of(ADDRESS), seen=Slowest(5.0, 5.0))
    assert not await world.runtime.database.write(unchanged)
    assert await seen(world) == Slowest(1_000.0, 300.0)


async def test_the_longest_processing_is_read_from_the_time_of_upload_in_the_list(world: World) -> None:
    await world.post("INV-SLOW")
    await world.work()
    with world.authority.store.transaction() as store:
        (moment,) = store.execute("SELECT uploaded_at FROM documents").fetchone()
        later = (datetime.fromisoformat(moment) + timedelta(seconds=90)).isoformat()
        store.execute("UPDATE documents SET uploaded_at = ?", (later,))
    await compare_books(world)
    assert 85 <= (await seen(world)).processing <= 95
