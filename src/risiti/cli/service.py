"""The service's processes: the API under uvicorn, the worker, or both in one event loop, until SIGTERM or Ctrl-C."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from prometheus_client import start_http_server
from starlette.types import ASGIApp

from risiti.cli.allocator import give_memory_back
from risiti.cli.console import CommandError
from risiti.gateway.app import create_app
from risiti.gateway.db.ownership import AlreadyOwned
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.migrations import check, marks
from risiti.gateway.migrations import run as migrations
from risiti.gateway.migrations.refusal import UpgradeRefused
from risiti.gateway.observability import logging
from risiti.gateway.observability.metrics import Metrics
from risiti.gateway.resilience.heads import BoundedHeads
from risiti.gateway.runtime import Runtime, open_database, open_runtime
from risiti.gateway.settings import LogFormat, Settings
from risiti.gateway.submissions.watchdog import Watchdog
from risiti.gateway.tenancy.custody import KeyEncryptionKeyError
from risiti.gateway.web.status import Showcase
from risiti.gateway.worker.run import working

DRAINING: Final = "service.draining"
ENDED: Final = "service.ended"
WORKER_READY: Final = "worker.started"
"""What a worker logs once it looks for work."""
BACKLOG: Final = 2048
DRAIN_SECONDS: Final = 20
"""How long requests in flight get to finish after SIGTERM."""
PARTING_SECONDS: Final = 1.0
"""How long an idle connection may still bring one request after SIGTERM: a proxy may have just sent it."""
PARTING_LOOK_SECONDS: Final = 0.02

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Duties:
    """What one process does.

    Attributes:
        api: Listen on the settings' host and port.
        worker: Send documents and settle those in doubt.
        upgrade: Bring the database's tables up to date first; without it they must be.
        showcase: The demo company that the status page may show; None: no company is shown.
    """

    api: bool
    worker: bool
    upgrade: bool
    showcase: Showcase | None = None


def run(settings: Settings, duties: Duties) -> None:
    """Run API, worker or both until SIGTERM or SIGINT; then finish what is in flight and return.

    Raises:
        CommandError: the address is taken, the database is not up to date, another worker has the SQLite file, or the
            key-encryption key does not fit.
    """
    json_lines = settings.log_format is LogFormat.JSON or (
        settings.log_format is LogFormat.AUTO and not logging.for_terminal(sys.stderr)
    )
    logging.configure(level=settings.log_level, json_lines=json_lines, stream=sys.stderr)
    give_memory_back()
    with contextlib.ExitStack() as listeners:
        listener = listeners.enter_context(_listen(settings.host, settings.port)) if duties.api else None
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_run(settings, duties, listener))
    _log.info(ENDED)


def read_showcase(path: Path | None) -> Showcase | None:
    """Read which company the status page may show; None if none is named, or the file is not there.

    Raises:
        CommandError: the file is not what the demo writes.
    """
    if path is None or not path.exists():
        return None
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return Showcase(str(written["company_id"]), Secret(str(written["key"])))
    except (OSError, ValueError, KeyError, TypeError):
        raise CommandError(f"{path} does not name a company to show; leave --showcase out.") from None


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the event loop: uvloop, where it exists."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop


async def serve_until_told(app: ASGIApp, listener: socket.socket, told: asyncio.Event) -> None:
    """Serve an ASGI app on a listening socket until the event is set; then let requests in flight finish."""
    config = uvicorn.Config(
        app,
        http=BoundedHeads,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # it believes every caller on this machine; TRUSTED_PROXIES says whom to believe
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.should_exit = True
        waiting.cancel()
        await serving


@asynccontextmanager
async def told_to_end() -> AsyncIterator[asyncio.Event]:
    """Set the event at the first SIGTERM or SIGINT; a second one ends the process at once, as is usual."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def end() -> None:
        told.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, end)
    try:
        yield told
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers (ours end the worker, too), and with a better way to part.

    uvicorn closes idle connections at once. A request that a proxy has just sent over one of them would be reset, and
    the proxy could not tell whether it had an effect.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections; end each open one with its next answer, or after a while without a request."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        loop = asyncio.get_running_loop()
        until = loop.time() + PARTING_SECONDS
        while state.connections and loop.time() < until:  # noqa: ASYNC110 - they go one by one
            await asyncio.sleep(PARTING_LOOK_SECONDS)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(settings: Settings, duties: Duties, listener: socket.socket | None) -> None:
    try:
        await _prepare_database(settings, upgrade=duties.upgrade)
        async with AsyncExitStack() as stack:
            told = await stack.enter_async_context(told_to_end())
            runtime = await stack.enter_async_context(open_runtime(settings))
            if runtime.kek_made is not None:
                advice = "back it up apart from the database: without it the stored private keys are lost"
                _log.warning("kek.made", file=str(runtime.kek_made), advice=advice)
            await stack.enter_async_context(runtime.metrics.watching_the_loop(runtime.pressure.lagged))
            if duties.worker and listener is None and settings.worker_metrics_port:
                stack.enter_context(_metrics_served(runtime.metrics, settings))
            if duties.worker:
                await stack.enter_async_context(working(runtime))
                _log.info(WORKER_READY)
            if listener is None:
                await told.wait()
                _log.info(DRAINING)
                return
            await stack.enter_async_context(watched(runtime))
            host, port = listener.getsockname()[:2]
            _log.info("api.started", host=host, port=port)
            closing = await _announced(runtime, told, stack)
            await serve_until_told(create_app(runtime, showcase=duties.showcase), listener, closing)
    except (AlreadyOwned, KeyEncryptionKeyError, UpgradeRefused) as error:
        raise CommandError(str(error)) from None


async def _announced(runtime: Runtime, told: asyncio.Event, stack: AsyncExitStack) -> asyncio.Event:
    """Return what is set some time after `told`: meanwhile the process is not ready, says so, and takes requests."""
    closing = asyncio.Event()

    async def announce() -> None:
        await told.wait()
        runtime.draining = True
        _log.info(DRAINING, seconds=runtime.settings.drain_notice)
        await asyncio.sleep(runtime.settings.drain_notice)
        closing.set()

    task = asyncio.create_task(announce())

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
    return closing


@contextlib.contextmanager
def _metrics_served(metrics: Metrics, settings: Settings) -> Iterator[None]:
    """Serve a worker's own metrics; it has no other door."""
    host, port = settings.worker_metrics_host, settings.worker_metrics_port
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        reason = f"cannot serve metrics on {host}:{port} ({error.strerror})"
        raise CommandError(f"{reason}; set WORKER_METRICS_HOST and WORKER_METRICS_PORT.") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def watched(runtime: Runtime) -> AsyncIterator[None]:
    """Watch the legal deadlines as long as the block lasts; no worker is needed for it."""
    task = asyncio.create_task(Watchdog(runtime.database, runtime.clock, runtime.ids, runtime.rules).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _prepare_database(settings: Settings, *, upgrade: bool) -> None:
    database = open_database(settings)
    try:
        if upgrade:
            await migrations.upgrade(database)
        elif await migrations.pending(database):
            raise CommandError("the database is not up to date; run `risiti db upgrade` first.")
        for look in (marks.obstacle, check.without_time_outs):
            if (obstacle := await database.administer(look)) is not None:
                raise CommandError(obstacle)
    finally:
        await database.close()


def _listen(host: str, port: int) -> socket.socket:
    """Listen before anything else is started, so that a taken port is one clear sentence.

    Raises:
        CommandError: the address cannot be listened on.
    """
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        reason = f"cannot listen on {host}:{port} ({error.strerror}); end what listens there or give another --port."
        raise CommandError(reason) from None
