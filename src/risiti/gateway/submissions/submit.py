"""submit(): the durable intent, in the caller's transaction; what is sent is frozen here."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from risiti.gateway import events
from risiti.gateway.db.insert import Values
from risiti.gateway.db.session import CompanySession
from risiti.gateway.events import Event
from risiti.gateway.submissions.lanes import Priority, turn
from risiti.gateway.submissions.settle import Desk, move, tell
from risiti.gateway.submissions.sql.accepting import Fresh
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
    closure: str
    payload: bytes
    priority: Priority = Priority.SINGLE
    in_order: bool = False
    """Its device sends one after another."""


def rows_of(
    desk: Desk,
    company_id: str,
    intent: Intent,
    *,
    idempotency_key: str | None = None,
    trace: str | None = None,
    by: str | None = None,
) -> Fresh:
    """Return the rows of a new document: the document itself, its content, its event, and its key if it has one.

    `by` says who handed it in, where that is not whom the desk is for.
    """
    document_id = desk.ids.document()
    reference, revision = intent.reference, intent.revision
    content = _content(desk, company_id, document_id, intent)
    return Fresh(
        document={
            "id": document_id,
            "company_id": company_id,
            "device_id": intent.device_id,
            "environment": intent.environment,
            "tin": intent.tin,
            "kind": intent.kind,
            "reference": reference,
            "canonical_reference": intent.canonical_reference,
            "wire_reference": intent.wire_reference,
            "revision": revision,
            "currency": intent.currency,
            "net": intent.net,
            "tax": intent.tax,
            "gross": intent.gross,
            "issued_at": intent.issued_at,
            "accepted_at": desk.now,
            "priority": intent.priority,
            "turn_at": turn(desk.now, intent.priority, in_order=intent.in_order),
            "state": DocumentState.WAITING,
            "due_at": desk.now,
            **({} if trace is None else {"trace_context": trace}),
        },
        revision=content,
        event={
            "id": desk.ids.event(),
            "company_id": company_id,
            "document_id": document_id,
            "name": "invoice.accepted",
            "at": desk.now,
            "actor": by or desk.by,
            "data": events.written(
                {
                    "state": DocumentState.WAITING,
                    "reference": reference,
                    "revision": revision,
                    "payload_sha256": content["payload_digest"],
                }
            ),
        },
        key=None
        if idempotency_key is None
        else {
            "company_id": company_id,
            "key": idempotency_key,
            "fingerprint": intent.content_digest,
            "document_id": document_id,
            "created_at": desk.now,
        },
    )


def submit(session: CompanySession, desk: Desk, intent: Intent) -> Document:
    """Put a new document into the queue."""
    fresh = rows_of(desk, session.company_id, intent)
    document = Document(**fresh.document)
    session.add(document)
    session.flush()
    session.add_all((Revision(**fresh.revision), Event(**fresh.event)))
    session.flush()
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
    content = _content(desk, session.company_id, document.id, intent)
    session.add(Revision(**content))
    session.flush()
    digest = content["payload_digest"]
    tell(session, desk, document, "invoice.revised", revision=intent.revision, payload_sha256=digest)
    return document


def _content(desk: Desk, company_id: str, document_id: str, intent: Intent) -> Values:
    return {
        "document_id": document_id,
        "number": intent.revision,
        "company_id": company_id,
        "content": intent.content,
        "content_digest": intent.content_digest,
        "closure": intent.closure,
        "payload": intent.payload,
        "payload_digest": hashlib.sha256(intent.payload).hexdigest(),
        "accepted_at": desk.now,
    }
