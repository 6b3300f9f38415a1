"""The trace of a document: kept with it when it is accepted, taken up again by whoever sends or asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.observability.tracing import Attribute, Told, Tracing
from risiti.gateway.submissions.tables import Attempt, Document

QUEUED: Final = "document.queued"
SENT: Final = "document.attempt"
ASKED: Final = "document.question"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document's trace begins."""

    traceparent: str | None
    accepted_at: datetime
    attempts: int


def origin(session: Session, document_id: str) -> Origin | None:
    """Return where a document's trace begins; None if there is no such document."""
    attempts = select(func.count()).where(Attempt.document_id == Document.id).scalar_subquery()
    found = session.execute(
        select(Document.trace_context, Document.accepted_at, attempts).where(Document.id == document_id)
    ).one_or_none()
    return None if found is None else Origin(*found)


@asynccontextmanager
async def within_trace(
    tracing: Tracing, database: Database, name: str, document_id: str, *, told: Told, now: datetime
) -> AsyncIterator[None]:
    """Run the block in the document's own trace, linked to where it was accepted; free while tracing is off."""
    if not tracing.on:
        yield
        return
    try:
        begun = await database.read(partial(origin, document_id=document_id))
    except DatabaseUnavailable:
        begun = None  # a trace is worth no document's time
    told = {Attribute.DOCUMENT: document_id, **told}
    parent = None if begun is None else begun.traceparent
    if begun is not None and parent is not None and name == SENT and begun.attempts <= 1:
        tracing.past(QUEUED, {Attribute.DOCUMENT: document_id}, parent=parent, since=begun.accepted_at, until=now)
    with tracing.span(name, told, parent=parent, link=parent, alone=parent is None):
        yield
