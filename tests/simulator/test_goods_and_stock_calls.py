"""The inquiries about goods and stock: each wrong filter gives its code, each filter finds what it names, in pages."""

from typing import Any

import pytest

from risiti.simulator import Device, Taxpayer
from tests.simulator.documents import Wire, goods
from tests.simulator.rig import Rig, public_pem
from tests.simulator.stockroom import (
    BRANCHES,
    PIECE,
    SUPPLIER,
    done,
    fill,
    increase,
    item,
    moved,
    petrol,
    reduction,
    refused_with,
    transfer,
)

pytestmark = pytest.mark.anyio

PAGE = {"pageNo": "1", "pageSize": "10"}
STRICT = {"presence": "codes"}
PRINCIPAL = "1000000005"
AGENT_QUERY = {"queryType": "0", "tin": PRINCIPAL, "branchId": "1", "serviceMark": "101"}
EVERY_FILTER = {
    "goodsCode": "P1",
    "goodsName": "Pen",
    "commodityCategoryName": "pens",
    "branchId": "1",
    "serviceMark": "102",
    "haveExciseTax": "102",
    "goodsTypeCode": "101",
    "queryType": "1",
}

WRONG: list[tuple[str, str, Wire, Wire]] = [
    ("T127", "1521", {}, {"pageNo": ""}),
    ("T127", "1526", {}, {"pageSize": "100"}),
    ("T127", "1518", {}, {"startDate": "02/03/2026"}),
    ("T127", "1520", {}, {"endDate": "tomorrow"}),
    ("T127", "2256", {}, {"goodsCode": "x" * 51}),
    ("T127", "2258", {}, {"goodsName": "x" * 101}),
    ("T127", "2260", {}, {"commodityCategoryName": "x" * 201}),
    ("T127", "2836", {}, {"branchId": "1" * 19}),
    ("T127", "2837", {}, {"branchId": "3"}),
    ("T127", "2874", {}, {"serviceMark": "1010"}),
    ("T127", "2875", {}, {"serviceMark": "1"}),
    ("T127", "2877", {}, {"haveExciseTax": "1010"}),
    ("T127", "2878", {}, {"haveExciseTax": "1"}),
    ("T127", "2900", {}, {"goodsTypeCode": "1010"}),
    ("T127", "2901", {}, {"goodsTypeCode": "1"}),
    ("T127", "3102", {}, {"queryType": "10"}),
    ("T127", "3103", {}, {"queryType": "2"}),
    ("T127", "3104", AGENT_QUERY, {"tin": ""}),
    ("T127", "3105", AGENT_QUERY, {"branchId": ""}),
    ("T127", "3106", AGENT_QUERY, {"branchId": "7"}),
    ("T127", "3100", AGENT_QUERY, {"tin": SUPPLIER}),
    ("T127", "3107", {}, {"tin": PRINCIPAL}),
    ("T127", "3108", AGENT_QUERY, {"serviceMark": "102"}),
    ("T128", "656", {"id": "@P1"}, {"id": ""}),
    ("T128", "657", {"id": "@P1"}, {"id": "P1"}),
    ("T128", "658", {"id": "@P1"}, {"id": "100000000000000099"}),
    ("T128", "2836", {"id": "@P1"}, {"branchId": "1" * 19}),
    ("T128", "2837", {"id": "@P1"}, {"branchId": "3"}),
    ("T144", "2255", {"goodsCode": "P1"}, {"goodsCode": ""}),
    ("T144", "3100", {"goodsCode": "P1"}, {"tin": SUPPLIER}),
    ("T145", "2843", {"referenceNo": "R"}, {"referenceNo": ""}),
    ("T145", "2845", {"referenceNo": "R"}, {"productionBatchNo": "x" * 51}),
    ("T145", "2847", {"referenceNo": "R"}, {"referenceNo": "R" * 21}),
    ("T145", "1501", {"referenceNo": "R"}, {"invoiceNo": "3" * 21}),
    ("T145", "1524", {"referenceNo": "R"}, {"pageSize": ""}),
    ("T147", "2880", {}, {"combineKeywords": "x" * 51}),
    ("T147", "1518", {}, {"startDate": "yesterday"}),
    ("T147", "1523", {}, {"pageNo": "0"}),
    ("T148", "2881", {"id": "@in"}, {"id": ""}),
    ("T148", "2882", {"id": "@in"}, {"id": "1" * 19}),
    ("T148", "41", {"id": "@in"}, {"id": "@out"}),
    ("T149", "1520", {}, {"endDate": "2026-02-30"}),
    ("T160", "2881", {"id": "@out"}, {"id": ""}),
    ("T160", "41", {"id": "@out"}, {"id": "@in"}),
    ("T183", "1526", {}, {"pageSize": "100"}),
    ("T184", "2881", {"id": "@moved"}, {"id": ""}),
    ("T184", "41", {"id": "@moved"}, {"id": "1"}),
]

