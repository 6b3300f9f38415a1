"""T131, T139, T145, T147-T149, T160, T177, T183, T184: stock in, out and between branches, and its records."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field

from risiti.efris.models.base import (
    BLANK,
    READ_OBJECT,
    READ_ROWS,
    Choice,
    Choices,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    Flag,
    Moment,
    Number,
    Rows,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import AdjustType, GoodsKind, StockInType, StockOperation, TransferType
from risiti.efris.models.paging import Page


class StockMovement(EfrisRequest):
    """Head of T131: why stock grows or shrinks. What does not belong to the direction is left empty (2083-2138)."""

    operation_type: Annotated[StockOperation, Choice("increase or reduce")]
    supplier_tin: Annotated[str, Text("the supplier's TIN; not for REDUCE or MANUFACTURE", 50)] = ""
    supplier_name: Annotated[str, Text("the supplier; for INCREASE, but not MANUFACTURE (2081)", 100)] = ""
    adjust_type: Annotated[tuple[AdjustType, ...], Choices("reasons; for REDUCE only (2088)", 20)] = ()
    remarks: Annotated[str, Text("free text; needed with OTHER (2085)", 1024)] = ""
    stock_in_date: Annotated[date | None, Moment("day of the movement"), BLANK] = None
    stock_in_type: Annotated[StockInType | None, Choice("origin; for INCREASE only (2126)"), BLANK] = None
    production_batch_no: Annotated[str, Text("batch; for MANUFACTURE only", 50)] = ""
    production_date: Annotated[date | None, Moment("day of production; for MANUFACTURE only"), BLANK] = None
    branch_id: Annotated[str, Text("branch; the device's own by default", 18)] = ""
    invoice_no: Annotated[str, Text("fiscal document number of the purchase", 20)] = ""
    is_check_batch_no: Annotated[bool, Flag("refuse a purchase or batch stocked before (2841)")] = False
    roll_back_if_error: Annotated[bool, Flag("all rows or none")] = False
    goods_type_code: Annotated[GoodsKind, Choice("goods or fuel")] = GoodsKind.GOODS


class StockMovementItem(EfrisRequest):
    """One row of T131. Goods are named by code or by the authority's id (2196)."""

    commodity_goods_id: Annotated[str, Text("the authority's id of the goods", 18)] = ""
    goods_code: Annotated[str, Text("the seller's goods code", 50)] = ""
    measure_unit: Annotated[str, Text("unit, as registered (2243)", 3)] = ""
    quantity: Annotated[Decimal, Number("how many, more than 0", 12, 8)]
    unit_price: Annotated[Decimal, Number("purchase price per unit, UGX, may be 0", 12, 8)]
    remarks: Annotated[str, Text("free text", 1024)] = ""
    fuel_tank_id: Annotated[str | None, Text("fuel: tank", 18)] = None
    loss_quantity: Annotated[Decimal | None, Number("fuel: lost on the way", 12, 8)] = None
    original_quantity: Annotated[Decimal | None, Number("fuel: quantity + lossQuantity (3027)", 12, 8)] = None


class StockMaintenance(EfrisRequest):
    """Request of T131: put goods into stock or take them out."""

    goods_stock_in: StockMovement
    goods_stock_in_item: Annotated[tuple[StockMovementItem, ...], Rows("goods", required=True)]


class StockFailure(EfrisAnswer):
    """One row of T131 that was not booked, and why. A row without a code counts as booked."""

    commodity_goods_id: WireText = ""
    goods_code: WireText = ""
    measure_unit: WireText = ""
    quantity: WireNumber = None
    unit_price: WireNumber = None
    remarks: WireText = ""
    fuel_tank_id: WireText = ""
    loss_quantity: WireNumber = None
    original_quantity: WireNumber = None
    return_code: WireText = ""
    return_message: WireText = ""


class StockMaintained(EfrisAnswerRows):
    """Answer of T131: the rows that failed; empty when all were booked."""

    wire_list: ClassVar[str] = "failures"

    failures: Annotated[tuple[StockFailure, ...], READ_ROWS] = ()


class BranchTransfer(EfrisRequest):
    """Head of T139: from where, to where and why."""

    source_branch_id: Annotated[str, Text("branch that gives", 18, required=True)]
    destination_branch_id: Annotated[str, Text("branch that takes, another one (2145)", 18, required=True)]
    transfer_type_code: Annotated[tuple[TransferType, ...], Choices("reasons", 20, required=True)]
    remarks: Annotated[str, Text("free text; needed with OTHER (2151)", 1024)] = ""
    roll_back_if_error: Annotated[bool, Flag("all rows or none")] = False
    goods_type_code: Annotated[GoodsKind, Choice("goods or fuel")] = GoodsKind.GOODS


