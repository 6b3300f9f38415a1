"""Upstreams: what one process knows of the authority, shared with the other processes through the database.

The rows of `upstream_tables.py` are the truth. Redis, where there is one, only says earlier that there is news.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from risiti.efris import AsyncClient, AuthorityTime, ClockOffset, EfrisError, HeldBack, Refused
from risiti.gateway.db.database import Database
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.resilience.batch_size import BatchBounds, BatchSize
from risiti.gateway.resilience.breaker import Phase, Policy, may_probe
from risiti.gateway.resilience.concurrency import AdaptiveLimit, Bounds
from risiti.gateway.resilience.pacing import Pacer
from risiti.gateway.resilience.shared_state import SharedState
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.gates import CallClass, Calls, Gate
from risiti.gateway.submissions.passing import Governor
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.submissions.upstream import Lane, Rooms, Rung, Upstream

if TYPE_CHECKING:
    from risiti.gateway.submissions.recovery import Epoch

_log = structlog.get_logger()

LEARN_EVERY = 1.0
"""Seconds between two looks at the shared rows."""
LEARN_EVERY_WITH_HINTS = 5.0
BEAT_EVERY = 5.0
ALIVE = 15.0
"""A process that was silent for so long (seconds) counts as dead."""
PAUSED_RETRY_SECONDS = 60
"""When a caller is told to come back while a person keeps an upstream closed."""
READINGS = 2
"""So many readings of the authority's clock are made each time; the better one is kept."""
LAG_MARGIN = 3.0
"""The lists may lag so many times longer than was ever seen."""
PROCESSING_MARGIN = 2.0
"""The same for how long the authority works on a request."""
_HINT = "breakers"


@dataclass(frozen=True, slots=True)
class Protection:
    """The limits, as the settings have them."""

    upstream: Policy = field(default_factory=Policy)
    lane: Policy = field(
        default_factory=lambda: Policy(
            open_for=30.0, open_most=900.0, window=300.0, calls_needed=5, failed_share=0.6, slow_share=2.0
        )
    )
    """A lane that is only slow is left to the upstream's breaker."""
    bounds: Bounds = field(default_factory=Bounds)
    rate: float = 100.0
    """Messages to one upstream in any one second, of all processes together."""
    batches: BatchBounds = field(default_factory=BatchBounds)


