"""Rules about taxDetails rows: fields, and which rate and tax fit which category."""

from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import EXEMPT, STANDARD_RATE, ZERO_RATE

CATEGORY_CODES = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
STANDARD, ZERO, EXEMPT_ROW, DEEMED, EXCISE, OUTSIDE = "01", "02", "03", "04", "05", "11"
_RATES = {STANDARD: STANDARD_RATE, ZERO: ZERO_RATE, OUTSIDE: ZERO_RATE}


def check_fields(draft: Draft) -> None:
    """Each row for itself: presence, digits, signs, lengths."""
    if not draft.taxes:
        draft.summary.refuse("2828")
    for row in draft.taxes:
        row.fits("taxCategory", 100, "1261")
        row.required("taxCategoryCode", "2828")
        row.fits("taxCategoryCode", 2, "2829")
        row.one_of("taxCategoryCode", CATEGORY_CODES, "2830")
        if row.amount("netAmount", 16, 4, empty="1262", digits="1263") < 0:
            row.refuse("1266")
        if row.required("taxRate", "1437") != EXEMPT:
            rate = row.number("taxRate", 1, 4, "1438")
            if rate is not None and rate < 0:
                row.refuse("1441")
        if row.amount("taxAmount", 16, 4, empty="1269", digits="1270") < 0:
            row.refuse("1273")
        if row.amount("grossAmount", 16, 4, empty="1274", digits="1275") < 0:
            row.refuse("1278")
        row.fits("exciseUnit", 3, "1280")
        row.fits("exciseCurrency", 10, "1285")
        row.fits("taxRateName", 100, "1479")
        if row.text("taxCategoryCode") in ("05", "10"):
            row.required("taxRateName", "2831")


def check_rules(draft: Draft, about: Examination) -> None:
    """Category against rate, tax and the seller's permissions."""
    for row in draft.taxes:
        code = row.text("taxCategoryCode")
        if code == EXCISE:
            row.refuse("2851")
        if code == DEEMED:
            row.refuse("2821")
        if code not in (STANDARD, ZERO, EXEMPT_ROW, OUTSIDE):
            row.refuse("2830", f"This stand-in does not issue documents with tax category {code} yet")
        if code == OUTSIDE and not about.seller.out_of_scope:
            row.refuse("2840")
        if not about.seller.vat_registered and code in (STANDARD, ZERO):
            row.refuse("3087")
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
        fits = text != EXEMPT and row.number("taxRate", 1, 4, "1438") == _RATES[code]
    if not fits:
        row.refuse("2833")
