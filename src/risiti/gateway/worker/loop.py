"""The worker: claims what is due, sends it or asks about it, and stops cleanly."""

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, NotReady
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.db.raw import Statements
from risiti.gateway.db.together import Together
from risiti.gateway.kernel.clock import set_or_over
from risiti.gateway.resilience.batch_size import ALONE
from risiti.gateway.submissions.claim import (
    Claim,
    Question,
    by_message,
    claim_at_once,
    claim_to_ask,
    claim_to_send,
    due,
    release,
)
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.lanes import FairLine, Priority, Share, Turn
from risiti.gateway.submissions.reconcile import reconcile
from risiti.gateway.submissions.recovery import Epoch, hold_back
from risiti.gateway.submissions.send import send, settle_together
from risiti.gateway.submissions.settle import Desk, Settlement
from risiti.gateway.submissions.sql.claims import Plan
from risiti.gateway.submissions.sql.look import DueDevice
from risiti.gateway.submissions.sweep import sweep
from risiti.gateway.submissions.upstream import NO_ROOM, Rooms

_log = structlog.get_logger()

IN_FLIGHT_PER_DEVICE = 8
"""Most messages of one device on the wire at once, over all processes."""
IN_FLIGHT_PER_COMPANY = 16
"""The same of one company, unless the setting or the company's lane says otherwise."""
QUESTIONS_PER_DEVICE = 4
"""So many calls per device are kept for questions: an outage's doubts are not starved by new documents."""
SHARE_OF_QUESTIONS = 4
"""In all, one question for so many messages on the wire, and never less than QUESTIONS_PER_DEVICE."""
LEARNED_BEFORE_A_CLAIM = 1.5
"""What other processes have seen is asked after what is due is on its way; but a claim is made on nothing older (s)."""
MOST_KNOWN = 10_000
"""Devices of which a worker remembers how they were."""
GATHERING = 0.02
"""Seconds for which a busy worker lets places come free before it claims again: claims are cheaper together."""
SETTLING = 0.01
"""Seconds for which answers gather after several were written down together, for the same reason."""
GATHERING_MOST = 0.1
"""Where the database is slow, both last as long as the last turn or writing did, but never longer than this."""


