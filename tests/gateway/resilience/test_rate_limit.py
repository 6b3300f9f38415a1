import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.kernel.errors import TooMany
from risiti.gateway.resilience.rate_limit import (
    REDIS_REST_SECONDS,
    MemoryWindows,
    Quota,
    RedisWindows,
    SharedWindows,
    Standing,
)
from tests.clock import ManualClock

pytestmark = pytest.mark.anyio
QUOTA = Quota("test", 3, 60)


async def passed(windows: MemoryWindows | RedisWindows | SharedWindows, times: int, key: str = "a") -> int:
    taken = await asyncio.gather(*(windows.take(QUOTA, key) for _ in range(times)))
    return sum(standing.allowed for standing in taken)


async def test_exactly_the_limit_passes() -> None:
    windows = MemoryWindows(ManualClock())
    assert await passed(windows, 10) == 3
    assert await passed(windows, 10, "another caller") == 3


async def test_a_request_passes_again_when_the_oldest_has_left_the_window() -> None:
    clock = ManualClock()
    windows = MemoryWindows(clock)
    await windows.take(QUOTA, "a")
    clock.advance(40)
    assert await passed(windows, 5) == 2
    refused = await windows.take(QUOTA, "a")
    assert (refused.allowed, refused.remaining, refused.reset_seconds) == (False, 0, 20)
    with pytest.raises(TooMany) as raised:
        refused.raise_if_over()
    assert raised.value.retry_after == 20
    clock.advance(20)
    assert await passed(windows, 5) == 1


async def test_a_look_counts_nothing() -> None:
    windows = MemoryWindows(ManualClock())
    for _ in range(5):
        assert (await windows.look(QUOTA, "a")).allowed
    assert await passed(windows, 5) == 3
    assert not (await windows.look(QUOTA, "a")).allowed


async def test_many_callers_do_not_fill_the_memory() -> None:
    windows = MemoryWindows(ManualClock(), most_keys=2)
    await passed(windows, 3, "a")
    await passed(windows, 1, "b")
    assert not (await windows.take(QUOTA, "a")).allowed
    await passed(windows, 1, "c")  # b was quiet the longest
    assert len(windows._times) == 2
    assert not (await windows.take(QUOTA, "a")).allowed


@given(st.lists(st.tuples(st.floats(0, 50), st.sampled_from("ab")), max_size=60))
async def test_no_window_ever_holds_more_than_the_limit(asked: list[tuple[float, str]]) -> None:
    clock = ManualClock()
    windows = MemoryWindows(clock)
    let_through: dict[str, list[float]] = {"a": [], "b": []}
    for pause, key in asked:
        clock.advance(pause)
        if (await windows.take(QUOTA, key)).allowed:
            let_through[key].append(clock.monotonic())
    for times in let_through.values():
        for first, one_too_many in zip(times, times[QUOTA.amount :], strict=False):
            assert one_too_many - first >= QUOTA.seconds


class Broken:
    """A Redis that is away."""

    def __init__(self) -> None:
        self.asked = 0

    async def take(self, quota: Quota, key: str) -> Standing:
        self.asked += 1
        raise RedisConnectionError(quota.name, key)

    look = take


async def test_without_redis_each_process_counts_by_itself_and_asks_it_again_after_a_rest() -> None:
    clock, broken = ManualClock(), Broken()
    windows = SharedWindows(broken, MemoryWindows(clock), clock)
    assert await passed(windows, 10) == 3
    assert broken.asked == 1
    clock.advance(REDIS_REST_SECONDS)
    assert not (await windows.look(QUOTA, "a")).allowed
    assert broken.asked == 2


async def test_two_processes_with_one_redis_share_the_limit(redis_url: str) -> None:
    clock = SystemClock()
    first, second = RedisWindows(redis_url, clock), RedisWindows(redis_url, clock)
    try:
        counts = await asyncio.gather(passed(first, 40), passed(second, 40))
        assert sum(counts) == 3
        refused = await first.take(QUOTA, "a")
        assert not refused.allowed
        assert 1 <= refused.reset_seconds <= 60
    finally:
        await first.close()
        await second.close()


async def test_a_redis_that_is_not_there_costs_nobody_a_request() -> None:
    clock = SystemClock()
    nobody = RedisWindows("redis://127.0.0.1:9/0", clock)
    try:
        assert await passed(SharedWindows(nobody, MemoryWindows(clock), clock), 5) == 3
    finally:
        await nobody.close()
