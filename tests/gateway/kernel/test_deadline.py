import asyncio

import pytest

from risiti.gateway.kernel import deadline
from tests.clock import ManualClock


def test_without_a_deadline_nothing_is_bounded() -> None:
    assert deadline.left() is None
    assert deadline.bounded(30.0) == 30
    assert not deadline.has_passed()


def test_everything_in_the_block_shares_what_is_left() -> None:
    clock = ManualClock()
    with deadline.within(clock, 10):
        clock.advance(4)
        assert deadline.bounded(30.0) == 6
        assert deadline.bounded(5.0) == 5
        clock.advance(6)
        assert deadline.has_passed()
        assert deadline.bounded(5.0) == 0
    assert not deadline.has_passed()


def test_an_inner_block_can_only_shorten_it() -> None:
    clock = ManualClock()
    with deadline.within(clock, 10), deadline.within(clock, 60):
        assert deadline.left() == 10
    with deadline.within(clock, 10), deadline.unbounded():
        assert deadline.left() is None


@pytest.mark.anyio
async def test_it_travels_with_the_tasks_that_are_begun_in_it() -> None:
    clock = ManualClock()

    async def beneath() -> float | None:
        return deadline.left()

    with deadline.within(clock, 10):
        task = asyncio.create_task(beneath())
    assert await task == 10
