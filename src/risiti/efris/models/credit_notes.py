"""T110-T114, T118, T120, T122: applying for credit notes, following and deciding applications, cancelling notes."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, AwareDatetime, Field

from risiti.efris.models.base import (
    BLANK,
    READ_OBJECT,
    READ_ROWS,
    Choice,
    Choices,
    EfrisAnswer,
    EfrisRequest,
    Moment,
    Number,
    Rows,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import (
    ApplicationCategory,
    ApplicationQueryType,
    ApprovalState,
    AttachmentType,
    CancellationCategory,
    CancellationReason,
    CreditNoteCategory,
    CreditNoteReason,
    CreditNoteType,
    DataSource,
    Decision,
    ExciseRule,
    ExciseUnit,
    Industry,
    InvoiceKind,
    ModeCode,
    TaxCategory,
    VatApplicable,
    YesNo,
)
from risiti.efris.models.invoice_upload import Buyer, ImportedService, Payment
from risiti.efris.models.issued import IssuedLine, IssuedPayment, IssuedTaxRow
from risiti.efris.models.paging import Page

# ---- T110: apply -----------------------------------------------------------------------------------------------------


class CreditLine(EfrisRequest):
    """One row of the wire list `goodsDetails` of T110: what is taken back of one row of the original.

    Quantity and amounts are negative, the unit price is not. A discounted row of the original is credited as one row at
    its price net of the discount, under the order number of the full-price row.
    """

    item: Annotated[str, Text("name, as on the original", 200, required=True)]
    item_code: Annotated[str, Text("goods code, as on the original", 50, required=True)]
    qty: Annotated[Decimal, Number("quantity, negative", 12, 8)]
    unit_of_measure: Annotated[str, Text("unit, as on the original", 3, required=True)]
    unit_price: Annotated[Decimal, Number("price, as on the original", 12, 8)]
    total: Annotated[Decimal, Number("amount with taxes, negative", 12, 2, places=2)]
    tax_rate: Annotated[str, Text("as on the original", 21, required=True)]
    tax: Annotated[Decimal, Number("VAT inside the total, negative or 0", 12, 2, places=2)]
    order_number: Annotated[int, Number("position of the original's row", 4, 0)]
    deemed_flag: Annotated[YesNo, Choice("as on the original")] = YesNo.NO
    excise_flag: Annotated[YesNo, Choice("as on the original")] = YesNo.NO
    category_id: Annotated[str, Text("excise duty code, as on the original", 18)] = ""
    category_name: Annotated[str, Text("excise duty name, as on the original", 1024)] = ""
    goods_category_id: Annotated[str, Text("commodity category, as on the original", 18, required=True)]
    goods_category_name: Annotated[str, Text("its name", 200)] = ""
    excise_rate: Annotated[str, Text("as on the original", 21)] = ""
    excise_rule: Annotated[ExciseRule | None, Choice("as on the original"), BLANK] = None
    excise_tax: Annotated[Decimal | None, Number("excise in the total, negative or 0", 12, 2, places=2), BLANK] = None
    pack: Annotated[Decimal | None, Number("as on the original", 12, 8), BLANK] = None
    stick: Annotated[Decimal | None, Number("as on the original", 12, 8), BLANK] = None
    excise_unit: Annotated[ExciseUnit | None, Choice("as on the original"), BLANK] = None
    excise_currency: Annotated[str, Text("as on the original", 10)] = ""
    excise_rate_name: Annotated[str, Text("as on the original", 100)] = ""
    vat_applicable_flag: Annotated[VatApplicable, Choice("as on the original")] = VatApplicable.APPLIES


class CreditTaxRow(EfrisRequest):
    """One row of the wire list `taxDetails` of T110: the negative sums of one tax category."""

    tax_category_code: Annotated[TaxCategory, Choice("tax category")]
    net_amount: Annotated[Decimal, Number("gross less tax, negative or 0", 16, 4, places=2)]
    tax_rate: Annotated[str, Text('"0.18", "0", "-", or the excise rate', 21, required=True)]
    tax_amount: Annotated[Decimal, Number("sum of the lines' tax, negative or 0", 16, 4, places=2)]
    gross_amount: Annotated[Decimal, Number("sum of the lines' totals, negative or 0", 16, 4, places=2)]
    excise_unit: Annotated[ExciseUnit | None, Choice("excise by quantity: unit"), BLANK] = None
    excise_currency: Annotated[str, Text("excise by quantity: currency", 10)] = ""
    tax_rate_name: Annotated[str, Text("name of the rate, for excise and other taxes", 100)] = ""


class CreditSummary(EfrisRequest):
    """Wire object `summary` of T110. Amounts are negative; the authority's own sample shows them positive, wrongly."""

    net_amount: Annotated[Decimal, Number("gross less tax", 16, 4, places=2)]
    tax_amount: Annotated[Decimal, Number("sum over all tax rows", 16, 4, places=2)]
    gross_amount: Annotated[Decimal, Number("sum over all tax rows but excise", 16, 4, places=2)]
    item_count: Annotated[int, Number("lines", 10, 0)]
    mode_code: Annotated[ModeCode, Choice("online or offline number")] = ModeCode.ONLINE
    qr_code: Annotated[str, Text("QR text; empty online", 500)] = ""


