"""Our words and the authority's codes for them; each table is read both ways."""

from collections.abc import Mapping
from typing import Final, TypeVar

from risiti.efris.models.codes import (
    BuyerType,
    DiscountFlag,
    ExciseUnit,
    InvoiceKind,
    PaymentMode,
    TaxCategory,
)
from risiti.efris.models.codes import Industry as IndustryCode
from risiti.gateway.fiscal.tax.computed import Role
from risiti.gateway.fiscal.words import Category, DutyUnit, Industry, Kind, PaymentMethod, Tax

W = TypeVar("W")
C = TypeVar("C")

KINDS: Final = {Kind.INVOICE: InvoiceKind.INVOICE, Kind.RECEIPT: InvoiceKind.RECEIPT}
BUYERS: Final = {
    "business": BuyerType.BUSINESS,
    "consumer": BuyerType.CONSUMER,
    "foreigner": BuyerType.FOREIGNER,
    "government": BuyerType.GOVERNMENT,
}
CATEGORIES: Final = {
    Category.STANDARD: TaxCategory.STANDARD,
    Category.ZERO: TaxCategory.ZERO,
    Category.EXEMPT: TaxCategory.EXEMPT,
    Category.DEEMED: TaxCategory.DEEMED,
    Category.EXCISE_DUTY: TaxCategory.EXCISE,
    Category.OVER_THE_TOP: TaxCategory.OVER_THE_TOP,
    Category.STAMP_DUTY: TaxCategory.STAMP_DUTY,
    Category.LOCAL_HOTEL_TAX: TaxCategory.LOCAL_HOTEL,
    Category.UCC_LEVY: TaxCategory.UCC_LEVY,
    Category.OTHER: TaxCategory.OTHER,
    Category.OUT_OF_SCOPE: TaxCategory.OUT_OF_SCOPE,
}
RATES: Final = {Tax.STANDARD: "0.18", Tax.ZERO: "0", Tax.EXEMPT: "-", Tax.DEEMED: "0.18", Tax.OUT_OF_SCOPE: "0"}
"""What a line of a treatment carries as its rate, and so does the row of its sums."""
ROW_RATES: Final = {Category(tax.value): rate for tax, rate in RATES.items()}
DISCOUNT_RATES: Final = {tax: rate if rate == "0.18" else "" for tax, rate in RATES.items()}
NO_RATE: Final = "-"
"""Rate of exempt lines, of a nil duty, and of the taxes beside VAT and duty, which are all tax."""
ROLES: Final = {
    Role.PLAIN: DiscountFlag.NORMAL,
    Role.DISCOUNTED: DiscountFlag.DISCOUNTED,
    Role.DISCOUNT: DiscountFlag.DISCOUNT,
}
INDUSTRIES: Final = {
    Industry.GENERAL: IndustryCode.GENERAL,
    Industry.EXPORT: IndustryCode.EXPORT_OF_GOODS,
    Industry.EXPORT_OF_SERVICES: IndustryCode.EXPORT_OF_SERVICES,
    Industry.IMPORTED_SERVICE: IndustryCode.IMPORTED_SERVICE,
    Industry.TELECOM: IndustryCode.TELECOM,
    Industry.STAMP_DUTY: IndustryCode.STAMP_DUTY,
    Industry.HOTEL: IndustryCode.HOTEL,
    Industry.OTHER_TAXES: IndustryCode.OTHER_TAXES,
    Industry.AUCTION: IndustryCode.AUCTION,
}
DUTY_UNITS: Final = {
    DutyUnit.STICK: ExciseUnit.STICK,
    DutyUnit.LITRE: ExciseUnit.LITRE,
    DutyUnit.KILOGRAM: ExciseUnit.KILOGRAM,
    DutyUnit.USER_DAY: ExciseUnit.USER_DAY,
    DutyUnit.MINUTE: ExciseUnit.MINUTE,
    DutyUnit.THOUSAND_STICKS: ExciseUnit.THOUSAND_STICKS,
    DutyUnit.FIFTY_KILOGRAMS: ExciseUnit.FIFTY_KILOGRAMS,
    DutyUnit.NONE: ExciseUnit.NONE,
    DutyUnit.GRAM: ExciseUnit.GRAM,
}
DUTY_UNIT_TEXTS: Final = {
    DutyUnit.STICK: "per stick",
    DutyUnit.LITRE: "per litre",
    DutyUnit.KILOGRAM: "per kg",
    DutyUnit.USER_DAY: "per user per day of access",
    DutyUnit.MINUTE: "per minute",
    DutyUnit.THOUSAND_STICKS: "per 1,000 sticks",
    DutyUnit.FIFTY_KILOGRAMS: "per 50kg",
    DutyUnit.NONE: "-",
    DutyUnit.GRAM: "per 1 g",
}
PAYMENTS: Final = {
    PaymentMethod.CREDIT: PaymentMode.CREDIT,
    PaymentMethod.CASH: PaymentMode.CASH,
    PaymentMethod.CHEQUE: PaymentMode.CHEQUE,
    PaymentMethod.DEMAND_DRAFT: PaymentMode.DEMAND_DRAFT,
    PaymentMethod.MOBILE_MONEY: PaymentMode.MOBILE_MONEY,
    PaymentMethod.CARD: PaymentMode.CARD,
    PaymentMethod.EFT: PaymentMode.EFT,
    PaymentMethod.POS: PaymentMode.POS,
    PaymentMethod.RTGS: PaymentMode.RTGS,
    PaymentMethod.SWIFT: PaymentMode.SWIFT,
}


def backwards(table: Mapping[W, C]) -> dict[str, W]:
    """Return a table by the text of its codes."""
    return {str(code): word for word, code in table.items()}
