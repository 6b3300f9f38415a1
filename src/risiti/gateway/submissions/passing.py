"""Passing: every message to the authority asks here before it leaves, and tells how it ended.

It is held back while a breaker is open, let through one at a time while we probe, and spread by the rate limit.
"""

from risiti.efris import Effect, HeldBack, Refused, TimedOut
from risiti.efris.interfaces import SERVER_TIME, UPLOAD_INVOICE_BATCH
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.submissions.gates import HANDSHAKE, CallClass, Gate, class_of
from risiti.gateway.submissions.judgement import NOTHING, Judgement, judge
from risiti.gateway.submissions.upstream import Lane

LONGEST_TURN = 5.0
"""A message whose turn is further away (seconds) is held back rather than made to wait."""
SEVERAL = frozenset({UPLOAD_INVOICE_BATCH.code})
"""Messages that carry several documents; how slow they are is a matter of how many (`BatchSize`), not of the load."""
_AWAY = "the authority is known to be away"
_FAILS = {"submit": "documents are known to fail at the authority", "query": "questions are known to fail there"}


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
            raise _held_back(_AWAY, upstream.gate)
        which = class_of(interface, effect)
        calls = upstream.calls(which)
        if calls is not None and not calls.may_leave:
            raise _held_back(_FAILS[which], calls.gate)
        lane = self._lane
        lets_through = lane.lets_questions_through if which is CallClass.QUERY else lane.gate.lets_work_through
        if not lets_through and interface != SERVER_TIME.code:
            raise _held_back("this device's messages keep failing", lane.gate)


class Pass:
    """The permission for one message."""

    def __init__(self, lane: Lane, interface: str, effect: Effect, clock: Clock) -> None:
        upstream = lane.upstream
        self._lane = lane
        self._interface = interface
        self._effect = effect
        self._clock = clock
        self._calls = upstream.calls(class_of(interface, effect))
        self._gates = (
            (upstream.gate, lane.gate) if self._calls is None else (upstream.gate, self._calls.gate, lane.gate)
        )
        self._turns = {gate.scope: gate.standing.turns for gate in self._gates}
        self._began = clock.monotonic()
        self._is_cut = False
        self.seconds = 0.0

    def enter(self) -> None:
        """Count as under way, from the moment it is let in."""
        for gate in self._gates:
            gate.in_flight += 1

    def leave(self) -> None:
        """Count as under way no longer."""
        for gate in self._gates:
            gate.in_flight -= 1

    def check(self) -> None:
        """Make sure that nothing has changed while it waited.

        Raises:
            HeldBack: the breaker of the address or of the class has turned, or is about to.
        """
        for gate in self._gates[:-1]:
            if not self._is_same_turn(gate) or gate.is_failing:
                raise _held_back(_AWAY, gate)

    def begin(self, seconds: float) -> None:
        """Let it leave; it would like to take so many seconds."""
        self._began = self._clock.monotonic()
        self.seconds = deadline.bounded(seconds)
        self._is_cut = self.seconds < seconds

    def ended(self, error: BaseException | None) -> None:
        """Count what came of it."""
        self.leave()
        now = self._clock.monotonic()
        seconds = None if self._interface in SEVERAL else now - self._began
        was_cut = isinstance(error, TimedOut) and self._is_cut
        judgement = NOTHING if was_cut else judge(error)
        is_about_the_device = self._count(judgement, now, seconds or 0.0)
        self._adapt(judgement, now, seconds)
        if judgement.upstream is not None:
            self._climb(judgement, answered=not judgement.upstream and (error is None or isinstance(error, Refused)))
        gate = self._lane.gate
        if self._is_same_turn(gate) and judgement.device is not None:
            if judgement.device and is_about_the_device:
                gate.conclude(judgement.reason)
            elif not judgement.device and self._interface not in HANDSHAKE:
                gate.conclude("")

    def _count(self, judgement: Judgement, now: float, seconds: float) -> bool:
        """Count it where it belongs; return whether it says anything about the device."""
        address, calls, lane = self._lane.upstream.gate, self._calls, self._lane.gate

        def count(gate: Gate, weight: float | None, took: float) -> None:
            gate.count(weight, self._turns[gate.scope], now, took, judgement.reason)

        if calls is None:
            count(address, judgement.upstream, seconds)
        elif judgement.is_no_connection:
            count(address, judgement.upstream, 0.0)
        else:  # that a document failed says nothing about the address; that it was answered does
            count(address, None if judgement.upstream else judgement.upstream, 0.0)
            if address.is_closed:
                count(calls.gate, judgement.upstream, seconds)
        is_class_well = calls is None or calls.gate.is_closed
        is_about_the_device = address.is_closed and is_class_well and self._interface != SERVER_TIME.code
        if calls is self._lane.upstream.query and judgement.upstream:
            is_about_the_device = False  # else questions that fail would stop a device's documents
        if is_about_the_device:
            count(lane, judgement.device, seconds)
        return is_about_the_device

    def _climb(self, judgement: Judgement, *, answered: bool) -> None:
        """Tell whoever probes how this message ended."""
        upstream, calls = self._lane.upstream, self._calls
        if self._is_same_turn(upstream.gate):
            if answered:
                upstream.answered(self._interface, self._effect)
            elif calls is None or judgement.is_no_connection:
                upstream.gate.conclude(judgement.reason)
            else:
                upstream.stumbled(calls, judgement.reason)
        if calls is not None:
            if self._is_same_turn(calls.gate):
                calls.gate.conclude("" if answered else judgement.reason)
            return
        for one in upstream.classes:  # each that we try is tried with signs of life first
            if not answered:
                one.gate.conclude(judgement.reason)
            elif self._interface == SERVER_TIME.code:
                one.pings += 1

    def _adapt(self, judgement: Judgement, now: float, seconds: float | None) -> None:
        upstream = self._lane.upstream
        if judgement.is_congested or (seconds or 0.0) > upstream.gate.policy.slow_after:
            upstream.limit.congested(now)
        elif judgement.upstream == 0 and self._effect is Effect.WRITE:
            used = upstream.submit.under_way / upstream.limit.share(upstream.processes)
            upstream.limit.succeeded(now, seconds, used)
        if judgement.upstream == 0 and self._effect is Effect.WRITE:
            upstream.budget.earn()
        if self._effect is Effect.WRITE and judgement.upstream:
            upstream.budget.spend()

    def _is_same_turn(self, gate: Gate) -> bool:
        return gate.standing.turns == self._turns[gate.scope]


def _held_back(why: str, gate: Gate) -> HeldBack:
    return HeldBack(why, retry_after=gate.policy.open_for)
