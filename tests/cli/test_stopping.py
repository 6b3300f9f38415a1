"""How a process ends when it is asked to: it says so, finishes what it has, and a second signal ends it at once."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession

from risiti.cli.processes import free_port

pytestmark = pytest.mark.anyio

WAIT_SECONDS = 60


@asynccontextmanager
async def serving(folder: Path, **settings: str) -> AsyncIterator[tuple[Process, str, ClientSession]]:
    """Run `risiti serve` on an empty database until the block ends."""
    port = free_port()
    environment = {
        "DATABASE_URL": f"sqlite:///{folder / 'risiti.db'}",
        "RATE_LIMIT_ENABLED": "false",
        "PATH": "/usr/bin:/bin",
        **settings,
    }
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "risiti.cli", "serve", "--port", str(port), env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        async with ClientSession() as http, asyncio.timeout(WAIT_SECONDS):
            await until_ready(http, url, 200)
            yield process, url, http
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_ready(http: ClientSession, url: str, status: int) -> None:
    """Ask until `/health/ready` answers so."""
    while True:
        try:
            async with http.get(f"{url}/health/ready") as answer:
                if answer.status == status:
                    return
        except ClientConnectionError:
            pass
        await asyncio.sleep(0)


async def test_when_asked_to_end_it_says_so_first_and_finishes_what_it_has(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_NOTICE="3") as (process, url, http):
        process.send_signal(signal.SIGTERM)
        await until_ready(http, url, 503)  # it says so ...
        async with http.get(f"{url}/health/live") as answer:  # ... and takes requests as before
            assert answer.status == 200
        assert await process.wait() == 0
        with pytest.raises(ClientConnectionError):
            await http.get(f"{url}/health/live")
    log = (tmp_path / "log").read_text()
    assert log.index("service.draining") < log.index("service.ended")


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, DRAIN_NOTICE="3600") as (process, url, http):
        process.send_signal(signal.SIGTERM)
        await until_ready(http, url, 503)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == -signal.SIGTERM
