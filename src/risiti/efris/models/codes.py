"""The closed lists of the wire: what each digit means."""

from enum import StrEnum


class InvoiceType(StrEnum):
    """Kind of fiscal document (`invoiceType`)."""

    INVOICE = "1"
    """Invoice or receipt."""
    CREDIT_NOTE = "2"
    """Credit note with an original."""
    DEBIT_NOTE = "4"
    CREDIT_MEMO = "5"
    """Credit memo or rebate: a credit note without an original."""


class UploadType(StrEnum):
    """Kind of document that can be uploaded (`invoiceType` of T109); credit notes with an original are applied for."""

    INVOICE = "1"
    """Invoice or receipt."""
    DEBIT_NOTE = "4"
    CREDIT_MEMO = "5"
    """Credit memo or rebate: a credit note without an original."""


class CreditableType(StrEnum):
    """Kind of document that a note can be issued against (`invoiceType` of T107)."""

    INVOICE = "1"
    """Invoice or receipt."""
    DEBIT_NOTE = "4"


class InvoiceKind(StrEnum):
    """Invoice or receipt (`invoiceKind`); a seller registered for VAT issues invoices, any other receipts."""

    INVOICE = "1"
    RECEIPT = "2"


class DataSource(StrEnum):
    """The channel a document came through (`dataSource`)."""

    EFD = "101"
    WINDOWS_CLIENT = "102"
    WEB_SERVICE = "103"
    """System to system, online."""
    BACK_OFFICE = "104"
    WEB_PORTAL = "105"
    OFFLINE_ENABLER = "106"
    USSD = "107"
    ASK_URA = "108"


class Industry(StrEnum):
    """Industry of a document (`invoiceIndustryCode`)."""

    GENERAL = "101"
    EXPORT_OF_GOODS = "102"
    IMPORTED_SERVICE = "104"
    TELECOM = "105"
    STAMP_DUTY = "106"
    HOTEL = "107"
    OTHER_TAXES = "108"
    AIRLINE = "109"
    FUEL = "110"
    AUCTION = "111"
    EXPORT_OF_SERVICES = "112"


class BuyerType(StrEnum):
    """Who buys (`buyerType`)."""

    BUSINESS = "0"
    CONSUMER = "1"
    FOREIGNER = "2"
    GOVERNMENT = "3"


class DiscountFlag(StrEnum):
    """What a line is with respect to discounts (`discountFlag`)."""

    DISCOUNT = "0"
    """The discount itself, negative; stands directly after its DISCOUNTED line."""
    DISCOUNTED = "1"
    """A full-price line that the next line reduces."""
    NORMAL = "2"


class YesNo(StrEnum):
    """Flags that are 1 for yes and 2 for no (`deemedFlag`, `exciseFlag`, `highSeaBondFlag`)."""

    YES = "1"
    NO = "2"


class ExciseRule(StrEnum):
    """How excise duty is computed (`exciseRule`)."""

    PERCENT = "1"
    QUANTITY = "2"


class ExciseUnit(StrEnum):
    """What excise duty by quantity is charged on (`exciseUnit`)."""

    STICK = "101"
    LITRE = "102"
    KILOGRAM = "103"
    USER_DAY = "104"
    MINUTE = "105"
    THOUSAND_STICKS = "106"
    FIFTY_KILOGRAMS = "107"
    NONE = "108"
    GRAM = "109"


class TaxCategory(StrEnum):
    """Tax category of a tax row (`taxCategoryCode`)."""

    STANDARD = "01"
    """A: 18 %."""
    ZERO = "02"
    """B: 0 %."""
    EXEMPT = "03"
    """C: rate "-"."""
    DEEMED = "04"
    """D: 18 %, shown but not payable."""
    EXCISE = "05"
    OVER_THE_TOP = "06"
    STAMP_DUTY = "07"
    LOCAL_HOTEL = "08"
    UCC_LEVY = "09"
    OTHER = "10"
    OUT_OF_SCOPE = "11"


class VatApplicable(StrEnum):
    """Whether VAT concerns a line at all (`vatApplicableFlag`)."""

    OUT_OF_SCOPE = "0"
    APPLIES = "1"


