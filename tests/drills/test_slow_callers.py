"""Callers who never end their requests: everybody else is answered, and the slow ones are sent away."""

import asyncio
import contextlib
from pathlib import Path
from ssl import SSLContext

import pytest

from risiti.cli.console import CommandError
from scripts.drills.front import Front
from scripts.drills.house import House
from scripts.drills.slow import slow_callers
from scripts.drills.traffic import Call, Caller, Heard
from scripts.up import nginx

pytestmark = pytest.mark.anyio
SLOW = 200
ASKED = 20


async def everybody_else_is_answered(house: House, url: str, trust: SSLContext | None = None) -> None:
    heard = Heard()
    async with slow_callers(url, SLOW, trust), Caller(url, heard, trust) as caller:
        call = Call("list", "GET", house.path("/invoices"), headers=house.headers)
        await asyncio.gather(*(caller.make(call, number) for number in range(ASKED)))
    assert heard.answers == {("list", "200"): ASKED}


async def test_two_hundred_slow_callers_keep_nobody_else_from_an_answer(tmp_path: Path) -> None:
    settings = {"DATABASE_CONNECTIONS": "2", "MAX_CONCURRENT_REQUESTS": str(SLOW)}
    async with House(tmp_path, settings=settings) as house:
        await everybody_else_is_answered(house, house.urls[0])
        with contextlib.suppress(CommandError):  # no nginx on this machine
            nginx.find()
            with Front(house.ports) as front:
                await everybody_else_is_answered(house, front.url, front.trust)
