"""How an application looks in answers: as a row (T111), its header (T112), its lines and sums (T118)."""

from risiti.simulator.applications import FOR_CANCELLATION, FOR_CREDIT_NOTE, Application
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.handlers.documents import block_of, rows_of
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_NOTE, DEBIT_NOTE
from risiti.simulator.world import World

_SELLER = {
    "nin": "ninBrn",
    "legalName": "legalName",
    "businessName": "businessName",
    "mobilePhone": "mobilePhone",
    "address": "address",
    "emailAddress": "emailAddress",
}
_BUYER = {
    "buyerNin": "buyerNinBrn",
    "buyerLegalName": "buyerLegalName",
    "buyerBusinessName": "buyerBusinessName",
    "buyerAddress": "buyerAddress",
    "buyerEmailAddress": "buyerEmail",
    "buyerMobilePhone": "buyerMobilePhone",
    "buyerLinePhone": "buyerLinePhone",
    "buyerCitizenship": "buyerCitizenship",
    "buyerPassportNum": "buyerPassportNum",
    "buyerPlaceOfBusi": "buyerPlaceOfBusi",
}
_IMPORT = (
    "importBusinessName",
    "importEmailAddress",
    "importContactNumber",
    "importAddress",
    "importInvoiceDate",
    "importAttachmentName",
    "importAttachmentContent",
)


def record(application: Application, call: Call, world: World) -> dict[str, object]:
    """Return an application as a row of T111."""
    _, time_format = dates_of(call)
    seller = world.registry.taxpayer(application.tin)
    original = _original(application, world)
    buyer = _buyer(application, original)
    until = application.decided_at or call.arrived_at
    return {
        "id": application.id,
        "oriInvoiceNo": application.original_fdn,
        "invoiceNo": application.note_fdn,
        "referenceNo": application.reference,
        "approveStatus": application.status,
        "applicationTime": kampala(application.applied_at).strftime(time_format),
        "invoiceApplyCategoryCode": application.category,
        "grossAmount": _gross(application, world),
        "oriGrossAmount": "" if original is None else str(original.gross),
        "currency": _currency(application, original),
        "taskId": application.task_id,
        "buyerTin": application.buyer_tin,
        "buyerBusinessName": buyer.get("buyerBusinessName") or "",
        "buyerLegalName": buyer.get("buyerLegalName") or "",
        "tin": application.tin,
        "businessName": "" if seller is None else seller.business_name,
        "legalName": "" if seller is None else seller.legal_name,
        "waitingDate": str((until - application.applied_at).days),
        "dataSource": str(application.blocks.get("source") or "103"),
    }


def _original(application: Application, world: World) -> Document | None:
    return world.ledger.by_fdn(application.original_fdn) if application.original_fdn else None


def _note(application: Application, world: World) -> Document | None:
    return world.ledger.by_fdn(application.note_fdn) if application.note_fdn else None


def _buyer(application: Application, original: Document | None) -> dict[str, object]:
    return block_of(application.blocks if original is None else original.blocks, "buyerDetails")


def _currency(application: Application, original: Document | None) -> str:
    return str(application.blocks.get("currency") or "") if original is None else original.currency


def _gross(application: Application, world: World) -> str:
    """Return what the application is about in money: the note asked for, or the debit note to cancel."""
    if application.category == FOR_CREDIT_NOTE:
        return str(block_of(application.blocks, "summary").get("grossAmount") or "")
    note = _note(application, world)
    return "" if note is None else str(note.gross)


