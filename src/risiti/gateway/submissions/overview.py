"""overview(): how the whole engine stands, in numbers that name no company."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document

_UNSETTLED = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT)
_ANSWERS = frozenset(
    {AttemptOutcome.NOT_PROCESSED, AttemptOutcome.FISCALISED, AttemptOutcome.SEEN, AttemptOutcome.REFUSED}
)
_ATTEMPTS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """Documents by state, the age of the queue, and what the newest finished send says about the authority."""

    documents: Mapping[DocumentState, int]
    """Every state is there, with 0 where there is none."""
    oldest_unsettled: datetime | None
    """When the oldest document that is not settled was accepted."""
    oldest: Mapping[DocumentState, datetime]
    """When the oldest document of each state that is not over was accepted; only states that have one."""
    authority_answers: bool | None
    """Whether the newest finished send got an answer; None: nothing has been sent yet."""
    last_sent_at: datetime | None


def overview(session: Session) -> Overview:
    """Return how things stand. It counts every document, so ask it at most every few seconds."""
    rows = session.execute(select(Document.state, func.count()).group_by(Document.state)).all()
    counted: dict[DocumentState, int] = {state: count for state, count in rows}  # noqa: C416 - rows are no tuples to mypy
    newest = session.execute(
        select(Attempt.outcome, Attempt.ended_at).order_by(Attempt.id.desc()).limit(_ATTEMPTS_LOOKED_AT)
    ).all()
    oldest: dict[DocumentState, datetime] = {state: at for state, at in session.execute(_OLDEST).all()}  # noqa: C416 - as above
    ended = [(outcome, ended_at) for outcome, ended_at in newest if ended_at is not None]
    return Overview(
        documents={state: counted.get(state, 0) for state in DocumentState},
        oldest_unsettled=min((oldest[state] for state in _UNSETTLED if state in oldest), default=None),
        oldest=oldest,
        authority_answers=ended[0][0] in _ANSWERS if ended else None,
        last_sent_at=ended[0][1] if ended else None,
    )


_OLDEST = (
    select(Document.state, func.min(Document.accepted_at))
    .where(Document.state.in_((*_UNSETTLED, DocumentState.HELD)))
    .group_by(Document.state)
)
