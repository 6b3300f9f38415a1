"""Accept, read, list and withdraw a document: units of work over one company's session."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events, idempotency
from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal import intents, references
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.closing import ClosureView
from risiti.gateway.fiscal.intents import Prepared, Shop
from risiti.gateway.fiscal.shapes import BuyerView, InvoiceView, Links, NewInvoice, Refusal, TotalsView
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.kernel.errors import Conflict, Effect, FieldError, NotFound
from risiti.gateway.submissions import operations
from risiti.gateway.submissions.deadlines import RULES, DeadlineRules, deadline
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.sql.standing import Standing
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.submit import revise, submit
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy import branches
from risiti.gateway.tenancy.tables import Company, Device

PAGE_DEFAULT = 20
PAGE_MOST = 100


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document that we have taken on, and whether we had it already."""

    invoice: InvoiceView
    replayed: bool
    is_told: bool = False
    """The statement that took it on has told the workers of it."""


@dataclass(frozen=True, slots=True)
class InvoiceQuery:
    """Which documents to list, newest first; `limit` from 1 to PAGE_MOST."""

    limit: int = PAGE_DEFAULT
    cursor: str | None = None
    state: DocumentState | None = None
    accepted_from: datetime | None = None
    accepted_to: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One page, and where the next one begins (None: this is the last)."""

    items: tuple[InvoiceView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that happened to a document."""

    id: str
    event: str
    at: datetime
    data: dict[str, object]


def create(
    session: CompanySession,
    desk: Desk,
    new: NewInvoice,
    *,
    idempotency_key: str | None = None,
    priority: Priority = Priority.SINGLE,
    payload: bytes | None = None,
    trace: str | None = None,
) -> Accepted:
    """Take a document on: once this is committed it will be fiscalised, refused or shown to a person; never lost.

    The same content under the same reference, or under the same key, gives the document that is there. With `payload`
    (the authority's own form, checked by its adapter) that is what is sent, and what a repeat is compared with. `trace`
    is the context of the document's trace, where there is one.

    Raises:
        Conflict: another content under this reference or key (`reference_taken`, `idempotency_key_reuse`).
        Invalid: the device is not one of the company's, or the sums do not close.
    """
    fingerprint = intents.fingerprint_of(new, payload)
    known_id = idempotency.find(session, idempotency_key, fingerprint) if idempotency_key else None
    if known_id is not None:
        return Accepted(view(session, _document(session, known_id), desk.rules), replayed=True)
    company = session.get_one(Company, session.company_id)
    document = session.scalar(
        select(Document).where(
            Document.environment == company.environment,
            Document.canonical_reference == references.canonical(new.reference),
        )
    )
    replayed = document is not None and _is_repeat(session, document, new, fingerprint)
    if not replayed:
        own = _devices(session, new.device)
        shop = Shop.of(company, own, branches.by_id(session, [device.branch_id for device in own]))
        rates = keeping.exchange_rates(session, company.environment, desk.now) if intents.needs_rates(new) else None
        intent = intents.prepare(shop, new, fingerprint, priority, payload, rates).intent
        document = submit(session, desk, intent) if document is None else revise(session, desk, document, intent)
    if document is None:  # for the type checker: one of the branches has set it
        raise AssertionError
    if trace is not None and not replayed:
        document.trace_context = trace
    if idempotency_key:
        idempotency.keep(
            session,
            company.id,
            idempotency_key,
            fingerprint=fingerprint,
            document_id=document.id,
            now=desk.now,
        )
    session.flush()
    return Accepted(view(session, document, desk.rules), replayed)


