"""The queue of background tasks: enqueue in the transaction that causes it; claim, finish and fail under a fence."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import structlog
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from risiti.gateway.jobs.states import TaskState
from risiti.gateway.jobs.tables import MAX_ERROR, Task
from risiti.gateway.jobs.timing import TaskTiming
from risiti.gateway.kernel.ids import Ids

_log = structlog.get_logger()

MOST_ATTEMPTS = 12
DISAPPEARED = "the runner that was doing it disappeared"

Payload = Mapping[str, object]
Write = Callable[[Session], object]


@dataclass(frozen=True, slots=True)
class NewTask:
    """A piece of work to be done.

    Attributes:
        kind: Which handler does it.
        payload: What the handler needs; JSON.
        company_id: Whose it is; None: the whole installation's.
        key: No second task with it is taken on while one is live.
        due_at: Not before; None: at once.
        every: Seconds between two runs; None: it is done once.
        most_attempts: So many failures in a row end a task that is done once.
    """

    kind: str
    payload: Payload = field(default_factory=dict)
    company_id: str | None = None
    key: str | None = None
    due_at: datetime | None = None
    every: int | None = None
    most_attempts: int = MOST_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a task: this runner, and no other, may write down what comes of it, while the fence holds."""

    id: str
    kind: str
    company_id: str | None
    payload: Payload
    fence: int
    attempt: int
    """1 for the first run; more after failures."""
    every: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """It went well. `write` is committed together with that, or not at all.

    Attributes:
        write: What the run leaves behind in the database.
        payload: What a periodic task keeps for its next run; None: what it has.
        next_at: When a periodic task runs next; None: after its period.
    """

    write: Write | None = None
    payload: Payload | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """There is more to do, or it could not be done now through nobody's fault; it counts as no failure."""

    after: float
    """Seconds."""
    write: Write | None = None
    payload: Payload | None = None
    """How far it is; None: as before."""


Result = Done | Again


def enqueue(session: Session, ids: Ids, now: datetime, new: NewTask) -> str:
    """Put a task into the queue in the caller's transaction; return its id, or that of the live one with its key."""
    key = None if new.key is None else f"{new.company_id or 'all'}:{new.kind}:{new.key}"
    if key is not None and (live := _live(session, key)) is not None:
        return live
    task = Task(
        id=ids.task(),
        company_id=new.company_id,
        kind=new.kind,
        key=key,
        payload=json.dumps(new.payload, default=str, sort_keys=True),
        every=new.every,
        state=TaskState.WAITING,
        due_at=new.due_at or now,
        most_attempts=new.most_attempts,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(task)
    except IntegrityError:  # another transaction was quicker under the same key
        live = None if key is None else _live(session, key)
        if live is None:
            raise
        return live
    return task.id


def has_due(session: Session, now: datetime, kinds: Sequence[str]) -> bool:
    """Tell whether there is something to claim."""
    return session.scalar(select(Task.id).where(*_is_due(now, kinds)).limit(1)) is not None


def claim(session: Session, now: datetime, kinds: Sequence[str], most: int, timing: TaskTiming) -> list[Job]:
    """Take up to `most` due tasks, in one statement that skips what others are taking.

    A task whose runner disappeared is taken again: handlers are idempotent. One that has been begun as often as it may
    is given up first, so that a task that kills its runner does not kill every runner for ever.
    """
    session.execute(
        update(Task)
        .where(
            Task.state == TaskState.RUNNING,
            Task.lease_until <= now,
            Task.every.is_(None),
            Task.attempts >= Task.most_attempts,
        )
        .values(state=TaskState.DEAD, last_error=DISAPPEARED, ended_at=now, due_at=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    due = (
        select(Task.id)
        .where(*_is_due(now, kinds))
        .order_by(Task.due_at, Task.id)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("due")  # so that it is looked up once, whatever the planner thinks
    )
    taken = session.execute(
        update(Task)
        .where(Task.id.in_(select(due.c.id)))
        .values(
            state=TaskState.RUNNING,
            lease_until=now + timedelta(seconds=timing.lease),
            fence=Task.fence + 1,
            attempts=Task.attempts + 1,
            begun_at=now,
        )
        .returning(Task.id, Task.kind, Task.company_id, Task.payload, Task.fence, Task.attempts, Task.every)
        .execution_options(synchronize_session=False)
    ).all()
    return [
        Job(task_id, kind, company_id, json.loads(payload), fence, attempts, every)
        for task_id, kind, company_id, payload, fence, attempts, every in taken
    ]


def finish(session: Session, now: datetime, job: Job, result: Result) -> bool:
    """Write down a result and what it leaves behind; return False, and write nothing, if the fence is old."""
    task = _held(session, job)
    if task is None:
        return False
    if result.write is not None:
        result.write(session)
    task.lease_until = None
    task.attempts = 0
    task.last_error = None
    if result.payload is not None:
        task.payload = json.dumps(result.payload, default=str, sort_keys=True)
    match result:
        case Again(after):
            task.state, task.due_at = TaskState.WAITING, now + timedelta(seconds=after)
        case Done(next_at=next_at) if task.every is not None:
            task.state = TaskState.WAITING
            task.due_at = next_at or now + timedelta(seconds=task.every)
            task.succeeded_at = now
        case Done():
            task.state, task.due_at = TaskState.DONE, None
            task.succeeded_at = task.ended_at = now
    return True


def fail(session: Session, now: datetime, job: Job, why: str, *, timing: TaskTiming, random: Random) -> bool:
    """Write down a failure: another run later, or the end for a person to look at; False if the fence is old."""
    task = _held(session, job)
    if task is None:
        return False
    task.last_error = why[:MAX_ERROR]
    task.lease_until = None
    if task.every is None and task.attempts >= task.most_attempts:
        task.state, task.due_at, task.ended_at = TaskState.DEAD, None, now
        _log.error("task.dead", task=task.id, kind=task.kind, reason=task.last_error)
        return True
    pause = timing.retry_after(task.attempts, random)
    task.state, task.due_at = TaskState.WAITING, now + timedelta(seconds=min(pause, task.every or pause))
    return True


def revive(session: Session, now: datetime, task_id: str) -> bool:
    """Begin a dead task anew; False if there is no dead task with this id, or a live one has taken its place."""
    task = session.scalar(select(Task).where(Task.id == task_id, Task.state == TaskState.DEAD).with_for_update())
    if task is None or (task.key is not None and _live(session, task.key) is not None):
        return False
    task.state, task.due_at, task.ended_at, task.attempts = TaskState.WAITING, now, None, 0
    return True


def _is_due(now: datetime, kinds: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    waiting = (Task.state == TaskState.WAITING) & (Task.due_at <= now)
    abandoned = (Task.state == TaskState.RUNNING) & (Task.lease_until <= now)
    return (or_(waiting, abandoned), Task.kind.in_(kinds))


def _live(session: Session, key: str) -> str | None:
    live = (TaskState.WAITING, TaskState.RUNNING)
    return session.scalar(select(Task.id).where(Task.key == key, Task.state.in_(live)))


def _held(session: Session, job: Job) -> Task | None:
    task = session.scalar(
        select(Task)
        .where(Task.id == job.id, Task.fence == job.fence, Task.state == TaskState.RUNNING)
        .with_for_update()
    )
    if task is None:
        _log.warning("task.stale", task=job.id, kind=job.kind)
    return task
