"""Hashing costs a core for a while: it yields to all other work, and only so many wait for it."""

import asyncio
import os
import sys
import threading

import pytest
from argon2 import PasswordHasher

from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.tenancy.passwords import AT_ONCE, MOST_IN_LINE, Hashing

pytestmark = pytest.mark.anyio


class Held(PasswordHasher):
    """Computes nothing before it is told to."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go_on = threading.Event()
        self.threads: set[int] = set()
        self.priorities: set[int] = set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.go_on.wait()
        self.threads.add(threading.get_native_id())
        self.priorities.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return super().hash(password, salt=salt)


async def test_only_so_many_wait_and_the_next_one_is_told_when_to_come_back() -> None:
    held = Held()
    hashing = Hashing(held)
    waiting = [asyncio.create_task(hashing.hash("a password of somebody")) for _ in range(MOST_IN_LINE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await hashing.hash("a password of somebody")
    assert refused.value.retry_after
    held.go_on.set()
    assert len(set(await asyncio.gather(*waiting))) == MOST_IN_LINE
    assert len(held.threads) == AT_ONCE
    assert await hashing.hash("a password of somebody")


async def test_who_does_not_wait_any_more_leaves_the_line() -> None:
    held = Held()
    hashing = Hashing(held)
    waiting = [asyncio.create_task(hashing.hash("a password of somebody")) for _ in range(MOST_IN_LINE)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    held.go_on.set()
    assert await hashing.hash("a password of somebody")


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux gives a thread a priority of its own")
async def test_hashing_yields_to_everything_else() -> None:
    held = Held()
    held.go_on.set()
    await Hashing(held).hash("a password of somebody")
    assert min(held.priorities) > os.getpriority(os.PRIO_PROCESS, 0) or min(held.priorities) == 19
