"""Lines against master data: units, commodity categories and their rates, registered goods."""

from datetime import date
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import DISCOUNT, DISCOUNT_SUFFIX, EXEMPT, OUT_OF_SCOPE, STANDARD_RATE, ZERO_RATE


def check(draft: Draft, about: Examination) -> None:
    """Check every line against what the authority knows."""
    issued = draft.basic.moment("issuedDate", "1130").date()
    for line in draft.lines:
        unit = line.text("unitOfMeasure")
        if unit and unit not in seed.RATE_UNITS:
            line.refuse("1208")
        _check_category(line, issued, about)
        if about.settings.check_goods:
            _check_registered(line, about)


def _check_category(line: Block, issued: date, about: Examination) -> None:
    if _rate_of(line) not in (None, STANDARD_RATE, ZERO_RATE):
        line.refuse("1336")
    lookup = about.settings.check_categories
    category = seed.CATEGORIES.get(line.text("goodsCategoryId"))
    if lookup == "off":
        return
    if category is None:
        if lookup == "strict":
            line.refuse("1318")
        return
    if category.state != "enabled":
        line.refuse("1329" if category.state == "deleted" else "1330")
    if not category.leaf:
        line.refuse("1331")
    name = line.text("goodsCategoryName")
    if name and name.casefold() != category.name.casefold():
        line.refuse("1319")
    if line.text("vatApplicableFlag") != OUT_OF_SCOPE:
        _check_relief(line, category, issued)


def _rate_of(line: Block) -> Decimal | None:
    """Return the rate of a line, None for exempt."""
    return None if line.text("taxRate") == EXEMPT else line.number("taxRate", 1, 4, "1210")


def _check_relief(line: Block, category: seed.Category, issued: date) -> None:
    """Hold exempt and zero-rated lines to what their category allows."""
    rate = _rate_of(line)
    exempt = rate is None
    if exempt and not category.exempt:
        line.refuse("1332")
    if exempt and not category.relieved_on(issued):
        line.refuse("1333")
    if rate == ZERO_RATE and not category.zero_rated:
        line.refuse("1334")
    if rate == ZERO_RATE and not category.relieved_on(issued):
        line.refuse("1335")


def _check_registered(line: Block, about: Examination) -> None:
    goods = about.world.shelf.find(about.seller.tin, line.text("itemCode"))
    if goods is None:
        line.refuse("2122")
    suffix = DISCOUNT_SUFFIX if line.text("discountFlag") == DISCOUNT else ""
    if line.text("item").casefold() != (goods.name + suffix).casefold():
        line.refuse("2123")
    if line.text("goodsCategoryId") != goods.category:
        line.refuse("2124")
    unit = line.text("unitOfMeasure")
    if unit and unit not in goods.units():
        line.refuse("2197")
