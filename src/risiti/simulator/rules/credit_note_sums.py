"""The sums of an application for a credit note: those of an invoice, with every amount negative or 0."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

from risiti.simulator import seed
from risiti.simulator.ledger import Document
from risiti.simulator.remainder import DIGITS
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.lines import DISCOUNT, EXEMPT, OUT_OF_SCOPE, YES
from risiti.simulator.rules.tax_rows import (
    CATEGORY_CODES,
    DEEMED,
    EXCISE,
    EXEMPT_ROW,
    OUTSIDE,
    STANDARD,
    ZERO,
)
from risiti.simulator.settings import Settings
from risiti.simulator.values import decimal_of

CENT = Decimal("0.01")
UNTAXED = (ZERO, EXEMPT_ROW, OUTSIDE)
BY_QUANTITY = "2"


def check_fields(taxes: Sequence[Block], summary: Block, settings: Settings) -> None:
    """Check taxDetails and summary each for itself: presence, digits, signs."""
    if not taxes:
        summary.refuse("2828")
    with localcontext() as context:
        context.prec = DIGITS
        for row in taxes:
            _check_row(row)
        _check_summary_fields(summary, taxes, settings)


def _check_row(row: Block) -> None:
    row.required("taxCategoryCode", "2828")
    code = row.one_of("taxCategoryCode", CATEGORY_CODES, "2830")
    net = row.amount("netAmount", 16, 4, empty="1262", digits="1263")
    if net > 0:
        row.refuse("1264")
    rate = _row_rate(row, code)
    tax = row.amount("taxAmount", 16, 4, empty="1269", digits="1270")
    if tax > 0:
        row.refuse("1271")
    gross = row.amount("grossAmount", 16, 4, empty="1274", digits="1275")
    if gross > 0:
        row.refuse("1276")
    _refuse_lone_zeros(row, net, tax, gross)
    if code == STANDARD and tax == 0 and _cents(gross * rate / (1 + rate)) != 0:
        row.refuse("1272")
    row.fits("exciseUnit", 3, "1280")
    row.fits("exciseCurrency", 10, "1285")
    currency = row.text("exciseCurrency")
    if currency and currency not in (*seed.UGX_RATES, *seed.CURRENCIES):
        row.refuse("2182")


def _row_rate(row: Block, code: str) -> Decimal:
    """Read the rate of a row: some for the standard rate, none for untaxed categories."""
    if row.required("taxRate", "1437") == EXEMPT:
        return Decimal(0)
    rate = row.number("taxRate", 12 if code == EXCISE else 1, 4, "1438") or Decimal(0)
    if rate < 0:
        row.refuse("1441")
    if rate > 0 and code in UNTAXED:
        row.refuse("1439")
    if rate == 0 and code == STANDARD:
        row.refuse("1440")
    return rate


def _refuse_lone_zeros(row: Block, net: Decimal, tax: Decimal, gross: Decimal) -> None:
    """Refuse an amount of 0 that the other two contradict, whatever the sum says."""
    if gross == 0 and (net or tax):
        row.refuse("1277")
    if net == 0 and gross:
        row.refuse("1265")


def _check_summary_fields(summary: Block, taxes: Sequence[Block], settings: Settings) -> None:
    net = summary.amount("netAmount", 16, 4, empty="1289", digits="1290")
    if net >= 0:
        summary.refuse("1291" if net else "1292")
    tax = summary.amount("taxAmount", 16, 4, empty="1294", digits="1295")
    if tax > 0:
        summary.refuse("1296")
    gross = summary.amount("grossAmount", 16, 4, empty="1299", digits="1300")
    if gross >= 0:
        summary.refuse("1301" if gross else "1302")
    if tax == 0 and any(row.amount("taxAmount", 16, 4, empty="1269", digits="1270") for row in taxes):
        summary.refuse("1297")
    summary.one_of("modeCode", ("0", "1"), "1306")
    if settings.presence == "codes":
        summary.required("remarks", "1307")
    summary.fits("remarks", 500, "1308")
    summary.fits("qrCode", 500, "1311")


def check_against(summary: Block, original: Document) -> None:
    """Refuse to credit more than the original came to."""
    if -summary.amount("grossAmount", 16, 4, empty="1299", digits="1300") > original.gross:
        summary.refuse("3115")
    if -summary.amount("taxAmount", 16, 4, empty="1294", digits="1295") > original.tax:
        summary.refuse("3116")


def check(lines: Sequence[Block], taxes: Sequence[Block], summary: Block, settings: Settings) -> None:
    """Check lines, tax rows and summary against each other. A line's total need not be quantity times price."""
    if len(lines) > settings.max_lines:
        summary.refuse("1305")
    with localcontext() as context:
        context.prec = DIGITS
        for line in lines:
            _check_line(line, settings.tax_tolerance)
        _check_excise_rows(lines, taxes)
        _check_rows(lines, taxes, summary)
        _check_summary(lines, taxes, summary)


