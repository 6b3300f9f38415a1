"""Adopting: read the number that a person names, compare it with what we sent, and take it only if it is ours."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import Exchange, HeldBack, NotReady, Refused, Unreachable, witnessed
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.submissions.choices import DecisionState
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.kind import Difference, Found
from risiti.gateway.submissions.settle import Desk, add_evidence, fiscalise, tell
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Decision, Document, EvidenceKind, Revision

MAY_DIFFER: Final = frozenset({"issued_at", "buyer_tin", "line_count"})
"""Fields in which a person may accept a difference, with a reason.

Never the seller, the reference, the device, the kind of document, the currency or an amount: a receipt of ours would
then show a number that belongs to other content.
"""
WAIT_FOR_CONNECTION: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Order:
    decision_id: str
    document_id: str
    device_id: str
    kind: str
    fdn: str
    payload: bytes


def adopting(engine: Engine) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that carries out decisions to adopt."""

    async def adopt(job: Job) -> Result:
        order = await engine.database.read(partial(_order, decision_id=str(job.payload["decision"])))
        if order is None:
            return Done()
        client = engine.connections.ready_to_ask(order.device_id)
        if client is None:
            engine.connections.want(order.device_id, lambda: None)
            return Again(WAIT_FOR_CONNECTION)
        try:
            with witnessed() as wire:
                found: Found | Refused = await engine.kinds[order.kind].read(client, order.fdn, order.payload)
        except Refused as refusal:
            found = refusal
        except HeldBack:
            return Again(WAIT_FOR_CONNECTION)
        except (NotReady, Unreachable):
            engine.connections.lost(order.device_id)
            return Again(WAIT_FOR_CONNECTION)
        return Done(partial(_conclude, engine=engine, order=order, found=found, wire=wire))

    return adopt


def take(session: Session, desk: Desk, document: Document, found: Found, *, cause: str) -> str | None:
    """Give a document that was not fiscalised the number that was found for it; return why not, if it cannot be.

    The caller has made sure that the found document is ours.
    """
    twin = session.scalar(
        select(Document.id).where(
            Document.environment == document.environment,
            Document.fdn == found.original.fdn,
            Document.id != document.id,
        )
    )
    if twin is not None:
        return f"{found.original.fdn} is the number of {twin} already"
    evidence = add_evidence(session, desk, document, EvidenceKind.SHOWN, found=(found,))
    unsettled = (AttemptOutcome.OPEN, AttemptOutcome.AMBIGUOUS)
    for attempt in session.scalars(
        select(Attempt).where(Attempt.document_id == document.id, Attempt.outcome.in_(unsettled))
    ):
        attempt.outcome, attempt.evidence_id = AttemptOutcome.SUPERSEDED, evidence.id
    fiscalise(session, desk, document, found.original, cause=cause)
    return None


def _order(session: Session, decision_id: str) -> _Order | None:
    row = session.execute(
        select(Decision, Document, Revision.payload)
        .join(Document, Document.id == Decision.document_id)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(Decision.id == decision_id, Decision.state == DecisionState.ORDERED)
    ).one_or_none()
    if row is None:
        return None
    decision, document, payload = row
    return _Order(decision_id, document.id, document.device_id, document.kind, decision.fdn or "", payload)


def _conclude(
    session: Session, engine: Engine, order: _Order, found: Found | Refused, wire: Sequence[Exchange]
) -> None:
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random, wire=wire)
    document = session.get_one(Document, order.document_id, with_for_update=True)
    decision = session.get_one(Decision, order.decision_id, with_for_update=True)
    why_not = _judge(session, desk, document, decision, found)
    decision.ended_at = desk.now
    if why_not is None:
        decision.state, decision.outcome = DecisionState.DONE, f"{order.fdn} was compared and adopted"
        return
    decision.state, decision.outcome = DecisionState.FAILED, why_not
    tell(session, desk, document, "invoice.not_adopted", decision=decision.id, fdn=order.fdn, why=why_not)


def _judge(session: Session, desk: Desk, document: Document, decision: Decision, found: Found | Refused) -> str | None:
    if isinstance(found, Refused):
        return f"the authority does not show {decision.fdn}: {found}"
    if document.state is not DocumentState.HELD:
        return f"the document is {document.state} by now"
    in_the_way = _in_the_way(found.differences, is_accepted=decision.accept_differences is not None)
    if in_the_way:
        add_evidence(session, desk, document, EvidenceKind.SHOWN, found=(found,))
        listed = "; ".join(f"{one.field}: ours {one.ours!r}, theirs {one.theirs!r}" for one in in_the_way)
        return f"{decision.fdn} is another document ({listed})"
    return take(session, desk, document, found, cause=f"{decision.decided_by} adopted it: {decision.reason}")


def _in_the_way(differences: tuple[Difference, ...], *, is_accepted: bool) -> list[Difference]:
    return [one for one in differences if not (is_accepted and one.field in MAY_DIFFER)]