DEMANDED: list[tuple[str, str, Wire, Wire]] = [
    ("T127", "2255", EVERY_FILTER, {"goodsCode": ""}),
    ("T127", "2257", EVERY_FILTER, {"goodsName": ""}),
    ("T127", "2259", EVERY_FILTER, {"commodityCategoryName": ""}),
    ("T127", "2835", EVERY_FILTER, {"branchId": ""}),
    ("T127", "2873", EVERY_FILTER, {"serviceMark": ""}),
    ("T127", "2876", EVERY_FILTER, {"haveExciseTax": ""}),
    ("T127", "2899", EVERY_FILTER, {"goodsTypeCode": ""}),
    ("T127", "3101", EVERY_FILTER, {"queryType": ""}),
    ("T145", "2844", {"productionBatchNo": "B", "referenceNo": "R"}, {"productionBatchNo": ""}),
    ("T145", "2846", {"productionBatchNo": "B", "referenceNo": "R"}, {"referenceNo": ""}),
    ("T147", "2879", {"combineKeywords": "R"}, {"combineKeywords": ""}),
]


async def stocked(rig: Rig) -> dict[str, str]:
    """Fill the stockroom, and do one of everything; return the numbers of goods and records."""
    names = await fill(rig)
    known = rig.world.registry.taxpayer(rig.tin)
    assert known is not None
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | {"agent": True}))
    principal = Taxpayer(
        tin=PRINCIPAL, legal_name="Valley Repairs (fictitious)", branches={"1": "Valley"}, agents={rig.tin: "*"}
    )
    rig.world.registry.add_taxpayer(principal)
    rig.world.registry.add_taxpayer(Taxpayer(tin=SUPPLIER, legal_name="Lakeside Traders Limited (fictitious)"))
    rig.clock.advance(60)
    await done_as(rig, "T131", increase(item("P1", "2"), supplierTin=SUPPLIER, stockInDate="2026-02-27"), "IN-1")
    await done_as(rig, "T131", reduction(item("P1", "3"), remarks="Rain", branchId="1"), "OUT-1")
    await done_as(rig, "T139", transfer(moved("P1", "4")), "MOVE-1")
    records = {}
    for name, call in (("@in", "T147"), ("@out", "T149"), ("@moved", "T183")):
        rows = (await done(rig, call, PAGE))["records"]
        records[name] = str(rows[0]["id"])
    return names | records


async def done_as(rig: Rig, interface: str, content: Wire, reference: str) -> None:
    """Make a stock call under a reference of ours."""
    message = rig.message(interface, content)
    message["globalInfo"]["extendField"]["referenceNo"] = reference
    assert (await rig.send(message)).code == "00"


def asked(base: Wire, names: dict[str, str]) -> Wire:
    return PAGE | {key: names.get(value, value) for key, value in base.items()}


@pytest.mark.parametrize(("interface", "code", "base", "changes"), WRONG)
async def test_a_wrong_inquiry_gives_its_code(rig: Rig, interface: str, code: str, base: Wire, changes: Wire) -> None:
    names = await stocked(rig)
    assert (await rig.call(interface, asked(base | changes, names))).code == code
    assert (await rig.call(interface, asked(base, names))).code == "00"


@pytest.mark.parametrize(("interface", "code", "base", "changes"), DEMANDED)
async def test_in_the_strictest_reading_each_filter_with_a_code_is_demanded(
    rig: Rig, interface: str, code: str, base: Wire, changes: Wire
) -> None:
    names = await stocked(rig)
    assert (await rig.call(interface, asked(base | changes, names))).code == "00"
    rig.configure(**STRICT)
    assert (await rig.call(interface, asked(base | changes, names))).code == code
    assert (await rig.call(interface, asked(base, names))).code == "00"


