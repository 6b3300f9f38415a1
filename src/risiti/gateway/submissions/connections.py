"""An open client per device: its session key and clock offset are fetched once and shared; a broken one is retried.

Sending needs a connection that is ready *before* a document is claimed. So while the authority is away the documents
stay where they are, untouched, and only the handshake is tried again and again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import structlog

from risiti.efris import AsyncClient, EfrisError, HeldBack, NotReady, Refused, Verdict
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.submissions import backoff
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.submissions.upstreams import Upstreams

_log = structlog.get_logger()

OpenClient = Callable[[str], Awaitable[AsyncClient]]
"""Makes the client of a device, given its id, under its upstream's rules; it needs not have spoken to it yet."""
Blocked = Callable[[str, Refused], Awaitable[None]]
"""Told when the authority blocks a device at the handshake."""


class Connections:
    """The clients of this process, by device id."""

    def __init__(
        self,
        open_client: OpenClient,
        blocked: Blocked,
        *,
        upstreams: Upstreams,
        timing: Timing,
        clock: Clock,
        random: Random,
    ) -> None:
        self.upstreams = upstreams
        self._open_client = open_client
        self._blocked = blocked
        self._timing = timing
        self._clock = clock
        self._random = random
        self._clients: dict[str, AsyncClient] = {}
        self._keys: dict[str, str] = {}
        self._ready: set[str] = set()
        self._failures: dict[str, int] = {}
        self._rest_until: dict[str, float] = {}
        self._rested_in_turn: dict[str, int] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}

    def ready(self, device_id: str) -> AsyncClient | None:
        """Return the device's client if it can send at once, and no breaker keeps it from that; else None."""
        client = self._clients.get(device_id)
        is_ready = client is not None and client.is_ready and device_id in self._ready
        return client if is_ready and self.upstreams.is_through(device_id) else None

    def ready_to_ask(self, device_id: str) -> AsyncClient | None:
        """Return the device's client if it can ask the authority at once; else None."""
        return self.ready(device_id) if self.upstreams.may_ask(device_id) else None

    def want(self, device_id: str, when_ready: Callable[[], None]) -> None:
        """Begin to make a connection ready, unless that is under way, rests after a failure, or a breaker is open.

        One that is ready is used to try what fails beside it, if it is time.
        """
        if device_id in self._opening:
            return
        if self.ready(device_id) is not None:
            if not self.upstreams.has_calls_to_try(device_id):
                return
        elif not self.upstreams.is_through(device_id):
            if not self.upstreams.may_knock(device_id):
                return
        elif self._is_resting(device_id):
            return
        task = asyncio.create_task(self._make_ready(device_id, when_ready))
        self._opening[device_id] = task
        task.add_done_callback(lambda _: self._opening.pop(device_id, None))

    def lost(self, device_id: str) -> None:
        """Say that the authority could not be reached: nothing more is claimed until a handshake succeeds.

        However many calls of a burst say so, it counts once.
        """
        if device_id in self._ready:
            self._rest(device_id)

    async def use_key(self, device_id: str, key_fingerprint: str) -> None:
        """Say which key a device has now; a client that was made with another one is dropped."""
        if self._keys.get(device_id) != key_fingerprint:
            await self.forget(device_id)
            self._keys[device_id] = key_fingerprint

    async def opened(self) -> None:
        """Wait until no handshake is under way."""
        while self._opening:
            await asyncio.wait(self._opening.values())

    async def forget(self, device_id: str) -> None:
        """Drop a device's client."""
        self._ready.discard(device_id)
        client = self._clients.pop(device_id, None)
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Close every client."""
        for task in list(self._opening.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for device_id in list(self._clients):
            await self.forget(device_id)

    async def _make_ready(self, device_id: str, when_ready: Callable[[], None]) -> None:
        try:
            client = self._clients.get(device_id)
            if client is None:
                client = self._clients[device_id] = await self._open_client(device_id)
            if not await self.upstreams.knock(device_id, client):
                return
            await client.open()
        except HeldBack as error:
            _log.info("connection.held_back", device=device_id, reason=str(error))
            return
        except EfrisError as error:
            _log.warning("connection.failed", device=device_id, reason=str(error))
            self._rest(device_id)
            refusal = error.refusal if isinstance(error, NotReady) else error
            if isinstance(refusal, Refused) and refusal.verdict is Verdict.LANE:
                await self._blocked(device_id, refusal)
            return
        except Exception:  # noqa: BLE001 - logged in full; the handshake is tried again
            _log.exception("connection.failed", device=device_id)
            self._rest(device_id)
            return
        self._failures.pop(device_id, None)
        self._ready.add(device_id)
        when_ready()

    def _rest(self, device_id: str) -> None:
        self._ready.discard(device_id)
        failures = self._failures[device_id] = self._failures.get(device_id, 0) + 1
        pause = backoff.pause(self._timing, failures, self._random)
        self._rest_until[device_id] = self._clock.monotonic() + pause
        self._rested_in_turn[device_id] = self.upstreams.turns(device_id)

    def _is_resting(self, device_id: str) -> bool:
        """Tell whether a device rests; when its upstream has come back since, it has rested long enough."""
        is_over = self._clock.monotonic() >= self._rest_until.get(device_id, 0.0)
        return not is_over and self._rested_in_turn.get(device_id) == self.upstreams.turns(device_id)