def _check_line(line: Block, tolerance: Decimal) -> None:
    rate = _rate_of(line)
    exact = _cents(line.amount("total", 12, 2, empty="1450", digits="1451") * rate / (1 + rate))
    tax = line.amount("tax", 12, 2, empty="1444", digits="1445")
    if tax == 0 and abs(exact) > tolerance:
        line.refuse("1447")
    if abs(tax - exact) > (tolerance if rate else 0):
        line.refuse("2776")


def _rate_of(line: Block) -> Decimal:
    return decimal_of(line.text("taxRate"), 1, 4) or Decimal(0)


def _category_of(line: Block) -> str:
    if line.text("vatApplicableFlag") == OUT_OF_SCOPE:
        return OUTSIDE
    if line.text("deemedFlag") == YES:
        return DEEMED
    if line.text("taxRate") == EXEMPT:
        return EXEMPT_ROW
    return STANDARD if _rate_of(line) else ZERO


def _check_excise_rows(lines: Sequence[Block], taxes: Sequence[Block]) -> None:
    """Demand unit and currency on the excise rows of lines that are charged by quantity."""
    rates = {
        decimal_of(line.text("exciseRate"), 12, 8)
        for line in lines
        if line.text("exciseFlag") == YES and line.text("exciseRule") == BY_QUANTITY
    }
    for row in taxes:
        if row.text("taxCategoryCode") == EXCISE and decimal_of(row.text("taxRate"), 12, 8) in rates:
            row.required("exciseUnit", "1279")
            row.required("exciseCurrency", "1284")


def _check_rows(lines: Sequence[Block], taxes: Sequence[Block], summary: Block) -> None:
    sold: defaultdict[str, Decimal] = defaultdict(Decimal)
    taxed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sold[_category_of(line)] += line.amount("total", 12, 2, empty="1450", digits="1451")
        taxed[_category_of(line)] += line.amount("tax", 12, 2, empty="1444", digits="1445")
    gross: defaultdict[str, Decimal] = defaultdict(Decimal)
    tax: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in taxes:
        amounts = _amounts(row)
        if _cents(amounts[0] + amounts[1]) != _cents(amounts[2]):
            row.refuse("1342")
        tax[row.text("taxCategoryCode")] += amounts[1]
        gross[row.text("taxCategoryCode")] += amounts[2]
    for code in sorted({*sold, *gross} - {EXCISE}):
        if code in sold and _cents(gross[code]) != _cents(sold[code]):
            summary.refuse("1317")
        if abs(_cents(tax[code])) < abs(_cents(taxed[code])):
            summary.refuse("2785")


def _check_summary(lines: Sequence[Block], taxes: Sequence[Block], summary: Block) -> None:
    net, tax, gross = _amounts(summary)
    rows = [(row.text("taxCategoryCode"), *_amounts(row)) for row in taxes]
    if _cents(gross) != _cents(sum((row[3] for row in rows if row[0] != EXCISE), Decimal(0))):
        summary.refuse("1345")
    if _cents(tax) != _cents(sum((row[2] for row in rows), Decimal(0))):
        summary.refuse("1344")
    if _cents(net) != _cents(gross - tax):
        summary.refuse("1343")
    items = sum(1 for line in lines if line.text("discountFlag") != DISCOUNT)
    if summary.text("itemCount") != str(items):
        summary.refuse("1304")


def _amounts(block: Block) -> tuple[Decimal, Decimal, Decimal]:
    return (
        block.amount("netAmount", 16, 4, empty="1262", digits="1263"),
        block.amount("taxAmount", 16, 4, empty="1269", digits="1270"),
        block.amount("grossAmount", 16, 4, empty="1274", digits="1275"),
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
