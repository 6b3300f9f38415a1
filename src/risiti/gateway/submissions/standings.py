"""Units of work on what processes share about the authority: every step of a breaker is made under its row's lock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from risiti.gateway.db.base import Base
from risiti.gateway.resilience import breaker
from risiti.gateway.resilience.breaker import Phase, Policy, Report, Standing
from risiti.gateway.submissions.recovery import Epoch, latest
from risiti.gateway.submissions.upstream_tables import BreakerRow, BreakerTurn, LiveLimit, LiveWorker, UpstreamClock

_log = structlog.get_logger()

NEW = Standing()
"""How a breaker stands that has no row yet."""
ROWS_AT_ONCE = 1_000
TURNS_SHOWN = 50
GONE_AFTER = timedelta(hours=1)
"""After so long without a sign of life a process is forgotten."""
JUMP_SECONDS = 120.0
"""A clock of theirs that moved further than this against ours between two readings has jumped."""

# Every process looks and beats all the time: these are built once, and give bare rows.
_BREAKERS = (
    select(*(BreakerRow.__table__.c[name] for name in ("scope", *Standing.__slots__)))
    .where(or_(BreakerRow.scope.in_(bindparam("scopes", expanding=True)), BreakerRow.phase != Phase.CLOSED))
    .limit(bindparam("most"))
)
_LIVING = select(func.count()).where(LiveWorker.__table__.c.seen_at > bindparam("since"))
_JUMP = select(func.max(UpstreamClock.__table__.c.jump)).where(
    UpstreamClock.__table__.c.jump_over_at > bindparam("now")
)
_WORKERS = Base.metadata.tables[LiveWorker.__tablename__]
_SLOWEST = select(
    func.max(UpstreamClock.__table__.c.longest_lag), func.max(UpstreamClock.__table__.c.longest_processing)
)
_BEAT = (
    update(_WORKERS)
    .where(_WORKERS.c.id == bindparam("process"))
    .values(seen_at=bindparam("now"))
    .returning(_WORKERS.c.id)
)

_OWN = Base.metadata.tables[LiveLimit.__tablename__]
_TELL_LIMITS = (
    update(_OWN)
    .where(_OWN.c.worker_id == bindparam("process"), _OWN.c.scope == bindparam("of"))
    .values({name: bindparam(name) for name in ("seen_at", "concurrency", "rate", "sending", "asking")})
    .returning(_OWN.c.worker_id)
)
_LIMITS = (
    select(
        _OWN.c.scope,
        func.sum(_OWN.c.concurrency),
        func.sum(_OWN.c.rate),
        func.sum(_OWN.c.sending),
        func.sum(_OWN.c.asking),
    )
    .where(_OWN.c.seen_at > bindparam("since"))
    .group_by(_OWN.c.scope)
)


@dataclass(frozen=True, slots=True)
class Learned:
    """What one look at the shared rows shows."""

    standings: Mapping[str, Standing]
    """Of the scopes that were asked about, and of every breaker that is not closed."""
    processes: int
    """How many are alive; at least 1."""
    longer_quiet: float
    """Seconds by which the quiet period is longer now, because a clock of theirs has jumped."""
    epoch: Epoch | None
    """The last recovery, if there was one."""
    slowest: "Slowest"
    """The slowest that any of the upstreams has been."""


@dataclass(frozen=True, slots=True)
class Slowest:
    """How slow an upstream was seen to be, in seconds; 0: nothing was seen."""

    lag: float = 0.0
    """How long after its answer a document was not in the lists yet."""
    processing: float = 0.0
    """How long after the request's time the upload was that the lists name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be under way at one upstream and leave for it: a process's share, or all of them together."""

    concurrency: int = 0
    rate: float = 0.0
    """Messages a second."""
    sending: int = 0
    asking: int = 0


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How far an upstream's clock is ahead of a process's own, which goes on evenly even when its wall clock is set."""

    ahead: float
    before: float | None
    """The same at this process's reading before; None: this is its first, and is compared with another process's."""
    error: float


NO_LIMITS: Mapping[str, Limits] = {}


def learn(session: Session, scopes: Sequence[str], now: datetime, alive: float) -> Learned:
    """Look how everything stands."""
    rows = session.execute(_BREAKERS, {"scopes": scopes, "most": ROWS_AT_ONCE + len(scopes)})
    standings = {scope: Standing(*values) for scope, *values in rows}
    living = session.scalar(_LIVING, {"since": now - timedelta(seconds=alive)})
    lag, processing = session.execute(_SLOWEST).one()
    return Learned(
        standings,
        max(1, living or 0),
        session.scalar(_JUMP, {"now": now}) or 0.0,
        latest(session),
        Slowest(lag or 0.0, processing or 0.0),
    )


def note_slowest(session: Session, *, scope: str, seen: Slowest) -> bool:
    """Keep how slow an upstream was if it was never slower; return whether it was not."""
    row = session.get(UpstreamClock, scope, with_for_update=True)
    if row is None or (seen.lag <= row.longest_lag and seen.processing <= row.longest_processing):
        return False
    row.longest_lag = max(row.longest_lag, seen.lag)
    row.longest_processing = max(row.longest_processing, seen.processing)
    return True


