"""How the way to the authority stands, for operators, pages and metrics: breakers, their turns, clocks, workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from risiti.gateway.resilience.breaker import Phase, Standing
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.gates import CallClass
from risiti.gateway.submissions.recovery import Epoch
from risiti.gateway.submissions.upstreams import ALIVE, scope_of

_DEVICE = "device:"
_CLASSES = (CallClass.SUBMIT, CallClass.QUERY)
LANES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class UpstreamView:
    """One address of the authority."""

    environment: str
    url: str
    breaker: Phase
    since: datetime | None
    """When the breaker came into this phase; empty: it has never turned."""
    retry_at: datetime | None
    """While it is open: when it is tried again."""
    reason: str
    paused_by: str | None
    """Who keeps it open by hand; empty: nobody."""
    clock_ahead_seconds: float | None
    """How far the authority's clock is ahead of ours."""
    clock_read_at: datetime | None
    clock_jump_seconds: float
    """By how much it has last jumped; 0: never."""
    longest_lag_seconds: float
    """The longest time after which its lists did not show a document yet; 0: none was seen."""
    longest_processing_seconds: float
    """The longest time from a request to the upload that the lists name; 0: none was seen."""
    concurrency_limit: int
    """Messages with documents that all workers together may have on the wire now."""
    sending: int
    asking: int
    rate_limit: float
    """Messages that all workers together may send in a second."""
    calls: Sequence["CallsView"]
    """The breakers of single classes of calls: documents (`submit`) and questions (`query`)."""

    @property
    def breakers(self) -> Mapping[CallClass, Phase]:
        """How the breaker of each class stands; of the address under `session`."""
        return {CallClass.SESSION: self.breaker, **{one.calls: one.breaker for one in self.calls}}


@dataclass(frozen=True, slots=True)
class CallsView:
    """One class of calls to an address: it may fail while the other is answered."""

    calls: CallClass
    breaker: Phase
    since: datetime | None
    retry_at: datetime | None
    reason: str
    paused_by: str | None


@dataclass(frozen=True, slots=True)
class LaneView:
    """A device whose own breaker is not closed."""

    device_id: str
    breaker: Phase
    since: datetime | None
    retry_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """One change of a breaker."""

    scope: str
    breaker: Phase
    at: datetime
    reason: str
    process: str


@dataclass(frozen=True, slots=True)
class ProtectionView:
    """How the way to the authority stands."""

    upstreams: Sequence[UpstreamView]
    lanes: Sequence[LaneView]
    workers: int
    """Processes that speak to the authority now; at least 1 is assumed."""
    recovery: Epoch | None
    """The last recovery from an older state of the database; empty: there was none."""
    turns: Sequence[TurnView]
    """The last changes, newest first."""

    @property
    def is_away(self) -> bool:
        """Whether any upstream is known to be away."""
        return any(upstream.breaker is not Phase.CLOSED for upstream in self.upstreams)


def protection(session: Session, urls: Mapping[str, str], now: datetime) -> ProtectionView:
    """Return how it stands; `urls` has the address of each environment."""
    scopes = {name: scope_of(url) for name, url in urls.items()}
    of_classes = {(name, one): scope_of(url, one) for name, url in urls.items() for one in _CLASSES}
    learned = standings.learn(session, (*scopes.values(), *of_classes.values()), now, ALIVE)
    limits = standings.limits(session, now, ALIVE)
    clocks = {clock.scope: clock for clock in standings.clocks(session)}
    upstreams = []
    for name, url in urls.items():
        standing = learned.standings.get(scopes[name], standings.NEW)
        clock = clocks.get(scopes[name])
        own = limits.get(scopes[name], standings.Limits())
        upstreams.append(
            UpstreamView(
                environment=name,
                url=url,
                breaker=standing.phase,
                since=standing.since,
                retry_at=standing.retry_at if standing.phase is not Phase.CLOSED else None,
                reason=standing.reason,
                paused_by=standing.paused_by,
                clock_ahead_seconds=None if clock is None else round(clock.offset, 1),
                clock_read_at=None if clock is None else clock.read_at,
                clock_jump_seconds=0.0 if clock is None else clock.jump,
                longest_lag_seconds=0.0 if clock is None else clock.longest_lag,
                longest_processing_seconds=0.0 if clock is None else clock.longest_processing,
                concurrency_limit=own.concurrency,
                sending=own.sending,
                asking=own.asking,
                rate_limit=round(own.rate, 1),
                calls=[_calls(one, learned.standings.get(of_classes[name, one], standings.NEW)) for one in _CLASSES],
            )
        )
    shut = [
        (scope.removeprefix(_DEVICE), standing)
        for scope, standing in learned.standings.items()
        if scope.startswith(_DEVICE) and standing.phase is not Phase.CLOSED
    ]
    return ProtectionView(
        upstreams=upstreams,
        lanes=[
            LaneView(device_id, standing.phase, standing.since, standing.retry_at, standing.reason)
            for device_id, standing in shut[:LANES_SHOWN]
        ],
        workers=learned.processes,
        recovery=learned.epoch,
        turns=[TurnView(row.scope, row.phase, row.at, row.reason, row.process) for row in standings.turns(session)],
    )


def _calls(which: CallClass, standing: Standing) -> CallsView:
    return CallsView(
        calls=which,
        breaker=standing.phase,
        since=standing.since,
        retry_at=standing.retry_at if standing.phase is not Phase.CLOSED else None,
        reason=standing.reason,
        paused_by=standing.paused_by,
    )
