"""settle(): the only function that ends an attempt - state, result, evidence and event in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import datetime, timedelta
from random import Random

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import EfrisError, Exchange, Malformed, NoAnswer, NotSent, Refused, Verdict
from risiti.gateway import events
from risiti.gateway.db.raw import Statements
from risiti.gateway.events import Happening
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions import backoff
from risiti.gateway.submissions.broken import WHY, BrokenBefore, keeps_breaking
from risiti.gateway.submissions.claim import Claim
from risiti.gateway.submissions.deadlines import RULES, DeadlineRules
from risiti.gateway.submissions.kind import Explanation, Found, Original
from risiti.gateway.submissions.sql.answers import Good, Told, fiscalise_all
from risiti.gateway.submissions.states import DocumentState, check_move
from risiti.gateway.submissions.tables import (
    Attempt,
    AttemptOutcome,
    Document,
    Evidence,
    EvidenceKind,
    HeldReason,
)
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.tenancy.tables import Device, DeviceState

_log = structlog.get_logger()

FISCALISED = "invoice.fiscalised"
RESUMED = "device.resumed"
ANSWERED = "answered"

KEY_SUSPECTS_BEFORE_PAUSE = 2
"""So many answers in a row that doubt our key pause the device; one may be a stale session key."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one send came to: a document at the authority, or the error that says what may have happened."""

    result: Found | EfrisError
    hints: tuple[str, ...] = ()
    """Fiscal document numbers named in a refusal of the reference as already used."""
    explanation: Explanation | None = None
    """Of a refusal: what it means for the seller's document."""
    wire: Sequence[Exchange] = ()
    """What went over the wire for it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An attempt and what it came to, to be written down."""

    claim: Claim
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing down an answer needs besides the session."""

    now: datetime
    timing: Timing
    ids: Ids
    random: Random
    by: str | None = None
    """Who wants the change: the id of an API key or of a person; None: the service itself."""
    rules: DeadlineRules = RULES
    """Until when a sale must be with the authority."""
    wire: Sequence[Exchange] = ()
    """What went over the wire to learn it: its digests stand in the events that tell of it."""


def settle(session: Session, desk: Desk, claim: Claim, outcome: Outcome) -> bool:
    """End an attempt; return False, and write nothing, if another worker has taken the document since."""
    document = session.scalar(
        select(Document)
        .where(
            Document.id == claim.document_id,
            Document.fence == claim.fence,
            Document.state == DocumentState.SENDING,
        )
        .with_for_update()
    )
    attempt = session.get(Attempt, claim.attempt_id)
    if document is None or attempt is None:
        _log.warning("attempt.stale", document_id=claim.document_id, attempt=claim.attempt_id)
        return False
    attempt.ended_at = desk.now
    desk = replace(desk, wire=outcome.wire)
    result = outcome.result
    if isinstance(result, Found):
        _answered(session, desk, document, attempt, result)
    elif isinstance(result, NotSent):
        _not_sent(session, desk, document, attempt, result)
    elif isinstance(result, Refused):
        _refused(session, desk, document, attempt, result, outcome=outcome)
    else:
        _may_have_acted(session, desk, document, attempt, result)
    return True


def is_plain(settlement: Settlement) -> bool:
    """Tell whether an answer is the plain case: the document, as we sent it."""
    result = settlement.outcome.result
    return isinstance(result, Found) and not result.differences


def settle_all(
    session: Statements, desk: Desk, settlements: Sequence[Settlement], *, aloud: bool = False
) -> list[bool]:
    """End many attempts in one transaction; what `settle` says of each. Good answers share one statement.

    `aloud`: that statement tells on PostgreSQL who waits for the documents.

    Raises:
        TypeError: one is no plain case, and the transaction has no mapped classes.
        IntegrityError: one of them cannot be written as it is; settle each for itself.
    """
    good = {
        one.claim.document_id: Good(
            document_id=one.claim.document_id,
            company_id=one.claim.company_id,
            device_id=one.claim.device_id,
            fence=one.claim.fence,
            attempt_id=one.claim.attempt_id,
            original=one.outcome.result.original,
            event_id=desk.ids.event(),
            event=_fiscalised(one.outcome.result.original, one.outcome.wire),
        )
        for one in settlements
        if isinstance(one.outcome.result, Found) and not one.outcome.result.differences
    }
    told = Told(FISCALISED, RESUMED, desk.ids.event, _about_device)
    ours = fiscalise_all(session, list(good.values()), told, now=desk.now, aloud=aloud) if good else set()
    results = []
    for one in settlements:
        document_id = one.claim.document_id
        if document_id not in good:
            if not isinstance(session, Session):
                raise TypeError("what is no plain case is settled through the mapped classes")
            results.append(settle(session, desk, one.claim, one.outcome))
            continue
        results.append(document_id in ours)
        if document_id not in ours:
            _log.warning("attempt.stale", document_id=document_id, attempt=one.claim.attempt_id)
    return results


def _about_device(device_id: str) -> str:
    return events.written({"device": device_id})


def move(document: Document, state: DocumentState, due_at: datetime | None = None) -> None:
    """Make a move of the table; the lease ends with it."""
    check_move(document.state, state)
    document.state = state
    document.held_reason = None
    document.due_at = due_at
    document.lease_until = None


def tell(session: Session, desk: Desk, document: Document, name: str, **data: object) -> None:
    """Record an event of a document."""
    events.record(
        session,
        desk.ids,
        document.company_id,
        document.id,
        Happening(name, desk.now, {"state": document.state, **data, **digests(desk.wire)}, by=desk.by),
    )


def digests(wire: Sequence[Exchange]) -> dict[str, object]:
    """Return what an event says of what went over the wire: nothing if nothing did."""
    if not wire:
        return {}
    return {
        "wire": [
            {"interface": one.interface, "exchange": one.exchange_id, "sent": one.sent, "answer": one.answer}
            for one in wire
        ]
    }


def add_evidence(session: Session, desk: Desk, document: Document, kind: EvidenceKind, **detail: object) -> Evidence:
    """Keep what the authority or a person said, and return it."""
    evidence = Evidence(
        id=desk.ids.evidence(),
        company_id=document.company_id,
        document_id=document.id,
        kind=kind,
        detail=json.dumps(detail, default=_plain, sort_keys=True),
        recorded_at=desk.now,
    )
    session.add(evidence)
    return evidence


def _plain(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def fiscalise(session: Session, desk: Desk, document: Document, original: Original, *, cause: str) -> None:
    """Give the document its fiscal number, or hold it if that number stands on another document already."""
    twin = session.scalar(
        select(Document.id).where(
            Document.environment == document.environment, Document.fdn == original.fdn, Document.id != document.id
        )
    )
    if twin is not None:
        hold(session, desk, document, HeldReason.CONFLICT, f"{original.fdn} is the number of {twin} already")
        return
    move(document, DocumentState.FISCALISED)
    document.fdn = original.fdn
    document.verification_code = original.verification_code
    document.qr = original.qr
    document.authority_document_id = original.authority_document_id
    document.fiscalised_at = desk.now
    document.refusal_code = document.refusal_field = document.refusal_message = None
    document.refusal_is_suspicious = False
    tell(session, desk, document, FISCALISED, fdn=original.fdn, cause=cause)


def _fiscalised(original: Original, wire: Sequence[Exchange]) -> str:
    return events.written({"state": DocumentState.FISCALISED, "fdn": original.fdn, "cause": ANSWERED, **digests(wire)})


def hold(session: Session, desk: Desk, document: Document, reason: HeldReason, why: str) -> None:
    """Stop, and ask for a person."""
    move(document, DocumentState.HELD)
    document.held_reason = reason
    tell(session, desk, document, "invoice.held", reason=reason, why=why)


def refuse(session: Session, desk: Desk, document: Document) -> None:
    """Make the refusal that stands on the document final."""
    move(document, DocumentState.REFUSED)
    tell(
        session,
        desk,
        document,
        "invoice.refused",
        code=document.refusal_code,
        field=document.refusal_field,
        message=document.refusal_message,
        path=document.refusal_path,
        fix=document.refusal_fix,
        said=document.refusal_said,
    )


def doubt(session: Session, desk: Desk, document: Document, *, first_ask: float, cause: str) -> None:
    """Put a document in doubt, to be asked about after `first_ask` seconds."""
    move(document, DocumentState.IN_DOUBT, desk.now + timedelta(seconds=first_ask))
    document.doubt_since = document.doubt_since or desk.now
    document.asked = document.negatives = 0
    tell(session, desk, document, "invoice.in_doubt", cause=cause)


def pause_device(session: Session, desk: Desk, device_id: str, reason: str) -> None:
    """Stop a device's lane: the authority lets none of its documents through. Its documents stay as they are."""
    device = session.get(Device, device_id)
    if device is not None:
        was_paused = device.state is DeviceState.PAUSED
        device.state = DeviceState.PAUSED
        device.paused_reason = reason
        device.paused_at = desk.now
        if was_paused:  # what was on the wire with the document that said so says the same
            return
        events.record(
            session,
            desk.ids,
            device.company_id,
            None,
            Happening("device.paused", desk.now, {"device": device_id, "reason": reason}),
        )


