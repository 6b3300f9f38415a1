"""What protects one upstream (environment and address) from us, and us from it; and the same for each device's lane.

Every message to the authority passes `Governor.admit`: it is held back while a breaker is open, let through one at a
time while we probe, and spread by the rate limit. Nothing here opens a connection or writes to the database: what is
seen is collected, and `Upstreams` shares it.
"""

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from risiti.efris import AuthorityTime, Effect, HeldBack, Refused, TimedOut
from risiti.efris.interfaces import SERVER_TIME, SESSION_KEY
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.resilience.breaker import Phase, Policy, Standing, Tally
from risiti.gateway.resilience.concurrency import AdaptiveLimit, RetryBudget
from risiti.gateway.resilience.pacing import Pacer
from risiti.gateway.submissions.judgement import NOTHING, Judgement, judge

if TYPE_CHECKING:
    from collections.abc import Callable

HANDSHAKE = frozenset({SERVER_TIME.code, SESSION_KEY.code})
"""Messages that are about no document."""
PINGS = 3
"""So many signs of life in a row before anything else is tried."""
LONGEST_TURN = 5.0
"""A message whose turn is further away (seconds) is held back rather than made to wait."""
QUESTION_SHARE = 0.25
"""Room for questions beside the room for sending, as a part of it: an outage's doubts are not starved."""
TURNS_AHEAD = 2.0
"""No more documents are under way than the rate limit lets out in so many seconds."""


class Rung(Enum):
    """The ladder that a prober climbs: each step risks a little more."""

    PING = auto()
    ASK = auto()
    """One question about a real doubt, if there is one."""
    SEND = auto()
    """One document."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many more documents may be claimed now, to send and to ask about."""

    to_send: int
    to_ask: int


NO_ROOM = Room(0, 0)


class Gate:
    """One breaker as this process sees it: what it knows of the shared standing, and what the others should know."""

    def __init__(self, scope: str, policy: Policy, process: str, news: "set[Gate]") -> None:
        self.scope = scope
        self.policy = policy
        self.process = process
        self.standing = Standing()
        self.tally = Tally(policy)
        self.conclusion: str | None = None
        """How our probe ended, not yet shared: "" for well, else why it failed; None: it has not ended."""
        self.in_flight = 0
        self.news = news
        self.on_closed: Callable[[], None] = lambda: None
        self.on_opened: Callable[[], None] = lambda: None

    @property
    def is_ours(self) -> bool:
        """Whether this process is the one that tries."""
        return self.standing.phase is Phase.HALF_OPEN and self.standing.prober == self.process

    @property
    def is_urgent(self) -> bool:
        """Whether the others must know at once what was seen."""
        return self.conclusion is not None or self.tally.would_open(self.standing)

    @property
    def lets_work_through(self) -> bool:
        """Whether a call may begin now."""
        if self.standing.phase is Phase.CLOSED:
            return not self.tally.would_open(self.standing)
        return self.is_ours and self.conclusion is None and self.in_flight == 0

    def learn(self, standing: Standing) -> None:
        """Take over what the shared row says."""
        turned = standing.turns != self.standing.turns
        was_closed = self.standing.phase is Phase.CLOSED
        self.standing = standing
        if turned:
            self.tally.reset()
            self.conclusion = None
            self.news.discard(self)
            if standing.phase is Phase.CLOSED and not was_closed:
                self.on_closed()
            if was_closed and standing.phase is not Phase.CLOSED:
                self.on_opened()

    def forget(self) -> None:
        """Forget what was seen: it had another cause. A probe of ours that was ended by it goes on."""
        self.tally.reset()
        self.conclusion = None
        self.news.discard(self)

    def count(self, weight: float | None, turns: int, now: float, seconds: float, reason: str) -> None:
        """Count how a call ended that began in turn `turns`."""
        if weight is None or turns != self.standing.turns:
            return
        if self.standing.phase is not Phase.CLOSED:
            return
        if weight:
            self.tally.failure(now, seconds, reason, weight)
        else:
            self.tally.success(now, seconds)
        if weight or self.standing.failures or self.is_urgent:
            self.news.add(self)

    def conclude(self, failure: str) -> None:
        """Say how our probe ended; the first word counts."""
        if self.is_ours and self.conclusion is None:
            self.conclusion = failure
            self.news.add(self)


