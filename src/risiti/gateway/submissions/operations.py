"""What a person may do with a document: take it back before it was sent, or decide one that is held."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import Conflict, Effect
from risiti.gateway.submissions.settle import Desk, add_evidence, move, tell
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, Document, EvidenceKind


def withdraw(session: Session, desk: Desk, document: Document) -> None:
    """Take a document back that was never sent.

    Raises:
        Conflict: it has been sent, or may have been (`already_sent`).
    """
    was_sent = session.scalar(select(Attempt.id).where(Attempt.document_id == document.id).limit(1)) is not None
    if document.state is DocumentState.WITHDRAWN:
        return
    if document.state is not DocumentState.WAITING or was_sent:
        in_doubt = document.state in (DocumentState.SENDING, DocumentState.IN_DOUBT, DocumentState.HELD)
        raise Conflict(
            "Only a document that was never sent can be withdrawn. Issue a credit note once it has its fiscal number.",
            code="already_sent",
            effect=Effect.UNKNOWN if in_doubt else Effect.NONE,
            about={"document_id": document.id, "state": document.state},
        )
    move(document, DocumentState.WITHDRAWN)
    tell(session, desk, document, "invoice.withdrawn")


def look_again(session: Session, desk: Desk, document: Document, *, reason: str, may_send: bool = False) -> None:
    """Ask the authority about a held document again; with `may_send`, send it if it is still not shown.

    The question always comes first: what the authority shows then wins over what the person believed.

    Raises:
        Conflict: the document is not held (`not_held`).
    """
    if document.state is not DocumentState.HELD:
        raise Conflict(
            "Only a held document waits for a person's decision.",
            code="not_held",
            about={"document_id": document.id, "state": document.state},
        )
    add_evidence(session, desk, document, EvidenceKind.PERSON, reason=reason, may_send=may_send)
    move(document, DocumentState.IN_DOUBT, desk.now)
    document.resend_signed = may_send
    if may_send:  # the person has weighed the refusal that was not believed
        document.forget_refusal()
    document.doubt_since = desk.now
    document.asked = document.negatives = 0
    tell(session, desk, document, "invoice.in_doubt", cause=f"a person asked to look again: {reason}")
