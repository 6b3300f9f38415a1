import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from risiti.efris import (
    EAST_AFRICA_TIME,
    FIND_BRANCH_STOCK_RECORDS,
    FIND_STOCK_ADJUSTMENTS,
    FIND_STOCK_RECORDS,
    FIND_STOCK_TRANSFERS,
    MAINTAIN_STOCK,
    NEGATIVE_STOCK,
    READ_STOCK_ADJUSTMENT,
    READ_STOCK_RECORD,
    READ_STOCK_TRANSFER,
    TRANSFER_STOCK,
    Malformed,
)
from risiti.efris.models.codes import AdjustType, StockInType, StockOperation, TransferType
from risiti.efris.models.stock import (
    BranchStockQuery,
    BranchTransfer,
    BranchTransferItem,
    StockMaintenance,
    StockMovement,
    StockMovementItem,
    StockTransfer,
)
from tests.efris.answers import answered

SECOND_OF_MARCH = datetime(2026, 3, 2, tzinfo=EAST_AFRICA_TIME)


def a_purchase(**changes: object) -> StockMaintenance:
    """Return an increase by three pens."""
    row = StockMovementItem(goods_code="P1", measure_unit="101", quantity=Decimal(3), unit_price=Decimal("2500.5"))
    head = StockMovement(
        operation_type=StockOperation.INCREASE,
        supplier_name="Papyrus Wholesale (fictitious)",
        stock_in_type=StockInType.LOCAL_PURCHASE,
        stock_in_date=date(2026, 3, 2),
    )
    return StockMaintenance(goods_stock_in=head, goods_stock_in_item=(row.model_copy(update=changes),))


def a_transfer(**changes: object) -> StockTransfer:
    """Return a move of three pens from one branch to another."""
    head = BranchTransfer(
        source_branch_id="912550336846912433", destination_branch_id="912550336846912434",
        transfer_type_code=(TransferType.OUT_OF_STOCK, TransferType.CORRECTION),
    )  # fmt: skip
    row = BranchTransferItem(goods_code="P1", measure_unit="101", quantity=Decimal(3))
    return StockTransfer(goods_stock_transfer=head, goods_stock_transfer_item=(row.model_copy(update=changes),))


def test_an_increase_leaves_empty_what_belongs_to_a_reduction() -> None:
    document = json.loads(MAINTAIN_STOCK.freeze(a_purchase()).content)
    head = document["goodsStockIn"]
    assert (head["operationType"], head["stockInType"], head["stockInDate"]) == ("101", "102", "2026-03-02")
    assert (head["adjustType"], head["productionBatchNo"], head["productionDate"]) == ("", "", "")
    assert (head["isCheckBatchNo"], head["rollBackIfError"], head["goodsTypeCode"]) == ("0", "0", "101")
    assert document["goodsStockInItem"] == [
        {
            "commodityGoodsId": "", "goodsCode": "P1", "measureUnit": "101", "quantity": "3", "unitPrice": "2500.5",
            "remarks": "",
        }
    ]  # fmt: skip


def test_a_reduction_names_all_its_reasons_in_one_text() -> None:
    head = StockMovement(operation_type=StockOperation.REDUCE, adjust_type=(AdjustType.EXPIRED, AdjustType.DAMAGED))
    document = json.loads(MAINTAIN_STOCK.freeze(a_purchase().model_copy(update={"goods_stock_in": head})).content)
    assert document["goodsStockIn"]["adjustType"] == "101,102"
    assert document["goodsStockIn"]["stockInType"] == ""
    document["goodsStockIn"]["adjustType"] = "101, 105"
    read_back = MAINTAIN_STOCK.parse(json.dumps(document).encode())
    assert read_back.goods_stock_in.adjust_type == (AdjustType.EXPIRED, AdjustType.RAW_MATERIALS)


