"""Chaining: a task that puts new events into their companies' chains; accepting a document waits for none of it.

An event is written in the transaction of what it tells, and chained by the next run, within EVERY seconds and the time
that a backlog takes. Transactions end in another order than their events were numbered; so each run looks again at
everything that was written in the last SETTLES, and at nothing before.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import structlog
from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.events import Event
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.journal.chain import link
from risiti.gateway.journal.reading import entry_of, head
from risiti.gateway.journal.tables import JournalEntry
from risiti.gateway.kernel.clock import Clock

_log = structlog.get_logger()

CHAIN: Final = "journal.chain"
EVERY: Final = 60
ROUTINES: Final = (Routine(CHAIN, every=EVERY, of_each_company=False),)
PORTION: Final = 2_000
"""Events that are chained in one transaction."""
SETTLES: Final = timedelta(minutes=2)
"""A transaction is over by then: PostgreSQL ends it earlier (statement and idle time-outs)."""
_SETTLED: Final = "settled"
SHOWN: Final = 32
"""Hexadecimal digits of a head in the log: 128 bits bind the chain; a whole digest looks like a secret to the log."""


@dataclass(frozen=True, slots=True)
class Chained:
    """What one run has done."""

    events: int
    settled: int
    """Every event up to this position is chained, and none will appear among them."""


def chaining(database: Database, clock: Clock) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that chains what is new."""

    async def chain(job: Job) -> Result:
        settled = int(str(job.payload.get(_SETTLED, 0)))
        done = await database.write(partial(extend, now=clock.now(), settled=settled))
        payload = {_SETTLED: done.settled}
        return Again(0.0, payload=payload) if done.events == PORTION else Done(payload=payload)

    return chain


def extend(session: Session, now: datetime, settled: int, most: int = PORTION) -> Chained:
    """Chain up to `most` events that are not chained yet, each company's in the order of their positions."""
    new = session.scalars(
        select(Event)
        .where(Event.position > settled, ~exists().where(JournalEntry.position == Event.position))
        .order_by(Event.position)
        .limit(most)
    ).all()
    rows: list[dict[str, object]] = []
    by_company = sorted(new, key=lambda event: event.company_id)  # stable: positions stay in order
    for company_id, events in groupby(by_company, key=lambda event: event.company_id):
        rows += _links(session, company_id, list(events))
    if rows:
        session.execute(insert(JournalEntry), rows)
    seen = new[-1].position if len(new) == most else None
    return Chained(len(new), _settled(session, now, settled, seen))


def _links(session: Session, company_id: str, events: Sequence[Event]) -> list[dict[str, object]]:
    last = head(session, company_id)
    number, before = last.number, bytes.fromhex(last.hash)
    rows: list[dict[str, object]] = []
    for event in events:
        number += 1
        before = link(before, entry_of(event, number))
        rows.append({"company_id": company_id, "number": number, "position": event.position, "hash": before})
    _log.info("journal.head", company_id=company_id, number=number, head=before.hex()[:SHOWN])
    return rows


def _settled(session: Session, now: datetime, settled: int, seen: int | None) -> int:
    old = select(func.max(Event.position)).where(Event.position > settled, Event.at < now - SETTLES)
    if seen is not None:
        old = old.where(Event.position <= seen)
    return session.scalar(old) or settled
