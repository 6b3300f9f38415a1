"""Recovery: what is known is older than what was sent, because a backup was restored or a standby had not heard all.

Between the state that we have and the moment of the failure documents may have been accepted and sent that we know
nothing of any more. So from then on (an epoch) nothing is sent for the first time before the authority has been asked
for its reference, and no doubt is settled by an attempt's age that is older than the epoch. What the authority has is
adopted; what it still does not show when nothing can be on its way any more is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.submissions.claim import Claim, by_message
from risiti.gateway.submissions.settle import Desk, doubt
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document
from risiti.gateway.submissions.upstream_tables import RecoveryEpoch

_log = structlog.get_logger()

HOURS = 4.0
"""So long what is accepted anew is asked about, too: sellers hand in again what was lost."""
_EPOCHS = RecoveryEpoch.__table__.c
_LATEST = select(_EPOCHS.number, _EPOCHS.opened_at, _EPOCHS.until).order_by(_EPOCHS.number.desc()).limit(1)
_UNSETTLED = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT, DocumentState.HELD)


@dataclass(frozen=True, slots=True)
class Epoch:
    """The time since the last recovery."""

    number: int
    opened_at: datetime
    until: datetime

    def concerns(self, accepted_at: datetime, looked_up: int, now: datetime) -> bool:
        """Tell whether a document must be asked about before it is sent; `looked_up`: the last epoch it was in."""
        return looked_up < self.number and (accepted_at <= self.opened_at or now < self.until)

    def age(self, now: datetime) -> float:
        """Return the seconds since it began: so long nothing that we know nothing of has been sent."""
        return (now - self.opened_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Opened:
    """An epoch that was opened."""

    number: int
    opened_at: datetime
    until: datetime
    reason: str
    documents: int
    """So many are not settled; each is asked about before it is sent."""


def open_epoch(session: Session, now: datetime, reason: str, hours: float = HOURS) -> Opened:
    """Begin a new epoch; a unit of work, to be run before the first worker is started again."""
    before = session.scalar(select(func.max(RecoveryEpoch.number))) or 0
    row = RecoveryEpoch(number=before + 1, opened_at=now, until=now + timedelta(hours=hours), reason=reason)
    session.add(row)
    documents = session.scalar(select(func.count()).select_from(Document).where(Document.state.in_(_UNSETTLED))) or 0
    _log.warning("recovery.opened", number=row.number, until=row.until.isoformat(), documents=documents, reason=reason)
    return Opened(row.number, row.opened_at, row.until, reason, documents)


def latest(session: Session) -> Epoch | None:
    """Return the last epoch; None: nothing was ever recovered."""
    row = session.execute(_LATEST).one_or_none()
    return None if row is None else Epoch(*row)


def hold_back(session: Session, desk: Desk, epoch: Epoch, claims: Sequence[Claim]) -> list[Claim]:
    """Put those of the claimed documents in doubt that must be asked about first; return the others.

    In the transaction that claims them: whatever has been accepted meanwhile, nothing slips through.
    """
    by_document = {claim.document_id: claim for claim in claims}
    found = session.scalars(
        select(Document).where(Document.id.in_(by_document), Document.epoch < epoch.number).with_for_update()
    ).all()
    for document in found:
        if not epoch.concerns(document.accepted_at, document.epoch, desk.now):
            continue
        claim = by_document.pop(document.id)
        attempt = session.get_one(Attempt, claim.attempt_id)
        attempt.outcome = AttemptOutcome.NOT_SENT
        attempt.detail = "after a recovery the authority is asked first"
        attempt.ended_at = desk.now
        doubt(session, desk, document, first_ask=0.0, cause="a recovery: it may have been sent before")
    kept = list(by_document.values())
    if len(kept) < len(claims):
        _give_places(session, kept)
    return kept


def _give_places(session: Session, claims: Sequence[Claim]) -> None:
    """Have one of the documents of each message hold its place: the one that did may have been held back."""
    for message in by_message(claims):
        session.get_one(Document, message[0].document_id).rides_along = False
