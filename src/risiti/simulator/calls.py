"""One call from bytes to bytes: the gate, the handler, the answer, and what goes wrong on the way on purpose."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from risiti.simulator import enabler, gate
from risiti.simulator.answers import Answer, Wrapping, refused, to_wire
from risiti.simulator.approvals import settle
from risiti.simulator.clock import Clock
from risiti.simulator.faults import HANG_SECONDS, Fault
from risiti.simulator.gate import Call, Outer, Terms
from risiti.simulator.handlers import SERVICES, TERMS
from risiti.simulator.refusal import Refusal
from risiti.simulator.settings import Settings
from risiti.simulator.world import World

Sleep = Callable[[float], Awaitable[None]]
P = TypeVar("P")
T = TypeVar("T")

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
MAINTENANCE_PAGE = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head>"
    b"<body><h1>The system is under maintenance</h1></body></html>"
)
GARBAGE = b'{"data":{"content":"\xff\xfe\x00 not json'

log = logging.getLogger(__name__)


class ConnectionDropped(ConnectionResetError):
    """The authority breaks the connection instead of answering; over a socket, the peer sees it closed.

    Attributes:
        reset: Reset it (RST), not close it (FIN).
    """

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("the authority closed the connection without an answer")
        self.reset = reset


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        body: The whole body.
        content_type: Its type.
        cut: Send only half of the body, then break the connection.
    """

    status: int
    body: bytes
    content_type: str = JSON
    cut: bool = False