def is_repeat(session: CompanySession, new: NewInvoice) -> bool:
    """Tell whether a document is there already, with the same content under the same reference."""
    company = session.get_one(Company, session.company_id)
    digest = session.scalar(
        select(Revision.content_digest)
        .join(Document, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(
            Document.environment == company.environment,
            Document.canonical_reference == references.canonical(new.reference),
        )
    )
    return digest == new.fingerprint()


def terms(session: CompanySession, now: datetime) -> Terms:
    """Return on which terms the company sells."""
    company = session.get_one(Company, session.company_id)
    return Shop.of(company, ()).terms(keeping.exchange_rates(session, company.environment, now))


def read(session: CompanySession, document_id: str, rules: DeadlineRules = RULES) -> InvoiceView:
    """Return a document.

    Raises:
        NotFound: the company has none with this id.
    """
    return view(session, _document(session, document_id), rules)


def page(session: CompanySession, query: InvoiceQuery, rules: DeadlineRules = RULES) -> InvoicePage:
    """Return one page of the company's documents, newest first; the cursor is the id of the last one seen."""
    found = select(Document, Revision.content).join(
        Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision)
    )
    if query.cursor is not None:
        found = found.where(Document.id < query.cursor)
    if query.state is not None:
        found = found.where(Document.state == query.state)
    if query.accepted_from is not None:
        found = found.where(Document.accepted_at >= query.accepted_from)
    if query.accepted_to is not None:
        found = found.where(Document.accepted_at < query.accepted_to)
    if query.reference is not None:
        found = found.where(Document.canonical_reference == references.canonical(query.reference))
    rows = session.execute(found.order_by(Document.id.desc()).limit(query.limit + 1)).all()
    items = tuple(view_of(document, content, rules=rules) for document, content in rows[: query.limit])
    more = len(rows) > query.limit
    return InvoicePage(items, items[-1].id if more else None)


def history(session: CompanySession, document_id: str) -> list[EventView]:
    """Return what happened to a document, oldest first.

    Raises:
        NotFound: the company has none with this id.
    """
    _document(session, document_id)
    return [
        EventView(event.id, event.name, event.at, json.loads(event.data))
        for event in events.of_document(session, document_id)
    ]


def withdraw(session: CompanySession, desk: Desk, document_id: str) -> InvoiceView:
    """Take a document back that was never sent.

    Raises:
        NotFound: the company has none with this id.
        Conflict: it was sent, or may have been.
    """
    document = _document(session, document_id)
    operations.withdraw(session, desk, document)
    session.flush()
    return view(session, document, desk.rules)


def look_again(session: CompanySession, desk: Desk, document_id: str, *, reason: str, may_send: bool) -> InvoiceView:
    """Have the authority asked again about a held document; see `submissions.operations.look_again`."""
    document = _document(session, document_id)
    operations.look_again(session, desk, document, reason=reason, may_send=may_send)
    session.flush()
    return view(session, document, desk.rules)


def view(session: Session, document: Document, rules: DeadlineRules = RULES) -> InvoiceView:
    """Return a document as its seller sees it."""
    revision = session.get_one(Revision, (document.id, document.revision))
    return view_of(document, revision.content, revision.closure, rules)


def view_of(document: Document, content: str, closure: str | None = None, rules: DeadlineRules = RULES) -> InvoiceView:
    """Return a document as its seller sees it, given its content, and its closure report where that is wanted."""
    buyer = json.loads(content)["buyer"]
    is_fiscalised = document.state is DocumentState.FISCALISED
    refusal = None
    if document.state is DocumentState.REFUSED:
        refusal = Refusal(
            code=document.refusal_code or "",
            field=document.refusal_field or "",
            message=document.refusal_message or "",
            path=document.refusal_path,
            fix=document.refusal_fix or "",
            said=document.refusal_said or "",
        )
    return InvoiceView(
        id=document.id,
        reference=document.reference,
        revision=document.revision,
        state=document.state.value,
        kind=document.kind,
        currency=document.currency,
        totals=TotalsView(net=document.net, tax=document.tax, gross=document.gross),
        buyer=BuyerView(type=buyer["type"], tin=buyer.get("tin"), name=buyer.get("name")),
        issued_at=document.issued_at,
        created_at=document.accepted_at,
        fiscalised_at=document.fiscalised_at,
        fdn=document.fdn,
        verification_code=document.verification_code,
        qr=document.qr,
        authority_document_id=document.authority_document_id,
        refusal=refusal,
        held_reason=document.held_reason,
        upload_deadline=_upload_deadline(document, rules),
        closure=None if closure is None else ClosureView.model_validate_json(closure),
        links=_links(document.company_id, document.id, has_receipt=is_fiscalised),
    )


