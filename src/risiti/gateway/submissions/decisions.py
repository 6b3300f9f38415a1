"""A person's decision about a held document: checked, recorded with who and why, and put on its way."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound
from risiti.gateway.submissions import operations
from risiti.gateway.submissions.choices import Action, DecisionState
from risiti.gateway.submissions.settle import Desk, add_evidence, tell
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Decision, Document, EvidenceKind, HeldReason
from risiti.gateway.tenancy.tables import Company

ADOPT_TASK = "decision.adopt"
OPERATOR = "operator"
"""What a decision came with when it came from the server's command line."""
MAX_REASON = 500
MAX_NAME = 120
FDN = r"[0-9A-Za-z]{1,20}"
"""What a fiscal document number is made of, as a regular expression."""
_FDN = re.compile(FDN, re.ASCII)
_LIMIT_CURRENCY = "UGX"


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides.

    Attributes:
        name: As the caller says.
        key: The API key that the decision comes with, or `OPERATOR`.
    """

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done, and why.

    Attributes:
        action: What.
        reason: Why.
        fdn: The number to adopt.
        accept_differences: Why differences that touch neither money nor identity are accepted.
    """

    action: Action
    reason: str
    fdn: str | None = None
    accept_differences: str | None = None


def decide(session: Session, desk: Desk, document_id: str, wish: Wish, person: Person) -> Decision:
    """Record a decision about a held document and begin to carry it out, in one transaction.

    Raises:
        NotFound: there is no such document.
        Conflict: it is not held (`not_held`); or it needs a second person, and this is the first (`needs_another`).
        Invalid: a number to adopt is missing, is none, or was given for another action.
    """
    _check(wish)
    document = session.scalar(select(Document).where(Document.id == document_id).with_for_update())
    if document is None:
        raise NotFound("There is no such document.")
    if document.state is not DocumentState.HELD:
        raise Conflict(
            "Only a held document waits for a person's decision.",
            code="not_held",
            about={"document_id": document.id, "state": document.state},
        )
    decision = _first_said(session, document, wish) if wish.action is Action.SEND_AGAIN else None
    if decision is None:
        decision = _record(session, desk, document, wish, person)
        if decision.state is DecisionState.NEEDS_SECOND:
            tell(session, desk, document, "invoice.decision_proposed", **_told(decision))
            session.flush()
            return decision
    else:
        _second(decision, person)
    tell(session, desk, document, "invoice.decided", **_told(decision))
    _carry_out(session, desk, document, decision)
    session.flush()
    return decision


def _check(wish: Wish) -> None:
    if wish.action is Action.ADOPT and not _FDN.fullmatch(wish.fdn or ""):
        message = "The fiscal document number to adopt is needed: 1 to 20 digits."
        raise Invalid(message, errors=[FieldError("/fdn", "bad_fdn", message, "Copy it from the authority's portal.")])
    if wish.action is not Action.ADOPT and (wish.fdn is not None or wish.accept_differences is not None):
        message = "A number and accepted differences belong to the action adopt only."
        path = "/fdn" if wish.fdn is not None else "/accept_differences"
        raise Invalid(message, errors=[FieldError(path, "not_of_this_action", message, "Leave it out.")])


def _first_said(session: Session, document: Document, wish: Wish) -> Decision | None:
    """Return what a first person has proposed, if nothing has happened to the document since."""
    return session.scalar(
        select(Decision)
        .where(
            Decision.document_id == document.id,
            Decision.action == wish.action,
            Decision.state == DecisionState.NEEDS_SECOND,
            Decision.fence == document.fence,
        )
        .limit(1)
        .with_for_update()
    )


def _second(decision: Decision, person: Person) -> None:
    if person.key == decision.decided_with or person.name.casefold() == decision.decided_by.casefold():
        raise Conflict(
            f"{decision.decided_by} has decided this already; the amount needs another person, with another key.",
            code="needs_another",
            about={"decision_id": decision.id},
        )
    decision.second_by, decision.second_with = person.name, person.key
    decision.state = DecisionState.ORDERED


def _record(session: Session, desk: Desk, document: Document, wish: Wish, person: Person) -> Decision:
    needs_second = wish.action is Action.SEND_AGAIN and _needs_second(session, document)
    decision = Decision(
        id=desk.ids.decision(),
        company_id=document.company_id,
        document_id=document.id,
        action=wish.action,
        reason=wish.reason,
        fdn=wish.fdn,
        accept_differences=wish.accept_differences,
        decided_by=person.name,
        decided_with=person.key,
        fence=document.fence,
        state=DecisionState.NEEDS_SECOND if needs_second else DecisionState.ORDERED,
        decided_at=desk.now,
    )
    session.add(decision)
    return decision


def _needs_second(session: Session, document: Document) -> bool:
    """A document in another currency cannot be compared with the limit, so it counts as above it."""
    limit = session.get_one(Company, document.company_id).second_person_above
    return limit is not None and (document.currency != _LIMIT_CURRENCY or document.gross > limit)


def _carry_out(session: Session, desk: Desk, document: Document, decision: Decision) -> None:
    match decision.action:
        case Action.ADOPT:
            payload = {"decision": decision.id}
            new = NewTask(ADOPT_TASK, payload, company_id=document.company_id, key=decision.id)
            queue.enqueue(session, desk.ids, desk.now, new)
        case Action.SEND_AGAIN:
            operations.look_again(session, desk, document, reason=decision.reason, may_send=True)
            _end(decision, desk, DecisionState.DONE, "the authority is asked again; if it shows nothing, it is sent")
        case Action.GIVE_UP:
            add_evidence(session, desk, document, EvidenceKind.PERSON, decision=decision.id, reason=decision.reason)
            document.held_reason = HeldReason.GIVEN_UP
            tell(session, desk, document, "invoice.given_up", reason=decision.reason, by=decision.decided_by)
            _end(decision, desk, DecisionState.DONE, "closed without a number")


def _end(decision: Decision, desk: Desk, state: DecisionState, outcome: str) -> None:
    decision.state, decision.outcome, decision.ended_at = state, outcome, desk.now


def _told(decision: Decision) -> dict[str, object]:
    return {
        "decision": decision.id,
        "action": decision.action,
        "reason": decision.reason,
        "by": decision.decided_by,
        "with": decision.decided_with,
        "second_by": decision.second_by,
        "second_with": decision.second_with,
        "fdn": decision.fdn,
    }
