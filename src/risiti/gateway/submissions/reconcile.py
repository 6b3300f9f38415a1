"""reconcile(): ask the authority what became of a document in doubt, and act on what it shows; never send."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, EfrisError, Exchange, NotReady, Unreachable, witnessed
from risiti.gateway.observability.tracing import Attribute
from risiti.gateway.submissions import broken, decide
from risiti.gateway.submissions.claim import Question
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.kind import Found, Sought
from risiti.gateway.submissions.recovery import Epoch
from risiti.gateway.submissions.settle import Desk, add_evidence, digests, fiscalise, hold, move, refuse, tell
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Evidence, EvidenceKind, HeldReason
from risiti.gateway.submissions.traces import ASKED, within_trace
from risiti.gateway.tenancy.tables import Company, Guard

_log = structlog.get_logger()

_MAY_HAVE_TAKEN_EFFECT = (
    AttemptOutcome.OPEN,
    AttemptOutcome.AMBIGUOUS,
    AttemptOutcome.PRESUMED_ABSENT,
    AttemptOutcome.FISCALISED,
    AttemptOutcome.SUPERSEDED,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the authority showed under the reference (None: the question was not answered), and when it was asked."""

    found: tuple[Found, ...] | None
    asked_at: datetime
    authority_asked_at: datetime
    reason: str = ""
    wire: Sequence[Exchange] = ()
    """What went over the wire to learn it."""


async def reconcile(engine: Engine, client: AsyncClient, question: Question) -> None:
    """Ask about one document in doubt and write down what follows from the answer."""
    told: dict[Attribute, str | int] = {Attribute.DEVICE: question.device_id, Attribute.FENCE: question.fence}
    async with within_trace(
        engine.tracing, engine.database, ASKED, question.document_id, told=told, now=engine.clock.now()
    ):
        await _reconcile(engine, client, question)


async def _reconcile(engine: Engine, client: AsyncClient, question: Question) -> None:
    answer = await _ask(engine, client, question)
    timing = engine.connections.upstreams.careful(engine.timing)
    desk = Desk(engine.clock.now(), timing, engine.ids, engine.random)
    epoch = engine.connections.upstreams.epoch
    if await engine.write_down(partial(conclude, desk=desk, question=question, answer=answer, epoch=epoch)):
        engine.announce(question.document_id)


def conclude(session: Session, desk: Desk, question: Question, answer: Answer, epoch: Epoch | None = None) -> bool:
    """Decide and act in one transaction; return False, and write nothing, if another worker took it since.

    `epoch` is the last recovery, if there was one.
    """
    document = session.scalar(
        select(Document)
        .where(
            Document.id == question.document_id,
            Document.fence == question.fence,
            Document.state == DocumentState.IN_DOUBT,
        )
        .with_for_update()
    )
    desk = replace(desk, wire=answer.wire)
    if document is None:
        _log.warning("question.stale", document_id=question.document_id)
        return False
    company = session.get_one(Company, document.company_id)
    decision = decide.decide(_doubt(session, document, company, answer, desk, epoch), answer.found, desk.timing)
    match decision:
        case decide.Adopt(found, others):
            _adopt(session, desk, document, found, others)
            if document.seen and company.guard is Guard.UNPROVEN:
                company.guard = Guard.PROVEN
            if others:
                company.guard = Guard.ABSENT
        case decide.Hold(reason):
            add_evidence(session, desk, document, EvidenceKind.SHOWN, found=answer.found)
            hold(session, desk, document, reason, _why(session, document, reason))
        case decide.BelieveRefusal():
            _close_attempts(session, desk, document, answer)
            refuse(session, desk, document)
        case decide.SendAgain():
            _close_attempts(session, desk, document, answer)
            move(document, DocumentState.WAITING, desk.now)
            document.doubt_since = None
            document.resend_signed = False
            document.epoch = epoch.number if epoch else document.epoch
            tell(session, desk, document, "invoice.proved_absent", cause="not shown after the quiet period")
        case decide.AskAgain(after, is_negative):
            document.asked += 1
            if is_negative:
                document.negatives += 1
                _not_shown(session, desk, document, answer)
            document.due_at = desk.now + timedelta(seconds=after)
            document.lease_until = None
    return True


async def _ask(engine: Engine, client: AsyncClient, question: Question) -> Answer:
    with witnessed() as wire:
        answer = await _answer(engine, client, question)
    return replace(answer, wire=wire)