class Worker:
    """One process's background work over an engine."""

    def __init__(self, engine: Engine, concurrency: int, per_company: int = IN_FLIGHT_PER_COMPANY) -> None:
        """Work over `engine`.

        Args:
            engine: What is worked on.
            concurrency: Most messages with documents of this worker on the wire at once.
            per_company: The same of one company, over all processes.
        """
        self._engine = engine
        self._concurrency = concurrency
        self._per_company = per_company
        self._wake = asyncio.Event()
        self._roomy = asyncio.Event()
        self._stopping = False
        self._left_some = False
        """The last turn left work behind that was due, or may have: a place that comes free is a reason to look."""
        self._in_turn = False
        """What this turn leaves behind is not known yet."""
        self._lines: defaultdict[str, FairLine] = defaultdict(FairLine)
        self._named: set[str] = set()
        """Devices of which somebody has said that there is work; an empty text stands for any."""
        self._known: dict[str, DueDevice] = {}
        """Devices as they were when they were last looked at."""
        self._looked_at = -math.inf
        self._backlogs: set[str] = set()
        """Devices that had more to send than there was room for, one of many: their messages may carry several."""
        self._batched_kinds = tuple(name for name, kind in engine.kinds.items() if kind.goes_together)
        self._sending: Counter[str] = Counter()
        self._asking: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._settling = Together[Settlement, bool](self._settle, between=self._let_answers_gather)
        self._settling_pause = 0.0

    def wake(self, device_id: str = "") -> None:
        """Say that there may be new work, of this device if it is known of which."""
        self._named.add(device_id)
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop` is called; then finish what is on the wire."""
        clock = self._engine.clock
        self._settling_pause = SETTLING
        while not self._stopping:
            begun = clock.monotonic()
            self._in_turn = True
            try:
                worked = await self._serve_named() or await self.turn()
            except DatabaseUnavailable as error:
                _log.warning("worker.database_unavailable", reason=str(error))
                worked = False
            except Exception:  # noqa: BLE001 - logged in full; a worker that ends leaves everybody waiting
                _log.exception("worker.turn_failed")
                worked = False
            self._in_turn = False
            took = clock.monotonic() - begun
            if not (worked and self._left_some):
                await self._rest()
            await self._gather(_as_long_as(took, GATHERING))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._engine.timing.lease)

    async def idle(self) -> None:
        """Wait until nothing of this worker is on the wire."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def kill(self) -> None:
        """Drop everything at once, as a crash does; whoever works next finds what was left and settles it."""
        self.stop()
        self._settling.drop()
        for task in self._tasks:
            task.cancel()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()
        self._roomy.set()

    async def _serve_named(self) -> bool:
        """Claim for the one device that was named without a look, if nothing else goes on; True if that was all.

        What is known of it is from the last look; the statement that claims leaves it alone if it has changed since.
        Only PostgreSQL names devices.
        """
        named, self._named = self._named, set()
        device = self._known.get(named.pop()) if len(named) == 1 else None
        if device is None or device.is_paused or self._left_some or self._sending.total() or self._asking.total():
            return False
        upstreams = self._engine.connections.upstreams
        await upstreams.refresh(LEARNED_BEFORE_A_CLAIM)
        client = self._engine.connections.ready(device.id)
        if client is None or upstreams.epoch is not None or self._stopping or not upstreams.are_all_closed:
            return False
        due_now = replace(device, to_send=True, to_ask=False, has_lane=True, on_the_wire=0, device_on_the_wire=0)
        if not await self._serve([due_now], {device.id: client}, self._claim_as_known):
            return False
        is_time_to_look = self._engine.clock.monotonic() - self._looked_at >= self._engine.timing.poll
        return not is_time_to_look

    async def turn(self) -> bool:
        """Look for work once; True if something was claimed."""
        engine = self._engine
        self._looked_at = engine.clock.monotonic()
        await engine.connections.upstreams.refresh(LEARNED_BEFORE_A_CLAIM)
        now = engine.clock.now()
        work = await engine.database.read_plain(partial(due, now=now, timing=engine.timing))
        if work.has_orphans:
            desk = Desk(now, engine.timing, engine.ids, engine.random)
            for document_id in await engine.database.write(partial(sweep, desk=desk)):
                engine.announce(document_id)
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        ready: dict[str, AsyncClient] = {}
        for device in work.devices:
            self._known[device.id] = device
            await engine.connections.use_key(device.id, device.key_fingerprint)
            client = engine.connections.ready(device.id)
            if client is not None:
                ready[device.id] = client
            engine.connections.want(device.id, self.wake)
        if self._stopping:
            return work.has_orphans
        able = [device for device in work.devices if device.id in ready]
        worked = await self._serve(able, ready, self._claim) or work.has_orphans
        await engine.connections.upstreams.learn()
        return worked

    async def _serve(
        self,
        devices: Sequence[DueDevice],
        clients: Mapping[str, AsyncClient],
        claim: Callable[[Plan], Awaitable[list[Claim]]],
    ) -> bool:
        """Claim for devices that are ready, and begin to work on what was claimed."""
        rooms = self._engine.connections.upstreams.rooms(device.id for device in devices)
        plan, to_ask = self._plan(devices, clients, rooms), self._plan_questions(devices, rooms)
        database = self._engine.database
        claims = await claim(plan) if plan.turns else []
        messages = by_message(claims)
        for message in messages:
            device_id = message[0].device_id
            self._start(self._sending, device_id, self._send(clients[device_id], message))
        self._note_backlogs(plan, messages)
        questions = await database.write(partial(self._claim_questions, to_ask=to_ask)) if to_ask else []
        self._left_some = _left_some(devices, plan, messages) or _left_some_to_ask(devices, to_ask, questions)
        for question in questions:
            self._start(
                self._asking, question.device_id, reconcile(self._engine, clients[question.device_id], question)
            )
        return bool(claims or questions)

    def _plan(self, devices: Sequence[DueDevice], clients: Mapping[str, AsyncClient], rooms: Rooms) -> Plan:
        """Say who may send how many now: fair between companies, within what company and device may have at once."""
        request_times = {}
        caps = {}
        batches = {}
        places_of: dict[str, dict[str, int]] = defaultdict(dict)
        for device in devices:
            if not device.to_send:
                continue
            try:
                request_times[device.id] = clients[device.id].stamp().request_time
            except NotReady:  # the authority has put our key or clock in doubt since; the handshake comes first
                continue
            caps[device.id] = 1 if device.is_paused or device.in_order else IN_FLIGHT_PER_DEVICE
            batches[device.id] = rooms.batches.get(device.id, ALONE) if self._may_batch(device) else ALONE
            place = min(caps[device.id] - device.device_on_the_wire, rooms.of(device.id).to_send)
            places_of[device.company_id][device.id] = place
        shares: dict[str, list[Share]] = defaultdict(list)
        for device in {device.company_id: device for device in devices}.values():
            shares[rooms.scopes.get(device.id, "")].append(
                Share(
                    device.company_id,
                    device.weight,
                    device.served,
                    device.most_at_once or self._per_company,
                    device.on_the_wire,
                    places_of[device.company_id],
                )
            )
        places = self._concurrency - self._sending.total()
        turns: list[Turn] = []
        for scope, companies in shares.items():
            room = rooms.of_upstreams.get(scope, NO_ROOM)
            given = self._lines[scope].hand_out(companies, min(places, room.to_send))
            places -= sum(most for turn in given for most in turn.devices.values())
            turns += given
        by_id = {device.id: device for device in devices}
        return Plan(turns, by_id, caps, request_times, batches, self._batched_kinds)

    def _may_batch(self, device: DueDevice) -> bool:
        return device.id in self._backlogs and not device.is_paused and not device.in_order

    def _note_backlogs(self, plan: Plan, messages: Sequence[Sequence[Claim]]) -> None:
        """Note which devices have more to send than they had places, and whether it is a matter of many."""
        given = Counter(message[0].device_id for message in messages)
        bulk = {message[0].device_id for message in messages if message[0].priority is Priority.BULK}
        for turn in plan.turns:
            for device_id, asked in turn.devices.items():
                if given[device_id] < asked:
                    self._backlogs.discard(device_id)
                elif device_id in bulk:
                    self._backlogs.add(device_id)

    def _plan_questions(self, devices: Sequence[DueDevice], rooms: Rooms) -> dict[str, int]:
        """Say of which device how many documents in doubt are asked about now."""
        left = max(QUESTIONS_PER_DEVICE, self._concurrency // SHARE_OF_QUESTIONS) - self._asking.total()
        taken: Counter[str] = Counter()
        wanted: dict[str, int] = {}
        for device in devices:
            if not device.to_ask:
                continue
            scope = rooms.scopes.get(device.id, "")
            room = rooms.of(device.id).to_ask - taken[scope]
            most = min(QUESTIONS_PER_DEVICE - self._asking[device.id], left, room)
            if most > 0:
                wanted[device.id] = most
                taken[scope] += most
                left -= most
        return wanted

    async def _claim(self, plan: Plan) -> list[Claim]:
        """Claim as planned; after a recovery some of it is held back, by the mapped classes."""
        database, epoch = self._engine.database, self._engine.connections.upstreams.epoch
        if epoch is not None:
            return await database.write(partial(self._claim_and_hold_back, plan=plan, epoch=epoch))
        if not plan.fits_one_statement:
            return await database.write_plain(partial(self._claim_to_send, plan=plan))
        claims, left = await database.write_at_once(partial(self._claim_at_once, plan=plan))
        if not left.turns:
            return claims
        try:
            return claims + await database.write_plain(partial(self._claim_to_send, plan=left))
        except Exception as error:
            if not claims:
                raise
            _log.warning("worker.rest_not_claimed", reason=repr(error))
            return claims  # they are ours already, and wait to be sent

    async def _claim_as_known(self, plan: Plan) -> list[Claim]:
        """Claim as planned on what was seen at an earlier look, if that still holds."""
        if not plan.fits_one_statement:
            return []
        claims, _ = await self._engine.database.write_at_once(partial(self._claim_at_once, plan=plan))
        return claims

    def _claim_at_once(self, session: Statements, plan: Plan) -> tuple[list[Claim], Plan]:
        engine = self._engine
        return claim_at_once(
            session,
            plan,
            now=engine.clock.now(),
            timing=engine.timing,
            ids=engine.ids,
            monotonic=engine.clock.monotonic(),
        )

    def _claim_to_send(self, session: Statements, plan: Plan) -> list[Claim]:
        engine = self._engine
        return claim_to_send(
            session,
            plan,
            now=engine.clock.now(),
            timing=engine.timing,
            ids=engine.ids,
            monotonic=engine.clock.monotonic(),
        )

    def _claim_and_hold_back(self, session: Session, plan: Plan, epoch: Epoch) -> list[Claim]:
        engine = self._engine
        claims = self._claim_to_send(session, plan)
        if not claims:
            return []
        desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
        return hold_back(session, desk, epoch, claims)

    def _claim_questions(self, session: Session, to_ask: Mapping[str, int]) -> list[Question]:
        now, timing = self._engine.clock.now(), self._engine.timing
        return [
            question
            for device_id, most in to_ask.items()
            for question in claim_to_ask(session, device_id, most, now=now, timing=timing)
        ]

    async def _send(self, client: AsyncClient, claims: Sequence[Claim]) -> None:
        if not self._stopping:
            await send(self._engine, client, claims, self._settling.put)
            return
        await self._engine.database.write(partial(release, claims=claims, now=self._engine.clock.now()))

    async def _settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        begun = self._engine.clock.monotonic()
        try:
            return await settle_together(self._engine, settlements)
        finally:
            if self._settling_pause:
                self._settling_pause = _as_long_as(self._engine.clock.monotonic() - begun, SETTLING)

    async def _let_answers_gather(self) -> None:
        """Wait a little; not where turns are made from outside, for there nobody lets time pass meanwhile."""
        if self._settling_pause:
            await self._engine.clock.sleep(self._settling_pause)

    def _start(self, counter: "Counter[str]", device_id: str, work: Coroutine[None, None, None]) -> None:
        upstreams, asking = self._engine.connections.upstreams, counter is self._asking
        counter[device_id] += 1
        upstreams.began(device_id, asking=asking)
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._tasks.discard(finished)
            counter[device_id] -= 1
            upstreams.ended(device_id, asking=asking)
            if self._left_some or self._in_turn:
                self._wake.set()
            if not self._is_busy:
                self._roomy.set()
            if not finished.cancelled() and (error := finished.exception()) is not None:
                _log.error("worker.task_failed", device=device_id, reason=repr(error))

        task.add_done_callback(done)

    @property
    def _is_busy(self) -> bool:
        """Whether most of the places that this worker may have on the wire are taken."""
        sending = self._sending.total()
        return sending > 0 and sending > min(
            self._concurrency - sending, self._engine.connections.upstreams.room_in_all
        )

    async def _rest(self) -> None:
        """Sleep until something wakes us, or until it is time to look at the table again (it is the truth)."""
        await set_or_over(self._wake, self._engine.clock, self._engine.timing.poll)
        self._wake.clear()

    async def _gather(self, seconds: float) -> None:
        """Let places come free while most are taken: a turn costs the same for one document as for many."""
        self._roomy.clear()
        if self._is_busy and not self._stopping:
            await set_or_over(self._roomy, self._engine.clock, seconds)


def _as_long_as(took: float, least: float) -> float:
    """Return how long to let things gather after something that took so long."""
    return min(max(took, least), GATHERING_MOST)


def _left_some(devices: Sequence[DueDevice], plan: Plan, messages: Sequence[Sequence[Claim]]) -> bool:
    """Tell whether documents that are due to be sent may be left.

    The line of a device has ended if it gave fewer than were asked for; one that gave none is somebody else's just now.
    """
    given = Counter(message[0].device_id for message in messages)
    asked = {device_id: most for turn in plan.turns for device_id, most in turn.devices.items()}
    return any(not 0 < given[device.id] < asked.get(device.id, 0) for device in devices if device.to_send)


def _left_some_to_ask(devices: Sequence[DueDevice], asked: Mapping[str, int], questions: Sequence[Question]) -> bool:
    given = Counter(question.device_id for question in questions)
    return any(given[device.id] >= asked.get(device.id, 0) for device in devices if device.to_ask)
