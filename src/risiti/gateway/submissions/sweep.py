"""Finds documents whose worker died while sending and puts them IN_DOUBT; it never sends or asks itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.submissions.settle import Desk, doubt
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, is_in

LEASES_AT_ONCE = 500


def sweep(session: Session, desk: Desk) -> list[str]:
    """Put every document whose lease has run out in doubt; return their ids.

    The dead worker may have sent it, so it is never claimed again for sending before it has been asked about.
    """
    orphans = session.scalars(
        select(Document)
        .where(is_in(DocumentState.SENDING), Document.lease_until <= desk.now)
        .limit(LEASES_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for document in orphans:
        document.fence += 1
        attempt = session.scalars(
            select(Attempt).where(Attempt.document_id == document.id, Attempt.outcome == AttemptOutcome.OPEN)
        ).one()
        attempt.outcome = AttemptOutcome.AMBIGUOUS
        attempt.detail = "the worker that was sending it disappeared"
        attempt.ended_at = desk.now
        doubt(session, desk, document, first_ask=0.0, cause="the worker that was sending it disappeared")
    return [document.id for document in orphans]
