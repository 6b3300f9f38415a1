"""The authority's documents as we understand them: what it gave one, and whether that is the one we sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

import orjson

from risiti.efris import amounts, clock
from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.models.codes import DiscountFlag
from risiti.efris.models.issued import FiscalDocument
from risiti.efris.models.proof import ProvenDocument
from risiti.gateway.submissions.kind import Difference, Original

MAX_FDN: Final = 20
MAX_VERIFICATION_CODE: Final = 20
MAX_QR: Final = 500
"""Most characters of what the authority gives a document; anything longer is not taken for it."""

Issued: TypeAlias = FiscalDocument | ProvenDocument
"""A fiscalised document, in full or as far as it is compared."""


def original(document: Issued) -> Original:
    """Return what the authority gave a document; texts longer than they may be are cut, and `same_content` says so."""
    head = document.basic_information
    return Original(
        fdn=head.invoice_no[:MAX_FDN],
        verification_code=head.antifake_code[:MAX_VERIFICATION_CODE],
        qr=document.summary.qr_code[:MAX_QR],
        authority_document_id=head.invoice_id[:32],
    )


def same_content(payload: bytes, found: Issued) -> tuple[Difference, ...]:
    """Compare what we sent with a document of the authority's; no difference means that it is ours.

    A value that is missing or cannot be read is a difference: nothing is guessed.

    Raises:
        Malformed: the payload is none that `wire.freeze` made.
    """
    ours = _sent(payload)
    their_head = found.basic_information
    pairs = (
        ("tin", ours.tin, found.seller_details.tin),
        ("reference", ours.reference, found.seller_details.reference_no),
        ("device", ours.device, their_head.device_no),
        ("channel", ours.channel, their_head.data_source),
        ("kind", ours.kind, their_head.invoice_kind),
        ("type", ours.type, their_head.invoice_type),
        ("currency", ours.currency, their_head.currency),
        ("issued_at", ours.issued_at, _time(found)),
        ("buyer_tin", ours.buyer_tin, found.buyer_details.buyer_tin),
        ("gross", ours.gross, _number(found.summary.gross_amount)),
        ("tax", ours.tax, _number(found.summary.tax_amount)),
        ("line_count", ours.line_count, _line_count(found)),
    )
    differences = [Difference(name, our, their.strip()[:MAX_QR]) for name, our, their in pairs if our != their.strip()]
    return (*differences, *_oversized(found))


def is_of_another(differences: Sequence[Difference]) -> bool:
    """Tell whether what was compared is a document under another reference."""
    return any(one.field == "reference" for one in differences)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What we compare of a payload, as it travels."""

    tin: str
    reference: str
    device: str
    channel: str
    kind: str
    type: str
    currency: str
    issued_at: str
    buyer_tin: str
    gross: str
    tax: str
    line_count: str


def _sent(payload: bytes) -> _Sent:
    """Read what is compared from the bytes that `wire.freeze` made: a whole model costs as much as a signature."""
    try:
        document = orjson.loads(payload)
        seller, head = document["sellerDetails"], document["basicInformation"]
        buyer, summary = document["buyerDetails"], document["summary"]
        return _Sent(
            tin=seller["tin"],
            reference=seller["referenceNo"],
            device=head["deviceNo"],
            channel=head["dataSource"],
            kind=head["invoiceKind"],
            type=head["invoiceType"],
            currency=head["currency"],
            issued_at=head["issuedDate"],
            buyer_tin=buyer.get("buyerTin", ""),
            gross=_number(Decimal(summary["grossAmount"])),
            tax=_number(Decimal(summary["taxAmount"])),
            line_count=str(summary["itemCount"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        UPLOAD_INVOICE.parse(payload)  # says what is wrong with it
        raise


def _time(found: Issued) -> str:
    moment = found.basic_information.issued_date
    return clock.write_time(moment) if moment is not None else ""


def _number(value: Decimal | None) -> str:
    """Write a number so that equal numbers are equal texts."""
    try:
        return "" if value is None else amounts.plain(value)
    except ValueError:
        return "a number beyond all amounts"


def _line_count(found: Issued) -> str:
    if found.summary.item_count is not None:
        return _number(found.summary.item_count)
    return str(sum(row.discount_flag != DiscountFlag.DISCOUNT for row in found.goods_details))


def _oversized(found: Issued) -> list[Difference]:
    limits = (
        ("fdn", found.basic_information.invoice_no, MAX_FDN),
        ("verification_code", found.basic_information.antifake_code, MAX_VERIFICATION_CODE),
        ("qr", found.summary.qr_code, MAX_QR),
    )
    return [
        Difference(name, f"at most {most} characters", f"{len(text)} characters")
        for name, text, most in limits
        if len(text) > most
    ]
