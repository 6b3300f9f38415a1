"""Bodies far too large, against a real API process: each is refused with 413, and none is held in its memory."""

import asyncio
from pathlib import Path

import pytest

from scripts.drills import bodies, memory
from scripts.drills.house import House

pytestmark = pytest.mark.anyio
MOST_GROWTH = 5_000_000
CROWD = 4
JSON = "Content-Type: application/json"
TABLE = "Content-Type: text/csv"


async def strike(house: House, attack: bodies.Attack, at_once: int) -> list[int]:
    """Send the body to a reader of JSON that asks for no key, and to the one that takes the largest files."""
    (url,) = house.urls
    key = f"Authorization: {house.headers['Authorization']}"
    return await asyncio.gather(
        *(bodies.send(url, "/api/auth/login", attack, [JSON]) for _ in range(at_once)),
        *(bodies.send(url, house.path("/imports"), attack, [key, TABLE]) for _ in range(at_once)),
    )


@pytest.mark.skipif(not memory.is_told(), reason="NOT TESTED: this system does not tell how much memory a process has")
async def test_bodies_far_too_large_get_413_and_take_no_memory(tmp_path: Path) -> None:
    attacks = bodies.attacks()
    async with House(tmp_path) as house:
        pid = house.apis[0].pid
        assert pid is not None
        for attack in attacks:  # whatever is loaded or allocated once is there before it counts
            assert await strike(house, attack, 1) == [413] * 2
        before = memory.resident(pid)
        memory.forget_peak(pid)
        for attack in (*attacks, *attacks):
            assert await strike(house, attack, 1) == [413] * 2, attack.name
        assert memory.peak(pid) - before < MOST_GROWTH
        for attack in attacks:
            assert await strike(house, attack, CROWD) == [413] * 2 * CROWD, attack.name
        assert memory.resident(pid) - before < MOST_GROWTH, "nothing of a crowd's bodies stays"