def beat(session: Session, process: str, now: datetime, limits: Mapping[str, Limits] = NO_LIMITS) -> None:
    """Say that a process lives, and what its limits are at each upstream."""
    if session.scalar(_BEAT, {"process": process, "now": now}) is None:
        insert_or_skip(session, LiveWorker, id=process, seen_at=now)
        session.execute(delete(LiveWorker).where(LiveWorker.seen_at < now - GONE_AFTER))
        session.execute(delete(LiveLimit).where(LiveLimit.seen_at < now - GONE_AFTER))
    for scope, own in limits.items():
        values = {"seen_at": now, **{name: getattr(own, name) for name in Limits.__slots__}}
        if session.scalar(_TELL_LIMITS, {"process": process, "of": scope, **values}) is None:
            insert_or_skip(session, LiveLimit, worker_id=process, scope=scope, **values)


def leave(session: Session, process: str) -> None:
    """Say that a process ends."""
    session.execute(delete(LiveWorker).where(LiveWorker.id == process))
    session.execute(delete(LiveLimit).where(LiveLimit.worker_id == process))


def limits(session: Session, now: datetime, alive: float) -> dict[str, Limits]:
    """Return the limits of all living processes together, by upstream."""
    rows = session.execute(_LIMITS, {"since": now - timedelta(seconds=alive)})
    return {scope: Limits(*values) for scope, *values in rows}


def tell(session: Session, *, scope: str, policy: Policy, report: Report, process: str, now: datetime) -> Standing:
    """Report what a process has seen; return how the breaker stands now."""
    return _step(session, scope, process, now, lambda standing: breaker.told(standing, policy, report, now))


def begin_probe(session: Session, *, scope: str, policy: Policy, process: str, now: datetime) -> Standing:
    """Try to become the one process that tries; whether it is shows in the standing that is returned."""

    def step(standing: Standing) -> Standing:
        return breaker.begin_probe(standing, policy, process, now) or standing

    return _step(session, scope, process, now, step)


def end_probe(
    session: Session, *, scope: str, policy: Policy, process: str, failure: str | None, now: datetime
) -> Standing:
    """Say how the try ended, if the process still is the prober."""

    def step(standing: Standing) -> Standing:
        return breaker.end_probe(standing, policy, process, failure, now) or standing

    return _step(session, scope, process, now, step)


def pause(session: Session, *, scope: str, by: str, reason: str, now: datetime) -> Standing:
    """Keep a breaker open until it is resumed, because a person says so; kept among its turns."""
    return _step(session, scope, by, now, lambda standing: breaker.pause(standing, by, reason, now))


def resume(session: Session, *, scope: str, by: str, now: datetime) -> Standing:
    """Let a paused breaker be tried: it closes once the authority has answered a try."""
    return _step(session, scope, by, now, lambda standing: breaker.resume(standing, now))


def note_clock(session: Session, *, scope: str, reading: ClockReading, quiet: float, now: datetime) -> float:
    """Keep a reading of an upstream's clock; return by how much it has jumped since the last one (0: it has not)."""
    row = session.get(UpstreamClock, scope, with_for_update=True)
    ahead, error = reading.ahead, reading.error
    if row is None:
        new = {"offset": ahead, "error": error, "read_at": now, "jump": 0.0}
        insert_or_skip(session, UpstreamClock, scope=scope, **new, longest_lag=0.0, longest_processing=0.0)
        return 0.0
    moved = abs(ahead - (row.offset if reading.before is None else reading.before))
    row.offset, row.error, row.read_at = ahead, error, now
    if moved - error <= JUMP_SECONDS:
        return 0.0
    row.jump = moved
    row.jump_over_at = now + timedelta(seconds=quiet + 2 * moved)
    return moved


def turns(session: Session, most: int = TURNS_SHOWN) -> list[BreakerTurn]:
    """Return the last changes of all breakers, newest first."""
    return list(session.scalars(select(BreakerTurn).order_by(BreakerTurn.position.desc()).limit(most)))


def clocks(session: Session) -> list[UpstreamClock]:
    """Return what is known of the upstreams' clocks."""
    return list(session.scalars(select(UpstreamClock).order_by(UpstreamClock.scope).limit(ROWS_AT_ONCE)))


def _step(session: Session, scope: str, process: str, now: datetime, step: Callable[[Standing], Standing]) -> Standing:
    row = session.get(BreakerRow, scope, with_for_update=True)
    if row is None:
        insert_or_skip(session, BreakerRow, scope=scope, **_values(NEW))
        row = session.get_one(BreakerRow, scope, with_for_update=True)
    before = _standing(row)
    after = step(before)
    if after == before:
        return before
    for name, value in _values(after).items():
        setattr(row, name, value)
    if after.turns != before.turns:
        session.add(BreakerTurn(scope=scope, phase=after.phase, at=now, reason=after.reason, process=process))
        _log.warning(
            "breaker.turned", scope=scope, before=before.phase, now=after.phase, reason=after.reason, process=process
        )
    return after


def insert_or_skip(session: Session, table: type[Base], **values: object) -> None:
    """Insert a row unless another process is quicker."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def _standing(row: BreakerRow) -> Standing:
    return Standing(
        phase=row.phase,
        turns=row.turns,
        failures=row.failures,
        openings=row.openings,
        since=row.since,
        retry_at=row.retry_at,
        prober=row.prober,
        probe_until=row.probe_until,
        reason=row.reason,
        paused_by=row.paused_by,
    )


def _values(standing: Standing) -> dict[str, object]:
    return {name: getattr(standing, name) for name in Standing.__slots__}
