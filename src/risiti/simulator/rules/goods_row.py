"""Rules about one row of a goods upload (T130, section 16 of the specification's checks)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from risiti.simulator import seed, tariff
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules import fuel
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand, twin
from risiti.simulator.settings import Settings
from risiti.simulator.shelf import Goods
from risiti.simulator.tariff import PER_UNIT, Category, ExciseDuty
from risiti.simulator.values import JsonValue
from risiti.simulator.world import World

ADD, MODIFY = "101", "102"
YES, NO = "101", "102"
_PIECE_FIELDS = (
    ("pieceMeasureUnit", "645"),
    ("pieceUnitPrice", "646"),
    ("packageScaledValue", "647"),
    ("pieceScaledValue", "648"),
)
_WHOLE, _DECIMALS = 12, 8


def check(row: Block, seller: Taxpayer, today: date, world: World) -> None:
    """Check one row against itself, the tariff, and what the seller registered so far.

    Raises:
        Refusal: the first rule that fails.
    """
    settings = world.settings
    known = world.shelf.find(seller.tin, row.text("goodsCode"))
    _check_identity(row, known)
    _check_unit(row, settings)
    row.required("currency", "612")
    row.one_of("currency", seed.CURRENCIES, twin("613", settings))
    category = _check_category(row, known, strict=settings.check_categories == "strict")
    service = category is not None and category.service
    _check_price(row, service=service)
    duty = _check_excise(row, category, seller, today)
    _characters(row, "description", 1024, "624")
    _check_prewarning(row, service=service)
    _check_piece(row, settings, service=service)
    if duty is not None and row.text("pieceMeasureUnit") != duty:
        row.refuse("679")
    _check_other_units(row, settings)
    if fuel.is_fuel(row):
        fuel.check_goods(row, seller.tin, world)


def _check_identity(row: Block, known: Goods | None) -> None:
    operation = row.one_of("operationType", ("", ADD, MODIFY), "683")
    row.required("goodsName", "603")
    _characters(row, "goodsName", 200, "604")
    row.required("goodsCode", "600")
    _characters(row, "goodsCode", 50, "601")
    if operation == MODIFY and known is None:
        row.refuse("684")
    if operation != MODIFY and known is not None:
        row.refuse("602")


def _characters(row: Block, name: str, most: int, code: str) -> None:
    if len(row.text(name)) > most:
        row.refuse(code)


def _check_unit(row: Block, settings: Settings) -> None:
    row.required("measureUnit", twin("605", settings))
    row.fits("measureUnit", 3, "2234")
    row.one_of("measureUnit", seed.RATE_UNITS, twin("606", settings))


def _check_category(row: Block, known: Goods | None, *, strict: bool) -> Category | None:
    row.required("commodityCategoryId", "614")
    _characters(row, "commodityCategoryId", 18, "615")
    category = tariff.categories().get(row.text("commodityCategoryId"))
    if category is None:
        if strict:
            row.refuse("616")
        return None
    if category.state != "enabled":
        row.refuse("617" if category.state == "deleted" else "618")
    if not category.leaf:
        row.refuse("619")
    if known is not None and known.service != category.service:
        row.refuse("2799" if known.service else "2800")
    return category


def _check_price(row: Block, *, service: bool) -> None:
    if service and not row.text("unitPrice"):
        return
    price = row.amount("unitPrice", _WHOLE, _DECIMALS, empty="607", digits="608")
    if price <= 0:
        row.refuse("610" if price == 0 else "611")


def _check_excise(row: Block, category: Category | None, seller: Taxpayer, today: date) -> str | None:
    """Check the duty; return the unit it is charged on, or None.

    A seller without excise registration resells excisable goods without declaring duty, so 3036 is for the registered.
    """
    row.required("haveExciseTax", "620")
    if row.one_of("haveExciseTax", (YES, NO), "621") == NO:
        row.empty("exciseDutyCode", "670")
        if category is not None and category.excisable and seller.excise_registered:
            row.refuse("3036")
        return None
    row.required("havePieceUnit", "622")
    row.required("exciseDutyCode", "671")
    if not seller.excise_registered:
        row.refuse("681")
    duty = _duty(row, today)
    rate = duty.rate_of(PER_UNIT)
    if rate is None:
        return None
    if row.one_of("havePieceUnit", (YES, NO), "623") == NO:
        row.refuse("676")
    return rate.unit


def _duty(row: Block, today: date) -> ExciseDuty:
    duty = tariff.excise_duties().get(row.text("exciseDutyCode"))
    if duty is None:
        row.refuse("672")
    if duty.state == "deleted":
        row.refuse("673")
    if not duty.leaf:
        row.refuse("674")
    if duty.effective > today:
        row.refuse("675")
    return duty


def _check_prewarning(row: Block, *, service: bool) -> None:
    if service and not row.text("stockPrewarning"):
        return
    if row.amount("stockPrewarning", _WHOLE, _DECIMALS, empty="625", digits="626") < 0:
        row.refuse("629")


def _check_piece(row: Block, settings: Settings, *, service: bool) -> None:
    if row.one_of("havePieceUnit", ("", YES, NO), "623") != YES:
        for name, code in _PIECE_FIELDS:
            row.empty(name, code)
        return
    row.required("pieceMeasureUnit", twin("649", settings))
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


def _check_other_units(row: Block, settings: Settings) -> None:
    demand(row, "haveOtherUnit", "2225", settings)
    row.fits("haveOtherUnit", 3, "2226")
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
        seen.add(_check_other_unit(row, other, seen, settings))


def _check_other_unit(row: Block, values: Mapping[str, JsonValue], seen: set[str], settings: Settings) -> str:
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
    _positive(other, "packageScaled", ("2221", "2222", "2222", "2222"))
    _positive(other, "otherScaled", ("2223", "2224", "2224", "2224"))
    demand(other, "otherPrice", "2771", settings)
    if other.text("otherPrice"):
        _positive(other, "otherPrice", ("2771", "2772", "2774", "2775"))
    return unit
