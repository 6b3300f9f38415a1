"""T130 and T127: goods are registered row by row, each broken rule gives its code, and come back as registered."""

import pytest

from tests.simulator.documents import Wire, goods
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio

PIECE = {
    "havePieceUnit": "101",
    "pieceMeasureUnit": "110",
    "pieceUnitPrice": "300",
    "packageScaledValue": "1",
    "pieceScaledValue": "12",
}
OTHER: Wire = {"otherUnit": "112", "packageScaled": "1", "otherScaled": "1", "otherPrice": ""}

CASES: list[tuple[str, Wire]] = [
    ("600", {"goodsCode": ""}),
    ("601", {"goodsCode": "x" * 51}),
    ("603", {"goodsName": ""}),
    ("604", {"goodsName": "x" * 201}),
    ("605", {"measureUnit": ""}),
    ("606", {"measureUnit": "ZZZ"}),
    ("607", {"unitPrice": ""}),
    ("608", {"unitPrice": "1,000"}),
    ("610", {"unitPrice": "0"}),
    ("611", {"unitPrice": "-1"}),
    ("612", {"currency": ""}),
    ("613", {"currency": "UGX"}),
    ("614", {"commodityCategoryId": ""}),
    ("615", {"commodityCategoryId": "4" * 19}),
    ("617", {"commodityCategoryId": "43211507"}),
    ("618", {"commodityCategoryId": "24111503"}),
    ("619", {"commodityCategoryId": "44121700"}),
    ("620", {"haveExciseTax": ""}),
    ("621", {"haveExciseTax": "1"}),
    ("622", {"haveExciseTax": "101", "havePieceUnit": ""}),
    ("671", {"haveExciseTax": "101"}),
    ("681", {"haveExciseTax": "101", "exciseDutyCode": "LED190100"}),
    ("670", {"exciseDutyCode": "LED190100"}),
    ("623", {"havePieceUnit": "1"}),
    ("624", {"description": "x" * 1025}),
    ("625", {"stockPrewarning": ""}),
    ("626", {"stockPrewarning": "few"}),
    ("629", {"stockPrewarning": "-1"}),
    ("645", {"pieceMeasureUnit": "110"}),
    ("646", {"pieceUnitPrice": "1"}),
    ("647", {"packageScaledValue": "1"}),
    ("648", {"pieceScaledValue": "1"}),
    ("649", PIECE | {"pieceMeasureUnit": ""}),
    ("2237", PIECE | {"pieceMeasureUnit": "1100"}),
    ("2238", PIECE | {"pieceMeasureUnit": "ZZZ"}),
    ("630", PIECE | {"pieceUnitPrice": ""}),
    ("631", PIECE | {"pieceUnitPrice": "x"}),
    ("633", PIECE | {"pieceUnitPrice": "0"}),
    ("634", PIECE | {"pieceUnitPrice": "-1"}),
    ("635", PIECE | {"packageScaledValue": ""}),
    ("636", PIECE | {"packageScaledValue": "x"}),
    ("638", PIECE | {"packageScaledValue": "0"}),
    ("639", PIECE | {"packageScaledValue": "-1"}),
    ("651", PIECE | {"pieceScaledValue": ""}),
    ("652", PIECE | {"pieceScaledValue": "x"}),
    ("654", PIECE | {"pieceScaledValue": "0"}),
    ("655", PIECE | {"pieceScaledValue": "-1"}),
    ("677", PIECE | {"pieceMeasureUnit": "101", "packageScaledValue": "2", "pieceScaledValue": "1"}),
    ("678", PIECE | {"pieceMeasureUnit": "101"}),
    ("683", {"operationType": "103"}),
    ("684", {"operationType": "102"}),
    ("2227", {"haveOtherUnit": "1"}),
    ("2239", {"haveOtherUnit": "101"}),
    ("2229", {"goodsOtherUnits": [OTHER]}),
    ("2228", PIECE | {"haveOtherUnit": "101"}),
    ("2066", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": ["112"]}),
    ("2218", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherUnit": ""}]}),
    ("2219", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherUnit": "1120"}]}),
    ("2220", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherUnit": "ZZZ"}]}),
    ("2221", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"packageScaled": ""}]}),
    ("2222", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"packageScaled": "x"}]}),
    ("2223", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherScaled": ""}]}),
    ("2224", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherScaled": "x"}]}),
    ("2230", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER, OTHER]}),
    ("2231", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherUnit": "101"}]}),
    ("2232", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherUnit": "110"}]}),
    ("2772", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherPrice": "x"}]}),
    ("2774", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherPrice": "0"}]}),
    ("2775", PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER | {"otherPrice": "-1"}]}),
]


@pytest.mark.parametrize(("code", "changes"), CASES)
async def test_one_broken_rule_of_a_row_gives_its_code(rig: Rig, code: str, changes: Wire) -> None:
    answer = await rig.call("T130", [goods() | changes])
    assert answer.code == "45"
    assert [row["returnCode"] for row in rig.read(answer)] == [code]
    assert rig.world.shelf.of(rig.tin) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"operationType": ""},
        PIECE,
        PIECE | {"pieceMeasureUnit": "101", "pieceScaledValue": "1"},
        PIECE | {"haveOtherUnit": "101", "goodsOtherUnits": [OTHER]},
        {"commodityCategoryId": "81111800", "unitPrice": "", "stockPrewarning": ""},
    ],
)
async def test_a_valid_row_is_registered_without_content(rig: Rig, changes: Wire) -> None:
    answer = await rig.call("T130", [goods() | changes])
    assert (answer.code, answer.envelope.content) == ("00", "")