class CreditInformation(EfrisRequest):
    """Wire object `basicInformation` of T110."""

    operator: Annotated[str, Text("who applies", 150, required=True)]
    invoice_kind: Annotated[InvoiceKind, Choice("invoice or receipt, as the original")]
    invoice_industry_code: Annotated[Industry, Choice("industry, as the original")] = Industry.GENERAL
    branch_id: Annotated[str, Text("branch of the seller", 18)] = ""
    currency_rate: Annotated[Decimal | None, Number("foreign currency: UGX for one unit of it", 12, 8)] = None


class Attachment(EfrisRequest):
    """A file that goes with an application or a cancellation (T110, T114)."""

    file_name: Annotated[str, Text("file name", 256, required=True)]
    file_type: Annotated[AttachmentType, Choice("its extension")]
    file_content: Annotated[str, Text("the file in base64", None, required=True)] = Field(repr=False)


class CreditNoteApplication(EfrisRequest):
    """Request of T110: apply for a credit note.

    Original id and number are sent both, or neither: then it is a credit note without original, which needs the
    authority's permission (`SignedIn.is_allow_issue_credit_without_fdn`).
    """

    ori_invoice_id: Annotated[str, Text("invoice id of the original", 20)] = ""
    ori_invoice_no: Annotated[str, Text("fiscal document number of the original", 20)] = ""
    reason_code: Annotated[CreditNoteReason, Choice("why")]
    reason: Annotated[str, Text("in words; needed where the code says other", 1024)] = ""
    application_time: Annotated[AwareDatetime, Moment("when it is applied for, aware")]
    invoice_apply_category_code: Annotated[CreditNoteCategory, Choice("a credit note")] = CreditNoteCategory.CREDIT_NOTE
    currency: Annotated[str, Text("currency, as on the original", 10, required=True)]
    contact_name: Annotated[str, Text("whom to ask", 200)] = ""
    contact_mobile_num: Annotated[str, Text("their phone", 30)] = ""
    contact_email: Annotated[str, Text("their e-mail", 50, least=6)] = ""
    source: Annotated[DataSource, Choice("channel")] = DataSource.WEB_SERVICE
    remarks: Annotated[str, Text("free text", 500)] = ""
    sellers_reference_no: Annotated[str, Text("the seller's own reference", 50)] = ""
    goods_details: Annotated[tuple[CreditLine, ...], Rows("lines", required=True)]
    tax_details: Annotated[tuple[CreditTaxRow, ...], Rows("taxes", required=True)]
    summary: CreditSummary
    pay_way: Annotated[tuple[Payment, ...], Rows("payments, with positive amounts")] = ()
    buyer_details: Buyer | None = None
    import_services_seller: ImportedService | None = None
    basic_information: CreditInformation
    attachment_list: Annotated[tuple[Attachment, ...] | None, Rows("files")] = None


class CreditNoteApplied(EfrisAnswer):
    """Answer of T110. There is no credit note yet; find the application with T111.

    Attributes:
        reference_no: Number of the application.
    """

    reference_no: WireText = Field(min_length=1)


# ---- T111, T112, T118: follow ----------------------------------------------------------------------------------------


