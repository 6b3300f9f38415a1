"""API processes that are asked to end while callers go on: no request fails, and none is cut off."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from risiti.cli.console import CommandError
from scripts.drills import restarts
from scripts.drills.front import Front
from scripts.drills.house import House
from scripts.up import nginx

pytestmark = pytest.mark.anyio
RATE = 20.0
ASK = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_no_request_fails_while_two_processes_behind_nginx_are_restarted_one_after_the_other(
    tmp_path: Path, postgres_url: str
) -> None:
    try:
        nginx.find()
    except CommandError as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    settings = {"TRUSTED_PROXIES": "127.0.0.1"}
    async with House(tmp_path, database_url=postgres_url, apis=2, settings=settings) as house:
        with Front(house.ports) as front:
            played = await restarts.play(house, front, rate=RATE, rounds=1)
    assert played.heard.failed() == {}
    assert {name for name, _ in played.heard.answers} == {"create", "list", "health", "validate", "change"}


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    await reader.readexactly(int(length))
    return head.lower()


async def test_an_idle_connection_may_bring_one_more_request_after_the_process_was_asked_to_end(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        (port,), (api,) = house.ports, house.apis
        assert api.pid is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASK)
        assert b"connection: close" not in await answer(reader)
        os.kill(api.pid, signal.SIGTERM)
        with pytest.raises(OSError):  # noqa: PT012, PT011 - it no longer listens: whatever the system calls that
            while True:
                _, other = await asyncio.open_connection("127.0.0.1", port)
                other.close()
        writer.write(ASK)
        assert b"connection: close" in await answer(reader)
        assert await reader.read() == b""
        writer.close()
