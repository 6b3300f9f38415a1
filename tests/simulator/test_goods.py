"""T130 and T127: goods are registered row by row and come back as registered."""

import pytest

from tests.simulator.documents import Wire, goods
from tests.simulator.rig import Rig
from tests.simulator.stockroom import PIECE

pytestmark = pytest.mark.anyio

OTHER: Wire = {"otherUnit": "112", "packageScaled": "1", "otherScaled": "1", "otherPrice": ""}


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
async def test_a_valid_row_is_registered_and_no_row_comes_back(rig: Rig, changes: Wire) -> None:
    answer = await rig.call("T130", [goods() | changes])
    assert (answer.code, rig.read(answer)) == ("00", [])


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
