"""Routines: the periodic tasks of each company and of the whole installation, made where they are missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.jobs.tables import Task
from risiti.gateway.kernel.ids import Ids


@dataclass(frozen=True, slots=True)
class Routine:
    """Something that is done again and again.

    Attributes:
        kind: Which handler does it.
        every: Seconds between two runs.
        of_each_company: One task for each company; else one for the installation.
        spread: The first runs of the companies are spread over so many seconds.
    """

    kind: str
    every: int
    of_each_company: bool = True
    spread: float = 0.0


def plan(
    session: Session,
    ids: Ids,
    now: datetime,
    random: Random,
    *,
    routines: Iterable[Routine],
    company_ids: Sequence[str],
) -> int:
    """Make the periodic tasks that are missing; return how many."""
    there = {
        (kind, company_id)
        for kind, company_id in session.execute(select(Task.kind, Task.company_id).where(Task.every.is_not(None)))
    }
    made = 0
    for routine in routines:
        wanted: Sequence[str | None] = company_ids if routine.of_each_company else (None,)
        for company_id in wanted:
            if (routine.kind, company_id) in there:
                continue
            first = now + timedelta(seconds=random.uniform(0, routine.spread))
            new = NewTask(routine.kind, company_id=company_id, key="routine", due_at=first, every=routine.every)
            queue.enqueue(session, ids, now, new)
            made += 1
    return made