@dataclass
class Upstream:
    """One upstream: its breaker, its limits, its time."""

    name: str
    """`test` or `live`."""
    gate: Gate
    limit: AdaptiveLimit
    pacer: Pacer
    time: AuthorityTime
    budget: RetryBudget = field(default_factory=RetryBudget)
    processes: int = 1
    sending: int = 0
    asking: int = 0
    rung: Rung = Rung.PING
    pings: int = 0
    offered: bool = False
    """In this turn of the worker, what the rung needs was asked for."""

    def room(self) -> Room:
        """Return how many more documents may be claimed now."""
        if not self.gate.lets_work_through:
            return NO_ROOM
        if self.gate.standing.phase is Phase.HALF_OPEN:
            return self._room_of_the_rung()
        share = self.limit.share(self.processes)
        ahead = max(1, int(self.pacer.share(self.processes) * TURNS_AHEAD))
        to_send = 1 if self.budget.is_spent else min(share, ahead)
        to_ask = max(1, math.ceil(share * QUESTION_SHARE))
        return Room(max(0, to_send - self.sending), max(0, to_ask - self.asking))

    @property
    def is_through(self) -> bool:
        """Whether work may be claimed: the breaker is closed, or we are the one that tries and it has answered."""
        return self.gate.standing.phase is Phase.CLOSED or (self.gate.is_ours and self.rung is not Rung.PING)

    def begin_to_probe(self) -> None:
        """Start at the foot of the ladder."""
        self.rung, self.pings, self.offered = Rung.PING, 0, False

    def next_turn(self) -> None:
        """A turn of the worker is over: a rung for which there was nothing to do is climbed, too."""
        if not self.gate.is_ours or not self.offered or self.sending or self.asking or self.gate.in_flight:
            return
        self.offered = False
        if self.rung is Rung.ASK:
            self.rung = Rung.SEND
        elif self.rung is Rung.SEND:
            self.gate.conclude("")

    def answered(self, interface: str, effect: Effect) -> None:
        """Climb: while we probe, the authority has answered a message."""
        if self.rung is Rung.PING and interface == SERVER_TIME.code:
            self.pings += 1
            self.rung = Rung.ASK if self.pings >= PINGS else Rung.PING
        elif self.rung is Rung.ASK and effect is Effect.READ and interface not in HANDSHAKE:
            self.rung, self.offered = Rung.SEND, False
        elif self.rung is Rung.SEND and effect is Effect.WRITE:
            self.gate.conclude("")

    def may_leave(self, interface: str, effect: Effect) -> bool:
        """Tell whether the ladder has come as far as this message."""
        if self.gate.standing.phase is not Phase.HALF_OPEN or interface == SERVER_TIME.code:
            return True
        return self.rung is Rung.SEND or (self.rung is Rung.ASK and effect is Effect.READ)

    def _room_of_the_rung(self) -> Room:
        if self.rung is Rung.PING or self.sending or self.asking:
            return NO_ROOM
        self.offered = True
        return Room(0, 1) if self.rung is Rung.ASK else Room(1, 0)


class Lane:
    """What protects one device's lane: a breaker of its own."""

    def __init__(self, upstream: Upstream, gate: Gate) -> None:
        self.upstream = upstream
        self.gate = gate

    @property
    def is_through(self) -> bool:
        """Whether work may be claimed: both breakers are closed, or we are the one that tries and have come so far."""
        return self.upstream.is_through and (self.gate.standing.phase is Phase.CLOSED or self.gate.is_ours)

    def room(self) -> Room:
        """Return how many more documents of this device may be claimed now."""
        if not self.gate.lets_work_through:
            return NO_ROOM
        room = self.upstream.room()
        if self.gate.standing.phase is Phase.HALF_OPEN:
            # One of either: a device may have nothing to send and still a doubt to ask about. Of two one is held back.
            return Room(min(1, room.to_send), min(1, room.to_ask))
        return room