async def test_who_is_no_agent_sees_only_their_own_goods(rig: Rig) -> None:
    await fill(rig)
    rig.world.registry.add_taxpayer(
        Taxpayer(tin=PRINCIPAL, legal_name="Valley Repairs (fictitious)", agents={rig.tin: "*"})
    )
    assert await refused_with(rig, "T127", PAGE | AGENT_QUERY) == "3099"
    assert await refused_with(rig, "T144", {"goodsCode": "P1", "tin": PRINCIPAL}) == "3099"


async def test_an_agent_sees_the_services_of_a_principal(rig: Rig) -> None:
    await stocked(rig)
    rows = [goods("REPAIR", goodsName="Repair", commodityCategoryId="81111800"), goods("PART", goodsName="Part")]
    for row in rows:
        rig.world.shelf.put(PRINCIPAL, row["goodsCode"], row["goodsName"], row, rig.clock.now())
    answer = await done(rig, "T127", PAGE | AGENT_QUERY)
    assert [row["goodsCode"] for row in answer["records"]] == ["REPAIR"]
    assert [row["goodsCode"] for row in await done(rig, "T144", {"goodsCode": "PART,P1", "tin": PRINCIPAL})] == ["PART"]


async def test_goods_are_told_with_the_stock_of_the_branch_asked_for(rig: Rig) -> None:
    names = await stocked(rig)
    for branch, stock in (("", "96"), ("1", "96"), ("2", "4")):
        (row,) = (await done(rig, "T127", PAGE | {"goodsCode": "P1", "branchId": branch}))["records"]
        assert (row["id"], row["stock"], row["havePieceUnit"]) == (names["@P1"], stock, "101")
        assert await done(rig, "T128", {"id": names["@P1"], "branchId": branch}) == {
            "stock": stock,
            "stockPrewarning": "0",
        }


async def test_goods_with_duty_and_customs_units_come_back_as_registered() -> None:
    rig = Rig.make(excise_registered=True)
    await rig.open()
    customs: Wire = {
        "haveCustomsUnit": "101",
        "commodityGoodsExtendEntity": {
            "customsMeasureUnit": "LTR",
            "customsUnitPrice": "5",
            "packageScaledValueCustoms": "1",
            "customsScaledValue": "12",
        },
    }
    juice = PIECE | {"measureUnit": "110", "pieceMeasureUnit": "102", "commodityCategoryId": "50202304"}
    await done(rig, "T130", [goods() | juice | {"haveExciseTax": "101", "exciseDutyCode": "LED070200"} | customs])
    (row,) = (await done(rig, "T127", PAGE | {"haveExciseTax": "101"}))["records"]
    assert (row["exciseDutyCode"], row["exciseRate"], row["exclusion"]) == ("LED070200", "0.12", "2")
    assert row.items() >= customs.items()
    rig.world.close()


async def test_units_are_told_for_the_codes_that_are_known_each_once(rig: Rig) -> None:
    await fill(rig)
    rows = await done(rig, "T144", {"goodsCode": "F1, P1,NOBODY,P1"})
    assert [(row["goodsCode"], row["measureUnit"], row["pieceMeasureUnit"]) for row in rows] == [
        ("F1", "102", ""),
        ("P1", "101", "110"),
    ]


@pytest.mark.parametrize(
    ("interface", "filters", "references"),
    [
        ("T145", {"referenceNo": "IN-1"}, ["IN-1"]),
        ("T145", {"referenceNo": "OUT-1"}, ["OUT-1"]),
        ("T145", {"referenceNo": "MOVE-1"}, []),
        ("T145", {"productionBatchNo": "B-1"}, ["26PL0000000002"]),
        ("T145", {"invoiceNo": "@bought"}, ["26PL0000000001"]),
        ("T145", {"invoiceNo": "@bought", "productionBatchNo": "B-1"}, []),
        ("T147", {}, ["IN-1", "26PL0000000003", "26PL0000000002", "26PL0000000001"]),
        ("T147", {"combineKeywords": "in-"}, ["IN-1"]),
        ("T147", {"combineKeywords": "lakeside", "stockInType": "102", "supplierTin": SUPPLIER}, ["IN-1"]),
        ("T147", {"stockInType": "103"}, ["26PL0000000002"]),
        ("T147", {"supplierName": "LAKESIDE", "endDate": "2026-02-28"}, ["IN-1"]),
        ("T147", {"startDate": "2026-03-03"}, []),
        ("T149", {}, ["OUT-1"]),
        ("T149", {"referenceNo": "OUT-2"}, []),
        ("T149", {"startDate": "2026-03-01", "endDate": "2026-03-02"}, ["OUT-1"]),
        ("T149", {"endDate": "2026-03-01"}, []),
        ("T183", {}, ["MOVE-1"]),
        ("T183", {"referenceNo": "MOVE-1", "sourceBranchId": "1", "destinationBranchId": "2"}, ["MOVE-1"]),
        ("T183", {"sourceBranchId": "2"}, []),
        ("T183", {"startDate": "2026-03-03"}, []),
    ],
)
async def test_records_are_found_by_filters_newest_first(
    rig: Rig, interface: str, filters: Wire, references: list[str]
) -> None:
    names = await stocked(rig)
    rows = (await done(rig, interface, asked(filters, names)))["records"]
    assert [row["referenceNo"] for row in rows] == references