class BranchTransferItem(EfrisRequest):
    """One row of T139. Goods are named by code or by the authority's id (2196).

    Code 3012 allows 8 bytes for the tank that takes; the table, and every other id of a tank, 18.
    """

    commodity_goods_id: Annotated[str, Text("the authority's id of the goods", 18)] = ""
    goods_code: Annotated[str, Text("the seller's goods code", 50)] = ""
    measure_unit: Annotated[str, Text("unit, as registered (2243)", 3)] = ""
    quantity: Annotated[Decimal, Number("how many, more than 0, at most what is there (2152)", 12, 8)]
    remarks: Annotated[str, Text("free text", 1024)] = ""
    source_fuel_tank_id: Annotated[str | None, Text("fuel: tank that gives", 18)] = None
    destination_fuel_tank_id: Annotated[str | None, Text("fuel: tank that takes", 18)] = None


class StockTransfer(EfrisRequest):
    """Request of T139: move stock from one branch to another."""

    goods_stock_transfer: BranchTransfer
    goods_stock_transfer_item: Annotated[tuple[BranchTransferItem, ...], Rows("goods", required=True)]


class TransferFailure(EfrisAnswer):
    """One row of T139 that was not moved, and why. A row without a code counts as moved."""

    commodity_goods_id: WireText = ""
    goods_code: WireText = ""
    measure_unit: WireText = ""
    quantity: WireNumber = None
    remarks: WireText = ""
    source_fuel_tank_id: WireText = ""
    destination_fuel_tank_id: WireText = ""
    return_code: WireText = ""
    return_message: WireText = ""


class StockTransferred(EfrisAnswerRows):
    """Answer of T139: the rows that failed; empty when all were moved."""

    wire_list: ClassVar[str] = "failures"

    failures: Annotated[tuple[TransferFailure, ...], READ_ROWS] = ()


class StockRecordQuery(EfrisRequest):
    """Request of T145: movements of a batch, a purchase or a reference; one of the three is needed (2843).

    The table allows 50 bytes for a reference, code 2847 allows 20; the code is what is checked.
    """

    production_batch_no: Annotated[str, Text("batch", 50)] = ""
    invoice_no: Annotated[str, Text("fiscal document number of the purchase", 20)] = ""
    reference_no: Annotated[str, Text("the authority's reference of the movement", 20)] = ""
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class BranchStockQuery(EfrisRequest):
    """Request of T147: movements of the device's branch."""

    combine_keywords: Annotated[str | None, Text("part of reference or supplier", 50)] = None
    stock_in_type: Annotated[StockInType | None, Choice("origin")] = None
    start_date: Annotated[date | None, Moment("stocked from")] = None
    end_date: Annotated[date | None, Moment("stocked to")] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10
    supplier_tin: Annotated[str | None, Text("the supplier's TIN", 50)] = None
    supplier_name: Annotated[str | None, Text("the supplier", 100)] = None


class StockRecord(EfrisAnswer):
    """One movement in the answer of T145 or T147.

    Attributes:
        id: Names the movement in T148; only T147 gives it.
        adjust_type: Values of `AdjustType`, joined by commas; only T145 gives it.
        stock_in_type: A value of `StockInType`.
        total_amount: Value of the movement, UGX.
    """

    id: WireText = ""
    reference_no: WireText = ""
    supplier_tin: WireText = ""
    supplier_name: WireText = ""
    adjust_type: WireText = ""
    remarks: WireText = ""
    stock_in_date: WireTime = None
    stock_in_type: WireText = ""
    production_batch_no: WireText = ""
    production_date: WireTime = None
    branch_id: WireText = ""
    branch_name: WireText = ""
    invoice_no: WireText = ""
    total_amount: WireNumber = None


class StockRecordPage(EfrisAnswer):
    """Answer of T145 and T147."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[StockRecord, ...], READ_ROWS] = ()


class StockRecordRead(EfrisRequest):
    """Request of T148: one stock-in movement in full."""

    id: Annotated[str, Text("id from T147", 18, required=True)]


class StockedGoods(EfrisAnswer):
    """Goods of a movement in the answer of T148.

    Attributes:
        amount: Quantity x unit price. The sample calls it `amount`, the table `totalAmount`.
    """

    commodity_goods_id: WireText = ""
    goods_code: WireText = ""
    goods_name: WireText = ""
    measure_unit: WireText = ""
    currency: WireText = ""
    quantity: WireNumber = None
    unit_price: WireNumber = None
    amount: WireNumber = Field(default=None, validation_alias=AliasChoices("amount", "totalAmount"))


class StockRecordDetails(EfrisAnswer):
    """Answer of T148: a stock-in movement with its goods."""

    goods_stock_in: Annotated[StockRecord, READ_OBJECT] = StockRecord()
    goods_stock_in_goods: Annotated[tuple[StockedGoods, ...], READ_ROWS] = ()


class StockAdjustmentQuery(EfrisRequest):
    """Request of T149: search reductions of stock."""

    reference_no: Annotated[str | None, Text("the authority's reference", 50)] = None
    start_date: Annotated[date | None, Moment("adjusted from")] = None
    end_date: Annotated[date | None, Moment("adjusted to")] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class StockAdjustment(EfrisAnswer):
    """A reduction of stock in the answer of T149 or T160.

    Attributes:
        id: Names the reduction in T160; only T149 gives it.
        adjust_type: Values of `AdjustType`, joined by commas.
        adjust_amount: Value taken out, UGX.
    """

    id: WireText = ""
    reference_no: WireText = ""
    branch_id: WireText = ""
    branch_name: WireText = ""
    adjust_date: WireTime = None
    adjust_type: WireText = ""
    remarks: WireText = ""
    adjust_amount: WireNumber = None


class StockAdjustmentPage(EfrisAnswer):
    """Answer of T149."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[StockAdjustment, ...], READ_ROWS] = ()


