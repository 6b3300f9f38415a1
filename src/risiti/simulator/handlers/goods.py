"""T127 goods inquiry and T130 goods upload."""

from collections.abc import Mapping

from risiti.simulator import seed
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.refusal import Refusal, message_of
from risiti.simulator.rules import goods_row
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.paging import read_page
from risiti.simulator.shelf import Goods
from risiti.simulator.values import plain
from risiti.simulator.world import World

PARTLY_FAILED = "45"


def upload(call: Call, world: World) -> Answer:
    """T130: register or change goods row by row; good rows stay, failed ones come back with their code under 45."""
    rows = call.content if isinstance(call.content, list) else []
    if not rows:
        raise Refusal("2070")
    failed: list[dict[str, object]] = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        row = Block(values, "", number)
        try:
            known = world.shelf.find(call.seller().tin, row.text("goodsCode"))
            goods_row.check(row, known, strict_categories=world.settings.check_categories == "strict")
        except Refusal as refusal:
            failed.append({**values, "returnCode": refusal.code, "returnMessage": refusal.message})
            continue
        data = {name: plain(value) if isinstance(value, str) else value for name, value in values.items()}
        code, name = row.text("goodsCode"), row.text("goodsName")
        world.shelf.put(call.seller().tin, code, name, data, call.arrived_at)
    return Answer(failed, PARTLY_FAILED, message_of(PARTLY_FAILED)) if failed else Answer()


def query(call: Call, world: World) -> Answer:
    """T127: the caller's registered goods, filtered and paged."""
    asked = Block(call.object(), "")
    asked.fits("goodsCode", 50, "2256")
    asked.fits("goodsName", 100, "2258")
    asked.fits("commodityCategoryName", 200, "2260")
    page = read_page(asked)
    asked.fits("branchId", 18, "2836")
    asked.one_of("serviceMark", ("", "101", "102"), "2875")
    asked.one_of("haveExciseTax", ("", "101", "102"), "2878")
    asked.one_of("goodsTypeCode", ("", "101", "102"), "2901")
    if asked.one_of("queryType", ("", "0", "1"), "3103") == "0":
        asked.required("tin", "3104")
        asked.refuse("3099")
    asked.empty("tin", "3107")
    if asked.text("branchId") and asked.text("branchId") not in call.seller().branches:
        asked.refuse("2837")
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    rows = [
        _record(goods)
        for goods in world.shelf.of(call.seller().tin)
        if _matches(asked, goods)
        and (start is None or start <= kampala(goods.changed_at).date())
        and (end is None or kampala(goods.changed_at).date() <= end)
    ]
    return Answer(page.cut(rows))


def _matches(asked: Block, goods: Goods) -> bool:
    record = _record(goods)
    if any(
        asked.text(name) not in ("", record[name])
        for name in ("goodsCode", "serviceMark", "haveExciseTax", "goodsTypeCode")
    ):
        return False
    words = asked.text("combineKeywords").casefold()
    return (
        asked.text("goodsName").casefold() in goods.name.casefold()
        and asked.text("commodityCategoryName").casefold() in str(record["commodityCategoryName"]).casefold()
        and (words in goods.name.casefold() or words in goods.code.casefold())
    )


def _record(goods: Goods) -> dict[str, object]:
    category = seed.CATEGORIES.get(goods.category)
    exempt, zero_rated = bool(category and category.exempt), bool(category and category.zero_rated)
    data = goods.data
    return {
        "id": str(10**17 + goods.id),
        "goodsName": goods.name,
        "goodsCode": goods.code,
        "measureUnit": data.get("measureUnit", ""),
        "unitPrice": data.get("unitPrice", ""),
        "currency": data.get("currency", ""),
        "stock": "0",
        "stockPrewarning": data.get("stockPrewarning", ""),
        "source": "102",
        "statusCode": "101",
        "commodityCategoryCode": goods.category,
        "commodityCategoryName": category.name if category else "",
        "taxRate": "-" if exempt else "0" if zero_rated else "0.18",
        "isZeroRate": "101" if zero_rated else "102",
        "isExempt": "101" if exempt else "102",
        "haveExciseTax": data.get("haveExciseTax", "102"),
        "exciseDutyCode": "",
        "exciseDutyName": "",
        "exciseRate": "",
        "pack": "",
        "stick": "",
        "remarks": data.get("description", ""),
        "packageScaledValue": data.get("packageScaledValue", ""),
        "pieceScaledValue": data.get("pieceScaledValue", ""),
        "pieceMeasureUnit": data.get("pieceMeasureUnit", ""),
        "havePieceUnit": data.get("havePieceUnit") or "102",
        "pieceUnitPrice": data.get("pieceUnitPrice", ""),
        "exclusion": "0" if exempt else "1" if zero_rated else "2",
        "haveOtherUnit": data.get("haveOtherUnit") or "102",
        "serviceMark": "101" if category and category.service else "102",
        "goodsTypeCode": data.get("goodsTypeCode") or "101",
        "updateDateStr": kampala(goods.changed_at).strftime("%Y-%m-%d %H:%M:%S"),
        "goodsOtherUnits": data.get("goodsOtherUnits") or [],
    }
