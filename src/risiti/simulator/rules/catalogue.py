"""Lines against master data: units, commodity categories and their rates, registered goods."""

from datetime import date
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import (
    DEEMED_SUFFIX,
    DISCOUNT,
    DISCOUNT_SUFFIX,
    EXEMPT_PROJECT,
    NO,
    OUT_OF_SCOPE,
    STANDARD_RATE,
    YES,
    ZERO_RATE,
    rate_of,
)
from risiti.simulator.shelf import Goods

EXPORTS = ("102", "112")
"""Industries whose rate 0 does not come from the category."""

HAS_EXCISE = "101"
BY_QUANTITY = "2"


def check(draft: Draft, about: Examination) -> None:
    """Check every line against what the authority knows."""
    issued = draft.basic.moment("issuedDate", "1130").date()
    industry = draft.basic.text("invoiceIndustryCode")
    relieved = industry in EXPORTS or about.seller.duty_free
    for line in draft.lines:
        unit = line.text("unitOfMeasure")
        if unit and unit not in seed.RATE_UNITS:
            line.refuse("1208")
        _check_category(line, issued, about, relieved=relieved)
        if about.settings.check_goods:
            _check_registered(line, about, relieved=relieved)


def _check_category(line: Block, issued: date, about: Examination, *, relieved: bool) -> None:
    if rate_of(line) not in (None, STANDARD_RATE, ZERO_RATE):
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
    in_project = line.text("deemedExemptCode") == EXEMPT_PROJECT
    if line.text("vatApplicableFlag") != OUT_OF_SCOPE and not in_project and not relieved:
        _check_relief(line, category, issued)
    charged = about.seller.excise_registered and not relieved and not in_project
    if charged and category.excisable and line.text("exciseFlag") == NO:
        line.refuse("3113")


def _check_relief(line: Block, category: seed.Category, issued: date) -> None:
    """Hold exempt and zero-rated lines to what their category allows."""
    rate = rate_of(line)
    exempt = rate is None
    if exempt and not category.exempt:
        line.refuse("1332")
    if exempt and not category.relieved_on(issued):
        line.refuse("1333")
    if rate == ZERO_RATE and not category.zero_rated:
        line.refuse("1334")
    if rate == ZERO_RATE and not category.relieved_on(issued):
        line.refuse("1335")


def _check_registered(line: Block, about: Examination, *, relieved: bool) -> None:
    goods = about.world.shelf.find(about.seller.tin, line.text("itemCode"))
    if goods is None:
        line.refuse("2122")
    suffix = DEEMED_SUFFIX if line.text("deemedFlag") == YES else ""
    if line.text("discountFlag") == DISCOUNT:
        suffix += DISCOUNT_SUFFIX
    if line.text("item").casefold() != (goods.name + suffix).casefold():
        line.refuse("2123")
    if line.text("goodsCategoryId") != goods.category:
        line.refuse("2124")
    unit = line.text("unitOfMeasure")
    if unit and unit not in goods.units():
        line.refuse("2197")
    _check_registered_excise(line, goods, relieved=relieved or line.text("deemedExemptCode") == EXEMPT_PROJECT)


def _check_registered_excise(line: Block, goods: Goods, *, relieved: bool) -> None:
    """Hold the excise part of a line to what the goods were registered with."""
    registered = goods.text("haveExciseTax") == HAS_EXCISE
    if line.text("exciseFlag") == YES and not registered:
        line.refuse("2850")
    if line.text("exciseFlag") == NO and registered and not relieved:
        line.refuse("2848")
    if line.text("exciseFlag") == NO:
        return
    if line.text("categoryId") != goods.text("exciseDutyCode"):
        line.refuse("2849")
    if line.text("exciseRule") != BY_QUANTITY:
        return
    pack = goods.text("packageScaledValue") or "1"
    stick = goods.text("pieceScaledValue") or pack
    for name, wanted, code in (("pack", pack, "2883"), ("stick", stick, "2884")):
        if line.number(name, 12, 8, code) != Decimal(wanted):
            line.refuse(code, f"{name} must be {wanted}")