def view_of_new(document_id: str, company_id: str, prepared: Prepared, desk: Desk) -> InvoiceView:
    """Return a document that has just been taken on, as `view_of` would, without reading back what was written."""
    intent = prepared.intent
    return InvoiceView(
        id=document_id,
        reference=intent.reference,
        revision=intent.revision,
        state=DocumentState.WAITING.value,
        kind=intent.kind,
        currency=intent.currency,
        totals=TotalsView(net=intent.net, tax=intent.tax, gross=intent.gross),
        buyer=prepared.buyer,
        issued_at=intent.issued_at,
        created_at=desk.now,
        upload_deadline=deadline(intent.issued_at, desk.rules),
        closure=prepared.closure,
        links=_links(company_id, document_id, has_receipt=False),
    )


def view_of_numbered(seen: InvoiceView, now: Standing) -> InvoiceView:
    """Return a document that has got its number since it was seen, as `view_of` would, without reading it again."""
    links = seen.links
    return seen.model_copy(
        update={
            "state": now.state.value,
            "fiscalised_at": now.fiscalised_at,
            "fdn": now.fdn,
            "verification_code": now.verification_code,
            "qr": now.qr,
            "authority_document_id": now.authority_document_id,
            "refusal": None,
            "held_reason": None,
            "upload_deadline": None,
            "links": links.model_copy(update={"receipt": f"{links.self}/receipt"}),
        }
    )


def _links(company_id: str, document_id: str, *, has_receipt: bool) -> Links:
    path = f"/api/companies/{company_id}/invoices/{document_id}"
    return Links(self=path, events=f"{path}/events", receipt=f"{path}/receipt" if has_receipt else None)


def _upload_deadline(document: Document, rules: DeadlineRules) -> datetime | None:
    needs_none = document.state in (DocumentState.FISCALISED, DocumentState.WITHDRAWN)
    return None if needs_none else deadline(document.issued_at, rules)


def _is_repeat(session: Session, document: Document, new: NewInvoice, fingerprint: str) -> bool:
    """Tell a repeat (True) from a correction of a refused document (False)."""
    present = session.get_one(Revision, (document.id, document.revision))
    if present.content_digest == fingerprint:
        return True
    if document.state is DocumentState.REFUSED and new.revision == document.revision + 1:
        return False
    unsettled = document.state in (DocumentState.SENDING, DocumentState.IN_DOUBT, DocumentState.HELD)
    advice = (
        f"Send the corrected document with revision {document.revision + 1}."
        if document.state is DocumentState.REFUSED
        else "A new sale needs a reference of its own."
    )
    raise Conflict(
        f"The reference {document.reference} belongs to another document already. {advice}",
        code="reference_taken",
        effect=Effect.UNKNOWN if unsettled else Effect.NONE,
        about={"document_id": document.id, "state": document.state.value},
        errors=(FieldError("/reference", "reference_taken", "This reference has been used.", advice),),
    )


def _devices(session: CompanySession, wanted: str | None) -> Sequence[Device]:
    """Return the company's devices that a document may mean: some of them, but always the one that it names."""
    own = select(Device).order_by(Device.id).with_for_update(read=True, key_share=True)  # see submissions/moving.py
    named = session.scalars(own.where((Device.id == wanted) | (Device.device_no == wanted))).all() if wanted else ()
    return named or session.scalars(own.limit(PAGE_MOST)).all()


def _document(session: Session, document_id: str) -> Document:
    document = session.scalar(select(Document).where(Document.id == document_id))
    if document is None:
        raise NotFound("There is no such document.")
    return document