class Governor:
    """Rules over the messages of one device; see `risiti.efris.Governor`."""

    def __init__(self, lane: Lane, clock: Clock) -> None:
        self._lane = lane
        self._clock = clock

    async def admit(self, interface: str, effect: Effect, seconds: float) -> "Pass":
        """Wait for the turn of one message.

        Raises:
            HeldBack: a breaker is open, the rate limit has no turn soon enough, or the caller's time is over.
        """
        self._check(interface, effect)
        admitted = Pass(self._lane, interface, effect, self._clock)
        admitted.enter()  # at once: of all who ask at the same moment in HALF_OPEN one gets through
        try:
            await self._turn()
            admitted.check()
        except BaseException:
            admitted.leave()
            raise
        admitted.begin(seconds)
        return admitted

    async def _turn(self) -> None:
        """Wait for a turn within the rate limit."""
        upstream = self._lane.upstream
        most = deadline.bounded(LONGEST_TURN)
        wait = await upstream.pacer.take(self._clock.monotonic(), upstream.processes, most)
        if wait is None:
            raise HeldBack("more messages wait than may leave soon", retry_after=LONGEST_TURN)
        if wait > 0:
            await self._clock.sleep(wait)

    def _check(self, interface: str, effect: Effect) -> None:
        if deadline.has_passed():
            raise HeldBack("the caller's time is over")
        upstream = self._lane.upstream
        if not upstream.gate.lets_work_through or not upstream.may_leave(interface, effect):
            raise HeldBack("the authority is known to be away", retry_after=upstream.gate.policy.open_for)
        if not self._lane.gate.lets_work_through and interface != SERVER_TIME.code:
            raise HeldBack("this device's messages keep failing", retry_after=self._lane.gate.policy.open_for)


class Pass:
    """The permission for one message."""

    def __init__(self, lane: Lane, interface: str, effect: Effect, clock: Clock) -> None:
        self._lane = lane
        self._interface = interface
        self._effect = effect
        self._clock = clock
        self._turns = lane.upstream.gate.standing.turns
        self._lane_turns = lane.gate.standing.turns
        self._began = clock.monotonic()
        self._is_cut = False
        self.seconds = 0.0

    def enter(self) -> None:
        """Count as under way, from the moment it is let in."""
        self._lane.upstream.gate.in_flight += 1
        self._lane.gate.in_flight += 1

    def leave(self) -> None:
        """Count as under way no longer."""
        self._lane.upstream.gate.in_flight -= 1
        self._lane.gate.in_flight -= 1

    def check(self) -> None:
        """Make sure that nothing has changed while it waited.

        Raises:
            HeldBack: the upstream's breaker has turned, or is about to.
        """
        gate = self._lane.upstream.gate
        if gate.standing.turns != self._turns or gate.is_urgent:
            raise HeldBack("the authority is known to be away", retry_after=gate.policy.open_for)

    def begin(self, seconds: float) -> None:
        """Let it leave; it would like to take so many seconds."""
        self._began = self._clock.monotonic()
        self.seconds = deadline.bounded(seconds)
        self._is_cut = self.seconds < seconds

    def ended(self, error: BaseException | None) -> None:
        """Count what came of it."""
        upstream, gate = self._lane.upstream, self._lane.gate
        self.leave()
        now = self._clock.monotonic()
        seconds = now - self._began
        was_cut = isinstance(error, TimedOut) and self._is_cut
        judgement = NOTHING if was_cut else judge(error)
        upstream.gate.count(judgement.upstream, self._turns, now, seconds, judgement.reason)
        is_about_the_device = upstream.gate.standing.phase is Phase.CLOSED and self._interface != SERVER_TIME.code
        if is_about_the_device:
            gate.count(judgement.device, self._lane_turns, now, seconds, judgement.reason)
        self._adapt(upstream, judgement, now, seconds)
        answered = error is None or isinstance(error, Refused)
        if upstream.gate.standing.turns == self._turns and judgement.upstream is not None:
            if answered and not judgement.upstream:
                upstream.answered(self._interface, self._effect)
            else:
                upstream.gate.conclude(judgement.reason)
        if gate.standing.turns == self._lane_turns and judgement.device is not None:
            if judgement.device and is_about_the_device:
                gate.conclude(judgement.reason)
            elif not judgement.device and self._interface not in HANDSHAKE:
                gate.conclude("")

    def _adapt(self, upstream: Upstream, judgement: Judgement, now: float, seconds: float) -> None:
        if judgement.is_congested or seconds > upstream.gate.policy.slow_after:
            upstream.limit.congested(now)
        elif judgement.upstream == 0 and self._effect is Effect.WRITE:
            used = upstream.sending / upstream.limit.share(upstream.processes)
            upstream.limit.succeeded(now, seconds, used)
        if judgement.upstream == 0 and self._effect is Effect.WRITE:
            upstream.budget.earn()
        if self._effect is Effect.WRITE and judgement.upstream:
            upstream.budget.spend()
