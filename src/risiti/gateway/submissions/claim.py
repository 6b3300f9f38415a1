"""Claiming: which documents are due, and taking them out of the queue with a lease and a fence, in one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from risiti.efris import Stamp
from risiti.gateway.db.raw import Statements
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.lanes import Priority, Turn
from risiti.gateway.submissions.sql.claiming import fits_one_statement, take, take_at_once
from risiti.gateway.submissions.sql.claims import Asked, Mark, Taken
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


@dataclass(frozen=True, slots=True)
class Plan:
    """How many messages of which device a worker wants to send."""

    turns: Sequence[Turn]
    devices: Mapping[str, DueDevice]
    caps: Mapping[str, int]
    request_times: Mapping[str, datetime]
    """The time by the authority's clock, for each device."""
    batches: Mapping[str, int]
    """The most documents in one message, for each device."""
    batched_kinds: Sequence[str] = ()
    """Of which kinds several may share a message."""

    @property
    def most(self) -> int:
        """The most documents that can come of it."""
        return sum(most * self.batches[device] for turn in self.turns for device, most in turn.devices.items())

    @property
    def fits_one_statement(self) -> bool:
        """Whether `claim_at_once` can carry it out."""
        return fits_one_statement(self.turns, self.devices, self.batches)


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
        turns=plan.turns,
        devices=plan.devices,
        caps=plan.caps,
        request_times=plan.request_times,
        batches=plan.batches,
        batched_kinds=plan.batched_kinds,
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
