"""case(): everything that is known of one document, for the person who has to decide about it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris.return_codes import lookup
from risiti.gateway.kernel.errors import NotFound
from risiti.gateway.submissions.choices import Action, DecisionState
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import (
    Attempt,
    AttemptOutcome,
    Decision,
    Document,
    Evidence,
    EvidenceKind,
    HeldReason,
    Revision,
)

MOST_ROWS: Final = 200
"""Most attempts, and most pieces of evidence, that are shown; the newest."""
SHOWN_ANSWER: Final = 2_000
"""Characters of an answer that could not be understood."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One send on the wire."""

    id: str
    revision: int
    outcome: AttemptOutcome
    exchange_id: str
    request_time: datetime
    started_at: datetime
    ended_at: datetime | None
    return_code: str | None
    meaning: str | None
    """What the authority's code means."""
    detail: str | None
    answer: str | None
    """The beginning of an answer that could not be understood."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One thing that the authority or a person said."""

    id: str
    kind: EvidenceKind
    at: datetime
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """Both sides of one difference."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fiscal document number that may be the document's, and how its content differs from ours."""

    fdn: str
    differences: tuple[DifferenceView, ...] | None
    """None: it was named, and has not been read yet."""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What a person has decided, and what became of it."""

    id: str
    action: Action
    state: DecisionState
    reason: str
    fdn: str | None
    accept_differences: str | None
    decided_by: str
    decided_at: datetime
    second_by: str | None
    outcome: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """A document, and all that was tried, asked, said and decided about it."""

    document_id: str
    reference: str
    wire_reference: str
    state: DocumentState
    held_reason: HeldReason | None
    doubt_since: datetime | None
    asked: int
    negatives: int
    seen: bool
    """The authority has said that the reference exists."""
    pending_refusal: str | None
    """A refusal that is not believed, because an earlier attempt may have caused it."""
    choices: tuple[Action, ...]
    """What can be decided now."""
    candidates: tuple[Candidate, ...]
    ours: dict[str, object]
    """The document as the seller gave it to us."""
    attempts: tuple[AttemptView, ...]
    evidence: tuple[EvidenceView, ...]
    decisions: tuple[DecisionView, ...]


def case(session: Session, document_id: str) -> Case:
    """Return everything that is known of a document.

    Raises:
        NotFound: there is none with this id.
    """
    document = session.scalar(select(Document).where(Document.id == document_id))
    if document is None:
        raise NotFound("There is no such document.")
    revision = session.get_one(Revision, (document.id, document.revision))
    evidence = reversed(
        session.scalars(
            select(Evidence)
            .where(Evidence.document_id == document.id)
            .order_by(Evidence.recorded_at.desc(), Evidence.id.desc())
            .limit(MOST_ROWS)
        ).all()
    )
    said = tuple(EvidenceView(one.id, one.kind, one.recorded_at, json.loads(one.detail)) for one in evidence)
    attempts = reversed(
        session.scalars(
            select(Attempt)
            .where(Attempt.document_id == document.id)
            .order_by(Attempt.started_at.desc(), Attempt.id.desc())
            .limit(MOST_ROWS)
        ).all()
    )
    decisions = session.scalars(
        select(Decision).where(Decision.document_id == document.id).order_by(Decision.decided_at, Decision.id)
    ).all()
    is_held = document.state is DocumentState.HELD
    return Case(
        document_id=document.id,
        reference=document.reference,
        wire_reference=document.wire_reference,
        state=document.state,
        held_reason=document.held_reason,
        doubt_since=document.doubt_since,
        asked=document.asked,
        negatives=document.negatives,
        seen=document.seen,
        pending_refusal=document.refusal_code if document.state is not DocumentState.REFUSED else None,
        choices=tuple(Action) if is_held else (),
        candidates=_candidates(document, said),
        ours=json.loads(revision.content),
        attempts=tuple(_attempt(one) for one in attempts),
        evidence=said,
        decisions=tuple(view(one) for one in decisions),
    )


def view(decision: Decision) -> DecisionView:
    """Return a decision as people see it."""
    return DecisionView(
        id=decision.id,
        action=decision.action,
        state=decision.state,
        reason=decision.reason,
        fdn=decision.fdn,
        accept_differences=decision.accept_differences,
        decided_by=decision.decided_by,
        decided_at=decision.decided_at,
        second_by=decision.second_by,
        outcome=decision.outcome,
        ended_at=decision.ended_at,
    )


def _attempt(attempt: Attempt) -> AttemptView:
    code = attempt.return_code
    return AttemptView(
        id=attempt.id,
        revision=attempt.revision,
        outcome=attempt.outcome,
        exchange_id=attempt.exchange_id,
        request_time=attempt.request_time,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        return_code=code,
        meaning=None if code is None else lookup(code, "").meaning,
        detail=attempt.detail,
        answer=None
        if attempt.answer is None
        else attempt.answer[: 4 * SHOWN_ANSWER].decode("utf-8", "replace")[:SHOWN_ANSWER],
    )


def _candidates(document: Document, said: Sequence[EvidenceView]) -> tuple[Candidate, ...]:
    """Return the numbers that were named or shown, each with the newest comparison."""
    candidates = {fdn: Candidate(fdn, None) for fdn in document.hints.split()}
    for one in said:
        if one.kind is not EvidenceKind.SHOWN:
            continue
        shown = one.detail.get("found")
        for found in shown if isinstance(shown, list) else [shown]:
            if not isinstance(found, dict):
                continue
            fdn = str(found.get("original", {}).get("fdn", ""))
            differences = tuple(DifferenceView(**difference) for difference in found.get("differences", ()))
            candidates[fdn] = Candidate(fdn, differences)
    return tuple(candidates.values())
