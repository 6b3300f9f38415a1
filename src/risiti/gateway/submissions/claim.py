"""Claiming: which documents are due, and taking them out of the queue with a lease and a fence, in one commit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from risiti.efris import Stamp
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Revision
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.tenancy.tables import Device, DeviceState

DEVICES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class DueDevice:
    """A device with documents to send (`to_send`) or to ask about; a paused one is only probed."""

    id: str
    is_paused: bool
    key_fingerprint: str
    """Changes when the device's key is replaced; a connection that was opened with another key is not used."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One open attempt: this worker, and no other, may send it, and only while the claim is fresh."""

    attempt_id: str
    document_id: str
    device_id: str
    kind: str
    fence: int
    wire_reference: str
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


def due(session: Session, now: datetime, timing: Timing) -> Due:
    """Return the devices that have work now - active ones, and paused ones that have rested long enough."""
    rested = now - timedelta(seconds=timing.lane_probe)
    found = session.execute(
        select(Device.id, Device.state, Device.key_fingerprint)
        .where(
            or_(Device.state == DeviceState.ACTIVE, Device.paused_at <= rested),
            select(Document.id)
            .where(
                Document.device_id == Device.id,
                Document.state.in_((DocumentState.WAITING, DocumentState.IN_DOUBT)),
                Document.due_at <= now,
            )
            .exists(),
        )
        .limit(DEVICES_AT_ONCE)
    )
    orphan = select(Document.id).where(Document.state == DocumentState.SENDING, Document.lease_until <= now).limit(1)
    return Due(
        devices=tuple(
            DueDevice(device_id, state is DeviceState.PAUSED, fingerprint) for device_id, state, fingerprint in found
        ),
        has_orphans=session.scalar(orphan) is not None,
    )


def claim_to_send(
    session: Session,
    device_id: str,
    most: int,
    *,
    now: datetime,
    timing: Timing,
    ids: Ids,
    stamp: Callable[[], Stamp],
    monotonic: float,
) -> list[Claim]:
    """Move up to `most` waiting documents of a device to SENDING, each with its attempt written ahead."""
    documents = _take(session, device_id, DocumentState.WAITING, most, now=now, timing=timing)
    claims = []
    for document, revision in documents:
        document.state = DocumentState.SENDING
        document.due_at = None
        made = stamp()
        attempt = Attempt(
            id=ids.attempt(),
            company_id=document.company_id,
            document_id=document.id,
            revision=document.revision,
            fence=document.fence,
            exchange_id=made.exchange_id,
            request_time=made.request_time,
            payload_digest=revision.payload_digest,
            started_at=now,
        )
        session.add(attempt)
        claims.append(
            Claim(
                attempt_id=attempt.id,
                document_id=document.id,
                device_id=device_id,
                kind=document.kind,
                fence=document.fence,
                wire_reference=document.wire_reference,
                payload=revision.payload,
                content=revision.content,
                stamp=made,
                claimed=monotonic,
            )
        )
    return claims


def claim_to_ask(session: Session, device_id: str, most: int, *, now: datetime, timing: Timing) -> list[Question]:
    """Take up to `most` documents in doubt of a device to ask about; they stay IN_DOUBT, under a lease."""
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
        for document, revision in _take(session, device_id, DocumentState.IN_DOUBT, most, now=now, timing=timing)
    ]


def release(session: Session, claim: Claim, now: datetime) -> None:
    """Give back a claim that was never sent, when the worker stops."""
    session.execute(
        update(Attempt)
        .where(Attempt.id == claim.attempt_id, Attempt.outcome == AttemptOutcome.OPEN)
        .values(outcome=AttemptOutcome.NOT_SENT, detail="the worker was asked to stop", ended_at=now)
    )
    session.execute(
        update(Document)
        .where(
            Document.id == claim.document_id,
            Document.fence == claim.fence,
            Document.state == DocumentState.SENDING,
        )
        .values(state=DocumentState.WAITING, due_at=now, lease_until=None)
    )


def _take(
    session: Session, device_id: str, state: DocumentState, most: int, *, now: datetime, timing: Timing
) -> list[tuple[Document, Revision]]:
    free = or_(Document.lease_until.is_(None), Document.lease_until <= now)
    found = session.execute(
        select(Document, Revision)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(Document.device_id == device_id, Document.state == state, Document.due_at <= now, free)
        .order_by(Document.due_at, Document.id)
        .limit(most)
        .with_for_update(of=Document, skip_locked=True)
    ).all()
    for document, _ in found:
        document.fence += 1
        document.lease_until = now + timedelta(seconds=timing.lease)
    return [(document, revision) for document, revision in found]