def header(application: Application, call: Call, world: World) -> dict[str, object]:
    """Return the header of an application, as T112 answers it."""
    date_format, time_format = dates_of(call)
    original, note = _original(application, world), _note(application, world)
    body = application.blocks
    before = {} if original is None else original.blocks
    seller, buyer = block_of(before, "sellerDetails"), _buyer(application, original)
    changed = application.decided_at or application.applied_at
    head: dict[str, object] = {
        "id": application.id,
        "oriInvoiceNo": application.original_fdn,
        "oriInvoiceId": "" if original is None else original.invoice_id,
        "refundInvoiceNo": application.note_fdn,
        "referenceNo": application.reference,
        "reason": body.get("reason") or "",
        "selectRefundReasonCode": body.get("reasonCode") or "",
        "approveStatusCode": application.status,
        "updateTime": kampala(changed).strftime(date_format),
        "applicationTime": kampala(application.applied_at).strftime(date_format),
        "invoiceApplyCategoryCode": application.category,
        "contactName": body.get("contactName") or "",
        "contactMobileNum": body.get("contactMobileNum") or "",
        "contactEmail": body.get("contactEmail") or "",
        "source": body.get("source") or "103",
        "taskId": application.task_id,
        "remarks": body.get("remarks") or "",
        "approveRemarks": application.remark,
        "grossAmount": "" if original is None else str(original.gross),
        "totalAmount": _gross(application, world),
        "currency": _currency(application, original),
        "refundIssuedDate": "" if note is None else note.issued_at.strftime(time_format),
        "issuedDate": "" if original is None else original.issued_at.strftime(time_format),
        "tin": application.tin,
        "buyerTin": application.buyer_tin,
        "sellersReferenceNo": body.get("sellersReferenceNo") or "",
        "attachmentList": body.get("attachmentList") or [],
    }
    return (
        head
        | _sellers_own(application, seller, world)
        | {name: buyer.get(source) or "" for name, source in _BUYER.items()}
        | {name: block_of(body, "importServicesSeller").get(name) or "" for name in _IMPORT}
    )


def _sellers_own(application: Application, seller: dict[str, object], world: World) -> dict[str, object]:
    """Return the seller as the original names it, or as registered where there is no original."""
    if seller:
        return {name: seller.get(source) or "" for name, source in _SELLER.items()}
    known = world.registry.taxpayer(application.tin)
    return {
        "nin": "" if known is None else known.nin_brn,
        "legalName": "" if known is None else known.legal_name,
        "businessName": "" if known is None else known.business_name,
        "mobilePhone": "" if known is None else known.phone,
        "address": "" if known is None else known.address,
        "emailAddress": "" if known is None else known.email,
    }


def content(application: Application, world: World) -> dict[str, object]:
    """Return lines, taxes and sums of an application, as T118 answers them; the debit note's, where that is to go."""
    original, note = _original(application, world), _note(application, world)
    cancels = application.category == FOR_CANCELLATION
    body = note.blocks if cancels and note is not None else application.blocks
    summary, basic = block_of(body, "summary"), block_of(body, "basicInformation")
    return {
        "goodsDetails": [_line(line) for line in rows_of(body, "goodsDetails")],
        "taxDetails": rows_of(body, "taxDetails"),
        "summary": {
            "netAmount": summary.get("netAmount") or "",
            "taxAmount": summary.get("taxAmount") or "",
            "grossAmount": summary.get("grossAmount") or "",
            "previousNetAmount": "" if original is None else str(original.gross - original.tax),
            "previousTaxAmount": "" if original is None else str(original.tax),
            "previousGrossAmount": "" if original is None else str(original.gross),
        },
        "payWay": rows_of(body, "payWay"),
        "basicInformation": {
            "invoiceType": DEBIT_NOTE if cancels else CREDIT_NOTE,
            "invoiceKind": basic.get("invoiceKind") or "",
            "invoiceIndustryCode": basic.get("invoiceIndustryCode") or "101",
        },
    }


def _line(line: dict[str, object]) -> dict[str, object]:
    """Return a line under the names of T118, which calls item and unitOfMeasure otherwise."""
    renamed = {"itemName": line.get("item") or "", "unit": line.get("unitOfMeasure") or ""}
    rest = {name: value for name, value in line.items() if name not in ("item", "unitOfMeasure")}
    return {"discountFlag": "2", "discountTotal": "", "discountTaxRate": ""} | rest | renamed
