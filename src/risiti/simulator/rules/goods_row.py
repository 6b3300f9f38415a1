"""Rules about one row of a goods upload (T130, section 16 of the specification's checks)."""

from collections.abc import Mapping
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.rules.block import Block
from risiti.simulator.shelf import Goods
from risiti.simulator.values import JsonValue

ADD, MODIFY = "101", "102"
YES, NO = "101", "102"
_PIECE_FIELDS = (
    ("pieceMeasureUnit", "645"),
    ("pieceUnitPrice", "646"),
    ("packageScaledValue", "647"),
    ("pieceScaledValue", "648"),
)
_WHOLE, _DECIMALS = 12, 8


def check(row: Block, known: Goods | None, *, strict_categories: bool) -> None:
    """Check one row against itself and against what is registered under its code.

    Raises:
        Refusal: the first rule that fails.
    """
    operation = row.one_of("operationType", ("", ADD, MODIFY), "683")
    row.required("goodsName", "603")
    _characters(row, "goodsName", 200, "604")
    row.required("goodsCode", "600")
    _characters(row, "goodsCode", 50, "601")
    if operation == MODIFY and known is None:
        row.refuse("684")
    if operation != MODIFY and known is not None:
        row.refuse("602")
    row.required("measureUnit", "605")
    row.one_of("measureUnit", seed.RATE_UNITS, "606")
    row.required("currency", "612")
    row.one_of("currency", seed.CURRENCIES, "613")
    category = _check_category(row, known, strict=strict_categories)
    service = category is not None and category.service
    _check_price(row, service=service)
    _check_excise(row)
    _characters(row, "description", 1024, "624")
    _check_prewarning(row, service=service)
    _check_piece(row, service=service)
    _check_other_units(row)


def _characters(row: Block, name: str, most: int, code: str) -> None:
    if len(row.text(name)) > most:
        row.refuse(code)


def _check_category(row: Block, known: Goods | None, *, strict: bool) -> seed.Category | None:
    row.required("commodityCategoryId", "614")
    _characters(row, "commodityCategoryId", 18, "615")
    category = seed.CATEGORIES.get(row.text("commodityCategoryId"))
    if category is None:
        if strict:
            row.refuse("616")
        return None
    if category.state != "enabled":
        row.refuse("617" if category.state == "deleted" else "618")
    if not category.leaf:
        row.refuse("619")
    before = seed.CATEGORIES.get(known.category) if known else None
    if before is not None and before.service != category.service:
        row.refuse("2799" if before.service else "2800")
    return category


def _check_price(row: Block, *, service: bool) -> None:
    if service and not row.text("unitPrice"):
        return
    price = row.amount("unitPrice", _WHOLE, _DECIMALS, empty="607", digits="608")
    if price <= 0:
        row.refuse("610" if price == 0 else "611")


def _check_excise(row: Block) -> None:
    row.required("haveExciseTax", "620")
    if row.one_of("haveExciseTax", (YES, NO), "621") == YES:
        row.required("havePieceUnit", "622")
        row.required("exciseDutyCode", "671")
        row.refuse("681")
    row.empty("exciseDutyCode", "670")


def _check_prewarning(row: Block, *, service: bool) -> None:
    if service and not row.text("stockPrewarning"):
        return
    if row.amount("stockPrewarning", _WHOLE, _DECIMALS, empty="625", digits="626") < 0:
        row.refuse("629")


def _check_piece(row: Block, *, service: bool) -> None:
    if row.one_of("havePieceUnit", ("", YES, NO), "623") != YES:
        for name, code in _PIECE_FIELDS:
            row.empty(name, code)
        return
    row.required("pieceMeasureUnit", "649")
    row.fits("pieceMeasureUnit", 3, "2237")
    row.one_of("pieceMeasureUnit", seed.RATE_UNITS, "2238")
    if not (service and not row.text("pieceUnitPrice")):
        _positive(row, "pieceUnitPrice", ("630", "631", "633", "634"))
    package = _positive(row, "packageScaledValue", ("635", "636", "638", "639"))
    piece = _positive(row, "pieceScaledValue", ("651", "652", "654", "655"))
    if row.text("pieceMeasureUnit") == row.text("measureUnit"):
        if package != 1:
            row.refuse("677")
        if piece != 1:
            row.refuse("678")


def _positive(row: Block, name: str, codes: tuple[str, str, str, str]) -> Decimal:
    empty, digits, zero, negative = codes
    value = row.amount(name, _WHOLE, _DECIMALS, empty=empty, digits=digits)
    if value <= 0:
        row.refuse(zero if value == 0 else negative)
    return value


def _check_other_units(row: Block) -> None:
    have = row.one_of("haveOtherUnit", ("", YES, NO), "2227")
    others = row.values.get("goodsOtherUnits") or ()
    if have == YES and row.text("havePieceUnit") != YES:
        row.refuse("2239")
    if have != YES:
        if others:
            row.refuse("2229")
        return
    if not isinstance(others, list) or not others:
        row.refuse("2228")
    seen: set[str] = set()
    for other in others:
        if not isinstance(other, Mapping):
            row.refuse("2066")
        seen.add(_check_other_unit(row, other, seen))


def _check_other_unit(row: Block, values: Mapping[str, JsonValue], seen: set[str]) -> str:
    other = Block(values, "goodsOtherUnits", row.row)
    unit = other.required("otherUnit", "2218")
    other.fits("otherUnit", 3, "2219")
    other.one_of("otherUnit", seed.RATE_UNITS, "2220")
    if unit in seen:
        other.refuse("2230")
    if unit == row.text("measureUnit"):
        other.refuse("2231")
    if unit == row.text("pieceMeasureUnit"):
        other.refuse("2232")
    other.amount("packageScaled", _WHOLE, _DECIMALS, empty="2221", digits="2222")
    other.amount("otherScaled", _WHOLE, _DECIMALS, empty="2223", digits="2224")
    if other.text("otherPrice"):
        _positive(other, "otherPrice", ("2771", "2772", "2774", "2775"))
    return unit
