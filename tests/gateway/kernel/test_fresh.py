import asyncio

import pytest

from risiti.gateway.kernel.fresh import Fresh

pytestmark = pytest.mark.anyio


class Source:
    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def look(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise ConnectionError
        return self.asked


async def test_one_look_serves_all_who_ask_at_once() -> None:
    source = Source()
    fresh = Fresh(source.look, 60.0)
    assert await asyncio.gather(*(fresh.get() for _ in range(10))) == [1] * 10
    assert await fresh.get() == 1


async def test_what_is_stale_is_looked_up_anew() -> None:
    source = Source()
    fresh = Fresh(source.look, 0.0)
    assert [await fresh.get(), await fresh.get()] == [1, 2]


async def test_a_failure_is_told_and_not_kept() -> None:
    source = Source()
    fresh = Fresh(source.look, 60.0)
    source.fails = True
    with pytest.raises(ConnectionError):
        await fresh.get()
    source.fails = False
    assert await fresh.get() == 2