async def test_good_rows_stay_when_others_fail(rig: Rig) -> None:
    answer = await rig.call("T130", [goods("A"), goods("B", unitPrice="0"), goods("C"), goods("A")])
    assert answer.code == "45"
    assert [(row["goodsCode"], row["returnCode"]) for row in rig.read(answer)] == [("B", "610"), ("A", "602")]
    assert [known.code for known in rig.world.shelf.of(rig.tin)] == ["A", "C"]


async def test_goods_are_changed_by_operation_102_but_not_into_services(rig: Rig) -> None:
    await rig.call("T130", [goods()])
    assert (await rig.call("T130", [goods(operationType="102", goodsName="Blue pen")])).code == "00"
    rows = rig.read(await rig.call("T127", {"goodsCode": "P1", "pageNo": "1", "pageSize": "10"}))["records"]
    assert [row["goodsName"] for row in rows] == ["Blue pen"]
    service = await rig.call("T130", [goods(operationType="102", commodityCategoryId="81111800")])
    assert rig.read(service)[0]["returnCode"] == "2800"
    await rig.call("T130", [goods("S1", commodityCategoryId="81111800")])
    good = await rig.call("T130", [goods("S1", operationType="102")])
    assert rig.read(good)[0]["returnCode"] == "2799"


@pytest.mark.parametrize(("code", "content"), [("2070", []), ("2066", ["P1"])])
async def test_an_upload_without_rows_is_refused(rig: Rig, code: str, content: list[str]) -> None:
    assert (await rig.call("T130", content)).code == code


async def test_unknown_categories_are_refused_in_strict_mode(rig: Rig) -> None:
    rig.configure(check_categories="strict")
    answer = await rig.call("T130", [goods(commodityCategoryId="99999999")])
    assert rig.read(answer)[0]["returnCode"] == "616"


@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ({}, ["P1", "M1", "S1"]),
        ({"goodsCode": "M1"}, ["M1"]),
        ({"goodsName": "mil"}, ["M1"]),
        ({"combineKeywords": "p"}, ["P1"]),
        ({"serviceMark": "101"}, ["S1"]),
        ({"commodityCategoryName": "milk"}, ["M1"]),
        ({"haveExciseTax": "101"}, []),
        ({"startDate": "2026-03-03"}, []),
        ({"endDate": "2026-03-02", "queryType": "1"}, ["P1", "M1", "S1"]),
    ],
)
async def test_goods_are_found_by_filters(rig: Rig, filters: Wire, codes: list[str]) -> None:
    rows = [
        goods(),
        goods("M1", goodsName="Milk", commodityCategoryId="50131701"),
        goods("S1", goodsName="Aid", commodityCategoryId="85121500"),
    ]
    assert (await rig.call("T130", rows)).code == "00"
    answer = rig.read(await rig.call("T127", {"pageNo": "1", "pageSize": "99"} | filters))
    assert [row["goodsCode"] for row in answer["records"]] == codes
    rates = {"P1": "0.18", "M1": "0", "S1": "-"}
    assert all(row["taxRate"] == rates[row["goodsCode"]] for row in answer["records"])


@pytest.mark.parametrize(
    ("code", "filters"),
    [
        ("1521", {"pageNo": ""}),
        ("1526", {"pageSize": "100"}),
        ("2256", {"goodsCode": "x" * 51}),
        ("2258", {"goodsName": "x" * 101}),
        ("2260", {"commodityCategoryName": "x" * 201}),
        ("2836", {"branchId": "1" * 19}),
        ("2837", {"branchId": "1"}),
        ("2875", {"serviceMark": "1"}),
        ("2878", {"haveExciseTax": "1"}),
        ("2901", {"goodsTypeCode": "1"}),
        ("3103", {"queryType": "2"}),
        ("3104", {"queryType": "0"}),
        ("3107", {"tin": "1000000901"}),
    ],
)
async def test_a_wrong_goods_filter_gives_its_code(rig: Rig, code: str, filters: Wire) -> None:
    assert (await rig.call("T127", {"pageNo": "1", "pageSize": "10"} | filters)).code == code
