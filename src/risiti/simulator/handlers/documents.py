"""How a fiscal document looks in answers: whole (T108, T109, T186), and as a row of a list (T106, T107)."""

from collections.abc import Mapping

from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_NOTE
from risiti.simulator.standing import Standing
from risiti.simulator.world import World


def full(document: Document, call: Call, world: World) -> dict[str, object]:
    """Return a document as T109 answers it: as sent, with the authority's numbers and dates filled in."""
    _, time_format = dates_of(call)
    blocks = dict(document.blocks)
    basic = block_of(blocks, "basicInformation")
    blocks["basicInformation"] = basic | {
        "invoiceId": document.invoice_id,
        "invoiceNo": document.fdn,
        "antifakeCode": document.verification_code,
        "issuedDate": document.issued_at.strftime(time_format),
        "oriInvoiceId": _id_of(original_of(document, world)),
        "currencyRate": basic.get("currencyRate") or "1",
    }
    blocks["summary"] = block_of(blocks, "summary") | {"qrCode": document.qr_text}
    return blocks


def detailed(document: Document, standing: Standing, call: Call, world: World) -> dict[str, object]:
    """Return a document as T108 answers it: with its flags, its line ids and what it is a note to."""
    _, time_format = dates_of(call)
    answer = full(document, call, world)
    original = original_of(document, world)
    basic = block_of(answer, "basicInformation") | {
        "isInvalid": standing.is_invalid,
        "isRefund": standing.is_refund,
        "oriInvoiceNo": standing.original_fdn,
    }
    if original is not None:
        basic |= {"oriIssuedDate": original.issued_at.strftime(time_format), "oriGrossAmount": str(original.gross)}
    if original is not None and document.invoice_type == CREDIT_NOTE:
        answer["creditNoteExtend"] = {
            "preGrossAmount": str(original.gross),
            "preTaxAmount": str(original.tax),
            "preNetAmount": str(original.gross - original.tax),
        }
    lines = [
        line | {"invoiceItemId": f"{document.number}{position:04d}"}
        for position, line in enumerate(rows_of(answer, "goodsDetails"))
    ]
    return answer | {"goodsDetails": lines, "basicInformation": basic}


def header(document: Document, standing: Standing, call: Call, world: World) -> dict[str, object]:
    """Return a document as a row of T106."""
    _, time_format = dates_of(call)
    blank = " " if world.settings.trailing_space_keys else ""
    return {
        "id": document.invoice_id,
        "invoiceNo": document.fdn,
        "oriInvoiceId": _id_of(original_of(document, world)) if standing.original_fdn else "",
        "oriInvoiceNo": standing.original_fdn,
        "issuedDate": document.issued_at.strftime(time_format),
        "businessName": text_of(document, "sellerDetails", "businessName"),
        "buyerTin": document.buyer_tin,
        "buyerLegalName": text_of(document, "buyerDetails", "buyerLegalName"),
        "buyerNinBrn": text_of(document, "buyerDetails", "buyerNinBrn"),
        "currency": document.currency,
        f"grossAmount{blank}": str(document.gross),
        f"taxAmount{blank}": str(document.tax),
        "dataSource": text_of(document, "basicInformation", "dataSource"),
        "isInvalid": standing.is_invalid,
        "isRefund": standing.is_refund,
        "invoiceType": document.invoice_type,
        "invoiceKind": document.invoice_kind,
        "invoiceIndustryCode": text_of(document, "basicInformation", "invoiceIndustryCode") or "101",
        "branchName": text_of(document, "sellerDetails", "branchName"),
        "deviceNo": document.device_no,
        "uploadingTime": kampala(document.uploaded_at).strftime(time_format),
        "referenceNo": document.reference,
        "operator": text_of(document, "basicInformation", "operator"),
        "userName": "admin",
    }


def original_of(document: Document, world: World) -> Document | None:
    """Return the document that a note is about, or None."""
    note = world.notes.find(document.fdn)
    return None if note is None or not note.original_fdn else world.ledger.by_fdn(note.original_fdn)


def _id_of(document: Document | None) -> str:
    return "" if document is None else document.invoice_id


def block_of(blocks: Mapping[str, object], name: str) -> dict[str, object]:
    """Return one block of a document or request, empty if there is none."""
    value = blocks.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def rows_of(blocks: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """Return the rows of one list of a document or request."""
    value = blocks.get(name)
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def text_of(document: Document, block: str, name: str) -> str:
    """Return one text of a document, "" if it has none."""
    return str(block_of(document.blocks, block).get(name) or "")
