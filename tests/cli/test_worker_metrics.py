"""A worker shows its metrics where it is told to, and says so clearly if it cannot."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession

from risiti.cli.console import CommandError
from risiti.cli.processes import Child, free_port
from risiti.cli.service import WORKER_READY
from tests.cli.inside import risiti

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database whose tables are up to date."""
    assert risiti(tmp_path, "db", "upgrade").returncode == 0
    return tmp_path


@asynccontextmanager
async def a_worker(folder: Path, port: int, **settings: str) -> AsyncIterator[Child]:
    """Run `risiti worker` on an empty database until the block ends."""
    given = {
        "DATABASE_URL": f"sqlite:///{folder / 'risiti.db'}",
        "WORKER_METRICS_PORT": str(port),
        "LOG_FORMAT": "json",
        **settings,
    }
    child = Child("the worker", ["worker"], given, folder / "log", ready=WORKER_READY)
    try:
        await child.start()
        yield child
    finally:
        await child.end()


async def metrics_at(address: str, port: int) -> str:
    async with ClientSession() as http, http.get(f"http://{address}:{port}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_worker_shows_its_metrics_to_its_own_machine_alone(folder: Path) -> None:
    port = free_port()
    async with a_worker(folder, port):
        shown = await metrics_at("127.0.0.1", port)
        assert "process_resident_memory_bytes" in shown
        assert "risiti_event_loop_lag_seconds" in shown
        with pytest.raises(ClientConnectionError):
            await metrics_at("127.0.0.2", port)


async def test_in_a_container_it_shows_them_on_every_address(folder: Path) -> None:
    port = free_port()
    async with a_worker(folder, port, WORKER_METRICS_HOST="0.0.0.0"):  # noqa: S104 - as in a container
        assert "risiti_build" in await metrics_at("127.0.0.2", port)


async def test_a_worker_whose_port_is_taken_says_which_settings_to_change(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            CommandError, match=rf"127\.0\.0\.1:{port} .*set WORKER_METRICS_HOST and WORKER_METRICS_PORT"
        ):
            async with a_worker(folder, port):
                pass
