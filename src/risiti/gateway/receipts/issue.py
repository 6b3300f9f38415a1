"""issue(): the receipt of a document that is kept here; the first is the original, every later one says COPY."""

from datetime import datetime

from sqlalchemy import select

from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal import strict_json, totals, wire
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.kernel.errors import Conflict, Effect, NotFound
from risiti.gateway.receipts.content import FiscalNumbers, Receipt, receipt_of
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy.tables import Company, Device

_EFFECTS = {
    DocumentState.SENDING: Effect.UNKNOWN,
    DocumentState.IN_DOUBT: Effect.UNKNOWN,
    DocumentState.HELD: Effect.UNKNOWN,
    DocumentState.REFUSED: Effect.REFUSED,
}


def issue(session: CompanySession, now: datetime, document_id: str) -> Receipt:
    """Return a document's receipt and note that it was printed.

    Raises:
        NotFound: the company has no such document.
        Conflict: it has no fiscal document number (`not_fiscalised`); there is no receipt without one.
    """
    document = session.scalar(select(Document).where(Document.id == document_id).with_for_update())
    if document is None:
        raise NotFound("There is no such document.")
    if document.state is not DocumentState.FISCALISED:
        raise Conflict(
            f"The document is {document.state.value.replace('_', ' ')}: without a fiscal document number there is no "
            "receipt. Ask for the document with ?wait=N, then for the receipt.",
            code="not_fiscalised",
            effect=_EFFECTS.get(document.state, Effect.NONE),
            about={"document_id": document.id, "state": document.state.value},
        )
    revision = session.get_one(Revision, (document.id, document.revision))
    invoice = NewInvoice.model_validate(
        strict_json.parse_object(revision.content.encode()), context={"now": document.accepted_at}
    )
    receipt = receipt_of(
        invoice,
        totals.compute(invoice),
        _seller(session.get_one(Company, document.company_id)),
        FiscalNumbers(document.fdn or "", document.verification_code or "", document.qr or ""),
        device_no=session.get_one(Device, document.device_id).device_no,
        is_copy=document.receipt_printed_at is not None,
    )
    document.receipt_printed_at = document.receipt_printed_at or now
    return receipt


def _seller(company: Company) -> wire.Seller:
    return wire.Seller(
        tin=company.tin,
        legal_name=company.legal_name,
        business_name=company.business_name,
        email=company.email,
        phone=company.phone,
        address=company.address,
    )
