"""Serves an ASGI app over a real socket on 127.0.0.1, in the loop of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from risiti.gateway.resilience.heads import BoundedHeads


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


GOODBYES = 100
"""Turns of the loop in which the connections of clients that are gone are gone too."""


class _Server(uvicorn.Server):
    """Tells when it listens and ends when it is told; leaves the signals to the test run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        """Wait for the end itself; uvicorn's own looks ten times a second whether it has come."""
        await self.on_tick(0)
        await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Be done at once when nobody is left; uvicorn's own gives everybody a tenth of a second."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(GOODBYES):
            if not (self.server_state.connections or self.server_state.tasks):
                return
            await asyncio.sleep(0)
        await super().shutdown(sockets)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[Address]:
    """Serve `app` as the service is served: bounded heads, no access log, no lifespan."""
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listener]))
    try:
        await asyncio.wait_for(server.listening.wait(), 10)
        yield Address("127.0.0.1", listener.getsockname()[1])
    finally:
        server.ending.set()
        await asyncio.wait_for(task, 10)
        listener.close()
