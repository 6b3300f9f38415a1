"""Rules about taxDetails rows: fields, and which rate and tax fit which category."""

from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import EXEMPT, STANDARD_RATE, YES, ZERO_RATE
from risiti.simulator.rules.readings import demand

CATEGORY_CODES = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
STANDARD, ZERO, EXEMPT_ROW, DEEMED, EXCISE, OUTSIDE = "01", "02", "03", "04", "05", "11"
OVER_THE_TOP, STAMP_DUTY, HOTEL_TAX, LEVY, OTHERS = "06", "07", "08", "09", "10"
OTHER_TAXES = {
    "105": (OVER_THE_TOP, LEVY),
    "106": (STAMP_DUTY,),
    "107": (HOTEL_TAX,),
    "108": (OVER_THE_TOP, STAMP_DUTY, HOTEL_TAX, LEVY, OTHERS),
}
"""Taxes that lie beside VAT and excise, by the industry that may carry them; which is ours, as none is printed."""

_RATES = {STANDARD: STANDARD_RATE, ZERO: ZERO_RATE, DEEMED: STANDARD_RATE, OUTSIDE: ZERO_RATE}


def check_fields(draft: Draft, about: Examination) -> None:
    """Each row for itself: presence, digits, signs, lengths."""
    if not draft.taxes:
        draft.summary.refuse("2828")
    for row in draft.taxes:
        _check_category_field(row, about)
        if row.amount("netAmount", 16, 4, empty="1262", digits="1263") < 0:
            row.refuse("1266")
        _check_rate_field(row)
        if row.amount("taxAmount", 16, 4, empty="1269", digits="1270") < 0:
            row.refuse("1273")
        if row.amount("grossAmount", 16, 4, empty="1274", digits="1275") < 0:
            row.refuse("1278")
        row.fits("exciseUnit", 3, "1280")
        row.fits("exciseCurrency", 10, "1285")
        row.fits("taxRateName", 100, "1479")
        if not row.text("taxCategoryCode"):
            row.required("taxRateName", "1478")
        if row.text("taxCategoryCode") in (EXCISE, OTHERS):
            row.required("taxRateName", "2831")


def _check_category_field(row: Block, about: Examination) -> None:
    demand(row, "taxCategory", "1260", about.settings)
    row.fits("taxCategory", 100, "1261")
    if about.seller.tax_category_mandatory:
        row.required("taxCategoryCode", "2828")
    row.fits("taxCategoryCode", 2, "2829")
    row.one_of("taxCategoryCode", ("", *CATEGORY_CODES), "2830")


def _check_rate_field(row: Block) -> None:
    if row.required("taxRate", "1437") == EXEMPT:
        return
    digits = (12, 8) if row.text("taxCategoryCode") in (EXCISE, *OTHER_TAXES["108"]) else (1, 4)
    rate = row.number("taxRate", *digits, "1438")
    if rate is not None and rate < 0:
        row.refuse("1441")


def code_of(row: Block) -> str:
    """Return the tax category of a row; one that gives none is told by its rate, as T103 may allow."""
    code = row.text("taxCategoryCode")
    if code:
        return code
    if row.text("taxRate") == EXEMPT:
        return EXEMPT_ROW
    return STANDARD if row.number("taxRate", 12, 8, "1438") else ZERO


def check_rules(draft: Draft, about: Examination) -> None:
    """Category against rate, tax, industry and the seller's permissions."""
    allowed = OTHER_TAXES.get(draft.basic.text("invoiceIndustryCode"), ())
    for row in draft.taxes:
        code = code_of(row)
        if code == EXCISE:
            _check_excise(row, draft, about)
            continue
        if code == DEEMED and not about.seller.deemed_supplies:
            row.refuse("2821")
        if code == OUTSIDE and not about.seller.out_of_scope:
            row.refuse("2840")
        if not about.seller.vat_registered and code in (STANDARD, ZERO, DEEMED):
            row.refuse("3087")
        if code not in (*_RATES, EXEMPT_ROW):
            if code not in allowed:
                row.refuse("2830", f"Documents of this industry carry no tax of category {code}")
            continue
        _check_rate(row, code)
        tax = row.amount("taxAmount", 16, 4, empty="1269", digits="1270")
        if code == ZERO and tax != 0:
            row.refuse("3050")
        if code == EXEMPT_ROW and tax != 0:
            row.refuse("3051")


def _check_rate(row: Block, code: str) -> None:
    text = row.text("taxRate")
    if code == EXEMPT_ROW:
        fits = text == EXEMPT
    else:
        fits = text != EXEMPT and row.number("taxRate", 12, 8, "1438") == _RATES[code]
    if not fits:
        row.refuse("2833")


def _check_excise(row: Block, draft: Draft, about: Examination) -> None:
    """Hold an excise row to the rate of an excise line; per unit, it says of which unit and in which currency."""
    if not about.seller.excise_registered:
        row.refuse("2851")
    rate = row.text("taxRate")
    lines = [line for line in draft.lines if line.text("exciseFlag") == YES and _same(line.text("exciseRate"), rate)]
    if not lines:
        row.refuse("2833")
    if any(line.text("exciseRule") == "2" for line in lines):
        row.required("exciseUnit", "1279")
        row.required("exciseCurrency", "1284")
        row.one_of("exciseCurrency", seed.UGX_RATES, "2182")


def _same(rate: str, other: str) -> bool:
    """Tell whether two rates are the same, however many zeros they end in."""
    if EXEMPT in (rate, other):
        return rate == other
    try:
        return Decimal(rate) == Decimal(other)
    except ArithmeticError:
        return False
