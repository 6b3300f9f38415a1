"""The words of a document: what stands in it instead of the authority's codes."""

from enum import StrEnum

from risiti.gateway.tenancy.rounding import Rounding as Rounding  # noqa: PLC0414 - it is a word of documents too


class Kind(StrEnum):
    """What is issued: a tax invoice (sellers registered for VAT) or a receipt (all others)."""

    INVOICE = "invoice"
    RECEIPT = "receipt"


class Prices(StrEnum):
    """Whether unit prices, amounts and discounts contain the taxes (VAT and excise duty)."""

    TAX_INCLUSIVE = "tax_inclusive"
    TAX_EXCLUSIVE = "tax_exclusive"


class Tax(StrEnum):
    """How VAT applies to a line."""

    STANDARD = "standard"
    """18 percent."""
    ZERO = "zero"
    EXEMPT = "exempt"
    DEEMED = "deemed"
    """18 percent, shown and deemed to be paid: supplies to a project of the buyer's."""
    OUT_OF_SCOPE = "out_of_scope"


class OtherTaxKind(StrEnum):
    """Taxes that lie beside VAT and excise duty, on top of the prices."""

    OVER_THE_TOP = "over_the_top"
    STAMP_DUTY = "stamp_duty"
    LOCAL_HOTEL_TAX = "local_hotel_tax"
    UCC_LEVY = "ucc_levy"
    OTHER = "other"


class Category(StrEnum):
    """All tax categories, in the order of the authority's codes 01 to 11."""

    STANDARD = "standard"
    ZERO = "zero"
    EXEMPT = "exempt"
    DEEMED = "deemed"
    EXCISE_DUTY = "excise_duty"
    OVER_THE_TOP = "over_the_top"
    STAMP_DUTY = "stamp_duty"
    LOCAL_HOTEL_TAX = "local_hotel_tax"
    UCC_LEVY = "ucc_levy"
    OTHER = "other"
    OUT_OF_SCOPE = "out_of_scope"


class Industry(StrEnum):
    """What kind of trade a document belongs to."""

    GENERAL = "general"
    EXPORT = "export"
    """Of goods."""
    EXPORT_OF_SERVICES = "export_of_services"
    IMPORTED_SERVICE = "imported_service"
    """Declared by who received it."""
    TELECOM = "telecom"
    STAMP_DUTY = "stamp_duty"
    HOTEL = "hotel"
    OTHER_TAXES = "other_taxes"
    AUCTION = "auction"


class DutyUnit(StrEnum):
    """What excise duty by quantity is charged on."""

    STICK = "stick"
    LITRE = "litre"
    KILOGRAM = "kilogram"
    USER_DAY = "user_day"
    MINUTE = "minute"
    THOUSAND_STICKS = "thousand_sticks"
    FIFTY_KILOGRAMS = "fifty_kilograms"
    NONE = "none"
    GRAM = "gram"


class DeliveryTerms(StrEnum):
    """Incoterms of an export."""

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


class PaymentMethod(StrEnum):
    """How the buyer paid."""

    CREDIT = "credit"
    CASH = "cash"
    CHEQUE = "cheque"
    DEMAND_DRAFT = "demand_draft"
    MOBILE_MONEY = "mobile_money"
    CARD = "card"
    EFT = "eft"
    POS = "pos"
    RTGS = "rtgs"
    SWIFT = "swift"
