"""What protects one upstream (environment and address) from us, and us from it; and the same for each device's lane.

An upstream has a breaker for its address, which a prober climbs a ladder to close, and one for each class of calls: if
documents fail, questions are still asked, and the other way round. `passing.py` holds every message to it.
"""

import math
from dataclasses import dataclass, field
from enum import Enum, auto

from risiti.efris import AuthorityTime, Effect
from risiti.efris.interfaces import SERVER_TIME
from risiti.gateway.resilience.batch_size import ALONE, BatchBounds, BatchSize
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.resilience.concurrency import AdaptiveLimit, RetryBudget
from risiti.gateway.resilience.pacing import Pacer
from risiti.gateway.submissions.gates import HANDSHAKE, PINGS, CallClass, Calls, Gate
from risiti.gateway.submissions.standings import Limits

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
    """How many more messages may be claimed for now, to send documents and to ask about them."""

    to_send: int
    to_ask: int


NO_ROOM = Room(0, 0)


@dataclass(frozen=True, slots=True)
class Rooms:
    """How many more messages may be claimed for now, of some devices and their upstreams."""

    scopes: dict[str, str]
    """The upstream of each device that was ever connected."""
    of_devices: dict[str, Room]
    of_upstreams: dict[str, Room]
    """All devices of an upstream together may claim so many."""
    batches: dict[str, int] = field(default_factory=dict)
    """How many documents one message of a device may carry; a device that is not here sends them one by one."""

    def of(self, device_id: str) -> Room:
        """Return that of one device."""
        return self.of_devices.get(device_id, NO_ROOM)


@dataclass
class Upstream:
    """One upstream: its breakers, its limits, its time."""

    name: str
    """`test` or `live`."""
    gate: Gate
    """Of the address: opens without a connection, and without signs of life and session keys."""
    submit: Calls
    query: Calls
    limit: AdaptiveLimit
    pacer: Pacer
    time: AuthorityTime
    batch: BatchSize = field(default_factory=lambda: BatchSize(BatchBounds()))
    budget: RetryBudget = field(default_factory=RetryBudget)
    processes: int = 1
    rung: Rung = Rung.PING
    pings: int = 0
    offered: bool = False
    """In this turn of the worker, what the rung needs was asked for."""

    def calls(self, which: CallClass) -> Calls | None:
        """Return what protects a class of calls; None: that is the address's own breaker."""
        return {CallClass.SUBMIT: self.submit, CallClass.QUERY: self.query}.get(which)

    @property
    def classes(self) -> tuple[Calls, Calls]:
        """The classes that have breakers of their own."""
        return self.query, self.submit

    @property
    def gates(self) -> tuple[Gate, ...]:
        """All breakers: of the address, and of each class."""
        return self.gate, self.query.gate, self.submit.gate

    @property
    def limit_of_documents(self) -> int:
        """How many messages with documents this process may have on the wire."""
        if self.budget.is_spent:
            return 1
        ahead = max(1, int(self.pacer.share(self.processes) * TURNS_AHEAD))
        return min(self.limit.share(self.processes), ahead)

    @property
    def limits(self) -> Limits:
        """What this process may have under way and send, to be shown."""
        rate = self.pacer.share(self.processes)
        return Limits(self.limit_of_documents, rate, self.submit.under_way, self.query.under_way)

    def room(self) -> Room:
        """Return how many more documents may be claimed now."""
        if not self.gate.lets_work_through:
            return NO_ROOM
        if not self.gate.is_closed:
            return self._room_of_the_rung()
        questions = max(1, math.ceil(self.limit.share(self.processes) * QUESTION_SHARE))
        return Room(self.submit.room(self.limit_of_documents), self.query.room(questions))

    @property
    def is_through(self) -> bool:
        """Whether work may be claimed: the breaker is closed, or we are the one that tries and it has answered."""
        return self.gate.is_closed or (self.gate.is_ours and self.rung is not Rung.PING)

    def begin_to_probe(self) -> None:
        """Start at the foot of the ladder."""
        self.rung, self.pings, self.offered = Rung.PING, 0, False

    def next_turn(self) -> None:
        """A turn of the worker is over: a rung for which there was nothing to do is climbed, too."""
        if self.gate.is_closed:
            for one in self.classes:
                one.next_turn()
        if not self.gate.is_ours or not self.offered or self._is_at_work or self.gate.in_flight:
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

    def stumbled(self, calls: Calls, reason: str) -> None:
        """Go on without a class: while we probe, the address answers, and such a call fails all the same."""
        if not self.gate.is_ours:
            return
        calls.gate.trip(f"failed while it was tried whether the authority is back: {reason}")
        if self.rung is Rung.ASK:
            self.rung, self.offered = Rung.SEND, False
        elif calls is self.submit:
            self.gate.conclude("")

    def may_leave(self, interface: str, effect: Effect) -> bool:
        """Tell whether the ladder has come as far as this message."""
        if self.gate.standing.phase is not Phase.HALF_OPEN or interface == SERVER_TIME.code:
            return True
        return self.rung is Rung.SEND or (self.rung is Rung.ASK and effect is Effect.READ)

    @property
    def _is_at_work(self) -> bool:
        return any(one.under_way for one in self.classes)

    def _room_of_the_rung(self) -> Room:
        if self.rung is Rung.PING or self._is_at_work:
            return NO_ROOM
        self.offered = True  # also if the class is known to fail: then there is nothing to do on this rung
        tried = self.query if self.rung is Rung.ASK else self.submit
        one = 1 if tried.gate.is_closed and tried.gate.lets_work_through else 0
        return Room(0, one) if self.rung is Rung.ASK else Room(one, 0)


class Lane:
    """What protects one device's lane: a breaker of its own. What fails is seldom a question: these go on."""

    def __init__(self, upstream: Upstream, gate: Gate) -> None:
        self.upstream = upstream
        self.gate = gate

    @property
    def lets_questions_through(self) -> bool:
        """Whether questions may be asked; only a person stops those of one device."""
        return self.gate.standing.paused_by is None

    @property
    def is_through(self) -> bool:
        """Whether anything may be claimed: the upstream is through, and nobody keeps the lane shut by hand."""
        return self.upstream.is_through and self.lets_questions_through

    def room(self, room: Room) -> Room:
        """Return how many more documents of this device may be claimed now, where its upstream has so much room."""
        if self.gate.is_closed and self.gate.lets_work_through:
            return room
        to_send = min(1, room.to_send) if self.gate.lets_work_through else 0
        return Room(to_send, min(1, room.to_ask) if self.lets_questions_through else 0)

    def batch(self, now: float) -> int:
        """Return how many documents one message may carry: one, while anything on its way is being tried."""
        gates = (self.upstream.gate, self.upstream.submit.gate, self.gate)
        if not all(gate.is_closed and gate.lets_work_through for gate in gates) or self.upstream.budget.is_spent:
            return ALONE
        return self.upstream.batch.size(now)
