"""The authority's own list of a company's documents, read page by page for the comparison of the books."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from risiti.efris import COMPARE_INVOICES, FIND_INVOICES, READ_INVOICE, AsyncClient, NoAnswer, Refused
from risiti.efris.models.codes import InvoiceKind, InvoiceType
from risiti.efris.models.invoices import (
    InvoiceComparison,
    InvoiceDetails,
    InvoiceIdentity,
    InvoiceQuery,
    InvoiceRead,
    InvoiceRecord,
)
from risiti.efris.models.paging import MAX_PAGE_SIZE

PAGES_MOST: Final = 200
"""A window with more rows than so many pages hold is read in smaller windows."""
READINGS_MOST: Final = 3
"""How often a list that moves while it is read is read anew."""
COMPARED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One document in the authority's list."""

    fdn: str
    reference: str
    device_no: str
    channel: str
    type: InvoiceType
    currency: str
    gross: Decimal | None
    tax: Decimal | None
    issued_at: datetime | None
    uploaded_at: datetime | None
    is_cancelled: bool


async def pages_between(client: AsyncClient, first: date, last: date) -> AsyncIterator[Sequence[Listed]]:
    """Yield every document that the authority lists for these days, a page at a time; some come more than once.

    New documents push rows from page to page while it is read, so it is read again until its length stands still.

    Raises:
        EfrisError: it was not answered; nothing is known.
    """
    for kind in InvoiceKind:
        before = -1
        for _ in range(READINGS_MOST):
            numbers: set[str] = set()
            total = 0
            async for page, rows_of_window in _read(client, first, last, kind):
                numbers.update(one.fdn for one in page)
                total += rows_of_window
                yield page
            if total == before or len(numbers) == total:
                break
            before = total


async def not_confirmed(client: AsyncClient, held: Sequence[tuple[str, InvoiceType]]) -> list[str]:
    """Return those of this device's numbers, each with its type, that the authority does not confirm.

    Raises:
        EfrisError: it was not answered; nothing is known.
    """
    missing: list[str] = []
    for start in range(0, len(held), COMPARED_AT_ONCE):
        rows = tuple(
            InvoiceIdentity(invoice_no=fdn, invoice_type=kind) for fdn, kind in held[start : start + COMPARED_AT_ONCE]
        )
        answer = await client.call(COMPARE_INVOICES, InvoiceComparison(invoices=rows))
        missing += [one.invoice_no for one in answer.mismatches]
    return missing


async def read(client: AsyncClient, fdn: str) -> InvoiceDetails | None:
    """Return one document; None if the authority does not have it.

    Raises:
        EfrisError: it was not answered; nothing is known.
    """
    try:
        return await client.call(READ_INVOICE, InvoiceRead(invoice_no=fdn))
    except Refused:
        return None


def content_of(details: InvoiceDetails) -> dict[str, object]:
    """Return what a document says, for a person and as the draft of a credit note or a cancellation."""
    head, totals = details.basic_information, details.summary
    return {
        "fdn": head.invoice_no,
        "type": _type(head.invoice_type).name.lower(),
        "original_fdn": head.ori_invoice_no or None,
        "reference": details.seller_details.reference_no.strip(),
        "issued_at": head.issued_date,
        "currency": head.currency,
        "gross": totals.gross_amount,
        "tax": totals.tax_amount,
        "buyer": details.buyer_details.buyer_legal_name,
        "lines": [
            {
                "name": line.item,
                "code": line.item_code,
                "quantity": line.qty,
                "unit_price": line.unit_price,
                "total": line.total,
                "tax": line.tax,
            }
            for line in details.goods_details
        ],
    }


async def _read(
    client: AsyncClient, first: date, last: date, kind: InvoiceKind
) -> AsyncIterator[tuple[Sequence[Listed], int]]:
    """Yield pages; with the last one of each window, how many rows the window has."""
    for page_no in range(1, PAGES_MOST + 1):
        answer = await client.call(
            FIND_INVOICES,
            InvoiceQuery(start_date=first, end_date=last, invoice_kind=kind, page_no=page_no, page_size=MAX_PAGE_SIZE),
        )
        pages = int(answer.page.page_count or 0)
        if pages > PAGES_MOST:
            break
        is_last = page_no >= pages
        yield [_listed(one) for one in answer.records], int(answer.page.total_size or 0) if is_last else 0
        if is_last:
            return
    if first == last:
        raise NoAnswer(f"more than {PAGES_MOST * MAX_PAGE_SIZE} documents on {first}")
    middle = first + (last - first) // 2
    for window in ((first, middle), (middle + timedelta(days=1), last)):
        async for page in _read(client, *window, kind):
            yield page


def _listed(record: InvoiceRecord) -> Listed:
    return Listed(
        fdn=record.invoice_no,
        reference=record.reference_no.strip(),
        device_no=record.device_no,
        channel=record.data_source,
        type=_type(record.invoice_type),
        currency=record.currency,
        gross=record.gross_amount,
        tax=record.tax_amount,
        issued_at=record.issued_date,
        uploaded_at=record.uploading_time,
        is_cancelled=record.is_invalid == "1",
    )


def _type(text: str) -> InvoiceType:
    """Lists name the type of every document; one without, or with one that we do not know, is read as an invoice."""
    return next((one for one in InvoiceType if one == text), InvoiceType.INVOICE)
