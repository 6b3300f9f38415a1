"""What operators see of background tasks: a page of them, and how many there are in each state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.jobs.states import TaskState
from risiti.gateway.jobs.tables import Task


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as operators see it; what it carries is not shown."""

    id: str
    kind: str
    company_id: str | None
    state: TaskState
    due_at: datetime | None
    attempts: int
    every: int | None
    last_error: str | None
    created_at: datetime
    begun_at: datetime | None
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks stand in each state, and since when the oldest due one waits."""

    tasks: Mapping[TaskState, int]
    oldest_due: datetime | None


def page(
    session: Session,
    *,
    limit: int,
    after: str | None = None,
    state: TaskState | None = None,
    company_id: str | None = None,
) -> list[TaskView]:
    """Return up to `limit` tasks, newest first, after the one whose id is given."""
    found = select(Task).order_by(Task.id.desc()).limit(limit)
    if after is not None:
        found = found.where(Task.id < after)
    if state is not None:
        found = found.where(Task.state == state)
    if company_id is not None:
        found = found.where(Task.company_id == company_id)
    return [_view(task) for task in session.scalars(found)]


def read(session: Session, task_id: str) -> TaskView | None:
    """Return a task; None if there is none with this id."""
    task = session.scalar(select(Task).where(Task.id == task_id))
    return None if task is None else _view(task)


def counts(session: Session, now: datetime) -> TaskCounts:
    """Return how things stand; every state is there, with 0 where there is none."""
    rows = session.execute(select(Task.state, func.count()).group_by(Task.state)).all()
    counted: dict[TaskState, int] = {state: count for state, count in rows}  # noqa: C416 - rows are no tuples to mypy
    oldest = session.scalar(select(func.min(Task.due_at)).where(Task.state == TaskState.WAITING, Task.due_at <= now))
    return TaskCounts({state: counted.get(state, 0) for state in TaskState}, oldest)


def _view(task: Task) -> TaskView:
    return TaskView(
        id=task.id,
        kind=task.kind,
        company_id=task.company_id,
        state=task.state,
        due_at=task.due_at,
        attempts=task.attempts,
        every=task.every,
        last_error=task.last_error,
        created_at=task.created_at,
        begun_at=task.begun_at,
        succeeded_at=task.succeeded_at,
    )
