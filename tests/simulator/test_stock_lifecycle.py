"""Stock hangs together: what comes in, is sold, written off, moved and returned is what every call then tells."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.simulator import World
from risiti.simulator.shelf import Goods
from risiti.simulator.stock import HOME, SHOWN
from tests.simulator.documents import SELLER_TIN, Wire, document, goods, line, priced
from tests.simulator.rig import START, Rig
from tests.simulator.stockroom import (
    BRANCHES,
    PIECE,
    done,
    increase,
    item,
    level,
    moved,
    reduction,
    refused_with,
    transfer,
)

pytestmark = pytest.mark.anyio


def sale(quantity: str, reference: str, **line_changes: str) -> Wire:
    """Make an invoice of so many pens at 1180 each."""
    gross = Decimal(quantity) * 1180
    made = priced(quantity, "1180", str(gross), str(gross * 18 / 118))
    made["sellerDetails"]["referenceNo"] = reference
    made["goodsDetails"][0] |= line_changes
    return made


async def limited() -> Rig:
    """A seller with two branches that may sell no more than is there, with pens registered."""
    rig = Rig.make(branches=BRANCHES, stock_limited=True)
    await rig.open()
    await done(rig, "T130", [goods() | PIECE])
    return rig


async def test_goods_are_stocked_sold_written_off_moved_and_run_out() -> None:
    rig = await limited()
    assert (await done(rig, "T103", None))["goodsStockLimit"] == "101"
    assert (await rig.upload(sale("1", "A"))).code == "2788"
    await done(rig, "T131", increase(item("P1", "50"), stockInType="104"))
    await done(rig, "T109", sale("10", "B"))
    assert await level(rig, "P1") == "40"
    await done(rig, "T131", reduction(item("P1", "5")))
    await done(rig, "T139", transfer(moved("P1", "20")))
    assert [await level(rig, "P1", branch) for branch in ("", "1", "2")] == ["15", "15", "20"]
    assert (await rig.upload(sale("15.5", "C"))).code == "1600"
    await done(rig, "T109", sale("15", "D"))
    assert (await rig.upload(sale("0.5", "E"))).code == "2788"
    assert rig.world.documents("C") == rig.world.documents("E") == []
    elsewhere = sale("20", "F")
    elsewhere["sellerDetails"] |= {"branchId": "2", "branchName": "Kawempe"}
    await done(rig, "T109", elsewhere)
    assert [await level(rig, "P1", branch) for branch in ("1", "2")] == ["0", "0"]
    rig.world.close()


async def test_lines_of_one_document_share_the_stock() -> None:
    rig = await limited()
    await done(rig, "T131", increase(item("P1", "5")))
    made = document("standard", "TWICE")
    made["goodsDetails"] = [line(0), line(1)]
    gross, tax = Decimal("23600.04"), Decimal("3600.00")
    amounts = {"netAmount": str(gross - tax), "taxAmount": str(tax), "grossAmount": str(gross)}
    made["taxDetails"][0] |= amounts
    made["summary"] |= amounts | {"itemCount": "2"}
    made["payWay"][0]["paymentAmount"] = str(gross)
    assert (await rig.upload(made)).code == "1600"
    await done(rig, "T131", increase(item("P1", "1")))
    await done(rig, "T109", made)
    assert await level(rig, "P1") == "0"
    rig.world.close()


async def test_an_unrestricted_seller_may_sell_below_zero(rig: Rig) -> None:
    await done(rig, "T130", [goods()])
    await done(rig, "T109", sale("3", "A"))
    assert await level(rig, "P1") == "-3"
    assert await refused_with(rig, "T131", reduction(item("P1", "1"))) == "2091"
    await done(rig, "T131", increase(item("P1", "10"), stockInType="104"))
    assert await level(rig, "P1") == "7"


@pytest.mark.parametrize(
    ("free", "code"),
    [((), "2788"), (("44121701",), "00"), (("44120000",), "00"), (("*",), "00"), (("50000000",), "2788")],
)
async def test_categories_let_off_may_go_below_zero_whatever_the_switch(free: tuple[str, ...], code: str) -> None:
    rig = await limited()
    rig.configure(negative_stock_categories=free)
    answer = await done(rig, "T177", None)
    assert answer["goodsStockLimit"]["allNegativeCode"] == ("101" if free == ("*",) else "102")
    assert answer["goodsStockLimit"]["statusCode"] == ("101" if free else "102")
    listed = [row["commodityCategoryCode"] for row in answer["goodsStockLimitCategoryList"]]
    assert listed == ([] if free == ("*",) else list(free))
    assert (await rig.upload(sale("1", "A"))).code == code
    rig.world.close()


async def test_a_refused_document_and_what_is_no_stock_leave_the_stock_alone(rig: Rig) -> None:
    await done(rig, "T130", [goods(), goods("S1", commodityCategoryId="81111800")])
    await done(rig, "T131", increase(item("P1", "5")))
    assert (await rig.upload(sale("5", "A", tax="1"))).code == "2776"
    await done(rig, "T109", sale("5", "B", itemCode="S1", goodsCategoryId="81111800"))
    await done(rig, "T109", sale("5", "C", itemCode="NOT REGISTERED"))
    assert await level(rig, "P1") == "5"
    await done(rig, "T109", sale("1", "D"))
    assert await refused_with(rig, "T109", sale("1", "D")) == "2253"
    assert await level(rig, "P1") == "4"


async def test_pieces_are_parts_of_the_main_unit(rig: Rig) -> None:
    await done(rig, "T130", [goods() | PIECE])
    await done(rig, "T131", increase(item("P1", "1")))
    for number in range(12):
        assert await level(rig, "P1") != "0"
        await done(rig, "T109", sale("1", f"R{number}", unitOfMeasure="110"))
    assert await level(rig, "P1") == "0"
    await done(rig, "T131", increase(item("P1", "18", measureUnit="110")))
    assert await level(rig, "P1") == "1.5"


async def test_an_approved_credit_note_gives_goods_back_to_the_branch_of_the_sale() -> None:
    rig = await limited()
    await done(rig, "T131", increase(item("P1", "5")))
    await done(rig, "T109", sale("5", "A"))
    seller = rig.world.registry.taxpayer(rig.tin)
    assert seller is not None
    returned = [{"itemCode": "P1", "qty": "-2", "unitOfMeasure": "101"}, {"itemCode": "?", "qty": "-1"}]
    rig.world.stock.give_back(seller, "", returned)
    rig.world.stock.give_back(seller, "2", returned)
    assert [await level(rig, "P1", branch) for branch in ("1", "2")] == ["2", "2"]
    rig.world.close()


@pytest.mark.parametrize(("roll_back", "left"), [("0", "3"), ("", "3"), ("1", "10")])
async def test_good_rows_stay_unless_the_call_is_all_or_nothing(rig: Rig, roll_back: str, left: str) -> None:
    await done(rig, "T130", [goods()])
    await done(rig, "T131", increase(item("P1", "10")))
    rows = [item("P1", "7"), item("P1", "4"), item("?", "1", remarks="unknown")]
    answer = await rig.call("T131", reduction(*rows, rollBackIfError=roll_back))
    assert answer.code == "45"
    failed = rig.read(answer)
    assert [(row["goodsCode"], row["quantity"], row["returnCode"]) for row in failed] == [
        ("P1", "4", "2092"),
        ("?", "1", "658"),
    ]
    assert [row["returnMessage"].rpartition(":")[2] for row in failed] == ["1", "2"]
    assert await level(rig, "P1") == left
    records = (await done(rig, "T149", {"pageNo": "1", "pageSize": "10"}))["records"]
    assert len(records) == (0 if roll_back == "1" else 1)


async def test_stock_and_records_outlive_a_restart(tmp_path: Path) -> None:
    rig = Rig.make(World.open(tmp_path / "world.db"), branches=BRANCHES)
    await rig.open()
    await done(rig, "T130", [goods()])
    await done(rig, "T131", increase(item("P1", "7.25")))
    await done(rig, "T131", reduction(item("P1", "1")))
    await done(rig, "T139", transfer(moved("P1", "2")))
    records = {call: await done(rig, call, {"pageNo": "1", "pageSize": "9"}) for call in ("T147", "T149", "T183")}
    rig.world.close()
    again = Rig.make(World.open(tmp_path / "world.db"), branches=BRANCHES)
    await again.open()
    assert [await level(again, "P1", branch) for branch in ("1", "2")] == ["4.25", "2"]
    assert {call: await done(again, call, {"pageNo": "1", "pageSize": "9"}) for call in records} == records
    assert await refused_with(again, "T131", increase(item("P1", "1"), stockInType="104")) == "2176"
    again.world.close()


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["in", "out"]),
        st.sampled_from(["101", "110", "112"]),
        st.decimals(min_value="0.00000001", max_value=10**6, places=8),
    ),
    max_size=30,
)


@given(MOVES, st.integers(1, 999), st.integers(1, 999))
def test_the_level_is_the_exact_sum_of_all_moves_in_whatever_units(
    moves: list[tuple[str, str, Decimal]], pieces: int, others: int
) -> None:
    data: Wire = goods() | PIECE | {"pieceScaledValue": str(pieces)}
    data["goodsOtherUnits"] = [{"otherUnit": "112", "packageScaled": "1", "otherScaled": str(others)}]
    world = World.open()
    world.shelf.put(SELLER_TIN, "P1", "Pen", data, START)
    (known,) = world.shelf.of(SELLER_TIN)
    parts = {"101": 1, "110": pieces, "112": others}
    exact = Fraction(0)
    for kind, unit, quantity in moves:
        exact += Fraction(quantity) / parts[unit] * (1 if kind == "in" else -1)
        _move(world, known, kind, known.in_main_units(quantity, unit))
    assert abs(Fraction(world.stock.level(known, HOME)) - exact) <= Fraction(SHOWN)
    world.close()


def _move(world: World, known: Goods, kind: str, quantity: Decimal) -> None:
    (world.stock.bring if kind == "in" else world.stock.remove)(known, HOME, quantity)
