"""submit(): the durable intent, in the caller's transaction; what is sent is frozen here."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from risiti.gateway.db.session import CompanySession
from risiti.gateway.submissions.lanes import Priority, turn
from risiti.gateway.submissions.settle import Desk, move, tell
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy.environment import Environment


@dataclass(frozen=True, slots=True)
class Intent:
    """Everything about a document that will never change once it is accepted."""

    device_id: str
    environment: Environment
    tin: str
    kind: str
    reference: str
    canonical_reference: str
    wire_reference: str
    revision: int
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    issued_at: datetime
    content: str
    content_digest: str
    payload: bytes
    priority: Priority = Priority.SINGLE
    in_order: bool = False
    """Its device sends one after another."""


def submit(session: CompanySession, desk: Desk, intent: Intent) -> Document:
    """Put a new document into the queue."""
    document = Document(
        id=desk.ids.document(),
        company_id=session.company_id,
        device_id=intent.device_id,
        environment=intent.environment,
        tin=intent.tin,
        kind=intent.kind,
        reference=intent.reference,
        canonical_reference=intent.canonical_reference,
        wire_reference=intent.wire_reference,
        revision=intent.revision,
        currency=intent.currency,
        net=intent.net,
        tax=intent.tax,
        gross=intent.gross,
        issued_at=intent.issued_at,
        accepted_at=desk.now,
        priority=intent.priority,
        turn_at=turn(desk.now, intent.priority, in_order=intent.in_order),
        state=DocumentState.WAITING,
        due_at=desk.now,
    )
    session.add(document)
    session.flush()
    _keep(session, desk, document, intent)
    tell(session, desk, document, "invoice.accepted", reference=intent.reference, revision=intent.revision)
    return document


def revise(session: CompanySession, desk: Desk, document: Document, intent: Intent) -> Document:
    """Put a corrected version of a refused document into the queue; the refused one stays on record."""
    move(document, DocumentState.WAITING, desk.now)
    document.device_id = intent.device_id
    document.revision = intent.revision
    document.kind = intent.kind
    document.priority = intent.priority
    document.turn_at = turn(desk.now, intent.priority, in_order=intent.in_order)
    document.currency, document.issued_at = intent.currency, intent.issued_at
    document.net, document.tax, document.gross = intent.net, intent.tax, intent.gross
    document.forget_refusal()
    document.not_sent = 0
    document.doubt_since = None
    _keep(session, desk, document, intent)
    tell(session, desk, document, "invoice.revised", revision=intent.revision)
    return document


def _keep(session: CompanySession, desk: Desk, document: Document, intent: Intent) -> None:
    session.add(
        Revision(
            document_id=document.id,
            number=intent.revision,
            company_id=document.company_id,
            content=intent.content,
            content_digest=intent.content_digest,
            payload=intent.payload,
            payload_digest=hashlib.sha256(intent.payload).hexdigest(),
            accepted_at=desk.now,
        )
    )
    session.flush()
