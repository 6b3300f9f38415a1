"""T106-T108, T117, T186, T187 and the answer of T109: finding, comparing and reading fiscal documents."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field, ValidationError

from risiti.efris.models.base import (
    READ_OBJECT,
    READ_ROWS,
    Choice,
    Choices,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    EfrisRows,
    Moment,
    Number,
    Rows,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import (
    CreditableType,
    DataSource,
    InvoiceKind,
    InvoiceType,
    QueryType,
    RefundState,
    Validity,
)
from risiti.efris.models.issued import FiscalDocument, IssuedLine, TotalsBeforeCredit
from risiti.efris.models.paging import Page
from risiti.efris.wirejson import JsonValue


class InvoiceQuery(EfrisRequest):
    """Request of T106: search all our documents. By `reference_no` it tells what became of an upload without answer."""

    reference_no: Annotated[str | None, Text("the seller's own reference", 50)] = None
    invoice_no: Annotated[str | None, Text("fiscal document number", 20)] = None
    ori_invoice_no: Annotated[str | None, Text("fiscal document number of the original", 20)] = None
    device_no: Annotated[str | None, Text("device", 20)] = None
    buyer_tin: Annotated[str | None, Text("the buyer's TIN", 10)] = None
    buyer_nin_brn: Annotated[str | None, Text("the buyer's NIN or BRN", 100)] = None
    buyer_legal_name: Annotated[str | None, Text("the buyer's name", 256)] = None
    combine_keywords: Annotated[str | None, Text("free search", 20)] = None
    invoice_type: Annotated[tuple[InvoiceType, ...] | None, Choices("kinds of document", None)] = None
    invoice_kind: Annotated[InvoiceKind, Choice("invoice or receipt")] = InvoiceKind.INVOICE
    is_invalid: Annotated[Validity | None, Choice("notes: cancelled or not")] = None
    is_refund: Annotated[RefundState | None, Choice("whether a note stands against it")] = None
    start_date: Annotated[date | None, Moment("issued from")] = None
    end_date: Annotated[date | None, Moment("issued to")] = None
    branch_name: Annotated[str | None, Text("branch", 500)] = None
    query_type: Annotated[QueryType, Choice("sales or purchases")] = QueryType.SALES
    data_source: Annotated[DataSource | None, Choice("channel")] = None
    seller_tin_or_nin: Annotated[str | None, Text("agents: the seller", 100)] = None
    seller_legal_or_business_name: Annotated[str | None, Text("agents: the seller's name", 256)] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class InvoiceRecord(EfrisAnswer):
    """One document in the answer of T106 or T107.

    Attributes:
        id: Invoice id, which notes name as their original.
        invoice_no: Fiscal document number (FDN).
        reference_no: The seller's own reference. The search may match parts of it, so compare.
        gross_amount: In the document's currency.
        is_invalid: "1" for a cancelled note.
    """

    id: WireText = ""
    invoice_no: WireText = Field(min_length=1)
    ori_invoice_id: WireText = ""
    ori_invoice_no: WireText = ""
    issued_date: WireTime = None
    uploading_time: WireTime = None
    reference_no: WireText = ""
    tin: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    branch_name: WireText = ""
    buyer_tin: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_business_name: WireText = ""
    buyer_nin_brn: WireText = ""
    currency: WireText = ""
    gross_amount: WireNumber = None
    tax_amount: WireNumber = None
    data_source: WireText = ""
    device_no: WireText = ""
    is_invalid: WireText = ""
    is_refund: WireText = ""
    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    invoice_industry_code: WireText = ""
    operator: WireText = ""
    user_name: WireText = ""


class InvoicePage(EfrisAnswer):
    """Answer of T106 and T107: documents, newest first."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[InvoiceRecord, ...], READ_ROWS] = ()