class StockAdjustmentRead(EfrisRequest):
    """Request of T160: one reduction in full."""

    id: Annotated[str, Text("id from T149", 50, required=True)]


class AdjustedGoods(EfrisAnswer):
    """Goods of a reduction in the answer of T160.

    Attributes:
        stock: Quantity before.
        adjust_quantity: Quantity taken out.
        current_quantity: Quantity after.
    """

    commodity_goods_id: WireText = ""
    goods_code: WireText = ""
    goods_name: WireText = ""
    measure_unit: WireText = ""
    unit_price: WireNumber = None
    stock: WireNumber = None
    adjust_quantity: WireNumber = None
    current_quantity: WireNumber = None
    adjust_amount: WireNumber = None
    remarks: WireText = ""


class StockAdjustmentDetails(EfrisAnswer):
    """Answer of T160. The wire spells the list `goodsStocAdjustGoods`; the right spelling is read too."""

    goods_stock_adjust: Annotated[StockAdjustment, READ_OBJECT] = StockAdjustment()
    goods_stock_adjust_goods: Annotated[tuple[AdjustedGoods, ...], READ_ROWS] = Field(
        default=(), validation_alias=AliasChoices("goodsStocAdjustGoods", "goodsStockAdjustGoods")
    )


class NegativeStockPeriod(EfrisAnswer):
    """A period in which stock may go below zero.

    Attributes:
        all_negative_code: `101` for all categories, `102` for the listed ones.
        status_code: `101` enabled, `102` disabled.
    """

    id: WireText = ""
    period_from: WireTime = None
    period_to: WireTime = None
    all_negative_code: WireText = ""
    status_code: WireText = ""


class NegativeStockCategory(EfrisAnswer):
    """A commodity category that may go below zero.

    Attributes:
        is_select_all: `101` with everything below it, `102` alone.
    """

    id: WireText = ""
    goods_stock_limit_id: WireText = ""
    commodity_category_code: WireText = ""
    is_select_all: WireText = ""


class NegativeStock(EfrisAnswer):
    """Answer of T177: when, and for what, stock may go below zero."""

    goods_stock_limit: Annotated[NegativeStockPeriod, READ_OBJECT] = NegativeStockPeriod()
    goods_stock_limit_category_list: Annotated[tuple[NegativeStockCategory, ...], READ_ROWS] = ()


class StockTransferQuery(EfrisRequest):
    """Request of T183: search transfers between branches."""

    reference_no: Annotated[str | None, Text("the authority's reference", 50)] = None
    source_branch_id: Annotated[str | None, Text("branch that gave", 18)] = None
    destination_branch_id: Annotated[str | None, Text("branch that took", 18)] = None
    start_date: Annotated[date | None, Moment("moved from")] = None
    end_date: Annotated[date | None, Moment("moved to")] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class StockTransferRecord(EfrisAnswer):
    """One transfer in the answer of T183, or its head in that of T184.

    T183 gives id, reference, value and the branches' names, T184 the branches' ids, reason and remarks; the document
    mixes ids and names up, so both are read from both.

    Attributes:
        transfer_amount: Value moved, UGX.
        transfer_type_code: Values of `TransferType`, joined by commas.
    """

    id: WireText = ""
    reference_no: WireText = ""
    source_branch_id: WireText = ""
    source_branch_name: WireText = ""
    destination_branch_id: WireText = ""
    destination_branch_name: WireText = ""
    transfer_date: WireTime = None
    transfer_type_code: WireText = ""
    transfer_amount: WireNumber = None
    remarks: WireText = ""


class StockTransferPage(EfrisAnswer):
    """Answer of T183."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[StockTransferRecord, ...], READ_ROWS] = ()


class StockTransferRead(EfrisRequest):
    """Request of T184: one transfer in full."""

    id: Annotated[str, Text("id from T183", 18, required=True)]


class TransferredGoods(EfrisAnswer):
    """Goods of a transfer in the answer of T184.

    Attributes:
        book_quantity: Quantity at the source before.
        transfer_quantity: Quantity moved.
        current_quantity: Quantity at the source after.
    """

    commodity_goods_id: WireText = ""
    goods_code: WireText = ""
    goods_name: WireText = ""
    measure_unit: WireText = ""
    currency: WireText = ""
    unit_price: WireNumber = None
    book_quantity: WireNumber = None
    transfer_quantity: WireNumber = None
    transfer_amount: WireNumber = None
    current_quantity: WireNumber = None
    remarks: WireText = ""


class StockTransferDetails(EfrisAnswer):
    """Answer of T184: a transfer with its goods."""

    goods_stock_transfer: Annotated[StockTransferRecord, READ_OBJECT] = StockTransferRecord()
    goods_stock_transfer_item: Annotated[tuple[TransferredGoods, ...], READ_ROWS] = ()
