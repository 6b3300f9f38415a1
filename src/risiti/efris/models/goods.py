"""T127, T128, T130, T144: the goods list registered with the authority."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from risiti.efris.models.base import (
    BLANK,
    READ_OBJECT,
    READ_ROWS,
    Choice,
    Choices,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    EfrisRows,
    Flag,
    Moment,
    Number,
    Rows,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import GoodsKind, GoodsOperation, GoodsQueryType
from risiti.efris.models.paging import Page

_YES, _NO = "101", "102"


class GoodsQuery(EfrisRequest):
    """Request of T127: search the registered goods."""

    goods_code: Annotated[str | None, Text("the seller's goods code", 50)] = None
    goods_name: Annotated[str | None, Text("name", 100)] = None
    commodity_category_name: Annotated[str | None, Text("commodity category", 200)] = None
    branch_id: Annotated[str | None, Text("branch", 18)] = None
    service_mark: Annotated[bool | None, Flag("services only", _YES, _NO)] = None
    have_excise_tax: Annotated[bool | None, Flag("with excise duty only", _YES, _NO)] = None
    start_date: Annotated[date | None, Moment("changed from")] = None
    end_date: Annotated[date | None, Moment("changed to")] = None
    combine_keywords: Annotated[str | None, Text("part of code or name", 50)] = None
    goods_type_code: Annotated[GoodsKind | None, Choice("goods or fuel")] = None
    tin: Annotated[str | None, Text("agents: the principal", 20)] = None
    query_type: Annotated[GoodsQueryType, Choice("whose goods")] = GoodsQueryType.OWN
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10


class CustomsUnit(EfrisRequest):
    """How goods are counted by customs (since v23.4)."""

    customs_measure_unit: Annotated[str, Text("customs unit (exportRateUnit)", 3, required=True)]
    customs_unit_price: Annotated[Decimal, Number("price per customs unit", 12, 8)]
    package_scaled_value_customs: Annotated[Decimal, Number("packages", 12, 8)]
    customs_scaled_value: Annotated[Decimal, Number("customs units in them", 12, 8)]


class OtherUnit(EfrisRequest):
    """A further unit goods are sold in."""

    other_unit: Annotated[str, Text("unit (rateUnit)", 3, required=True)]
    other_price: Annotated[Decimal | None, Number("price per unit", 12, 8)] = None
    other_scaled: Annotated[Decimal, Number("units", 12, 8)]
    package_scaled: Annotated[Decimal, Number("in so many packages", 12, 8)]


class GoodsUploadRow(EfrisRequest):
    """One row of T130: goods or a service to register or change."""

    operation_type: Annotated[GoodsOperation, Choice("add or modify")] = GoodsOperation.ADD
    goods_name: Annotated[str, Text("name, as it will stand on invoices", 200, required=True)]
    goods_code: Annotated[str, Text("the seller's own code, unique", 50, required=True)]
    measure_unit: Annotated[str, Text("unit (rateUnit)", 3, required=True)]
    unit_price: Annotated[Decimal | None, Number("price with taxes; services need none", 12, 8), BLANK] = None
    currency: Annotated[str, Text("currency (value of currencyType, 101 for UGX)", 3, required=True)]
    commodity_category_id: Annotated[str, Text("commodity category, a leaf", 18, required=True)]
    have_excise_tax: Annotated[bool, Flag("excise duty is due", _YES, _NO)] = False
    description: Annotated[str, Text("free text", 1024)] = ""
    stock_prewarning: Annotated[Decimal | None, Number("stock level to warn at", 12, 8), BLANK] = None
    have_piece_unit: Annotated[bool, Flag("has a piece unit", _YES, _NO)] = False
    piece_measure_unit: Annotated[str, Text("piece unit", 3)] = ""
    piece_unit_price: Annotated[Decimal | None, Number("price per piece", 12, 8), BLANK] = None
    package_scaled_value: Annotated[Decimal | None, Number("packages", 12, 8), BLANK] = None
    piece_scaled_value: Annotated[Decimal | None, Number("pieces in them", 12, 8), BLANK] = None
    excise_duty_code: Annotated[str, Text("excise duty code, with excise", 20)] = ""
    have_other_unit: Annotated[bool, Flag("has further units", _YES, _NO)] = False
    goods_type_code: Annotated[GoodsKind, Choice("goods or fuel")] = GoodsKind.GOODS
    have_customs_unit: Annotated[bool | None, Flag("has customs units (v23.7)", _YES, _NO)] = None
    commodity_goods_extend_entity: CustomsUnit | None = None
    customs_unit_list: Annotated[tuple[CustomsUnit, ...] | None, Rows("customs units (v23.7)")] = None
    goods_other_units: Annotated[tuple[OtherUnit, ...] | None, Rows("further units")] = None


class GoodsUpload(EfrisRows):
    """Request of T130: a list of goods."""

    wire_list: ClassVar[str] = "goods"

    goods: Annotated[tuple[GoodsUploadRow, ...], Rows("goods", required=True)]


class RegisteredCustomsUnit(EfrisAnswer):
    """A customs unit of goods."""

    customs_measure_unit: WireText = ""
    customs_unit_price: WireNumber = None
    package_scaled_value_customs: WireNumber = None
    customs_scaled_value: WireNumber = None


class RegisteredOtherUnit(EfrisAnswer):
    """A further unit of goods."""

    id: WireText = ""
    commodity_goods_id: WireText = ""
    other_unit: WireText = ""
    other_price: WireNumber = None
    other_scaled: WireNumber = None
    package_scaled: WireNumber = None


class GoodsUploadFailure(EfrisAnswer):
    """One row of T130 that was not stored: the row as it was sent, and why. A row without a code counts as stored."""

    operation_type: WireText = ""
    goods_name: WireText = ""
    goods_code: WireText = ""
    measure_unit: WireText = ""
    unit_price: WireNumber = None
    currency: WireText = ""
    commodity_category_id: WireText = ""
    have_excise_tax: WireText = ""
    description: WireText = ""
    stock_prewarning: WireNumber = None
    have_piece_unit: WireText = ""
    piece_measure_unit: WireText = ""
    piece_unit_price: WireNumber = None
    package_scaled_value: WireNumber = None
    piece_scaled_value: WireNumber = None
    excise_duty_code: WireText = ""
    have_other_unit: WireText = ""
    goods_type_code: WireText = ""
    have_customs_unit: WireText = ""
    commodity_goods_extend_entity: Annotated[RegisteredCustomsUnit, READ_OBJECT] = RegisteredCustomsUnit()
    customs_unit_list: Annotated[tuple[RegisteredCustomsUnit, ...], READ_ROWS] = ()
    goods_other_units: Annotated[tuple[RegisteredOtherUnit, ...], READ_ROWS] = ()
    return_code: WireText = ""
    return_message: WireText = ""


class GoodsUploaded(EfrisAnswerRows):
    """Answer of T130: the rows that failed; empty when all were stored."""

    wire_list: ClassVar[str] = "failures"

    failures: Annotated[tuple[GoodsUploadFailure, ...], READ_ROWS] = ()


class RegisteredGoods(EfrisAnswer):
    """Goods as the authority keeps them. Flags are "101" for yes and "102" for no.

    Attributes:
        id: The authority's number of the goods.
        stock: Quantity on hand.
        status_code: `101` enabled, `102` disabled.
        tax_rate: As text, e.g. "0.18".
        exclusion: "0" zero rate, "1" exempt, "2" neither, "3" both.
    """

    id: WireText = ""
    goods_name: WireText = ""
    goods_code: WireText = Field(min_length=1)
    measure_unit: WireText = ""
    unit_price: WireNumber = None
    currency: WireText = ""
    stock: WireNumber = None
    stock_prewarning: WireNumber = None
    source: WireText = ""
    status_code: WireText = ""
    commodity_category_code: WireText = ""
    commodity_category_name: WireText = ""
    tax_rate: WireText = ""
    is_zero_rate: WireText = ""
    is_exempt: WireText = ""
    have_excise_tax: WireText = ""
    excise_duty_code: WireText = ""
    excise_duty_name: WireText = ""
    excise_rate: WireText = ""
    pack: WireNumber = None
    stick: WireNumber = None
    remarks: WireText = ""
    package_scaled_value: WireNumber = None
    piece_scaled_value: WireNumber = None
    piece_measure_unit: WireText = ""
    have_piece_unit: WireText = ""
    piece_unit_price: WireNumber = None
    exclusion: WireText = ""
    have_other_unit: WireText = ""
    service_mark: WireText = ""
    goods_type_code: WireText = ""
    update_date_str: WireTime = None
    tank_no: WireText = ""
    have_customs_unit: WireText = ""
    commodity_goods_extend_entity: Annotated[RegisteredCustomsUnit, READ_OBJECT] = RegisteredCustomsUnit()
    customs_unit_list: Annotated[tuple[RegisteredCustomsUnit, ...], READ_ROWS] = ()
    goods_other_units: Annotated[tuple[RegisteredOtherUnit, ...], READ_ROWS] = ()


class GoodsPage(EfrisAnswer):
    """Answer of T127."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[RegisteredGoods, ...], READ_ROWS] = ()


