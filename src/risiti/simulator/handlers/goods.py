"""T127 goods inquiry, T130 goods upload and T144 units of goods by code."""

from collections.abc import Mapping

from risiti.simulator import tariff
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.refusal import Refusal, message_of
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules import goods_query, goods_row
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.paging import read_page
from risiti.simulator.shelf import Goods
from risiti.simulator.stock import branch_of, shown
from risiti.simulator.tariff import PER_UNIT, PERCENTAGE
from risiti.simulator.values import JsonValue, plain
from risiti.simulator.world import World

PARTLY_FAILED = "45"
YES, NO = "101", "102"


def upload(call: Call, world: World) -> Answer:
    """T130: register or change goods row by row; good rows stay, failed ones come back with their code under 45.

    Where none failed, the list is empty but there: a client in use looks for `[]`.
    """
    rows = call.content if isinstance(call.content, list) else []
    if not rows:
        raise Refusal("2070")
    failed: list[dict[str, object]] = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        row = Block(values, "", number)
        try:
            goods_row.check(row, call.seller(), kampala(call.arrived_at).date(), world)
        except Refusal as refusal:
            failed.append({**values, "returnCode": refusal.code, "returnMessage": refusal.message})
            continue
        data = {name: _plain(value) for name, value in values.items()}
        code, name = row.text("goodsCode"), row.text("goodsName")
        world.shelf.put(call.seller().tin, code, name, data, call.arrived_at)
    return Answer(failed, PARTLY_FAILED, message_of(PARTLY_FAILED)) if failed else Answer([])


def _plain(value: JsonValue) -> JsonValue:
    """Write every number of a value in plain notation."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def query(call: Call, world: World) -> Answer:
    """T127: the caller's registered goods, or as their agent a principal's services, filtered and paged."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    owner = goods_query.check(asked, call.seller(), world)
    branch = branch_of(owner, asked.text("branchId"))
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    records = [
        _record(goods, branch, world)
        for goods in world.shelf.of(owner.tin)
        if (start is None or start <= kampala(goods.changed_at).date())
        and (end is None or kampala(goods.changed_at).date() <= end)
    ]
    return Answer(page.cut([record for record in records if _matches(asked, record)]))


def _matches(asked: Block, record: Mapping[str, object]) -> bool:
    if any(
        asked.text(name) not in ("", record[name])
        for name in ("goodsCode", "serviceMark", "haveExciseTax", "goodsTypeCode")
    ):
        return False
    name, code = str(record["goodsName"]).casefold(), str(record["goodsCode"]).casefold()
    words = asked.text("combineKeywords").casefold()
    return (
        asked.text("goodsName").casefold() in name
        and asked.text("commodityCategoryName").casefold() in str(record["commodityCategoryName"]).casefold()
        and (words in name or words in code)
    )


def units(call: Call, world: World) -> Answer:
    """T144: the units of goods by code, for a comma list of codes; codes nobody registered are left out."""
    asked = Block(call.object(), "")
    codes = asked.required("goodsCode", "2255").split(",")
    owner = goods_query.owner_of(asked, call.seller(), world) if asked.text("tin") else call.seller()
    found = [_units_of(goods) for goods in _known(owner, codes, world)]
    return Answer(found)


def _known(owner: Taxpayer, codes: list[str], world: World) -> list[Goods]:
    unique = dict.fromkeys(code.strip() for code in codes)
    return [goods for code in unique if (goods := world.shelf.find(owner.tin, code)) is not None]


def _units_of(goods: Goods) -> dict[str, object]:
    return {
        "goodsCode": goods.code,
        "measureUnit": goods.text("measureUnit"),
        "havePieceUnit": goods.text("havePieceUnit") or NO,
        "pieceMeasureUnit": goods.text("pieceMeasureUnit"),
        "haveOtherUnit": goods.text("haveOtherUnit") or NO,
        "packageScaledValue": goods.text("packageScaledValue"),
        "pieceScaledValue": goods.text("pieceScaledValue"),
        "goodsOtherUnits": goods.data.get("goodsOtherUnits") or [],
    }


def _record(goods: Goods, branch: str, world: World) -> dict[str, object]:
    category = tariff.categories().get(goods.category)
    exempt, zero_rated = bool(category and category.exempt), bool(category and category.zero_rated)
    return {
        "id": goods.commodity_goods_id,
        "goodsName": goods.name,
        "unitPrice": goods.text("unitPrice"),
        "currency": goods.text("currency"),
        "stock": shown(world.stock.level(goods, branch)),
        "stockPrewarning": goods.text("stockPrewarning"),
        "source": "102",
        "statusCode": "101",
        "commodityCategoryCode": goods.category,
        "commodityCategoryName": category.name if category else "",
        "taxRate": "-" if exempt else "0" if zero_rated else "0.18",
        "isZeroRate": YES if zero_rated else NO,
        "isExempt": YES if exempt else NO,
        "haveExciseTax": goods.text("haveExciseTax") or NO,
        **_duty_of(goods),
        "remarks": goods.text("description"),
        "pieceUnitPrice": goods.text("pieceUnitPrice"),
        "exclusion": _EXCLUSIONS[zero_rated, exempt],
        "serviceMark": YES if goods.service else NO,
        "goodsTypeCode": goods.text("goodsTypeCode") or "101",
        "updateDateStr": kampala(goods.changed_at).strftime("%Y-%m-%d %H:%M:%S"),
        **{name: goods.data[name] for name in _CUSTOMS if goods.data.get(name)},
        **_units_of(goods),
    }


_CUSTOMS = ("haveCustomsUnit", "commodityGoodsExtendEntity", "customsUnitList")
"""What is said about customs units, where it was registered."""

_EXCLUSIONS = {(True, False): "0", (False, True): "1", (False, False): "2", (True, True): "3"}
"""`exclusion` by (zero-rated, exempt)."""


def _duty_of(goods: Goods) -> dict[str, object]:
    duty = tariff.excise_duties().get(goods.text("exciseDutyCode"))
    rate = (duty.rate_of(PERCENTAGE) or duty.rate_of(PER_UNIT)) if duty is not None else None
    return {
        "exciseDutyCode": duty.code if duty else "",
        "exciseDutyName": duty.name if duty else "",
        "exciseRate": str(rate.rate) if rate else "",
        "pack": goods.text("packageScaledValue") if duty else "",
        "stick": goods.text("pieceScaledValue") if duty else "",
    }
