"""Gate: one breaker as this process sees it; Calls: one class of calls to an upstream, behind a gate of its own.

Nothing here writes to the database: what is seen is collected, and `Upstreams` shares it.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from risiti.efris import Effect
from risiti.efris.interfaces import SERVER_TIME, SESSION_KEY
from risiti.gateway.resilience.breaker import Phase, Policy, Standing, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

HANDSHAKE = frozenset({SERVER_TIME.code, SESSION_KEY.code})
"""Messages that are about no document."""
PINGS = 3
"""So many signs of life in a row before anything else is tried."""


class CallClass(StrEnum):
    """What fails together: documents may fail while questions are answered, and the other way round."""

    SESSION = "session"
    """Signs of life and session keys. Its breaker stands for the address: nothing goes without a connection."""
    QUERY = "query"
    SUBMIT = "submit"


def class_of(interface: str, effect: Effect) -> CallClass:
    """Return the class of a message."""
    if interface in HANDSHAKE:
        return CallClass.SESSION
    return CallClass.SUBMIT if effect is Effect.WRITE else CallClass.QUERY


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
        self.on_probing: Callable[[], None] = lambda: None
        """This process has become the one that tries."""

    @property
    def is_closed(self) -> bool:
        """Whether work goes on."""
        return self.standing.phase is Phase.CLOSED

    @property
    def is_ours(self) -> bool:
        """Whether this process is the one that tries."""
        return self.standing.phase is Phase.HALF_OPEN and self.standing.prober == self.process

    @property
    def is_failing(self) -> bool:
        """Whether what was seen will open it, or keep it open."""
        return bool(self.conclusion) or self.tally.would_open(self.standing)

    @property
    def is_urgent(self) -> bool:
        """Whether the others must know at once what was seen."""
        return self.conclusion is not None or self.tally.would_open(self.standing)

    @property
    def lets_work_through(self) -> bool:
        """Whether a call may begin now; while we try one at a time, also between a try that went well and its end."""
        if self.is_closed:
            return not self.tally.would_open(self.standing)
        return self.is_ours and not self.conclusion and self.in_flight == 0

    def learn(self, standing: Standing) -> None:
        """Take over what the shared row says."""
        turned = standing.turns != self.standing.turns
        was_closed = self.is_closed
        self.standing = standing
        if turned:
            self.tally.reset()
            self.conclusion = None
            self.news.discard(self)
            if self.is_closed and not was_closed:
                self.on_closed()
            if was_closed and not self.is_closed:
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
        if not self.is_closed:
            return
        if weight:
            self.tally.failure(now, seconds, reason, weight)
        else:
            self.tally.success(now, seconds)
        if weight or self.standing.failures or self.is_urgent:
            self.news.add(self)

    def trip(self, reason: str) -> None:
        """Have it opened whatever was counted: while the upstream was tried, such a call failed."""
        if self.is_closed:
            self.tally.trip(reason)
            self.news.add(self)

    def conclude(self, failure: str) -> None:
        """Say how our probe ended; the first word counts."""
        if self.is_ours and self.conclusion is None:
            self.conclusion = failure
            self.news.add(self)


class Calls:
    """One class of calls to an upstream, documents or questions; it is tried on its own while the address answers."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.under_way = 0
        """Messages of this process with documents that are being sent, or asked about."""
        self.pings = 0
        self.offered = False
        """In this turn of the worker, something to try with was asked for."""
        gate.on_probing = self.begin_to_probe

    @property
    def has_to_ping(self) -> bool:
        """Whether we are to try it and have not heard enough signs of life yet."""
        return self.gate.is_ours and self.gate.conclusion is None and self.pings < PINGS

    @property
    def may_leave(self) -> bool:
        """Whether a call may begin now, as far as this class is concerned."""
        return self.gate.lets_work_through and not self.has_to_ping

    def begin_to_probe(self) -> None:
        """Start with signs of life."""
        self.pings, self.offered = 0, False

    def room(self, most: int) -> int:
        """Return for how many more such calls documents may be claimed, of so many at once."""
        if not self.may_leave:
            return 0
        if self.gate.is_closed:
            return max(0, most - self.under_way)
        if self.under_way:
            return 0
        self.offered = True
        return 1

    def next_turn(self) -> None:
        """A turn of the worker is over: if there was nothing to try with, signs of life have to do."""
        if self.offered and not self.under_way and not self.gate.in_flight:
            self.offered = False
            self.gate.conclude("")