class StockLevelQuery(EfrisRequest):
    """Request of T128: how much of one product there is."""

    id: Annotated[str, Text("the authority's number of the goods (T127)", 18, required=True)]
    branch_id: Annotated[str | None, Text("branch", 18)] = None


class StockLevel(EfrisAnswer):
    """Answer of T128.

    Attributes:
        stock: Quantity on hand, in the goods' unit.
        stock_prewarning: Quantity at which to warn.
    """

    stock: WireNumber = None
    stock_prewarning: WireNumber = None


class GoodsUnitsQuery(EfrisRequest):
    """Request of T144: the units of some goods."""

    goods_code: Annotated[tuple[str, ...], Choices("the seller's goods codes", None, required=True)]
    tin: Annotated[str | None, Text("agents: the principal", 20)] = None


class GoodsUnits(EfrisAnswer):
    """The units of one product that may be sold. Flags are "101" for yes and "102" for no."""

    goods_code: WireText = ""
    measure_unit: WireText = ""
    have_piece_unit: WireText = ""
    piece_measure_unit: WireText = ""
    have_other_unit: WireText = ""
    package_scaled_value: WireNumber = None
    piece_scaled_value: WireNumber = None
    goods_other_units: Annotated[tuple[RegisteredOtherUnit, ...], READ_ROWS] = ()


class GoodsUnitsList(EfrisAnswerRows):
    """Answer of T144; goods that are disabled or unknown are missing."""

    wire_list: ClassVar[str] = "goods"

    goods: Annotated[tuple[GoodsUnits, ...], READ_ROWS] = ()
