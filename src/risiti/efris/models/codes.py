"""The closed lists of the wire: what each digit means."""

from enum import StrEnum


class InvoiceType(StrEnum):
    """Kind of fiscal document (`invoiceType`)."""

    INVOICE = "1"
    """Invoice or receipt."""
    CREDIT_NOTE = "2"
    """Credit note with an original; never uploaded directly, it is applied for."""
    DEBIT_NOTE = "4"
    CREDIT_MEMO = "5"
    """Credit memo or rebate: a credit note without an original."""


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