_FORGED: Mapping[str, Reply] = {
    "http_500": Reply(500, b'{"timestamp":0,"status":500,"error":"Internal Server Error"}'),
    "http_502": Reply(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", HTML),
    "http_503": Reply(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", HTML),
    "html": Reply(200, MAINTENANCE_PAGE, HTML),
    "empty_body": Reply(200, b""),
    "garbage": Reply(200, GARBAGE),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One of the two addresses calls come to.

    Attributes:
        read_outer: Reads what can be read of a message; never fails.
        admit: Lets a call in or refuses it.
        settings: The settings as they are in force there.
        sealed: Answers are encrypted and signed as the interface does it; otherwise neither.
    """

    read_outer: Callable[[bytes], Outer]
    admit: Callable[[bytes, World, datetime, Mapping[str, Terms]], Call]
    settings: Callable[[Settings], Settings]
    sealed: bool


ONLINE = Profile(gate.read_outer, gate.admit, lambda settings: settings, sealed=True)
"""The authority's own service."""

ENABLER = Profile(enabler.read_outer, enabler.admit, enabler.settings_of, sealed=False)
"""The offline enabler in the taxpayer's network."""


class CallCentre:
    """Serves calls. Each one lives its own life: a caller that hangs up does not stop what it has set going."""

    def __init__(self, world: World, clock: Clock, sleep: Sleep) -> None:
        self._world = world
        self._clock = clock
        self._sleep = sleep
        self._running: set[asyncio.Task[object]] = set()
        self._closing = asyncio.Event()

    async def serve(self, body: bytes, profile: Profile = ONLINE) -> Reply:
        """Answer one request body.

        Raises:
            ConnectionDropped: a fault wants the connection broken.
        """
        return await asyncio.shield(self._start(self._live(body, profile)))

    async def settled(self) -> None:
        """Wait until no call is in work, those included whose callers are gone."""
        while self._running:
            await asyncio.wait(set(self._running))

    def close(self) -> None:
        """Wake every call that hangs or waits, so that the server can stop; waiting calls are dropped."""
        self._closing.set()

    def _start(self, life: Coroutine[object, object, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(life)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[object]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    async def _live(self, body: bytes, profile: Profile) -> Reply:
        outer = profile.read_outer(body)
        await asyncio.to_thread(self._count, outer)
        message = _Message(body, outer, profile)
        faults = self._world.faults.draw(outer.interface)
        forged = await self._before(faults, message)
        if forged is not None:
            return forged
        admitted = await self._admitted(message)
        if isinstance(admitted, Call) and self._world.settings.magic:
            struck = await asyncio.to_thread(self._conjure, admitted)
            forged = await self._before(struck, message)
            if forged is not None:
                return forged
            faults = struck | faults
        answer, call = await self._process(admitted, message, faults)
        return await self._after(faults, message, answer, call)

    async def _before(self, faults: Mapping[str, Fault], message: "_Message") -> Reply | None:
        if "latency" in faults:
            await self._wait(faults["latency"].seconds or Decimal(0))
        if "hang" in faults:
            await self._wait(faults["hang"].seconds or HANG_SECONDS)
            raise ConnectionDropped
        if "late_delivery" in faults:
            self._start(self._later(message, faults["late_delivery"].seconds or Decimal(0)))
            raise ConnectionDropped
        if "drop_before" in faults or "close" in faults:
            raise ConnectionDropped(reset="close" in faults)
        for name, reply in _FORGED.items():
            if name in faults:
                return reply
        for name, code in (("error_99", "99"), ("key_expired", "402"), ("refuse", "")):
            if name in faults:
                return self._plain(refused(Refusal(code or faults[name].code)), message.outer)
        return None

    async def _admitted(self, message: "_Message") -> Call | Refusal:
        try:
            return await asyncio.to_thread(_guarded, self._admit, message)
        except Refusal as refusal:
            return refusal

    async def _process(
        self, admitted: Call | Refusal, message: "_Message", faults: Mapping[str, Fault]
    ) -> tuple[Answer, Call | None]:
        if isinstance(admitted, Refusal):
            return refused(admitted), None
        call = admitted
        if "lag" in faults:
            call = replace(call, sees_until=_lagging(call, faults["lag"]))
        if SERVICES[call.interface].slow:
            await self._wait(self._world.settings.processing_seconds)
        try:
            return await asyncio.to_thread(_guarded, partial(self._handle, message.profile), call), call
        except Refusal as refusal:
            return refused(refusal), call

    def _count(self, outer: Outer) -> None:
        try:
            self._world.store.tally(outer.interface if outer.interface in SERVICES else "?")
        except sqlite3.Error:
            log.exception("a call could not be counted")

    def _admit(self, message: "_Message") -> Call:
        return message.profile.admit(message.body, self._world, self._clock.now(), TERMS)

    def _conjure(self, call: Call) -> dict[str, Fault]:
        tin = call.taxpayer.tin if call.taxpayer else ""
        try:
            return self._world.magic.draw(call.interface, tin, call.content, call.global_info)
        except sqlite3.Error:
            log.exception("a magic reference could not be counted")
            return {}

    def _handle(self, profile: Profile, call: Call) -> Answer:
        """Run a handler in one transaction, on disk when this returns; what has fallen due meanwhile comes first."""
        settle(self._world, call.arrived_at)
        with self._world.store.transaction():
            return SERVICES[call.interface].handler(call, self._world.under(profile.settings(self._world.settings)))

    async def _after(
        self, faults: Mapping[str, Fault], message: "_Message", answer: Answer, call: Call | None
    ) -> Reply:
        if "duplicate_delivery" in faults:
            self._start(self._later(message, faults["duplicate_delivery"].seconds or Decimal(0)))
        if "latency_after" in faults:
            await self._wait(faults["latency_after"].seconds or Decimal(0))
        if "hang_after" in faults:
            await self._wait(faults["hang_after"].seconds or HANG_SECONDS)
            raise ConnectionDropped
        if "drop_after" in faults:
            raise ConnectionDropped
        for name, reply in _FORGED.items():
            if f"{name}_after" in faults:
                return reply
        for name, code in (("error_99_after", "99"), ("refuse_after", "")):
            if name in faults:
                return self._plain(refused(Refusal(code or faults[name].code)), message.outer)
        wire = await asyncio.to_thread(to_wire, answer, self._wrapping(message, call, tuple(faults)))
        return Reply(200, wire, cut="truncated" in faults)

    async def _later(self, message: "_Message", seconds: Decimal) -> None:
        await self._wait(seconds)
        await self._process(await self._admitted(message), message, {})

    async def _wait(self, seconds: Decimal) -> None:
        if seconds <= 0:
            return
        waiting = asyncio.ensure_future(self._sleep(float(seconds)))
        closing = asyncio.ensure_future(self._closing.wait())
        await asyncio.wait({waiting, closing}, return_when=asyncio.FIRST_COMPLETED)
        stopped = closing.done()
        for future in (waiting, closing):
            future.cancel()
        if stopped:
            raise ConnectionDropped

    def _plain(self, answer: Answer, outer: Outer) -> Reply:
        return Reply(200, to_wire(answer, Wrapping(outer.global_info, None, compress=False, signing_key=None)))

    def _wrapping(self, message: "_Message", call: Call | None, tampering: tuple[str, ...]) -> Wrapping:
        outer, settings = message.outer, self._world.settings
        compress = outer.interface in settings.gzip_interfaces
        if not message.profile.sealed:
            return Wrapping(outer.global_info, None, compress=compress, signing_key=None, tampering=tampering)
        encrypted = call is not None and SERVICES[call.interface].encrypted
        return Wrapping(
            outer.global_info,
            call.session_key if call is not None and encrypted else None,
            compress=compress,
            signing_key=self._world.server_key() if settings.sign_answers else None,
            tampering=tampering,
        )


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as it came: its bytes, what can be read of them, and the address it came to."""

    body: bytes
    outer: Outer
    profile: Profile


def _lagging(call: Call, lag: Fault) -> datetime:
    if lag.seconds is None:
        return datetime.min.replace(tzinfo=UTC)
    return call.arrived_at - timedelta(seconds=float(lag.seconds))


def _guarded(step: Callable[[P], T], given: P) -> T:
    """Run a step; a failing disk is code 46, a defect of ours is code 99, as with the authority."""
    try:
        return step(given)
    except Refusal:
        raise
    except sqlite3.Error as error:
        log.exception("the store failed")
        raise Refusal("46") from error
    except Exception as error:
        log.exception("a call failed")
        raise Refusal("99", f"{type(error).__name__}") from error
