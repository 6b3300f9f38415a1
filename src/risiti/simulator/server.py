"""The standalone server: uvicorn on one address, able to break connections for real."""

import asyncio
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from risiti.simulator.app import DROP, PATH, Receive, Scope, Send, Simulator, create_simulator
from risiti.simulator.clock import Clock, SystemClock
from risiti.simulator.enabler import ENABLER_PATH
from risiti.simulator.world import World

HOST = "127.0.0.1"
PORT = 9880
STOP_SECONDS = 3
"""How long calls in work may take to end after SIGTERM."""


class DroppingProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with a way for the application to break the connection instead of answering.

    An ASGI application can only answer or fail, and uvicorn turns a failure into a 500. The scope therefore carries
    an extension (`DROP`) that closes or resets the transport of its connection.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give requests of this connection the means to break it."""
        super().connection_made(transport)
        application = self.app

        def drop(*, reset: bool) -> None:
            if reset:
                transport.abort()
            else:
                transport.close()

        async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP] = drop
            await application(scope, receive, send)

        self.app = with_drop


class _Server(uvicorn.Server):
    """Ends by itself on SIGTERM and SIGINT, with exit code 0, and does not wait for hanging calls."""

    def __init__(self, config: uvicorn.Config, simulator: Simulator, started: Callable[[int], None]) -> None:
        super().__init__(config)
        self._simulator = simulator
        self._started = started

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit or not self.servers:
            return
        self._started(self.servers[0].sockets[0].getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's shape
        self.should_exit = True

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        self._simulator.stop()
        await super().shutdown(sockets)


def print_address(address: str) -> None:
    """Tell on standard output where the stand-in listens."""
    sys.stdout.write(
        f"Stand-in for EFRIS at {address}{PATH} (control: {address}/_control; enabler: {address}{ENABLER_PATH}; "
        f"page: {address}/)\n"
    )
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Options:
    """How to run the server.

    Attributes:
        host: Address to listen on; the control door is open to whoever reaches it.
        port: Port; 0 takes a free one.
        state: SQLite file, or `:memory:`.
        changes: Settings to change before serving, by name; the others stay as stored. Magic references are on
            unless the state or a change says otherwise.
        control: Serve the control door.
        clock: The authority's clock.
        announce: Called with the base address once it listens.
    """

    host: str = HOST
    port: int = PORT
    state: Path | str = ":memory:"
    changes: dict[str, object] = field(default_factory=dict)
    control: bool = True
    clock: Clock = field(default_factory=SystemClock)
    announce: Callable[[str], None] = print_address


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; state is on disk at every moment, so a kill loses nothing.

    Raises:
        SettingsError: a change names no setting, or has a wrong value.
        SystemExit: the address cannot be bound.
    """
    world = World.open(options.state)
    try:
        unasked = {} if world.has_settings else {"magic": True}
        if unasked or options.changes:
            world.settings = world.settings.changed(unasked | options.changes)
        simulator = create_simulator(world, clock=options.clock, control=options.control)
        config = uvicorn.Config(
            simulator,
            host=options.host,
            port=options.port,
            http=DroppingProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        address = options.host if ":" not in options.host else f"[{options.host}]"
        _Server(config, simulator, lambda port: options.announce(f"http://{address}:{port}")).run()
    finally:
        world.close()