class ApplicationQuery(EfrisRequest):
    """Request of T111: search applications."""

    reference_no: Annotated[str | None, Text("number of the application", 20)] = None
    ori_invoice_no: Annotated[str | None, Text("fiscal document number of the original", 20)] = None
    invoice_no: Annotated[str | None, Text("fiscal document number of the note", 20)] = None
    combine_keywords: Annotated[str | None, Text("free search", 20)] = None
    approve_status: Annotated[tuple[ApprovalState, ...] | None, Choices("where they stand", None)] = None
    query_type: Annotated[ApplicationQueryType, Choice("whose")] = ApplicationQueryType.OWN
    invoice_apply_category_code: Annotated[
        tuple[ApplicationCategory, ...] | None, Choices("what is applied for", None)
    ] = None
    start_date: Annotated[date | None, Moment("applied from")] = None
    end_date: Annotated[date | None, Moment("applied to")] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10
    credit_note_type: Annotated[CreditNoteType | None, Choice("with or without original")] = None
    branch_name: Annotated[str | None, Text("agents: branch", 500)] = None
    seller_tin_or_nin: Annotated[str | None, Text("agents: the seller", 100)] = None
    seller_legal_or_business_name: Annotated[str | None, Text("agents: the seller's name", 256)] = None


class ApplicationRecord(EfrisAnswer):
    """One application in the answer of T111.

    Attributes:
        id: The application's id for T112, T118 and, as business key, T120.
        invoice_no: Fiscal document number of the credit note; "" until it is approved.
        approve_status: `101` approved, `102` submitted, `103` rejected, `104` voided.
        gross_amount: Of the note, in its currency.
        task_id: What an approver decides on, for T113.
        waiting_date: Days it waited, or waits.
    """

    id: WireText = Field(min_length=1)
    ori_invoice_no: WireText = ""
    invoice_no: WireText = ""
    reference_no: WireText = ""
    approve_status: WireText = ""
    application_time: WireTime = None
    invoice_apply_category_code: WireText = ""
    gross_amount: WireNumber = None
    ori_gross_amount: WireNumber = None
    currency: WireText = ""
    task_id: WireText = ""
    buyer_tin: WireText = ""
    buyer_business_name: WireText = ""
    buyer_legal_name: WireText = ""
    tin: WireText = ""
    business_name: WireText = ""
    legal_name: WireText = ""
    waiting_date: WireNumber = None
    data_source: WireText = ""


class ApplicationPage(EfrisAnswer):
    """Answer of T111."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[ApplicationRecord, ...], READ_ROWS] = ()


class ApplicationRead(EfrisRequest):
    """Request of T112 and T118: one application."""

    id: Annotated[str, Text("id of the application (T111)", 20, required=True)]


class AttachedFile(EfrisAnswer):
    """A file that came with an application.

    Attributes:
        file_content: Base64.
    """

    file_name: WireText = ""
    file_type: WireText = ""
    file_content: WireText = Field(default="", repr=False)


class ApplicationDetails(EfrisAnswer):
    """Answer of T112: head of one application.

    Attributes:
        ori_invoice_id: Invoice id of the original; the authority's table calls it `oriReceiptId`.
        refund_invoice_no: Fiscal document number of the credit note; "" until it is approved.
        approve_status_code: `101` approved, `102` submitted, `103` rejected.
        gross_amount: Of the original, in its currency.
        total_amount: Of the note, in its currency.
    """

    id: WireText = ""
    ori_invoice_no: WireText = ""
    ori_invoice_id: WireText = Field(
        default="", validation_alias=AliasChoices("oriInvoiceId", "oriReceiptId", "ori_invoice_id")
    )
    refund_invoice_no: WireText = ""
    reference_no: WireText = ""
    reason: WireText = ""
    select_refund_reason_code: WireText = ""
    approve_status_code: WireText = ""
    update_time: WireTime = None
    application_time: WireTime = None
    invoice_apply_category_code: WireText = ""
    contact_name: WireText = ""
    contact_mobile_num: WireText = ""
    contact_email: WireText = ""
    source: WireText = ""
    task_id: WireText = ""
    remarks: WireText = ""
    approve_remarks: WireText = ""
    gross_amount: WireNumber = None
    total_amount: WireNumber = None
    currency: WireText = ""
    refund_issued_date: WireTime = None
    issued_date: WireTime = None
    tin: WireText = ""
    nin: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    mobile_phone: WireText = ""
    address: WireText = ""
    email_address: WireText = ""
    buyer_tin: WireText = ""
    buyer_nin: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_business_name: WireText = ""
    buyer_address: WireText = ""
    buyer_email_address: WireText = ""
    buyer_mobile_phone: WireText = ""
    buyer_line_phone: WireText = ""
    buyer_citizenship: WireText = ""
    buyer_passport_num: WireText = ""
    buyer_place_of_busi: WireText = ""
    sellers_reference_no: WireText = ""
    import_business_name: WireText = ""
    import_email_address: WireText = ""
    import_contact_number: WireText = ""
    import_address: WireText = ""
    import_invoice_date: WireTime = None
    import_attachment_name: WireText = ""
    import_attachment_content: WireText = Field(default="", repr=False)
    attachment_list: Annotated[tuple[AttachedFile, ...], READ_ROWS] = ()


class AppliedLine(IssuedLine):
    """One row of an application. The wire has two names for the goods' name and for the unit."""

    item: WireText = Field(default="", validation_alias=AliasChoices("item", "itemName"))
    unit_of_measure: WireText = Field(
        default="", validation_alias=AliasChoices("unitOfMeasure", "unit", "unit_of_measure")
    )


