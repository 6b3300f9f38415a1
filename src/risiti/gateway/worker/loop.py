"""The worker: claims what is due, sends it or asks about it, and stops cleanly."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from functools import partial

import structlog
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, NotReady
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.submissions.claim import (
    Claim,
    DueDevice,
    Question,
    claim_to_ask,
    claim_to_send,
    due,
    release,
)
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.reconcile import reconcile
from risiti.gateway.submissions.send import send
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.sweep import sweep

_log = structlog.get_logger()

IN_FLIGHT_PER_DEVICE = 8
SHARE_OF_QUESTIONS = 4
"""So many calls per device are kept for questions: an outage's doubts are not starved by new documents."""


class Worker:
    """One process's background work over an engine."""

    def __init__(self, engine: Engine, concurrency: int) -> None:
        """Work over `engine` with at most `concurrency` documents on the wire at once."""
        self._engine = engine
        self._concurrency = concurrency
        self._wake = asyncio.Event()
        self._stopping = False
        self._sending: Counter[str] = Counter()
        self._asking: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that there may be new work."""
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop` is called; then finish what is on the wire."""
        while not self._stopping:
            try:
                worked = await self.turn()
            except DatabaseUnavailable as error:
                _log.warning("worker.database_unavailable", reason=str(error))
                worked = False
            except Exception:  # noqa: BLE001 - logged in full; a worker that ends leaves everybody waiting
                _log.exception("worker.turn_failed")
                worked = False
            if not worked:
                await self._rest()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._engine.timing.lease)

    async def idle(self) -> None:
        """Wait until nothing of this worker is on the wire."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def kill(self) -> None:
        """Drop everything at once, as a crash does; whoever works next finds what was left and settles it."""
        self.stop()
        for task in self._tasks:
            task.cancel()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    async def turn(self) -> bool:
        """Look for work once; True if something was claimed."""
        engine = self._engine
        now = engine.clock.now()
        desk = Desk(now, engine.timing, engine.ids, engine.random)
        work = await engine.database.read(partial(due, now=now, timing=engine.timing))
        if work.has_orphans:
            for document_id in await engine.database.write(partial(sweep, desk=desk)):
                engine.announce(document_id)
        worked = work.has_orphans
        for device in work.devices:
            await engine.connections.use_key(device.id, device.key_fingerprint)
            client = engine.connections.ready(device.id)
            if client is None:
                engine.connections.want(device.id, self.wake)
            elif not self._stopping:
                worked = await self._serve(device, client) or worked
        return worked

    async def _serve(self, device: DueDevice, client: AsyncClient) -> bool:
        most = 1 if device.is_paused else IN_FLIGHT_PER_DEVICE
        to_send = min(most - self._sending[device.id], self._concurrency - self._sending.total())
        to_ask = SHARE_OF_QUESTIONS - self._asking[device.id]
        if to_send <= 0 and to_ask <= 0:
            return False
        try:
            claims, questions = await self._engine.database.write(
                partial(self._claim, device=device, client=client, to_send=to_send, to_ask=to_ask)
            )
        except NotReady:  # the authority has put our key or clock in doubt since; the handshake comes first
            return False
        for claim in claims:
            self._start(self._sending, device.id, self._send(client, claim))
        for question in questions:
            self._start(self._asking, device.id, reconcile(self._engine, client, question))
        return bool(claims or questions)

    def _claim(
        self, session: Session, device: DueDevice, client: AsyncClient, to_send: int, to_ask: int
    ) -> tuple[list[Claim], list[Question]]:
        engine = self._engine
        now = engine.clock.now()
        claims = (
            claim_to_send(
                session,
                device.id,
                to_send,
                now=now,
                timing=engine.timing,
                ids=engine.ids,
                stamp=client.stamp,
                monotonic=engine.clock.monotonic(),
            )
            if to_send > 0
            else []
        )
        questions = claim_to_ask(session, device.id, to_ask, now=now, timing=engine.timing) if to_ask > 0 else []
        return claims, questions

    async def _send(self, client: AsyncClient, claim: Claim) -> None:
        if self._stopping:
            await self._engine.database.write(partial(release, claim=claim, now=self._engine.clock.now()))
            return
        await send(self._engine, client, claim)

    def _start(self, counter: "Counter[str]", device_id: str, work: Coroutine[None, None, None]) -> None:
        counter[device_id] += 1
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._tasks.discard(finished)
            counter[device_id] -= 1
            self._wake.set()
            if not finished.cancelled() and (error := finished.exception()) is not None:
                _log.error("worker.task_failed", device=device_id, reason=repr(error))

        task.add_done_callback(done)

    async def _rest(self) -> None:
        """Sleep until something wakes us, or until it is time to look at the table again (it is the truth)."""
        sleeping = asyncio.ensure_future(self._engine.clock.sleep(self._engine.timing.poll))
        waking = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
        waking.cancel()
        self._wake.clear()