class Upstreams:
    """The upstreams and lanes that this process speaks to."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        protection: Protection,
        process: str,
        *,
        quiet: float,
        shared: SharedState | None = None,
    ) -> None:
        """`process` names this process; `quiet` is the quiet period (seconds)."""
        self.process = process
        self.shared = shared
        self._database = database
        self._clock = clock
        self._protection = protection
        self._quiet = quiet
        self._upstreams: dict[str, Upstream] = {}
        self._lanes: dict[str, Lane] = {}
        self._gates: dict[str, Gate] = {}
        self._news: set[Gate] = set()
        self._readings: dict[str, ClockOffset] = {}
        self._offsets: dict[str, float] = {}
        self._began = clock.now() - timedelta(seconds=clock.monotonic())
        """Makes a time of monotonic seconds: unlike the wall clock it is not set while we run."""
        self._looked_at = self._learned_at = self._beaten_at = float("-inf")
        self._hint: str | None = None
        self._longer_quiet = 0.0
        self._slowest = standings.Slowest()
        self.epoch: Epoch | None = None
        """The last recovery, if there was one; known from the first look at the shared rows on."""

    def governor(self, device_id: str, name: str, url: str) -> tuple[Governor, AuthorityTime]:
        """Return what rules over the messages of a device of the upstream `name` at `url`, and the upstream's time."""
        upstream = self.upstream(name, url)
        lane = self._lanes.get(device_id)
        if lane is None or lane.upstream is not upstream:
            lane = self._lanes[device_id] = Lane(upstream, self._gate(f"device:{device_id}", self._protection.lane))
        return Governor(lane, self._clock), upstream.time

    def upstream(self, name: str, url: str) -> Upstream:
        """Return an upstream."""
        scope = scope_of(url)
        if scope not in self._upstreams:
            policy = self._protection.upstream
            upstream = Upstream(
                name=name,
                gate=self._gate(scope, policy),
                submit=Calls(self._gate(scope_of(url, CallClass.SUBMIT), policy)),
                query=Calls(self._gate(scope_of(url, CallClass.QUERY), policy)),
                limit=AdaptiveLimit(self._protection.bounds),
                batch=BatchSize(self._protection.batches),
                pacer=Pacer(scope, self._protection.rate, self.shared),
                time=AuthorityTime(READINGS, partial(self._read_clock, scope)),
            )
            upstream.gate.on_closed = upstream.submit.gate.on_closed = upstream.limit.restart
            upstream.gate.on_probing = upstream.begin_to_probe
            for gate in upstream.gates:
                gate.on_opened = partial(self._spare_others, upstream, gate)
            self._upstreams[scope] = upstream
            self._looked_at = self._learned_at = float("-inf")
        return self._upstreams[scope]

    def is_through(self, device_id: str) -> bool:
        """Tell whether a device's documents may be claimed; a device that was never connected is in nobody's way."""
        lane = self._lanes.get(device_id)
        return lane is None or lane.is_through

    def turns(self, device_id: str) -> int:
        """Return a number that grows whenever the upstream of a device comes or goes."""
        lane = self._lanes.get(device_id)
        return 0 if lane is None else lane.upstream.gate.standing.turns

    def may_knock(self, device_id: str) -> bool:
        """Tell whether it is time, and ours, to try what a breaker keeps shut."""
        lane = self._lanes.get(device_id)
        if lane is None:
            return True
        if not lane.upstream.is_through:
            return lane.upstream.gate.is_ours or self._may_probe(lane.upstream.gate)
        return lane.gate.is_ours or self._may_probe(lane.gate)

    def may_ask(self, device_id: str) -> bool:
        """Tell whether questions of a device need not be held back."""
        lane = self._lanes.get(device_id)
        return lane is None or lane.upstream.query.gate.is_closed

    def has_calls_to_try(self, device_id: str) -> bool:
        """Tell whether it is time, and ours, to try what fails while the address answers: a class of calls, a lane."""
        lane = self._lanes.get(device_id)
        if lane is None or not lane.upstream.gate.is_closed:
            return False
        if self._may_probe(lane.gate):
            return True
        return any(one.has_to_ping or self._may_probe(one.gate) for one in lane.upstream.classes)

    def scope(self, device_id: str) -> str:
        """Return the upstream of a device; empty if it was never connected."""
        lane = self._lanes.get(device_id)
        return "" if lane is None else lane.upstream.gate.scope

    def rooms(self, device_ids: Iterable[str]) -> Rooms:
        """Return how many more messages may be claimed for now: of each of these devices, and of their upstreams."""
        of_upstreams = {scope: upstream.room() for scope, upstream in self._upstreams.items()}
        lanes = {device_id: lane for device_id in device_ids if (lane := self._lanes.get(device_id)) is not None}
        scopes = {device_id: lane.upstream.gate.scope for device_id, lane in lanes.items()}
        of_devices = {device_id: lane.room(of_upstreams[scopes[device_id]]) for device_id, lane in lanes.items()}
        now = self._clock.monotonic()
        batches = {device_id: lane.batch(now) for device_id, lane in lanes.items()}
        return Rooms(scopes, of_devices, of_upstreams, batches)

    @property
    def are_all_closed(self) -> bool:
        """Whether nothing is known to fail, or being tried, at any upstream."""
        return all(gate.is_closed for upstream in self._upstreams.values() for gate in upstream.gates)

    @property
    def room_in_all(self) -> int:
        """How many more documents may be claimed to be sent, over all upstreams."""
        return sum(upstream.room().to_send for upstream in self._upstreams.values())

    def answered_batch(self, device_id: str, documents: int, seconds: float | None) -> None:
        """Say that a message of a device with several documents was answered in so many seconds, or in vain (None)."""
        lane = self._lanes.get(device_id)
        if lane is not None:
            lane.upstream.batch.ended(self._clock.monotonic(), documents, seconds)

    def began(self, device_id: str, *, asking: bool) -> None:
        """Say that claimed documents of a device are being sent in one message, or that one is asked about."""
        self._add(device_id, 1, asking=asking)

    def ended(self, device_id: str, *, asking: bool) -> None:
        """Say that it is done."""
        self._add(device_id, -1, asking=asking)

    def careful(self, timing: Timing) -> Timing:
        """Return the waiting times: longer where the authority was slow or its clock jumped, never shorter."""
        return replace(
            timing,
            processing=max(timing.processing, PROCESSING_MARGIN * self._slowest.processing) + self._longer_quiet,
            query_lag=max(timing.query_lag, LAG_MARGIN * self._slowest.lag),
        )

    async def refresh(self, every: float = LEARN_EVERY) -> None:
        """Share what was seen and learn what others saw; called at each turn of a worker, cheap when there is no news.

        `every` says how many seconds old it may be what is known of others.

        Raises:
            DatabaseUnavailable: it is tried again at the next turn.
        """
        for upstream in self._upstreams.values():
            upstream.next_turn()
        await self.learn(every)

    async def learn(self, every: float = LEARN_EVERY) -> None:
        """Do the same, but begin no new turn."""
        now = self._clock.monotonic()
        is_time = now - self._looked_at >= every
        for gate in sorted(self._news, key=lambda gate: gate.scope, reverse=True):  # upstreams before lanes
            if gate in self._news and (is_time or gate.is_urgent):
                await self._tell(gate)
        if is_time:
            await self._share_clocks()
            await self._beat(now)
            await self._learn(now)
            self._looked_at = now

    async def knock(self, device_id: str, client: AsyncClient) -> bool:
        """Try what a breaker keeps shut, if it is time and nobody else does; True if work may begin.

        Raises:
            EfrisError: the first sign of life failed.
        """
        await self.refresh()
        lane = self._lanes[device_id]
        if self._may_probe(lane.upstream.gate):
            await self._begin(lane.upstream.gate)
        if lane.upstream.gate.is_ours:
            await self._ping(lane.upstream, client)
        elif lane.upstream.gate.is_closed:
            await self._try_calls(lane.upstream, client)
        if lane.upstream.is_through and self._may_probe(lane.gate):
            await self._begin(lane.gate)
        return lane.is_through

    async def require(self, name: str, url: str) -> Upstream:
        """Return an upstream that a caller wants to be asked right now.

        Raises:
            Unavailable: it is known to be away, or to answer no questions; says when to try again.
        """
        upstream = self.upstream(name, url)
        await self.refresh()
        for gate in (upstream.gate, upstream.query.gate):
            if not gate.is_closed:
                standing = gate.standing
                raise Unavailable(
                    "The authority does not answer at the moment. Documents are accepted and sent when it does.",
                    code="authority_away",
                    retry_after=PAUSED_RETRY_SECONDS if standing.paused_by else self.retry_after(standing.retry_at),
                )
        return upstream

    async def is_away(self, name: str, url: str) -> bool:
        """Tell whether an upstream is known to take no documents; for processes that do not work themselves, too."""
        upstream = self.upstream(name, url)
        now = self._clock.monotonic()
        if now - self._looked_at >= LEARN_EVERY:
            self._looked_at = now
            await self._learn(now)
        return not (upstream.gate.is_closed and upstream.submit.gate.is_closed)

    def retry_after(self, retry_at: datetime | None) -> int:
        """Return whole seconds until it is worth trying again."""
        if retry_at is None:
            return 1
        most = timedelta(seconds=self._protection.upstream.open_most)
        return max(1, round(min(retry_at - self._clock.now(), most).total_seconds()) + 1)

    async def leave(self) -> None:
        """Say that this process ends, so that the others need not wait to take over its share."""
        if self._beaten_at > float("-inf"):
            await self._database.write(partial(standings.leave, process=self.process))

    def seen(self) -> tuple[Upstream, ...]:
        """Return the upstreams of this process, for metrics."""
        return tuple(self._upstreams.values())

    def _spare_others(self, upstream: Upstream, failed: Gate) -> None:
        """An upstream, or a class of calls to it, has failed: what others have seen of that is not their fault."""
        if failed is upstream.gate:
            for one in upstream.classes:
                one.gate.forget()
        for lane in self._lanes.values():
            if lane.upstream is upstream:
                lane.gate.forget()

    def _gate(self, scope: str, policy: Policy) -> Gate:
        if scope not in self._gates:
            self._gates[scope] = Gate(scope, policy, self.process, self._news)
        return self._gates[scope]

    def _may_probe(self, gate: Gate) -> bool:
        return may_probe(gate.standing, gate.policy, self._clock.now())

    def _add(self, device_id: str, number: int, *, asking: bool) -> None:
        lane = self._lanes.get(device_id)
        if lane is not None:
            calls = lane.upstream.query if asking else lane.upstream.submit
            calls.under_way += number

    def _read_clock(self, scope: str, _before: ClockOffset | None, offset: ClockOffset) -> None:
        self._readings[scope] = offset

    async def _begin(self, gate: Gate) -> None:
        now = self._clock.now()
        gate.learn(
            await self._database.write(
                partial(standings.begin_probe, scope=gate.scope, policy=gate.policy, process=self.process, now=now)
            )
        )
        if gate.is_ours:
            gate.on_probing()
        await self._give_hint()

    async def _ping(self, upstream: Upstream, client: AsyncClient) -> None:
        try:
            while upstream.gate.is_ours and upstream.rung is Rung.PING and upstream.gate.conclusion is None:
                try:
                    await client.read_time()
                except Refused:
                    continue  # an answer, too; `Pass.ended` has counted it
        except HeldBack:
            return
        except EfrisError as error:
            upstream.gate.conclude(str(error))
            raise
        finally:
            if upstream.gate.conclusion is not None:
                await self._tell(upstream.gate)

    async def _try_calls(self, upstream: Upstream, client: AsyncClient) -> None:
        """Try the classes of calls that are shut, if it is time and nobody else does: with signs of life at first.

        That they fail is not raised: the other class of calls goes on.
        """
        for one in upstream.classes:
            if self._may_probe(one.gate):
                await self._begin(one.gate)
        try:
            while upstream.gate.is_closed and any(one.has_to_ping for one in upstream.classes):
                try:
                    await client.read_time()
                except Refused:
                    continue  # as above
        except HeldBack:
            return
        except EfrisError as error:
            for one in upstream.classes:
                one.gate.conclude(str(error))
        finally:
            for one in upstream.classes:
                if one.gate.conclusion is not None:
                    await self._tell(one.gate)

    async def _tell(self, gate: Gate) -> None:
        now = self._clock.now()
        turns = gate.standing.turns
        if gate.conclusion is not None:
            end = partial(standings.end_probe, failure=gate.conclusion or None)
            standing = await self._database.write(
                partial(end, scope=gate.scope, policy=gate.policy, process=self.process, now=now)
            )
            gate.conclusion = None
        else:
            report = gate.tally.report()
            standing = await self._database.write(
                partial(
                    standings.tell,
                    scope=gate.scope,
                    policy=gate.policy,
                    report=report,
                    process=self.process,
                    now=now,
                )
            )
            gate.tally.reported()
        self._news.discard(gate)
        gate.learn(standing)
        if standing.turns != turns:
            await self._give_hint()

    async def _share_clocks(self) -> None:
        readings, self._readings = self._readings, {}
        for scope, offset in readings.items():
            ours = self._began + timedelta(seconds=offset.measured_at)
            ahead = (offset.authority_time - ours).total_seconds()
            reading = standings.ClockReading(ahead, self._offsets.get(scope), offset.error)
            self._offsets[scope] = ahead
            jump = await self._database.write(
                partial(standings.note_clock, scope=scope, reading=reading, quiet=self._quiet, now=self._clock.now())
            )
            if jump:
                _log.error("authority.clock_jumped", scope=scope, seconds=round(jump))

    async def _beat(self, monotonic: float) -> None:
        if monotonic - self._beaten_at >= BEAT_EVERY:
            limits = {scope: upstream.limits for scope, upstream in self._upstreams.items()}
            now = self._clock.now()
            await self._database.write(partial(standings.beat, process=self.process, now=now, limits=limits))
            self._beaten_at = monotonic

    async def _learn(self, monotonic: float) -> None:
        hint = None if self.shared is None else await self.shared.hint(_HINT)
        unchanged = hint is not None and hint == self._hint
        if unchanged and monotonic - self._learned_at < LEARN_EVERY_WITH_HINTS:
            return
        now = self._clock.now()
        learned = await self._database.read(partial(standings.learn, scopes=self._scopes, now=now, alive=ALIVE))
        self._learned_at, self._hint = monotonic, hint
        self._longer_quiet = learned.longer_quiet
        self._slowest = learned.slowest
        self.epoch = learned.epoch
        for scope, gate in self._gates.items():
            known = learned.standings.get(scope)
            if known is not None:
                gate.learn(known)
            elif gate.standing.phase is not Phase.CLOSED:  # closed by another process, or wiped
                gate.learn(replace(gate.standing, phase=Phase.CLOSED, turns=gate.standing.turns + 1, prober=None))
        for upstream in self._upstreams.values():
            upstream.processes = learned.processes

    @property
    def _scopes(self) -> tuple[str, ...]:
        return tuple(gate.scope for upstream in self._upstreams.values() for gate in upstream.gates)

    async def _give_hint(self) -> None:
        if self.shared is not None:
            self._hint = f"{self.process} {self._clock.monotonic()}"
            await self.shared.give_hint(_HINT, self._hint)


def scope_of(url: str, which: CallClass = CallClass.SESSION) -> str:
    """Return the name under which an upstream's breaker is shared: of the address, or of a class of calls to it."""
    return f"upstream:{url}" if which is CallClass.SESSION else f"{which}:{url}"