def resume_device(session: Session, desk: Desk, device_id: str) -> None:
    """Open a paused lane again: the authority has let a document through."""
    device = session.get(Device, device_id)
    if device is not None and device.state is DeviceState.PAUSED:
        device.state = DeviceState.ACTIVE
        device.paused_reason = device.paused_at = None
        events.record(session, desk.ids, device.company_id, None, Happening(RESUMED, desk.now, {"device": device_id}))


def _answered(session: Session, desk: Desk, document: Document, attempt: Attempt, found: Found) -> None:
    attempt.outcome = AttemptOutcome.FISCALISED
    attempt.return_code = "00"
    resume_device(session, desk, document.device_id)
    if found.differences:
        shown = add_evidence(session, desk, document, EvidenceKind.SHOWN, found=found)
        attempt.evidence_id = shown.id
        hold(session, desk, document, HeldReason.CONFLICT, f"the answer is about another document: {found.differences}")
        return
    fiscalise(session, desk, document, found.original, cause=ANSWERED)


def _not_sent(session: Session, desk: Desk, document: Document, attempt: Attempt, error: NotSent) -> None:
    attempt.outcome = AttemptOutcome.NOT_SENT
    attempt.detail = str(error)
    if isinstance(error, Malformed):
        hold(session, desk, document, HeldReason.UNDECIDED, f"it cannot be put into words for the authority: {error}")
        return
    if isinstance(error, BrokenBefore) and keeps_breaking(session, document):
        hold(session, desk, document, HeldReason.UNDECIDED, WHY)
        return
    _wait(session, desk, document, cause=str(error))


