"""Rules about the goods lines of an application for a credit note: fields, and each line against the original's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from risiti.simulator import seed
from risiti.simulator.ledger import Document
from risiti.simulator.remainder import DIGITS, Remainder, lines_of, order_number, remainder_of
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.lines import EXEMPT, NO, YES
from risiti.simulator.rules.original import EXPORT
from risiti.simulator.values import decimal_of
from risiti.simulator.world import World

CUSTOMS_UNITS = ("KGM", "LTR", "PCE")
"""Units that customs accepts (exportRateUnit of T115)."""

BY_PERCENTAGE = "1"

_ORDER = re.compile(r"-?[0-9]+")
_MOST_ORDER_BYTES = 4
_SAME = (
    ("item", "1427"),
    ("itemCode", "1428"),
    ("unitOfMeasure", "1435"),
    ("taxRate", "1443"),
    ("deemedFlag", "1461"),
    ("exciseFlag", "1462"),
    ("goodsCategoryId", "1464"),
)
"""Fields that must say what the original says."""

_SAME_IF_SENT = (
    ("categoryId", "1463"),
    ("exciseRate", "1466"),
    ("exciseRule", "1467"),
    ("pack", "1473"),
    ("stick", "1474"),
    ("exciseUnit", "1475"),
    ("exciseCurrency", "1476"),
    ("exciseRateName", "1477"),
)
"""Optional fields: if they are sent, they must say what the original says."""

_WITHOUT_ORIGINAL = (
    ("item", "1175"),
    ("itemCode", "1179"),
    ("unitOfMeasure", "2139"),
    ("taxRate", "1209"),
    ("goodsCategoryId", "1227"),
)


def check_fields(lines: Sequence[Block]) -> None:
    """Each line for itself: presence, digits, and the signs of a credit note."""
    for line in lines:
        line.fits("item", 200, "1176")
        line.fits("itemCode", 50, "1180")
        quantity = line.amount("qty", 12, 8, empty="1429", digits="1430")
        if quantity >= 0:
            line.refuse("1431" if quantity else "1432")
        price = line.amount("unitPrice", 12, 8, empty="1455", digits="1456")
        if price <= 0:
            line.refuse("1459" if price else "1458")
        total = line.amount("total", 12, 2, empty="1450", digits="1451")
        if total >= 0:
            line.refuse("1452" if total else "1453")
        if line.amount("tax", 12, 2, empty="1444", digits="1445") > 0:
            line.refuse("1446")
        _check_order_number(line)


def _check_order_number(line: Block) -> None:
    text = line.required("orderNumber", "1423")
    if not _ORDER.fullmatch(text) or len(text) > _MOST_ORDER_BYTES:
        line.refuse("1424")
    if text.startswith("-"):
        line.refuse("1425")


def check_against(lines: Sequence[Block], original: Document, world: World) -> None:
    """Compare each line with the original's line of the same number, and with what is left of it."""
    sold = {order_number(line.get("orderNumber")): line for line in lines_of(original)}
    left = remainder_of(original, world)
    with localcontext() as context:
        context.prec = DIGITS
        for line in lines:
            number = order_number(line.text("orderNumber"))
            if number not in left:
                line.refuse("1426")
            _compare(line, sold[number])
            left[number] = _take(line, left[number])


def _compare(line: Block, sold: Mapping[str, object]) -> None:
    for name, code in _SAME:
        if not _same(line.text(name), _text(sold, name)):
            line.refuse(code)
    for name, code in _SAME_IF_SENT:
        if line.text(name) and not _same(line.text(name), _text(sold, name)):
            line.refuse(code)
    named = line.text("goodsCategoryName")
    if named and _text(sold, "goodsCategoryName") not in ("", named):
        line.refuse("1465")


def _take(line: Block, left: Remainder) -> Remainder:
    """Take a line off what is left; refuse if there is not enough."""
    quantity = -line.amount("qty", 12, 8, empty="1429", digits="1430")
    if quantity > left.original_quantity:
        line.refuse("1434")
    if quantity > left.quantity:
        line.refuse("3163")
    amount = -line.amount("total", 12, 2, empty="1450", digits="1451")
    if amount > left.amount:
        line.refuse("1460")
    if -line.amount("tax", 12, 2, empty="1444", digits="1445") > left.original_tax:
        line.refuse("1449")
    return replace(left, quantity=left.quantity - quantity, amount=left.amount - amount)


def _same(given: str, wanted: str) -> bool:
    """Compare two texts; numbers by value, as `0.18` and `0.180` are the same rate."""
    if given == wanted:
        return True
    numbers = decimal_of(given, 20, 20), decimal_of(wanted, 20, 20)
    return numbers[0] is not None and numbers[0] == numbers[1]


def _text(sold: Mapping[str, object], name: str) -> str:
    value = sold.get(name)
    return "" if value is None else str(value)


def check_without_original(lines: Sequence[Block], industry: str) -> None:
    """Demand what an original would have said; goods for export in units that customs accepts (2872)."""
    for line in lines:
        for name, code in _WITHOUT_ORIGINAL:
            line.required(name, code)
        line.one_of("deemedFlag", (YES, NO), "1170")
        line.one_of("exciseFlag", (YES, NO), "1220")
        if line.text("taxRate") != EXEMPT:
            line.number("taxRate", 1, 4, "1210")
        unit = line.text("unitOfMeasure")
        if unit not in seed.RATE_UNITS:
            line.refuse("1208")
        if industry == EXPORT and unit not in CUSTOMS_UNITS:
            line.refuse("2872")


def check_excise(lines: Sequence[Block]) -> None:
    """Check exciseTax: demanded and negative on excisable lines, absent from others."""
    for line in lines:
        excisable = line.text("exciseFlag") == YES
        if excisable:
            line.required("exciseTax", "1468")
        tax = line.number("exciseTax", 12, 2, "1469") or Decimal(0)
        if tax > 0:
            line.refuse("2791" if excisable else "1470")
        if tax and not excisable:
            line.refuse("2790")
        if excisable and tax == 0 and _is_charged_by_percentage(line):
            line.refuse("1471")


def _is_charged_by_percentage(line: Block) -> bool:
    return line.text("exciseRule") == BY_PERCENTAGE and bool(decimal_of(line.text("exciseRate"), 12, 8))


def check_registered(lines: Sequence[Block], tin: str, world: World) -> None:
    """Hold lines to what is registered now: another name is 2197, gone or sold otherwise 2199."""
    for line in lines:
        goods = world.shelf.find(tin, line.text("itemCode"))
        if goods is None or line.text("goodsCategoryId") != goods.category:
            line.refuse("2199")
        if line.text("unitOfMeasure") not in goods.units():
            line.refuse("2199")
        if not line.text("item").casefold().startswith(goods.name.casefold()):
            line.refuse("2197")