async def _answer(engine: Engine, client: AsyncClient, question: Question) -> Answer:
    sought = Sought(question.wire_reference, question.payload, question.hints)
    asked_at = engine.clock.now()
    authority_asked_at = asked_at
    try:
        await client.ready()
        asked_at = engine.clock.now()
        authority_asked_at = client.stamp().request_time
        async with asyncio.timeout(engine.timing.answer):
            found = await engine.kinds[question.kind].find(client, sought)
    except (EfrisError, TimeoutError) as error:
        if isinstance(error, Unreachable | NotReady):
            engine.connections.lost(question.device_id)
        return Answer(None, asked_at, authority_asked_at, str(error))
    except Exception as error:  # noqa: BLE001 - logged in full; the question is asked again
        _log.exception("question.broken", document_id=question.document_id)
        return Answer(None, asked_at, authority_asked_at, type(error).__name__)
    return Answer(found, asked_at, authority_asked_at)


def _doubt(  # noqa: PLR0917 - a doubt is made of as many things
    session: Session, document: Document, company: Company, answer: Answer, desk: Desk, epoch: Epoch | None
) -> decide.Doubt:
    newest = session.scalar(
        select(Attempt)
        .where(Attempt.document_id == document.id, Attempt.outcome.in_(_MAY_HAVE_TAKEN_EFFECT))
        .order_by(Attempt.started_at.desc())
        .limit(1)
    )
    age = math.inf  # nothing was sent that could still take effect
    if newest is not None:
        by_their_clock = answer.authority_asked_at - newest.request_time
        by_our_clock = answer.asked_at - newest.started_at
        age = min(by_their_clock, by_our_clock).total_seconds()
    if epoch is not None:  # before it attempts may have been made that nobody remembers
        age = min(age, epoch.age(answer.asked_at))
    is_first = newest is None and epoch is not None and document.epoch < epoch.number and not document.seen
    return decide.Doubt(
        age=age,
        in_doubt_for=(desk.now - (document.doubt_since or desk.now)).total_seconds(),
        asked=document.asked,
        negatives=document.negatives,
        seen=document.seen,
        pending_refusal=document.refusal_code,
        refusal_is_suspicious=document.refusal_is_suspicious,
        may_resend=is_first
        or document.resend_signed
        or (
            decide.may_resend(company.guard, auto_resend=company.auto_resend)
            and not _broken_off(session, document, newest)
        ),
    )


def _broken_off(session: Session, document: Document, newest: Attempt | None) -> bool:
    """Tell whether sending it has broken on our side so often that a person must say whether it is sent once more."""
    return (newest is None or broken.is_broken(newest)) and broken.keeps_breaking(session, document)


def _why(session: Session, document: Document, reason: HeldReason) -> str:
    if reason is HeldReason.UNDECIDED and broken.keeps_breaking(session, document):
        return broken.WHY
    return "the authority's answers do not settle it"


def _adopt(session: Session, desk: Desk, document: Document, found: Found, others: tuple[Found, ...]) -> None:
    evidence = add_evidence(session, desk, document, EvidenceKind.SHOWN, found=(found, *others))
    for attempt in _open_attempts(session, document):
        attempt.outcome = AttemptOutcome.SUPERSEDED
        attempt.evidence_id = evidence.id
    fiscalise(session, desk, document, found.original, cause="found at the authority")
    if others:
        _log.error("document.duplicated", document_id=document.id, numbers=[one.original.fdn for one in others])
        tell(session, desk, document, "invoice.duplicated", numbers=[one.original.fdn for one in others])


def _close_attempts(session: Session, desk: Desk, document: Document, answer: Answer) -> None:
    """The last negative answer is the evidence on which the attempts count as never processed."""
    evidence = _not_shown(session, desk, document, answer)
    for attempt in _open_attempts(session, document):
        attempt.outcome = AttemptOutcome.PRESUMED_ABSENT
        attempt.evidence_id = evidence.id


def _not_shown(session: Session, desk: Desk, document: Document, answer: Answer) -> Evidence:
    return add_evidence(
        session,
        desk,
        document,
        EvidenceKind.NOT_SHOWN,
        asked_at=answer.authority_asked_at,
        **digests(answer.wire),
    )


def _open_attempts(session: Session, document: Document) -> list[Attempt]:
    return list(
        session.scalars(
            select(Attempt).where(
                Attempt.document_id == document.id,
                Attempt.outcome.in_((AttemptOutcome.OPEN, AttemptOutcome.AMBIGUOUS)),
            )
        )
    )
