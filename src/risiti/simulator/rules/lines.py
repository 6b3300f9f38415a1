"""Rules about goods lines: fields, signs, discount pairs (section 6 of the specification's checks)."""

from decimal import Decimal

from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import demand, twin
from risiti.simulator.settings import Settings

DISCOUNT, DISCOUNTED, NORMAL = "0", "1", "2"
YES, NO = "1", "2"
OUT_OF_SCOPE = "0"
EXEMPT = "-"
STANDARD_RATE, ZERO_RATE = Decimal("0.18"), Decimal(0)
DEEMED_PROJECT, EXEMPT_PROJECT = "101", "102"
DISCOUNT_SUFFIX = " (Discount)"
DEEMED_SUFFIX = " (Deemed)"


def check_fields(draft: Draft, about: Examination) -> None:
    """Each line for itself: presence, lengths, digits, signs, enumerations."""
    for line in draft.lines:
        flag = line.one_of("discountFlag", (DISCOUNT, DISCOUNTED, NORMAL), "1171")
        line.required("item", "1175")
        line.fits("item", 200, "1176")
        line.required("itemCode", "1179")
        line.fits("itemCode", 50, "1180")
        if flag == DISCOUNT:
            _check_discount_amounts(line)
        else:
            _check_sale_amounts(line, about.settings)
        _check_rate_field(line)
        _check_discount_fields(line, flag)
        if flag == DISCOUNTED:
            demand(line, "discountTaxRate", "1214", about.settings)
        _check_flags(line)
        _check_named(line, about)


def _check_sale_amounts(line: Block, settings: Settings) -> None:
    quantity = line.amount("qty", 12, 8, empty=twin("1267", settings), digits="1183")
    if quantity <= 0:
        line.refuse("1185" if quantity == 0 else "1186")
    line.required("unitOfMeasure", "2139")
    price = line.amount("unitPrice", 12, 8, empty=twin("1268", settings), digits="1189")
    if price <= 0:
        line.refuse("1191" if price == 0 else "1192")
    total = line.amount("total", 12, 2, empty="1194", digits="1195")
    if total <= 0:
        line.refuse("1197" if total == 0 else "1198")
    if line.amount("tax", 12, 2, empty="1200", digits="1201") < 0:
        line.refuse("1204")


def _check_discount_amounts(line: Block) -> None:
    line.empty("qty", "1181")
    line.empty("unitPrice", "1187")
    total = line.amount("total", 12, 2, empty="1194", digits="1195")
    if total >= 0:
        line.refuse("1197" if total == 0 else "1196")
    if line.amount("tax", 12, 2, empty="1200", digits="1201") > 0:
        line.refuse("1202")


def _check_rate_field(line: Block) -> None:
    text = line.required("taxRate", "1209")
    if text == EXEMPT:
        return
    rate = line.number("taxRate", 1, 4, "1210")
    if rate is not None and rate < 0:
        line.refuse("1213")


def _check_discount_fields(line: Block, flag: str) -> None:
    if flag == DISCOUNTED:
        line.amount("discountTotal", 12, 2, empty="3076", digits="1206")
    else:
        line.empty("discountTotal", "1205")
    if line.text("discountTaxRate") != EXEMPT:
        rate = line.number("discountTaxRate", 2, 5, "1215")
        if rate is not None and rate < 0:
            line.refuse("1218")


def _check_flags(line: Block) -> None:
    line.one_of("deemedFlag", (YES, NO), "1170")
    line.one_of("exciseFlag", (YES, NO), "1220")
    line.fits("categoryId", 18, "1223")
    line.fits("categoryName", 1024, "1226")
    line.required("goodsCategoryId", "1227")
    line.fits("goodsCategoryId", 18, "1228")
    line.fits("goodsCategoryName", 100, "1230")
    line.fits("exciseRate", 21, "1234")
    line.one_of("exciseRule", ("", "1", "2"), "1236")
    line.number("exciseTax", 12, 4, "1239")
    line.fits("exciseCurrency", 10, "1259")
    line.number("pack", 12, 8, "1245")
    line.number("stick", 12, 8, "1251")
    line.fits("vatApplicableFlag", 1, "2854")
    line.one_of("vatApplicableFlag", ("", OUT_OF_SCOPE, "1"), "2855")
    line.fits("deemedExemptCode", 3, "3039")
    line.one_of("deemedExemptCode", ("", "101", "102"), "3040")
    line.fits("vatProjectId", 18, "3042")
    line.fits("vatProjectName", 100, "3045")


def _check_named(line: Block, about: Examination) -> None:
    demand(line, "goodsCategoryName", "1229", about.settings)
    demand(line, "vatApplicableFlag", "2853", about.settings)
    if line.text("vatProjectId"):
        demand(line, "deemedExemptCode", "3038", about.settings)


def check_order(draft: Draft, about: Examination) -> None:
    """Number of lines, their numbering, and that each discount stands right behind its line."""
    if len(draft.lines) > about.settings.max_lines:
        draft.summary.refuse("1305")
    if draft.lines[0].text("discountFlag") == DISCOUNT:
        draft.lines[0].refuse("1172")
    if draft.lines[-1].text("discountFlag") == DISCOUNTED:
        draft.lines[-1].refuse("1174")
    before: Block | None = None
    for position, line in enumerate(draft.lines):
        if line.text("orderNumber") != str(position):
            line.refuse("1219")
        flag = line.text("discountFlag")
        after_discounted = before is not None and before.text("discountFlag") == DISCOUNTED
        if after_discounted and flag != DISCOUNT:
            line.refuse("1173")
        if flag == DISCOUNT:
            if before is None or not after_discounted:
                line.refuse("2787")
            _check_pair(before, line)
        before = line


def _check_pair(sold: Block, discount: Block) -> None:
    if discount.text("item").casefold() != (sold.text("item") + DISCOUNT_SUFFIX).casefold():
        discount.refuse("1178")
    if discount.text("taxRate") != sold.text("taxRate"):
        discount.refuse("2048")
    wanted = sold.amount("discountTotal", 12, 2, empty="3076", digits="1206")
    given = discount.amount("total", 12, 2, empty="1194", digits="1195")
    if given != wanted:
        discount.refuse("1206")
    if abs(wanted) > sold.amount("total", 12, 2, empty="1194", digits="1195"):
        sold.refuse("3114")


def check_scope(draft: Draft, about: Examination) -> None:
    """Supplies outside the scope of VAT: rate 0, and permission."""
    for line in draft.lines:
        if line.text("vatApplicableFlag") != OUT_OF_SCOPE:
            continue
        if line.text("taxRate") == EXEMPT or line.number("taxRate", 1, 4, "1210") != ZERO_RATE:
            line.refuse("2857")
        if not about.seller.out_of_scope:
            line.refuse("2856")


def rate_of(line: Block) -> Decimal | None:
    """Return the VAT rate of a line, None for exempt (`-`)."""
    return None if line.text("taxRate") == EXEMPT else line.number("taxRate", 1, 4, "1210")
