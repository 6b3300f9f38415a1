"""T106, T107, T108 and the answer of T109: finding, listing and reading fiscal documents."""

from datetime import date
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError

from risiti.efris.models.base import (
    READ_OBJECT,
    READ_ROWS,
    Choice,
    EfrisAnswer,
    EfrisRequest,
    Moment,
    Number,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import DataSource, InvoiceKind, InvoiceType, QueryType, RefundState, Validity
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
    invoice_type: Annotated[InvoiceType | None, Choice("kind of document")] = None
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
    invoice_type: Annotated[InvoiceType | None, Choice("invoice or debit note")] = None
    start_date: Annotated[date | None, Moment("issued from")] = None
    end_date: Annotated[date | None, Moment("issued to")] = None
    branch_name: Annotated[str | None, Text("branch", 500)] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class InvoiceRead(EfrisRequest):
    """Request of T108: read one document in full."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]


class IssuedSeller(EfrisAnswer):
    """The seller of a fiscalised document.

    Attributes:
        reference_no: The seller's own reference, as uploaded.
    """

    tin: WireText = ""
    nin_brn: WireText = ""
    passport_number: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    address: WireText = Field(default="", validation_alias=AliasChoices("address", "adress", "Adress"))
    mobile_phone: WireText = ""
    line_phone: WireText = ""
    email_address: WireText = ""
    place_of_business: WireText = ""
    reference_no: WireText = ""
    branch_id: WireText = ""
    branch_name: WireText = ""
    branch_code: WireText = ""


class IssuedInformation(EfrisAnswer):
    """Head of a fiscalised document.

    Attributes:
        invoice_id: URA's internal id, which notes name as their original.
        invoice_no: Fiscal document number (FDN).
        antifake_code: Verification code.
        issued_date: The sale's time, aware, East Africa Time.
        is_invalid: "1" for a cancelled note.
        is_refund: "0" no note, "1" credit note, "2" debit note against it.
    """

    invoice_id: WireText = ""
    invoice_no: WireText = Field(min_length=1)
    antifake_code: WireText = Field(
        default="", validation_alias=AliasChoices("antifakeCode", "antiFakeCode", "antifake_code")
    )
    device_no: WireText = ""
    issued_date: WireTime = None
    operator: WireText = ""
    currency: WireText = ""
    currency_rate: WireNumber = None
    ori_invoice_id: WireText = ""
    ori_invoice_no: WireText = ""
    ori_issued_date: WireTime = None
    ori_gross_amount: WireNumber = None
    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    data_source: WireText = ""
    invoice_industry_code: WireText = ""
    is_batch: WireText = ""
    is_invalid: WireText = ""
    is_refund: WireText = ""


class IssuedBuyer(EfrisAnswer):
    """The buyer of a fiscalised document."""

    buyer_tin: WireText = ""
    buyer_nin_brn: WireText = ""
    buyer_passport_num: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_business_name: WireText = ""
    buyer_address: WireText = ""
    buyer_email: WireText = ""
    buyer_mobile_phone: WireText = ""
    buyer_line_phone: WireText = ""
    buyer_place_of_busi: WireText = ""
    buyer_type: WireText = ""
    buyer_citizenship: WireText = ""
    buyer_sector: WireText = ""
    buyer_reference_no: WireText = ""


class IssuedLine(EfrisAnswer):
    """One row of a fiscalised document; a discount is two rows, as in the upload.

    Attributes:
        tax_rate: As text, because exempt lines carry "-".
    """

    invoice_item_id: WireText = ""
    item: WireText = ""
    item_code: WireText = ""
    qty: WireNumber = None
    unit_of_measure: WireText = ""
    unit_price: WireNumber = None
    total: WireNumber = None
    tax_rate: WireText = ""
    tax: WireNumber = None
    discount_total: WireNumber = None
    discount_tax_rate: WireText = ""
    order_number: WireNumber = None
    discount_flag: WireText = ""
    deemed_flag: WireText = ""
    excise_flag: WireText = ""
    category_id: WireText = ""
    category_name: WireText = ""
    goods_category_id: WireText = ""
    goods_category_name: WireText = ""
    excise_rate: WireText = ""
    excise_rule: WireText = ""
    excise_tax: WireNumber = None
    pack: WireNumber = None
    stick: WireNumber = None
    excise_unit: WireText = ""
    excise_currency: WireText = ""
    excise_rate_name: WireText = ""
    vat_applicable_flag: WireText = ""


class IssuedTaxRow(EfrisAnswer):
    """The sums of one tax category of a fiscalised document."""

    tax_category: WireText = ""
    tax_category_code: WireText = ""
    net_amount: WireNumber = None
    tax_rate: WireText = ""
    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    excise_unit: WireText = ""
    excise_currency: WireText = ""
    tax_rate_name: WireText = ""


class IssuedSummary(EfrisAnswer):
    """Totals of a fiscalised document.

    Attributes:
        qr_code: Text to print as QR.
    """

    net_amount: WireNumber = None
    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    ori_gross_amount: WireNumber = None
    item_count: WireNumber = None
    mode_code: WireText = Field(default="", validation_alias=AliasChoices("modeCode", "mode", "mode_code"))
    remarks: WireText = ""
    qr_code: WireText = ""


class IssuedPayment(EfrisAnswer):
    """One payment of a fiscalised document."""

    payment_mode: WireText = ""
    payment_amount: WireNumber = None
    order_number: WireText = ""


class ExistingInvoice(EfrisAnswer):
    """A document that already carries the reference we uploaded (code 2253)."""

    invoice_no: WireText = Field(min_length=1)
    antifake_code: WireText = Field(
        default="", validation_alias=AliasChoices("antifakeCode", "antiFakeCode", "antifake_code")
    )
    qr_code: WireText = ""


class FiscalDocument(EfrisAnswer):
    """Answer of T108 and T109: a document as the authority keeps it. The parts we do not name are in `model_extra`."""

    basic_information: IssuedInformation
    seller_details: Annotated[IssuedSeller, READ_OBJECT] = IssuedSeller()
    buyer_details: Annotated[IssuedBuyer, READ_OBJECT] = IssuedBuyer()
    goods_details: Annotated[tuple[IssuedLine, ...], READ_ROWS] = ()
    tax_details: Annotated[tuple[IssuedTaxRow, ...], READ_ROWS] = ()
    summary: Annotated[IssuedSummary, READ_OBJECT] = IssuedSummary()
    pay_way: Annotated[tuple[IssuedPayment, ...], READ_ROWS] = ()


class InvoiceUploaded(FiscalDocument):
    """Answer of T109: fiscalised."""

    exist_invoice_list: Annotated[tuple[ExistingInvoice, ...], READ_ROWS] = ()


class InvoiceDetails(FiscalDocument):
    """Answer of T108."""


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
