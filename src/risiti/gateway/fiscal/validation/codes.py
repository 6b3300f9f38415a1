"""Every code of a problem: what it says, what mends it, and the return code that the authority would have answered.

The table in `docs/validation.md` is made from here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.return_codes import code_for

WIRE_FIELDS: Final[Mapping[str, str]] = {
    "/reference": "sellerDetails.referenceNo",
    "/device": "basicInformation.deviceNo",
    "/issued_at": "basicInformation.issuedDate",
    "/operator": "basicInformation.operator",
    "/currency": "basicInformation.currency",
    "/kind": "basicInformation.invoiceKind",
    "/industry": "basicInformation.invoiceIndustryCode",
    "/remarks": "summary.remarks",
    "/buyer": "buyerDetails",
    "/buyer/type": "buyerDetails.buyerType",
    "/buyer/tin": "buyerDetails.buyerTin",
    "/buyer/name": "buyerDetails.buyerLegalName",
    "/buyer/trading_name": "buyerDetails.buyerBusinessName",
    "/buyer/national_id": "buyerDetails.buyerNinBrn",
    "/buyer/passport": "buyerDetails.buyerPassportNum",
    "/buyer/citizenship": "buyerDetails.buyerCitizenship",
    "/buyer/address": "buyerDetails.buyerAddress",
    "/buyer/email": "buyerDetails.buyerEmail",
    "/buyer/phone": "buyerDetails.buyerMobilePhone",
    "/buyer/reference": "buyerDetails.buyerReferenceNo",
    "/export/delivery_terms": "buyerDetails.deliveryTermsCode",
    "/lines": "goodsDetails",
    "/lines/*/name": "goodsDetails.item",
    "/lines/*/code": "goodsDetails.itemCode",
    "/lines/*/category": "goodsDetails.goodsCategoryId",
    "/lines/*/quantity": "goodsDetails.qty",
    "/lines/*/unit": "goodsDetails.unitOfMeasure",
    "/lines/*/unit_price": "goodsDetails.unitPrice",
    "/lines/*/amount": "goodsDetails.total",
    "/lines/*/tax": "goodsDetails.taxRate",
    "/lines/*/discount": "goodsDetails.discountTotal",
    "/lines/*/weight": "goodsDetails.totalWeight",
    "/lines/*/project/id": "goodsDetails.vatProjectId",
    "/lines/*/project/name": "goodsDetails.vatProjectName",
    "/lines/*/excise/code": "goodsDetails.categoryId",
    "/lines/*/excise/name": "goodsDetails.categoryName",
    "/lines/*/excise/percent": "goodsDetails.exciseRate",
    "/lines/*/excise/amount": "goodsDetails.exciseRate",
    "/lines/*/excise/per": "goodsDetails.exciseUnit",
    "/lines/*/excise/currency": "goodsDetails.exciseCurrency",
    "/lines/*/excise/pack": "goodsDetails.pack",
    "/lines/*/excise/stick": "goodsDetails.stick",
    "/payment": "payWay.paymentMode",
    "/payments/*/method": "payWay.paymentMode",
    "/payments/*/amount": "payWay.paymentAmount",
}
"""Where fields of a document go on the wire; a star stands for the number of a row, charges count as lines."""

_ROW: Final = re.compile(r"/(?:lines|charges|payments|discounts|taxes)/([0-9]+)")


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """What one code means.

    Attributes:
        meaning: One sentence, for the table.
        rules: Kinds of check of the authority that would have seen it, the likeliest first; its code follows from the
            field.
        authority: The authority's code where it does not depend on the field.
        mended: What `fix=safe` does about it; empty where a person has to decide.
    """

    meaning: str
    rules: tuple[str, ...] = ()
    authority: str = ""
    mended: str = ""


_LENGTH: Final = ("max_length", "min_max_length")

CODES: Final[Mapping[str, ProblemCode]] = {
    # fields
    "missing": ProblemCode(
        "A field that must be there is not.",
        ("required",),
        mended="category and name of registered goods are filled in",
    ),
    "unknown_field": ProblemCode(
        "There is no field of this name.",
        mended="another spelling or another system's name of a field is renamed; a field that holds nothing goes",
    ),
    "wrong_type": ProblemCode(
        "Another kind of value is needed.",
        ("format",),
        mended="a number is put into quotes, or taken out of them; null for a field that may be left out goes",
    ),
    "empty": ProblemCode("There is nothing in it.", ("required",), mended="an optional field goes"),
    "given_twice": ProblemCode("The same is said in two ways.", mended="the short form goes where both say the same"),
    "unknown_value": ProblemCode(
        "The word is not one of those for this.",
        ("invalid_value",),
        mended="other letters, blanks, hyphens and other names for exactly the same",
    ),
    "out_of_range": ProblemCode("The value lies outside what may be.", ("max_value", "invalid_value")),
    "too_long": ProblemCode("The text is longer than fits.", _LENGTH, mended="a telephone number loses its blanks"),
    "control_character": ProblemCode(
        "Line breaks, control characters or characters that nobody sees.",
        ("format",),
        mended="line breaks and tabulators become blanks",
    ),
    "nul_character": ProblemCode("A text holds the character U+0000."),
    "invalid_code": ProblemCode(
        "A code of other characters or length than it can have.",
        ("invalid_value", *_LENGTH),
        mended="blanks go; the name of a unit becomes its code",
    ),
    "invalid_tin": ProblemCode(
        "A TIN is 10 digits (20 at most).", authority="1143", mended="blanks, points and hyphens go"
    ),
    "invalid_email": ProblemCode("This is no e-mail address.", authority="1156", mended="what stands around it goes"),
    # what cannot be read at all; see docs/limits.md
    "duplicate_key": ProblemCode("A field is given twice in one object."),
    "not_a_number": ProblemCode("NaN and Infinity are no numbers of JSON."),
    "number_too_long": ProblemCode("More characters than any number has."),
    "lone_surrogate": ProblemCode("Half a character."),
    # numbers
    "not_a_decimal": ProblemCode(
        "This is no plain decimal number.",
        ("format", "max_digits"),
        mended="blanks, groups of thousands, exponents and a decimal comma, where only one number can be meant",
    ),
    "must_be_positive": ProblemCode(
        "More than zero is needed.", ("sign",), mended="a payment of nothing beside others goes"
    ),
    "too_many_digits": ProblemCode("More digits before the point than fit.", ("max_digits",)),
    "too_many_decimals": ProblemCode(
        "More digits after the point than fit.",
        ("max_digits",),
        mended="zeros at the end go; totals that you state are rounded to cents",
    ),
    # times
    "not_a_time": ProblemCode(
        "This is no time as RFC 3339 writes it.",
        authority="1130",
        mended="T, seconds and the offset's colon are put in",
    ),
    "not_a_date": ProblemCode("This is no day.", mended="blanks go"),
    "offset_missing": ProblemCode("The time does not say in which zone it is.", authority="1130"),
    "in_the_future": ProblemCode("The document is dated more than ten minutes ahead."),
    # parties
    "buyer_unnamed": ProblemCode("Nothing says who the foreign buyer is.", authority="2888"),
    "wrong_kind": ProblemCode("The company issues the other kind of document.", authority="2240"),
    "tax_on_receipt": ProblemCode("A receipt carries no VAT.", authority="3087"),
    "device_unknown": ProblemCode("The company has no such device, or several.", authority="3073"),
    # sums
    "too_many_lines": ProblemCode("More lines than one document may have.", authority="1305"),
    "too_many_charges": ProblemCode("More charges than one document may have.", authority="1305"),
    "too_many_discounts": ProblemCode("More discounts than one document may have."),
    "too_many_taxes": ProblemCode("More other taxes than one document may have."),
    "too_many_payments": ProblemCode("More payments than one document may have."),
    "discount_needs_one": ProblemCode(
        "A discount is an amount or a percentage.", mended="the half that takes off nothing goes"
    ),
    "discount_over_line": ProblemCode("The discount is more than the line.", authority="3114"),
    "discount_over_document": ProblemCode("The discount is more than what it is taken off.", authority="3114"),
    "line_total_zero": ProblemCode("Quantity times price comes to less than a cent.", authority="1197"),
    "line_total_too_large": ProblemCode("The line comes to more than fits.", authority="1195"),
    "price_missing": ProblemCode("The line has no price.", authority="1268"),
    "price_not_representable": ProblemCode("No price of eight decimals gives the line's total.", authority="1316"),
    "gross_zero": ProblemCode("The document comes to nothing.", authority="1302"),
    "gross_too_large": ProblemCode("The document comes to more than fits.", authority="1300"),
    "payments_do_not_add_up": ProblemCode("The payments are not the document's total.", authority="2270"),
    "total_mismatch": ProblemCode("A sum that you state is not the one that we find."),
    "duty_needs_one": ProblemCode("Excise duty is a percentage or an amount for each unit.", authority="1235"),
    "duty_unit": ProblemCode("Duty by quantity names its unit; duty by rate does not.", authority="1255"),
    "excise_over_price": ProblemCode("The excise duty is more than the price.", authority="2794"),
    "tax_unnamed": ProblemCode("A tax without a category of its own needs a name.", authority="1478"),
    "rounding_refused": ProblemCode("The sums differ by cents, and the rounding rule is to refuse."),
    "discount_over_lines": ProblemCode("The discounts take off more than there is.", authority="3114"),
    "project_missing": ProblemCode("A deemed line names the buyer's project.", authority="3041"),
    "project_tax": ProblemCode("A line for a project is deemed or exempt.", authority="3048"),
    "industry_mismatch": ProblemCode("Industry, export and foreign supplier do not fit together.", authority="2047"),
    "exchange_rate_missing": ProblemCode("An amount in another currency needs a rate.", authority="3052"),
    # the authority's lists, once they have been fetched
    "currency_not_listed": ProblemCode("The authority does not take this currency.", authority="2180"),
    "unit_unknown": ProblemCode(
        "The authority has no such unit.", authority="1208", mended="the name of a unit becomes its code"
    ),
    "category_unknown": ProblemCode("The authority has no such commodity category.", authority="1318"),
    "category_deleted": ProblemCode("The commodity category has been deleted.", authority="1329"),
    "category_disabled": ProblemCode("The commodity category is disabled.", authority="1330"),
    "category_not_leaf": ProblemCode(
        "The commodity category is a heading; only what is below is sold.", authority="1331"
    ),
    "category_not_exempt": ProblemCode("The category is not exempt.", authority="1332"),
    "exemption_not_in_force": ProblemCode("The exemption is not in force on that day.", authority="1333"),
    "category_not_zero_rated": ProblemCode("The category is not zero-rated.", authority="1334"),
    "zero_rate_not_in_force": ProblemCode("The zero rate is not in force on that day.", authority="1335"),
    "category_not_service": ProblemCode("Only services are exported as services.", authority="2820"),
    "duty_unknown": ProblemCode("The authority has no such excise duty.", authority="1327"),
    "duty_not_leaf": ProblemCode("The excise duty code is a heading.", authority="1338"),
    "duty_not_in_force": ProblemCode("The excise duty is not in force on that day.", authority="1339"),
    "duty_name_differs": ProblemCode(
        "The excise duty has another name.", authority="1328", mended="it gets the authority's name"
    ),
    "duty_rate_differs": ProblemCode("The excise duty has another rate.", authority="2793"),
    # the company's registered goods and items
    "goods_not_registered": ProblemCode(
        "Not registered when the list was last fetched; accepted, with a warning.", authority="2122"
    ),
    "goods_name_differs": ProblemCode(
        "The item is registered under another name.", authority="2123", mended="other letters and blanks only"
    ),
    "goods_category_differs": ProblemCode("The item is registered under another category.", authority="2124"),
    "goods_unit_differs": ProblemCode("The item is not registered in this unit.", authority="2197"),
    "goods_duty_missing": ProblemCode("The item is registered with excise duty.", authority="2848"),
    "goods_duty_unexpected": ProblemCode("The item is registered without excise duty.", authority="2850"),
    "goods_duty_differs": ProblemCode("The item is registered with another excise duty.", authority="2849"),
    "item_unknown": ProblemCode("The company has no item of this code."),
    "item_retired": ProblemCode("The item has been retired."),
    # ours
    "not_carried": ProblemCode("The authority's format does not carry this."),
    "seller_incomplete": ProblemCode("The company's own data are incomplete.", ("required",)),
    "reference_taken": ProblemCode("The reference belongs to another document.", authority="2253"),
    "more_faults": ProblemCode("There are more problems than are listed at once."),
}
"""In the order of the table."""


def authority_code(code: str, path: str, value: object = None) -> str:
    """Return the return code that a problem would have become at the authority; empty where it has none for it.

    Args:
        code: Our code.
        path: JSON pointer into our document.
        value: What stands there: zero and a negative number have codes of their own.
    """
    known = CODES.get(code)
    if known is None or known.authority:
        return known.authority if known is not None else ""
    field = _wire_field(path)
    if field is None:
        return ""
    if known.rules == ("sign",):
        return _sign_code(field, value)
    if known.rules == ("required",) and field in _REQUIRED:
        return _REQUIRED[field]
    return code_for(UPLOAD_INVOICE.code, field, known.rules) or ""


_REQUIRED: Final[Mapping[str, str]] = {
    "sellerDetails.referenceNo": "2254",
    "buyerDetails.buyerTin": "3077",
    "buyerDetails.buyerLegalName": "2247",
    "goodsDetails.qty": "1267",
    "goodsDetails.unitPrice": "1268",
    "goodsDetails.unitOfMeasure": "2139",
}
"""Fields with several codes for being missing: the one of what we send."""

_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "goodsDetails.qty": ("1185", "1186"),
    "goodsDetails.unitPrice": ("1191", "1192"),
    "goodsDetails.total": ("1197", "1198"),
    "goodsDetails.pack": ("1247", "1248"),
    "goodsDetails.stick": ("1253", "1254"),
    "payWay.paymentAmount": ("2268", ""),
}
"""Codes for zero and for a negative number."""


def _sign_code(field: str, value: object) -> str:
    zero, negative = _SIGNS.get(field, ("", ""))
    return negative if str(value).strip().startswith("-") and str(value).strip("-0. ") else zero


def _wire_field(path: str) -> str | None:
    pattern = _ROW.sub(lambda found: found[0][: -len(found[1])] + "*", path).replace("/charges/", "/lines/")
    while pattern:
        if pattern in WIRE_FIELDS:
            return WIRE_FIELDS[pattern]
        pattern = pattern.rpartition("/")[0] if pattern.endswith(("/amount", "/percent")) else ""
    return None