async def test_records_come_in_pages(rig: Rig) -> None:
    await stocked(rig)
    pages = [await done(rig, "T147", {"pageNo": page, "pageSize": "3"}) for page in ("1", "2", "3")]
    assert [len(page["records"]) for page in pages] == [3, 1, 0]
    assert pages[1]["page"] == {"pageNo": 2, "pageSize": 3, "totalSize": 4, "pageCount": 2}


async def test_a_record_is_told_with_its_goods(rig: Rig) -> None:
    names = await stocked(rig)
    increased = await done(rig, "T148", {"id": names["@in"]})
    assert (
        increased["goodsStockIn"].items()
        >= {
            "stockInType": "102",
            "supplierTin": SUPPLIER,
            "stockInDate": "2026-02-27",
            "branchId": "1",
            "branchName": "Main",
        }.items()
    )
    (bought,) = increased["goodsStockInGoods"]
    assert (bought["goodsCode"], bought["quantity"], bought["unitPrice"], bought["amount"]) == (
        "P1",
        "2",
        "2500",
        "5000",
    )

    reduced = await done(rig, "T160", {"id": names["@out"]})
    assert (
        reduced["goodsStockAdjust"].items() >= {"adjustType": "102", "remarks": "Rain", "adjustAmount": "7500"}.items()
    )
    (lost,) = reduced["goodsStocAdjustGoods"]
    assert (lost["stock"], lost["adjustQuantity"], lost["currentQuantity"]) == ("103", "3", "100")

    (listed,) = (await done(rig, "T183", PAGE))["records"]
    assert (listed["sourceBranchName"], listed["destinationBranchName"], listed["transferDate"]) == (
        "Main",
        "Kawempe",
        "02/03/2026",
    )
    sent = await done(rig, "T184", {"id": names["@moved"]})
    assert sent["goodsStockTransfer"].items() >= {"sourceBranchId": "1", "destinationBranchId": "2"}.items()
    (gone,) = sent["goodsStockTransferItem"]
    assert (gone["bookQuantity"], gone["transferQuantity"], gone["currentQuantity"]) == ("100", "4", "96")


async def test_one_sellers_goods_and_records_are_hidden_from_another(rig: Rig) -> None:
    names = await stocked(rig)
    other = Rig.make(rig.world)
    other.tin, other.device_no = PRINCIPAL, f"{PRINCIPAL}_01"
    rig.world.registry.add_device(Device(other.device_no, PRINCIPAL, public_pem()))
    await other.open()
    calls: dict[str, Any] = {
        "T128": {"id": names["@P1"]},
        "T148": {"id": names["@in"]},
        "T184": {"id": names["@moved"]},
    }
    assert [(await other.call(call, content)).code for call, content in calls.items()] == ["658", "41", "41"]
    for call in ("T127", "T147", "T149", "T183"):
        assert (await done(other, call, PAGE))["records"] == []


async def test_branches_are_named_where_a_seller_has_them(rig: Rig) -> None:
    await done(rig, "T130", [goods(), petrol()])
    await done(rig, "T131", increase(item("P1", "1")))
    (row,) = (await done(rig, "T147", PAGE))["records"]
    assert (row["branchId"], row["branchName"]) == ("", "Mango Street Grocers (fictitious)")
    known = rig.world.registry.taxpayer(rig.tin)
    assert known is not None
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | {"branches": BRANCHES}))
    (row,) = (await done(rig, "T147", PAGE))["records"]
    assert (row["branchId"], row["branchName"]) == ("1", "Main")
