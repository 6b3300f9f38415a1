"""Redis for real: exact turns for several processes, and what happens when it is away, slow or wiped."""

import pytest

from risiti.gateway.resilience.pacing import Pacer, Rate
from risiti.gateway.resilience.shared_state import RedisState
from tests.clock import ManualClock
from tests.redis_server import OwnRedis

pytestmark = pytest.mark.anyio


async def test_the_turns_of_two_processes_are_spread_as_those_of_one(redis_url: str) -> None:
    processes = [RedisState(redis_url, ManualClock()) for _ in range(2)]
    rate = Rate.of(0.02)  # a turn each 50 seconds: no test machine is that slow
    waits = [await processes[number % 2].take("test", rate, 1_000.0) for number in range(8)]
    for process in processes:
        await process.close()
    assert None not in waits
    assert sorted(wait or 0 for wait in waits) == waits
    assert 250 < (waits[-1] or 0) <= 350


async def test_a_turn_that_is_too_far_away_is_not_taken(redis_url: str) -> None:
    state = RedisState(redis_url, ManualClock())
    rate = Rate.of(0.01)
    assert await state.take("test", rate, 1.0) == 0
    pacer = Pacer("test", 0.01, state)
    assert await pacer.take(0.0, 1, 1.0) is None
    await state.close()


async def test_a_hint_of_one_process_reaches_the_others(redis_url: str) -> None:
    one, other = RedisState(redis_url, ManualClock()), RedisState(redis_url, ManualClock())
    assert await other.hint("breakers") is None
    await one.give_hint("breakers", "turned")
    assert await other.hint("breakers") == "turned"
    await one.close()
    await other.close()


async def test_without_it_each_process_keeps_to_its_share_and_comes_back_by_itself(own_redis: OwnRedis) -> None:
    clock = ManualClock()
    state = RedisState(own_redis.url, clock)
    pacer = Pacer("test", 10.0, state)
    assert await pacer.take(0.0, 2, 5.0) == 0
    own_redis.stop()
    waits = [await pacer.take(0.0, 2, 5.0) for _ in range(6)]
    assert waits == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert not state.answers
    own_redis.start()
    assert await state.take("test", Rate.of(10), 5.0) is None  # left alone for a while
    clock.advance(5)
    assert await state.take("test", Rate.of(10), 5.0) == 0
    assert state.answers
    await state.close()


async def test_a_wiped_one_begins_anew_and_nothing_fails(own_redis: OwnRedis) -> None:
    state = RedisState(own_redis.url, ManualClock())
    await state.give_hint("breakers", "turned")
    assert await state.take("test", Rate.of(1), 5.0) == 0
    own_redis.wipe()
    assert await state.hint("breakers") is None
    assert await state.take("test", Rate.of(1), 5.0) == 0
    await state.close()