class CreditableInvoiceQuery(EfrisRequest):
    """Request of T107: search the documents against which a note can still be issued."""

    invoice_no: Annotated[str | None, Text("fiscal document number", 20)] = None
    device_no: Annotated[str | None, Text("device", 20)] = None
    buyer_tin: Annotated[str | None, Text("the buyer's TIN", 100)] = None
    buyer_legal_name: Annotated[str | None, Text("the buyer's name", 20)] = None
    invoice_type: Annotated[CreditableType | None, Choice("invoice or debit note")] = None
    start_date: Annotated[date | None, Moment("issued from")] = None
    end_date: Annotated[date | None, Moment("issued to")] = None
    branch_name: Annotated[str | None, Text("branch", 500)] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class InvoiceRead(EfrisRequest):
    """Request of T108: read one document in full."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]


class ExistingInvoice(EfrisAnswer):
    """A document that already carries the reference we uploaded (code 2253)."""

    invoice_no: WireText = Field(min_length=1)
    antifake_code: WireText = Field(
        default="", validation_alias=AliasChoices("antifakeCode", "antiFakeCode", "antifake_code")
    )
    qr_code: WireText = ""


class InvoiceUploaded(FiscalDocument):
    """Answer of T109: fiscalised."""

    exist_invoice_list: Annotated[tuple[ExistingInvoice, ...], READ_ROWS] = ()


class InvoiceDetails(FiscalDocument):
    """Answer of T108.

    Attributes:
        credit_note_extend: For a credit note, the totals of the original before it.
    """

    credit_note_extend: Annotated[TotalsBeforeCredit, READ_OBJECT] = TotalsBeforeCredit()


class RemainingLine(IssuedLine):
    """One row of a document, and what of it can still be credited.

    Attributes:
        remain_qty: Quantity left.
        remain_amount: Amount left, in the document's currency.
    """

    remain_qty: WireNumber = None
    remain_amount: WireNumber = None


class InvoiceRemainder(FiscalDocument):
    """Answer of T186: a document as T108 shows it, and what of each row can still be credited."""

    goods_details: Annotated[tuple[RemainingLine, ...], READ_ROWS] = ()


class InvoiceIdentity(EfrisRequest):
    """One row of T117: a document that we believe the authority has."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]
    invoice_type: Annotated[InvoiceType, Choice("kind of document")]


class InvoiceComparison(EfrisRows):
    """Request of T117: a list of documents to be compared with the authority's.

    Only documents of the calling device are found. How many rows it may have is a setting of the authority (code 1569).
    """

    wire_list: ClassVar[str] = "invoices"

    invoices: Annotated[tuple[InvoiceIdentity, ...], Rows("documents", required=True)]


class InvoiceMismatch(EfrisAnswer):
    """A document that the authority does not have, or has as another kind."""

    invoice_no: WireText = Field(min_length=1)
    invoice_type: WireText = ""


class InvoiceMismatches(EfrisAnswerRows):
    """Answer of T117: only what does not match; empty when all is well."""

    wire_list: ClassVar[str] = "mismatches"

    mismatches: Annotated[tuple[InvoiceMismatch, ...], READ_ROWS] = ()


class RemainderQuery(EfrisRequest):
    """Request of T186: what of a document can still be credited."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]


class ExportQuery(EfrisRequest):
    """Request of T187: where customs has an export."""

    invoice_no: Annotated[str, Text("fiscal document number", 50, required=True)]


class ExportStatus(EfrisAnswer):
    """Answer of T187.

    Attributes:
        document_status_code: `101` being processed by customs, `102` left the country.
    """

    invoice_no: WireText = ""
    document_status_code: WireText = ""


def existing_invoices(content: JsonValue) -> tuple[ExistingInvoice, ...]:
    """Read the documents that a refusal with code 2253 lists (`Refused.content`); empty if it lists none we can read.

    They share our reference, not necessarily our content: read each with T108 and compare before adopting it.
    """
    rows = content.get("existInvoiceList") if isinstance(content, dict) else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        try:
            found.append(ExistingInvoice.model_validate(row))
        except ValidationError:
            continue
    return tuple(found)