def test_the_reasons_of_a_transfer_travel_as_one_text_too() -> None:
    document = json.loads(TRANSFER_STOCK.freeze(a_transfer()).content)
    assert document["goodsStockTransfer"]["transferTypeCode"] == "101,102"
    assert "sourceFuelTankId" not in document["goodsStockTransferItem"][0]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("goodsStockIn.operationType", "103", "2078"),
        ("goodsStockIn.adjustType", "101,106", "2090"),
        ("goodsStockIn.stockInType", "105", "2128"),
        ("goodsStockIn.stockInDate", "yesterday", "2114"),
        ("goodsStockIn.isCheckBatchNo", "true", "2842"),
        ("goodsStockIn.rollBackIfError", "2", "2892"),
    ],
)
def test_a_value_outside_its_list_is_refused_with_the_authoritys_code(path: str, value: str, code: str) -> None:
    document = json.loads(MAINTAIN_STOCK.freeze(a_purchase()).content)
    head, field = path.split(".")
    document[head][field] = value
    with pytest.raises(Malformed) as raised:
        MAINTAIN_STOCK.parse(json.dumps(document).encode())
    assert [fault.code for fault in raised.value.faults] == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"goods_code": "x" * 51}, "2195"),
        ({"measure_unit": "1011"}, "2234"),
        ({"quantity": Decimal(10) ** 12}, "660"),
        ({"destination_fuel_tank_id": "x" * 19}, "3012"),
    ],
)
def test_a_transfer_gets_the_codes_it_shares_with_stock_taking(changes: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as raised:
        TRANSFER_STOCK.freeze(a_transfer(**changes))
    assert [fault.code for fault in raised.value.faults] == [code]


@pytest.mark.parametrize("nothing", ["", [], None])
def test_no_rows_in_the_answer_mean_that_all_were_booked(nothing: object) -> None:
    assert answered(MAINTAIN_STOCK, nothing).failures == ()
    assert answered(TRANSFER_STOCK, nothing).failures == ()


def test_rows_that_failed_come_as_the_answer_and_not_as_an_error() -> None:
    failed = [{"goodsCode": "P1", "quantity": "3", "returnCode": "2092", "returnMessage": "said the authority"}]
    (row,) = answered(MAINTAIN_STOCK, failed, "45").failures
    assert (row.goods_code, row.quantity, row.return_code) == ("P1", Decimal(3), "2092")
    (moved,) = answered(TRANSFER_STOCK, failed, "45").failures
    assert moved.return_code == "2092"


@pytest.mark.parametrize("written", ["2026-03-02", "02/03/2026", "2026/03/02", "02/03/2026 00:00:00"])
def test_dates_are_read_in_every_form_the_authority_uses(written: str) -> None:
    page = {
        "page": {"pageNo": 1},
        "records": [{"stockInDate": written, "productionDate": "", "totalAmount": "7501.50"}],
    }
    for answer in (answered(FIND_STOCK_RECORDS, page), answered(FIND_BRANCH_STOCK_RECORDS, page)):
        (record,) = answer.records
        assert (record.stock_in_date, record.production_date) == (SECOND_OF_MARCH, None)
        assert record.total_amount == Decimal("7501.50")
    (adjusted,) = answered(
        FIND_STOCK_ADJUSTMENTS, {"records": [{"adjustDate": written, "adjustType": "101,104"}]}
    ).records
    assert (adjusted.adjust_date, adjusted.adjust_type) == (SECOND_OF_MARCH, "101,104")
    (moved,) = answered(FIND_STOCK_TRANSFERS, {"records": [{"transferDate": written}]}).records
    assert moved.transfer_date == SECOND_OF_MARCH


@pytest.mark.parametrize("name", ["goodsStocAdjustGoods", "goodsStockAdjustGoods"])
def test_the_misspelt_list_of_an_adjustment_is_read_and_so_is_the_right_spelling(name: str) -> None:
    details = answered(
        READ_STOCK_ADJUSTMENT,
        {"goodsStockAdjust": {"adjustType": "102"}, name: [{"goodsCode": "P1", "adjustQuantity": 2}]},
    )
    assert [goods.adjust_quantity for goods in details.goods_stock_adjust_goods] == [Decimal(2)]


@pytest.mark.parametrize("name", ["amount", "totalAmount"])
def test_the_amount_of_stocked_goods_is_read_under_both_its_names(name: str) -> None:
    details = answered(
        READ_STOCK_RECORD, {"goodsStockIn": None, "goodsStockInGoods": [{"goodsCode": "P1", name: "7.5"}]}
    )
    assert details.goods_stock_in_goods[0].amount == Decimal("7.5")
    assert details.goods_stock_in.invoice_no == ""


def test_a_transfer_is_read_whichever_way_its_branches_are_named() -> None:
    answer = {"goodsStockTransfer": {"sourceBranchId": "1", "destinationBranchName": "Kampala Road"}}
    details = answered(READ_STOCK_TRANSFER, answer)
    assert details.goods_stock_transfer.source_branch_id == "1"
    assert details.goods_stock_transfer.destination_branch_name == "Kampala Road"
    assert details.goods_stock_transfer_item == ()


def test_the_negative_stock_switch_is_read_with_and_without_categories() -> None:
    limit = {"periodFrom": "2026-01-01", "periodTo": "2026-12-31", "allNegativeCode": "101", "statusCode": "101"}
    everything = answered(NEGATIVE_STOCK, {"goodsStockLimit": limit, "goodsStockLimitCategoryList": None})
    assert everything.goods_stock_limit.all_negative_code == "101"
    assert everything.goods_stock_limit_category_list == ()
    some = answered(
        NEGATIVE_STOCK, {"goodsStockLimitCategoryList": [{"commodityCategoryCode": "44", "isSelectAll": 101}]}
    )
    assert some.goods_stock_limit_category_list[0].is_select_all == "101"
    assert answered(NEGATIVE_STOCK, "").goods_stock_limit.id == ""


def test_what_nobody_knows_yet_is_kept() -> None:
    page = answered(FIND_STOCK_RECORDS, {"records": [{"invoiceNo": "3250", "newField": ["x"]}], "trace": "t-1"})
    assert page.model_extra == {"trace": "t-1"}
    assert page.records[0].model_extra == {"newField": ["x"]}


def test_a_query_leaves_out_what_it_does_not_ask_for() -> None:
    query = BranchStockQuery(start_date=date(2026, 3, 2), stock_in_type=StockInType.IMPORT)
    assert json.loads(FIND_BRANCH_STOCK_RECORDS.freeze(query).content) == {
        "stockInType": "101", "startDate": "2026-03-02", "pageNo": "1", "pageSize": "10",
    }  # fmt: skip