def _may_have_acted(session: Session, desk: Desk, document: Document, attempt: Attempt, error: EfrisError) -> None:
    attempt.outcome = AttemptOutcome.AMBIGUOUS
    attempt.detail = str(error)
    attempt.answer = error.raw if isinstance(error, NoAnswer) else None
    doubt(session, desk, document, first_ask=desk.timing.asks[0], cause=str(error))


def _refused(
    session: Session, desk: Desk, document: Document, attempt: Attempt, error: Refused, *, outcome: Outcome
) -> None:
    attempt.return_code = error.code
    attempt.detail = str(error)
    match error.verdict:
        case Verdict.SEEN:
            attempt.outcome = AttemptOutcome.SEEN
            document.seen = True
            document.hints = " ".join(outcome.hints)
            resume_device(session, desk, document.device_id)
            add_evidence(session, desk, document, EvidenceKind.SAID_TO_EXIST, code=error.code, named=outcome.hints)
            doubt(session, desk, document, first_ask=0.0, cause="the authority says that the reference exists")
        case Verdict.NOT_PROCESSED:
            attempt.outcome = AttemptOutcome.NOT_PROCESSED
            _wait(session, desk, document, cause=str(error))
        case Verdict.KEY_SUSPECT:
            attempt.outcome = AttemptOutcome.NOT_PROCESSED
            if document.not_sent >= KEY_SUSPECTS_BEFORE_PAUSE:
                pause_device(session, desk, document.device_id, str(error))
            _wait(session, desk, document, cause=str(error))
        case Verdict.LANE:
            attempt.outcome = AttemptOutcome.NOT_PROCESSED
            pause_device(session, desk, document.device_id, str(error))
            _wait(session, desk, document, cause=str(error))
        case Verdict.PERIOD:
            attempt.outcome = AttemptOutcome.REFUSED
            resume_device(session, desk, document.device_id)
            hold(session, desk, document, HeldReason.PERIOD, str(error))
        case Verdict.REFUSED:
            attempt.outcome = AttemptOutcome.REFUSED
            resume_device(session, desk, document.device_id)
            _believe_unless_sent_before(session, desk, document, error, outcome.explanation)
        case _:
            _may_have_acted(session, desk, document, attempt, error)


def _believe_unless_sent_before(
    session: Session, desk: Desk, document: Document, error: Refused, explanation: Explanation | None
) -> None:
    """Ask once more before a refusal is believed that may be caused by ourselves.

    An earlier attempt may have worked. So may a copy of this very one that something on the way has made: it took the
    stock, and what came back is the answer to the second copy.
    """
    document.refusal_code = error.code
    document.refusal_field = error.field
    document.refusal_message = explanation.message if explanation else f"{error.return_code.meaning}."
    document.refusal_path = explanation.path if explanation else None
    document.refusal_fix = explanation.fix if explanation else None
    document.refusal_said = error.return_message or None
    document.refusal_is_suspicious = error.return_code.suspicious_after_attempt
    earlier = session.scalar(
        select(Attempt.id)
        .where(Attempt.document_id == document.id, Attempt.outcome == AttemptOutcome.PRESUMED_ABSENT)
        .limit(1)
    )
    if earlier is not None:
        doubt(session, desk, document, first_ask=0.0, cause=f"refused ({error.code}) after an attempt without answer")
    elif document.refusal_is_suspicious:
        doubt(session, desk, document, first_ask=0.0, cause=f"refused ({error.code}), as a copy of it would be")
    else:
        refuse(session, desk, document)


def _wait(session: Session, desk: Desk, document: Document, *, cause: str) -> None:
    document.not_sent += 1
    pause = backoff.pause(desk.timing, document.not_sent, desk.random)
    move(document, DocumentState.WAITING, desk.now + timedelta(seconds=pause))
    tell(session, desk, document, "invoice.not_sent", cause=cause, again_in_seconds=round(pause, 1))