class DeemedExempt(StrEnum):
    """Kind of project relief of a line (`deemedExemptCode`)."""

    DEEMED = "101"
    EXEMPT = "102"


class ModeCode(StrEnum):
    """Where a document got its number (`modeCode`)."""

    OFFLINE = "0"
    ONLINE = "1"


class PaymentMode(StrEnum):
    """Means of payment (`paymentMode`)."""

    CREDIT = "101"
    CASH = "102"
    CHEQUE = "103"
    DEMAND_DRAFT = "104"
    MOBILE_MONEY = "105"
    CARD = "106"
    EFT = "107"
    POS = "108"
    RTGS = "109"
    SWIFT = "110"


class DeliveryTerms(StrEnum):
    """Incoterms of an export (`deliveryTermsCode`)."""

    CFR = "CFR"
    CIF = "CIF"
    CIP = "CIP"
    CPT = "CPT"
    DAP = "DAP"
    DDP = "DDP"
    DPU = "DPU"
    EXW = "EXW"
    FAS = "FAS"
    FCA = "FCA"
    FOB = "FOB"


class MeterStatus(StrEnum):
    """State of a utility meter (`meterStatus`)."""

    ACTIVE = "101"
    INACTIVE = "102"


class QueryType(StrEnum):
    """Whose documents a query looks through (`queryType` of T106)."""

    PURCHASES = "0"
    SALES = "1"


class RefundState(StrEnum):
    """Whether a note stands against a document (`isRefund`)."""

    NONE = "0"
    CREDIT_NOTE = "1"
    DEBIT_NOTE = "2"


class Validity(StrEnum):
    """Whether a note still counts (`isInvalid`)."""

    VALID = "0"
    CANCELLED = "1"


class GoodsOperation(StrEnum):
    """What a row of a goods upload does (`operationType`)."""

    ADD = "101"
    MODIFY = "102"


class GoodsKind(StrEnum):
    """Goods or fuel (`goodsTypeCode`)."""

    GOODS = "101"
    FUEL = "102"


class GoodsStatus(StrEnum):
    """Whether goods may be sold (`statusCode`)."""

    ENABLED = "101"
    DISABLED = "102"


class GoodsQueryType(StrEnum):
    """Whose goods a query looks through (`queryType` of T127)."""

    AGENT = "0"
    """A principal's, by an agent; needs the TIN."""
    OWN = "1"


class StockOperation(StrEnum):
    """Direction of a stock movement (`operationType` of T131)."""

    INCREASE = "101"
    REDUCE = "102"


class StockInType(StrEnum):
    """Where stock came from (`stockInType`)."""

    IMPORT = "101"
    LOCAL_PURCHASE = "102"
    MANUFACTURE = "103"
    """Manufacture or assembly; has a batch instead of a supplier."""
    OPENING_STOCK = "104"
    """Only for goods never stocked before."""


class AdjustType(StrEnum):
    """Why stock went away (`adjustType`)."""

    EXPIRED = "101"
    DAMAGED = "102"
    PERSONAL_USE = "103"
    OTHER = "104"
    """Needs remarks."""
    RAW_MATERIALS = "105"


class TransferType(StrEnum):
    """Why stock moves between branches (`transferTypeCode`)."""

    OUT_OF_STOCK = "101"
    CORRECTION = "102"
    OTHER = "103"
    """Needs remarks."""


class Interruption(StrEnum):
    """What went wrong at a device (`interruptionTypeCode`)."""

    DISCONNECTED = "101"
    LOGIN_FAILED = "102"
    UPLOAD_FAILED = "103"
    SYSTEM_ERROR = "104"
    PAPER_REPLACED = "105"


class OperatingSystem(StrEnum):
    """What the offline enabler runs on (`osType`)."""

    LINUX = "0"
    WINDOWS = "1"


class IssuingStatus(StrEnum):
    """What a device is doing (`deviceIssuingStatus`)."""

    READY = "101"
    ISSUING = "102"
    PRINTING = "103"


class OtpDelivery(StrEnum):
    """How a one-time password travels (`deliveryMethod`)."""

    EMAIL = "001"
    SMS = "002"


