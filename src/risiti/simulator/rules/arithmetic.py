"""The sums of a document (section 7 of the specification's checks), in decimal arithmetic of the authority's own.

Prices include VAT. `total` is quantity times price, cut after two decimals; the VAT in it is total x r / (1 + r).
"""

from collections import defaultdict
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

from risiti.simulator.rules import excise
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import DISCOUNT, EXEMPT, OUT_OF_SCOPE, YES, rate_of
from risiti.simulator.rules.tax_rows import (
    DEEMED,
    EXCISE,
    EXEMPT_ROW,
    HOTEL_TAX,
    LEVY,
    OTHERS,
    OUTSIDE,
    OVER_THE_TOP,
    STAMP_DUTY,
    STANDARD,
    ZERO,
    code_of,
)

CENT = Decimal("0.01")
EXCISE_TOLERANCE = Decimal("0.01")
"""What the excise tax of a line may differ from the formula."""

BESIDE = (OVER_THE_TOP, STAMP_DUTY, HOTEL_TAX, LEVY, OTHERS)
"""Taxes that come on top of the prices: their rows are all tax, gross and tax alike."""

DIGITS = 60
"""Enough for any product of two fields and the sum of any number of them."""


def check(draft: Draft, about: Examination) -> None:
    """Check lines, tax rows, summary and payments, in this order."""
    with localcontext() as context:
        context.prec = DIGITS
        for line in draft.lines:
            _check_line(line, about.settings.tax_tolerance)
            if line.text("exciseFlag") == YES and about.settings.excise_formula == "inside":
                excise.check_amount(line, EXCISE_TOLERANCE, draft.basic.text("currency"))
        _check_tax_rows(draft)
        _check_summary(draft)
        _check_payments(draft)


def _check_line(line: Block, tolerance: Decimal) -> None:
    total = line.amount("total", 12, 2, empty="1194", digits="1195")
    if line.text("discountFlag") != DISCOUNT:
        quantity = line.amount("qty", 12, 8, empty="1267", digits="1183")
        price = line.amount("unitPrice", 12, 8, empty="1268", digits="1189")
        if (quantity * price).quantize(CENT, ROUND_DOWN) != total:
            line.refuse("1316")
    rate = rate_of(line) or Decimal(0)
    tax = line.amount("tax", 12, 2, empty="1200", digits="1201")
    exact = _to_cents(total * rate / (1 + rate))
    if tax == 0 and abs(exact) > tolerance:
        line.refuse("1203")
    if abs(tax - exact) > (tolerance if rate else 0):
        line.refuse("2776")


def _category_of(line: Block) -> str:
    if line.text("vatApplicableFlag") == OUT_OF_SCOPE:
        return OUTSIDE
    if line.text("taxRate") == EXEMPT:
        return EXEMPT_ROW
    if line.text("deemedFlag") == YES:
        return DEEMED
    return STANDARD if rate_of(line) else ZERO


def _check_tax_rows(draft: Draft) -> None:
    sold: defaultdict[str, Decimal] = defaultdict(Decimal)
    taxed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in draft.lines:
        category = _category_of(line)
        sold[category] += line.amount("total", 12, 2, empty="1194", digits="1195")
        tax_in_line = line.amount("tax", 12, 2, empty="1200", digits="1201")
        taxed[category] += tax_in_line
        if line.text("exciseFlag") == YES:
            sold[EXCISE] += line.amount("total", 12, 2, empty="1194", digits="1195") - tax_in_line
            taxed[EXCISE] += line.amount("exciseTax", 12, 4, empty="1237", digits="1239")
    gross: defaultdict[str, Decimal] = defaultdict(Decimal)
    tax: defaultdict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, Block] = {}
    for row in draft.taxes:
        amounts = _amounts(row)
        if _to_cents(amounts["netAmount"] + amounts["taxAmount"]) != _to_cents(amounts["grossAmount"]):
            row.refuse("1342")
        code = code_of(row)
        gross[code] += amounts["grossAmount"]
        tax[code] += amounts["taxAmount"]
        last[code] = row
        if code in BESIDE:
            sold[code] += amounts["taxAmount"]
    for code in sorted({*sold, *gross}):
        row = last.get(code, draft.summary)
        if _to_cents(gross[code]) != _to_cents(sold[code]):
            row.refuse("1317")
        if _to_cents(tax[code]) < _to_cents(taxed[code]):
            row.refuse("2785")


def _amounts(block: Block) -> dict[str, Decimal]:
    return {
        "netAmount": block.amount("netAmount", 16, 4, empty="1262", digits="1263"),
        "taxAmount": block.amount("taxAmount", 16, 4, empty="1269", digits="1270"),
        "grossAmount": block.amount("grossAmount", 16, 4, empty="1274", digits="1275"),
    }


def _check_summary(draft: Draft) -> None:
    summary = draft.summary
    stated = _amounts(summary)
    rows = [(code_of(row), _amounts(row)) for row in draft.taxes]
    gross = sum((amounts["grossAmount"] for code, amounts in rows if code != EXCISE), Decimal(0))
    tax = sum((amounts["taxAmount"] for _, amounts in rows), Decimal(0))
    if _to_cents(stated["grossAmount"]) != _to_cents(gross):
        summary.refuse("1345")
    if _to_cents(stated["taxAmount"]) != _to_cents(tax):
        summary.refuse("1344")
    if _to_cents(stated["netAmount"]) != _to_cents(stated["grossAmount"] - stated["taxAmount"]):
        summary.refuse("1343")
    items = sum(1 for line in draft.lines if line.text("discountFlag") != DISCOUNT)
    if summary.text("itemCount") != str(items):
        summary.refuse("1304")


def _check_payments(draft: Draft) -> None:
    if not draft.payments:
        return
    paid = sum((row.amount("paymentAmount", 12, 2, empty="2265", digits="2266") for row in draft.payments), Decimal(0))
    if paid != _to_cents(_amounts(draft.summary)["grossAmount"]):
        draft.payments[-1].refuse("2270")


def _to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
