"""The one table of background tasks: what is to be done, when, who does it now, and how it went."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime, words
from risiti.gateway.jobs.states import TaskState

KIND_LENGTH = 64
KEY_LENGTH = 200
MAX_ERROR = 2_000
"""Characters of an error that are kept."""


_LIVE = "state IN ('waiting', 'running')"


class Task(CompanyOwned, Base):
    """One piece of background work of a company, or of the whole installation (`company_id` is empty)."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    company_id: Mapped[str | None] = mapped_column(  # type: ignore[assignment]  # it may belong to no company
        String(ID_LENGTH), ForeignKey("companies.id")
    )
    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    """`noun.verb`: which handler does it."""
    key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    """No two live tasks have the same; empty: there may be any number."""
    payload: Mapped[str] = mapped_column(Text)
    """JSON: what the handler needs; between two runs of a long task also how far it is."""
    every: Mapped[int | None] = mapped_column(Integer)
    """Seconds between two runs of a task that never ends; empty: it is done once."""
    state: Mapped[TaskState] = mapped_column(words(TaskState), default=TaskState.WAITING)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    """Grows with every claim; a runner whose number is old can write nothing."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """How often it was begun since it last went well."""
    most_attempts: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last went well."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name="running_has_lease"),
        CheckConstraint("state <> 'waiting' OR due_at IS NOT NULL", name="waiting_is_due"),
        Index("uq_tasks_live_key", "key", unique=True, sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index("ix_tasks_due", "due_at", "id", sqlite_where=text(_LIVE), postgresql_where=text(_LIVE)),
        Index("ix_tasks_of_company", "company_id", "id"),
        Index("ix_tasks_ended", "state", "ended_at"),
    )
