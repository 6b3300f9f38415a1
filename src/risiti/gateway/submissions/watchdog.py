"""The watchdog of deadlines: what has no fiscal number yet, how long there is left, and the tax at risk.

It reads the database and depends on no worker: it is for the hour in which all of them are down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from math import inf
from typing import Final

import structlog
from sqlalchemy import case, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.deadlines import RULES, DeadlineRules, deadline, sold_before
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import DeadlineAlert, Document, HeldReason

_log = structlog.get_logger()

LOOK_EVERY: Final = 60.0
"""Seconds between two looks."""
ESCALATE_WITHIN: Final = timedelta(hours=24)
"""Documents whose deadline is nearer than this are sent before all others of their device, the oldest sale first."""
ESCALATED_AT_ONCE: Final = 5_000
_WITHOUT_NUMBER: Final = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT, DocumentState.HELD)


class Level(StrEnum):
    """How near a deadline is."""

    DAY = "within_24_hours"
    HOURS = "within_6_hours"
    OVER = "over"


LEVELS: Final[Mapping[Level, timedelta]] = {
    Level.DAY: timedelta(hours=24),
    Level.HOURS: timedelta(hours=6),
    Level.OVER: timedelta(0),
}


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Documents of one company in one currency that have no fiscal number yet."""

    company_id: str
    currency: str
    documents: int
    tax: Decimal
    """The tax on them."""
    penal_tax: Decimal
    """What may be due on top if they are never fiscalised."""
    oldest_sale: datetime
    age_hours: float
    """Of the oldest sale."""
    next_deadline: datetime
    hours_left: float
    """Until that; below 0: it is over."""
    documents_by_level: Mapping[Level, int]
    """How many of them have a deadline so near."""
    tax_by_level: Mapping[Level, Decimal]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What is at risk, and when that was looked at."""

    at: datetime
    items: tuple[AtRisk, ...]


def look(session: Session, now: datetime, rules: DeadlineRules = RULES) -> Deadlines:
    """Return what is at risk, company by company, that with the nearest deadline first."""
    limits = {level: sold_before(now + ahead, rules) for level, ahead in LEVELS.items()}
    columns = []
    for limit in limits.values():
        is_near = Document.issued_at < limit
        columns += [func.count(case((is_near, 1))), func.sum(case((is_near, Document.tax)))]
    rows = session.execute(
        select(
            Document.company_id,
            Document.currency,
            func.count(),
            func.sum(Document.tax),
            func.min(Document.issued_at),
            *columns,
        )
        .where(
            Document.state.in_(_WITHOUT_NUMBER),
            or_(Document.held_reason.is_(None), Document.held_reason != HeldReason.GIVEN_UP),
        )
        .group_by(Document.company_id, Document.currency)
    ).all()
    items = []
    for company_id, currency, documents, tax, oldest, *near in rows:
        by = deadline(oldest, rules)
        items.append(
            AtRisk(
                company_id=company_id,
                currency=currency,
                documents=documents,
                tax=tax,
                penal_tax=tax * rules.penalty_factor,
                oldest_sale=oldest,
                age_hours=_hours(now - oldest),
                next_deadline=by,
                hours_left=_hours(by - now),
                documents_by_level=dict(zip(LEVELS, near[::2], strict=True)),
                tax_by_level={level: one or Decimal("0.00") for level, one in zip(LEVELS, near[1::2], strict=True)},
            )
        )
    return Deadlines(now, tuple(sorted(items, key=lambda item: (item.next_deadline, item.company_id, item.currency))))


def warn(session: Session, ids: Ids, now: datetime, rules: DeadlineRules = RULES) -> list[tuple[Level, AtRisk]]:
    """Record an event for each company whose nearest deadline has come nearer than a level; return those told now.

    Each is told once, however many watchdogs look.
    """
    told = []
    for item in look(session, now, rules).items:
        reached = [level for level, ahead in LEVELS.items() if item.next_deadline <= now + ahead]
        if not reached or not _first_to_tell(session, item, reached[-1], now):
            continue
        data = {
            "level": reached[-1],
            "deadline": item.next_deadline.isoformat(),
            "hours_left": item.hours_left,
            "documents": item.documents_by_level[reached[-1]],
            "currency": item.currency,
            "tax": str(item.tax_by_level[reached[-1]]),
            "penal_tax": str(item.tax_by_level[reached[-1]] * rules.penalty_factor),
        }
        events.record(session, ids, item.company_id, None, Happening("deadline.near", now, data))
        told.append((reached[-1], item))
    return told


def escalate(session: Session, now: datetime, rules: DeadlineRules = RULES) -> int:
    """Put waiting documents whose deadline is near before all others of their device, by the time of sale."""
    near = session.scalars(
        select(Document.id)
        .where(
            Document.state == DocumentState.WAITING,
            Document.issued_at < sold_before(now + ESCALATE_WITHIN, rules),
            Document.turn_at > Document.issued_at,
        )
        .order_by(Document.issued_at)
        .limit(ESCALATED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for start in range(0, len(near), 500):
        session.execute(
            update(Document)
            .where(Document.id.in_(near[start : start + 500]))
            .values(turn_at=Document.issued_at)
            .execution_options(synchronize_session=False)
        )
    return len(near)


@dataclass(frozen=True, slots=True)
class Sum:
    """What is at risk of all companies together."""

    documents: Mapping[str, int]
    """By level; `any`: all of them."""
    hours_left: float
    age_hours: float
    tax_ugx: float


def total(found: Deadlines) -> Sum:
    """Return what a metrics page shows of all companies together."""
    items = found.items
    return Sum(
        documents={
            "any": sum(item.documents for item in items),
            **{level.value: sum(item.documents_by_level[level] for item in items) for level in LEVELS},
        },
        hours_left=min((item.hours_left for item in items), default=inf),
        age_hours=max((item.age_hours for item in items), default=0.0),
        tax_ugx=float(sum(item.tax for item in items if item.currency == "UGX")),
    )


class Watchdog:
    """Looks every minute; warns, and moves what is urgent to the front."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, rules: DeadlineRules = RULES) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._rules = rules

    async def turn(self) -> Sequence[tuple[Level, AtRisk]]:
        """Look once; return the warnings that are new."""
        now = self._clock.now()
        told = await self._database.write(partial(warn, ids=self._ids, now=now, rules=self._rules))
        for level, item in told:
            _log.warning(
                "deadline.near" if level is not Level.OVER else "deadline.over",
                company_id=item.company_id,
                level=level.value,
                deadline=item.next_deadline.isoformat(),
                hours_left=item.hours_left,
                documents=item.documents_by_level[level],
                currency=item.currency,
                tax=str(item.tax_by_level[level]),
            )
        while moved := await self._database.write(partial(escalate, now=now, rules=self._rules)):
            _log.info("deadline.escalated", documents=moved)
        return told

    async def run(self) -> None:
        """Look every `LOOK_EVERY` seconds until cancelled."""
        while True:
            try:
                await self.turn()
            except DatabaseUnavailable as error:
                _log.warning("watchdog.database_unavailable", reason=str(error))
            except Exception:  # noqa: BLE001 - logged in full; a watchdog that ends is the worst of all
                _log.exception("watchdog.failed")
            await self._clock.sleep(LOOK_EVERY)


def _first_to_tell(session: Session, item: AtRisk, level: Level, now: datetime) -> bool:
    key = (item.company_id, item.currency, item.next_deadline, level.value)
    if session.get(DeadlineAlert, key) is not None:
        return False
    alert = DeadlineAlert(
        company_id=item.company_id,
        currency=item.currency,
        deadline=item.next_deadline,
        level=level.value,
        told_at=now,
    )
    try:
        with session.begin_nested():
            session.add(alert)
    except IntegrityError:  # another watchdog was quicker
        return False
    return True


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3_600, 2)
