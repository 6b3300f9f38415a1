"""Retention: what is no fiscal record goes after its time, a bounded number of rows in each transaction.

Documents, what was sent, what was decided and the journal never go: the database refuses it (`migrations/guards.py`).
Nothing goes of a company under legal hold (`tenancy/legal_holds.py`), nor of the people who work there or for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from risiti.gateway.db.base import Base
from risiti.gateway.db.database import Database
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.jobs.tables import Task
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, Document
from risiti.gateway.submissions.upstream_tables import BreakerTurn
from risiti.gateway.tenancy.firm_tables import FirmMember
from risiti.gateway.tenancy.tables import Company, Device
from risiti.gateway.tenancy.user_tables import Membership, OneTimeToken, SignIn

REMOVE: Final = "retention.remove"
AT_ONCE: Final = 500
"""The most rows of one kind that go in one transaction."""
ROUTINES: Final = (Routine(REMOVE, every=86_400, of_each_company=False),)

_OVER: Final = (DocumentState.FISCALISED, DocumentState.REFUSED, DocumentState.WITHDRAWN)
"""States of documents of which nothing more will be asked."""

_log = structlog.get_logger()

Tell = Callable[[str, int], None]
"""Is told what went, and how many."""


@dataclass(frozen=True, slots=True)
class Periods:
    """How long each thing is kept after its end; None: as long as what it belongs to, which is for ever."""

    tasks: timedelta
    sign_ins: timedelta
    links: timedelta
    breaker_turns: timedelta
    unreadable_answers: timedelta
    idempotency_keys: timedelta | None


@dataclass(frozen=True, slots=True)
class Due:
    """What would go now of one kind."""

    what: str
    days: int | None
    """Its period; None: it never goes."""
    due: int
    """Rows that are past it and under no hold."""
    held: int
    """Rows that are past it and stay because of a hold."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One thing that goes after its time."""

    period: Callable[[Periods], timedelta | None]
    key: tuple[InstrumentedAttribute[Any], ...]
    """What names a row."""
    is_old: Callable[[datetime], tuple[ColumnElement[bool], ...]]
    of_company: tuple[ColumnElement[bool], ...]
    """What ties a row to `Company`: the companies that it is about."""
    remove: Callable[[Session, ColumnElement[bool]], object]

    @property
    def is_held(self) -> ColumnElement[bool]:
        """Whether one of the companies that a row is about is under legal hold."""
        return exists().where(Company.legal_hold_since.is_not(None), *self.of_company)


def removing(database: Database, clock: Clock, periods: Periods, tell: Tell) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that removes what is past its period; run again, it goes on where it was."""

    async def handle(job: Job) -> Result:
        del job  # there is nothing in it
        gone = await database.write(partial(remove, periods=periods, now=clock.now()))
        for what, rows in gone.items():
            tell(what, rows)
            _log.info("retention.removed", kind=what, number=rows)
        return Again(0.0) if AT_ONCE in gone.values() else Done()

    return handle


def remove(session: Session, periods: Periods, now: datetime) -> dict[str, int]:
    """Remove up to `AT_ONCE` rows of each kind; return how many of what went. A unit of work."""
    gone = {}
    for what, kind in KINDS.items():
        period = kind.period(periods)
        if period is not None and (rows := _remove(session, kind, now - period)):
            gone[what] = rows
    return gone


def overview(session: Session, periods: Periods, now: datetime) -> list[Due]:
    """Return what would go now, and what stays because of a hold."""
    found = []
    for what, kind in KINDS.items():
        period = kind.period(periods)
        due = held = 0
        if period is not None:
            old = select(func.count()).select_from(kind.key[0].class_).where(*kind.is_old(now - period))
            due = session.scalar(old.where(~kind.is_held)) or 0
            held = session.scalar(old.where(kind.is_held)) or 0
        found.append(Due(what, None if period is None else period.days, due, held))
    return found


def _remove(session: Session, kind: _Kind, before: datetime) -> int:
    old = select(*kind.key).where(*kind.is_old(before), ~kind.is_held).limit(AT_ONCE)
    chosen = tuple_(*kind.key).in_([tuple(row) for row in session.execute(old)])
    # A hold that is being placed waits for this batch; one that was placed since the rows were read is seen below.
    concerned = exists(select(*kind.key).where(chosen, *kind.of_company).correlate(Company))
    session.execute(select(Company.id).where(concerned).with_for_update(read=True))
    rows = session.execute(select(*kind.key).where(chosen, ~kind.is_held)).all()
    if rows:
        kind.remove(session, tuple_(*kind.key).in_([tuple(row) for row in rows]))
    return len(rows)


def _delete(owner: type[Base]) -> Callable[[Session, ColumnElement[bool]], object]:
    def remove_rows(session: Session, chosen: ColumnElement[bool]) -> object:
        return session.execute(delete(owner).where(chosen).execution_options(synchronize_session=False))

    return remove_rows


def _forget_answers(session: Session, chosen: ColumnElement[bool]) -> object:
    emptied = update(Attempt).where(chosen).values(answer=None)
    return session.execute(emptied.execution_options(synchronize_session=False))


def _is_over(document_id: InstrumentedAttribute[str], company_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether nothing more can become of a document."""
    return exists().where(Document.id == document_id, Document.company_id == company_id, Document.state.in_(_OVER))


def _has_at_work(user_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a person works in a company (the `Company` around this), or in the firm that works for it."""
    own = exists().where(Membership.company_id == Company.id, Membership.user_id == user_id)
    of_firm = exists().where(FirmMember.firm_id == Company.firm_id, FirmMember.user_id == user_id)
    return or_(own.correlate(Company, user_id.class_), of_firm.correlate(Company, user_id.class_))


KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "tasks": _Kind(
            lambda periods: periods.tasks,
            (Task.id,),
            lambda before: (Task.state == TaskState.DONE, Task.ended_at < before),
            (Company.id == Task.company_id,),
            _delete(Task),
        ),
        "sign_ins": _Kind(
            lambda periods: periods.sign_ins,
            (SignIn.id,),
            lambda before: (or_(SignIn.ended_at < before, SignIn.refresh_until < before),),
            (_has_at_work(SignIn.user_id),),
            _delete(SignIn),
        ),
        "links": _Kind(
            lambda periods: periods.links,
            (OneTimeToken.token_hash,),
            lambda before: (OneTimeToken.until < before,),
            (_has_at_work(OneTimeToken.user_id),),
            _delete(OneTimeToken),
        ),
        "breaker_turns": _Kind(
            lambda periods: periods.breaker_turns,
            (BreakerTurn.position,),
            lambda before: (BreakerTurn.at < before,),
            (Company.id == Device.company_id, BreakerTurn.scope.like("device:" + Device.id + "%")),
            _delete(BreakerTurn),
        ),
        "unreadable_answers": _Kind(
            lambda periods: periods.unreadable_answers,
            (Attempt.id,),
            lambda before: (
                Attempt.answer.is_not(None),
                Attempt.started_at < before,
                _is_over(Attempt.document_id, Attempt.company_id),
            ),
            (Company.id == Attempt.company_id,),
            _forget_answers,
        ),
        "idempotency_keys": _Kind(
            lambda periods: periods.idempotency_keys,
            (IdempotencyKey.company_id, IdempotencyKey.key),
            lambda before: (
                IdempotencyKey.created_at < before,
                _is_over(IdempotencyKey.document_id, IdempotencyKey.company_id),
            ),
            (Company.id == IdempotencyKey.company_id,),
            _delete(IdempotencyKey),
        ),
    }
)
"""Everything that goes, by the word under which it is counted."""