class AppliedSummary(EfrisAnswer):
    """Totals of an application and of its original, in their currency."""

    net_amount: WireNumber = None
    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    previous_net_amount: WireNumber = None
    previous_tax_amount: WireNumber = None
    previous_gross_amount: WireNumber = None


class AppliedInformation(EfrisAnswer):
    """What an application is for.

    Attributes:
        invoice_type: "2" credit note, "4" debit note.
    """

    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    invoice_industry_code: WireText = ""


class ApplicationContent(EfrisAnswer):
    """Answer of T118: what an application is about, row by row."""

    goods_details: Annotated[tuple[AppliedLine, ...], READ_ROWS] = ()
    tax_details: Annotated[tuple[IssuedTaxRow, ...], READ_ROWS] = ()
    summary: Annotated[AppliedSummary, READ_OBJECT] = AppliedSummary()
    pay_way: Annotated[tuple[IssuedPayment, ...], READ_ROWS] = ()
    basic_information: Annotated[AppliedInformation, READ_OBJECT] = AppliedInformation()


# ---- T113, T120: decide ----------------------------------------------------------------------------------------------


class ApplicationDecision(EfrisRequest):
    """Request of T113: approve or reject an application that waits for us."""

    reference_no: Annotated[str, Text("number of the application", 20, required=True)]
    approve_status: Annotated[Decision, Choice("yes or no")]
    task_id: Annotated[str, Text("task of the application (T111)", 20, required=True)]
    remark: Annotated[str, Text("why", 1024, required=True)]


class ApplicationWithdrawal(EfrisRequest):
    """Request of T120: take back an application that nobody has decided yet."""

    business_key: Annotated[str, Text("id of the application (T111)", 20, required=True)]
    reference_no: Annotated[str, Text("number of the application", 20, required=True)]


# ---- T114, T122: cancel ----------------------------------------------------------------------------------------------


class NoteCancellation(EfrisRequest):
    """Request of T114: cancel a credit note or credit memo at once, or apply for the cancellation of a debit note."""

    ori_invoice_id: Annotated[str, Text("invoice id of the original; empty for a credit memo", 20)] = ""
    invoice_no: Annotated[str, Text("fiscal document number of the note", 20, required=True)]
    reason: Annotated[str, Text("in words; needed where the code says other", 1024)] = ""
    reason_code: Annotated[CancellationReason, Choice("why")]
    invoice_apply_category_code: Annotated[CancellationCategory, Choice("which kind of note is cancelled")]
    attachment_list: Annotated[tuple[Attachment, ...] | None, Rows("files")] = None


class CancellationQuery(EfrisRequest):
    """Request of T122: why a note was cancelled."""

    invoice_no: Annotated[str, Text("fiscal document number of the note", 20, required=True)]


class CancellationRecord(EfrisAnswer):
    """Answer of T122.

    Attributes:
        gross_amount: Of the note, in its currency.
        reason_code: `101` refused by the buyer, `102` not delivered, `103` other.
    """

    invoice_no: WireText = ""
    currency: WireText = ""
    issue_date: WireTime = None
    gross_amount: WireNumber = None
    reason_code: WireText = ""
    reason: WireText = ""
