"""Claiming: which documents are due, and taking them out of the queue with a lease and a fence, in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from risiti.efris import Stamp
from risiti.gateway.db.raw import Statements
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.sql.claiming import take, take_at_once
from risiti.gateway.submissions.sql.claims import Asked, Mark, Plan, Taken
from risiti.gateway.submissions.sql.look import DueDevice, look
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Revision, is_in
from risiti.gateway.submissions.timing import Timing


@dataclass(frozen=True, slots=True)
class Claim:
    """One open attempt: this worker, and no other, may send it, and only while the claim is fresh.

    Claims with the same stamp go in the same message.
    """

    attempt_id: str
    document_id: str
    company_id: str
    device_id: str
    kind: str
    fence: int
    wire_reference: str
    priority: Priority
    payload: bytes
    content: str
    """The seller's document as accepted (JSON)."""
    stamp: Stamp
    claimed: float
    """Monotonic seconds of this process when it asked for the claim."""


@dataclass(frozen=True, slots=True)
class Question:
    """One document in doubt that this worker, and no other, asks the authority about."""

    document_id: str
    device_id: str
    kind: str
    fence: int
    wire_reference: str
    payload: bytes
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What there is to do."""

    devices: tuple[DueDevice, ...]
    has_orphans: bool
    """A lease of a sending worker has run out."""


def due(session: Statements, now: datetime, timing: Timing) -> Due:
    """Return the devices that have work now - active ones, and paused ones that have rested long enough."""
    devices, has_orphans = look(session, now=now, rested=now - timedelta(seconds=timing.lane_probe))
    return Due(tuple(devices), has_orphans)


def claim_to_send(
    session: Statements, plan: Plan, *, now: datetime, timing: Timing, ids: Ids, monotonic: float
) -> list[Claim]:
    """Move waiting documents to SENDING as planned, each with its attempt written ahead."""
    if not plan.turns:
        return []
    asked = _asked(plan, now, timing, ids)
    return [_claim(one, monotonic) for one in take(session, asked)]


def claim_at_once(
    session: Statements, plan: Plan, *, now: datetime, timing: Timing, ids: Ids, monotonic: float
) -> tuple[list[Claim], Plan]:
    """Do the same in one statement, for a plan that fits one; what is returned besides needs a transaction."""
    found = take_at_once(session, _asked(plan, now, timing, ids))
    return [_claim(one, monotonic) for one in found.taken], replace(plan, turns=found.left)


def _asked(plan: Plan, now: datetime, timing: Timing, ids: Ids) -> Asked:
    return Asked(
        plan=plan,
        marks=[Mark(ids.attempt(), ids.exchange()) for _ in range(plan.most)],
        now=now,
        lease_until=now + timedelta(seconds=timing.lease),
    )


def _claim(one: Taken, monotonic: float) -> Claim:
    return Claim(
        attempt_id=one.attempt_id,
        document_id=one.document_id,
        company_id=one.company_id,
        device_id=one.device_id,
        kind=one.kind,
        fence=one.fence,
        wire_reference=one.wire_reference,
        priority=Priority(one.priority),
        payload=one.payload,
        content=one.content,
        stamp=Stamp(one.exchange_id, one.request_time),
        claimed=monotonic,
    )


def by_message(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Put claims together that share a message."""
    messages: dict[str, list[Claim]] = {}
    for claim in claims:
        messages.setdefault(claim.stamp.exchange_id, []).append(claim)
    return list(messages.values())


def claim_to_ask(session: Session, device_id: str, most: int, *, now: datetime, timing: Timing) -> list[Question]:
    """Take up to `most` documents in doubt of a device to ask about; they stay IN_DOUBT, under a lease."""
    free = or_(Document.lease_until.is_(None), Document.lease_until <= now)
    found = session.execute(
        select(Document, Revision)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(Document.device_id == device_id, is_in(DocumentState.IN_DOUBT), Document.due_at <= now, free)
        .order_by(Document.due_at, Document.id)
        .limit(most)
        .with_for_update(of=Document, skip_locked=True)
    ).all()
    for document, _ in found:
        document.fence += 1
        document.lease_until = now + timedelta(seconds=timing.lease)
    return [
        Question(
            document_id=document.id,
            device_id=device_id,
            kind=document.kind,
            fence=document.fence,
            wire_reference=document.wire_reference,
            payload=revision.payload,
            hints=tuple(document.hints.split()),
        )
        for document, revision in found
    ]


def release(session: Session, claims: Sequence[Claim], now: datetime) -> None:
    """Give back claims that were never sent, when the worker stops."""
    for claim in claims:
        released = session.execute(
            update(Document)
            .where(
                Document.id == claim.document_id,
                Document.fence == claim.fence,
                is_in(DocumentState.SENDING),
            )
            .values(state=DocumentState.WAITING, due_at=now, lease_until=None)
            .returning(Document.id)
        ).scalar()
        if released is not None:
            session.execute(
                update(Attempt)
                .where(Attempt.id == claim.attempt_id, Attempt.outcome == AttemptOutcome.OPEN)
                .values(outcome=AttemptOutcome.NOT_SENT, detail="the worker was asked to stop", ended_at=now)
            )