class ContactOperation(StrEnum):
    """What is done with a stored buyer (`operationType` of T181)."""

    ADD = "101"
    MODIFY = "102"
    DELETE = "103"


class Disconnection(StrEnum):
    """What went wrong with a fuel controller (`disconnectedType`)."""

    CONTROLLER_LOST = "101"
    ABNORMAL_TRANSACTION = "102"


class NozzleStatus(StrEnum):
    """State of a fuel nozzle (`status` of T172)."""

    AVAILABLE = "1"
    CARD_PLUGGED_IN = "2"
    LIFTED = "3"
    FUELLING = "4"
    HUNG = "5"
    SETTLING = "6"
    LOCKED = "7"
    OFFLINE = "10"
    """Longer than the one character the document allows, and yet listed there."""


class BuyerModified(StrEnum):
    """Whether the buyer of a fuel document was named afterwards (`queryType` of T167)."""

    NOT_YET = "1"
    MODIFIED = "2"
    ALL = "3"


class CreditNoteReason(StrEnum):
    """Why a credit note is applied for (`reasonCode` of T110)."""

    RETURNED = "101"
    """Goods came back: expired, damaged and the like."""
    CANCELLED = "102"
    """The purchase was cancelled."""
    WRONG_AMOUNT = "103"
    """Price, tax or discount was computed wrongly."""
    WAIVED = "104"
    """Part or all of the price was waived after the sale."""
    OTHER = "105"
    """Something else; needs words."""


class CancellationReason(StrEnum):
    """Why an issued note is cancelled (`reasonCode` of T114)."""

    REFUSED_BY_BUYER = "101"
    """The buyer did not accept it; incorrect."""
    NOT_DELIVERED = "102"
    OTHER = "103"
    """Something else; needs words."""


class ApplicationCategory(StrEnum):
    """What can be applied for (`invoiceApplyCategoryCode` of T111); each starts a workflow."""

    CREDIT_NOTE = "101"
    CANCEL_DEBIT_NOTE = "103"


class CreditNoteCategory(StrEnum):
    """What T110 applies for (`invoiceApplyCategoryCode`)."""

    CREDIT_NOTE = "101"


class CancellationCategory(StrEnum):
    """What kind of note T114 cancels (`invoiceApplyCategoryCode`)."""

    DEBIT_NOTE = "103"
    """Starts a workflow."""
    CREDIT_NOTE = "104"
    """Takes effect at once."""
    CREDIT_MEMO = "105"
    """Takes effect at once."""


class ApprovalState(StrEnum):
    """Where an application stands (`approveStatus` of T111)."""

    APPROVED = "101"
    SUBMITTED = "102"
    REJECTED = "103"
    VOIDED = "104"
    """Withdrawn by the applicant."""


class Decision(StrEnum):
    """What an approver makes of an application (`approveStatus` of T113)."""

    APPROVE = "101"
    REJECT = "103"


class ApplicationQueryType(StrEnum):
    """Whose applications a query looks through (`queryType` of T111)."""

    OWN = "1"
    WAITING_FOR_ME = "2"
    """Others' applications that wait for our approval."""
    DECIDED_BY_ME = "3"


class CreditNoteType(StrEnum):
    """Whether credit notes stand against a document (`creditNoteType` of T111)."""

    WITH_ORIGINAL = "1"
    WITHOUT_ORIGINAL = "2"


class AttachmentType(StrEnum):
    """File types the authority takes as attachments (`fileType`)."""

    PNG = "png"
    DOC = "doc"
    PDF = "pdf"
    JPG = "jpg"
    TXT = "txt"
    DOCX = "docx"
    XLSX = "xlsx"
    CER = "cer"
    CRT = "crt"
    DER = "der"


class ClassificationType(StrEnum):
    """What kind of code T146 is asked about (`type`)."""

    COMMODITY_CATEGORY = "1"
    EXCISE_DUTY = "2"


class LateBuyerType(StrEnum):
    """Who bought fuel, named after the sale (`buyerType` of T166, which knows no government)."""

    BUSINESS = "0"
    CONSUMER = "1"
    FOREIGNER = "2"
