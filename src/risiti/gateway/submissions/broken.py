"""What breaks on our side while a document is sent, and after how often in a row a person looks at it instead."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from risiti.efris import EfrisError, NotSent
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document

MOST_IN_A_ROW = 5
"""After so many errors of ours a document is not sent once more; those behind it must not wait for it for ever."""
WHY = (
    f"an error of this gateway broke off {MOST_IN_A_ROW} tries in a row to send it; the log has it as attempt.broken: "
    "send it again once the cause is gone"
)
_MARK = "an error of ours: "


class Broken(EfrisError):
    """Something broke on our side after bytes may have left: it is asked about, never taken for unsent."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{_MARK}{type(error).__name__} while sending")


class BrokenBefore(NotSent):
    """Something broke on our side before a byte of the document left this machine."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{_MARK}{type(error).__name__} before anything was sent")


def is_broken(attempt: Attempt) -> bool:
    """Tell whether it was an error of ours that broke an attempt off."""
    return (attempt.detail or "").startswith(_MARK)


def keeps_breaking(session: Session, document: Document) -> bool:
    """Tell whether every one of the last tries to send a document as it is was broken off by an error of ours.

    A try that did not come so far (the authority away, the rate used up) says nothing about it and is left out.
    """
    last = session.scalars(
        select(Attempt)
        .where(
            Attempt.document_id == document.id,
            Attempt.revision == document.revision,
            or_(Attempt.outcome != AttemptOutcome.NOT_SENT, Attempt.detail.startswith(_MARK)),
        )
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(MOST_IN_A_ROW)
    ).all()
    return len(last) == MOST_IN_A_ROW and all(map(is_broken, last))
