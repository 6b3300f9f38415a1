"""Rules about stock that comes in or is written off (T131, section 17 of the specification's checks)."""

from collections.abc import Mapping
from dataclasses import dataclass

from risiti.simulator.ledger import Document
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules import fuel, purchase, stock_row
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand, twin
from risiti.simulator.rules.stock_row import Moved
from risiti.simulator.settings import Settings
from risiti.simulator.stock import branch_of
from risiti.simulator.world import World

INCREASE, REDUCE = "101", "102"
IMPORT, LOCAL_PURCHASE, MANUFACTURE, OPENING = "101", "102", "103", "104"
ADJUSTMENTS = ("101", "102", "103", "104", "105")
OTHER_ADJUSTMENT = "104"
ISO_DATE_BYTES = 10

_EMPTY_ON_REDUCTION: Mapping[str, str] = {
    "supplierName": "2083",
    "supplierTin": "2084",
    "stockInType": "2177",
    "productionBatchNo": "2135",
    "productionDate": "2136",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """A T131 whose header was checked.

    Attributes:
        header: goodsStockIn.
        seller: Whose stock.
        branch: The branch's key.
        reduces: Written off, else brought in.
        bought: The fiscal document of the purchase, None if none is named.
    """

    header: Block
    seller: Taxpayer
    branch: str
    reduces: bool
    bought: Document | None


def read_header(header: Block, seller: Taxpayer, world: World) -> Movement:
    """Check goodsStockIn.

    Raises:
        Refusal: the first rule that fails; nothing of the call is done then.
    """
    _check_fields(header, seller, world)
    branch = branch_of(seller, header.text("branchId"))
    if header.text("operationType") == REDUCE:
        _check_reduction(header)
        return Movement(header, seller, branch, reduces=True, bought=None)
    _check_increase(header, world.settings)
    return Movement(header, seller, branch, reduces=False, bought=purchase.check(header, seller, world))


def _check_fields(header: Block, seller: Taxpayer, world: World) -> None:
    header.required("operationType", "2076")
    header.fits("operationType", 3, "2077")
    header.one_of("operationType", (INCREASE, REDUCE), "2078")
    header.fits("supplierTin", 50, "2080")
    header.fits("supplierName", 100, "2082")
    header.fits("adjustType", 20, "2089")
    if len(header.text("remarks")) > 1024:  # noqa: PLR2004 - characters here, bytes in 2086
        header.refuse("669")
    header.fits("remarks", 1024, "2086")
    for name in ("stockInDate", "productionDate"):
        header.day(name, "2114")
        header.fits(name, ISO_DATE_BYTES, "2114")
    header.fits("stockInType", 3, "2127")
    header.fits("productionBatchNo", 50, "2132")
    demand(header, "branchId", "2191", world.settings)
    stock_row.check_branch(header, "branchId", "2192", "2193", seller)
    header.fits("invoiceNo", 20, "1501")
    header.one_of("isCheckBatchNo", ("", "0", "1"), "2842")
    stock_row.check_rollback(header, world)


def _check_increase(header: Block, settings: Settings) -> None:
    header.empty("adjustType", "2087")
    header.required("stockInType", "2126")
    if header.one_of("stockInType", (IMPORT, LOCAL_PURCHASE, MANUFACTURE, OPENING), "2128") == MANUFACTURE:
        header.empty("supplierName", "2137")
        header.empty("supplierTin", "2138")
        demand(header, "productionBatchNo", "2131", settings)
        return
    header.required("supplierName", "2081")
    demand(header, "supplierTin", "2079", settings)
    header.empty("productionBatchNo", twin("2129", settings))
    header.empty("productionDate", twin("2130", settings))
    demand(header, "invoiceNo", "1500", settings)


def _check_reduction(header: Block) -> None:
    header.required("adjustType", "2088")
    reasons = header.text("adjustType").split(",")
    if not set(reasons) <= set(ADJUSTMENTS):
        header.refuse("2090")
    if OTHER_ADJUSTMENT in reasons:
        header.required("remarks", "2085")
    for name, code in _EMPTY_ON_REDUCTION.items():
        header.empty(name, code)


def check_row(row: Block, movement: Movement, world: World) -> Moved:
    """Check one row of goodsStockInItem against the stock as it is now.

    Raises:
        Refusal: the first rule that fails.
    """
    moved = stock_row.read(row, movement.seller, world)
    if row.amount("unitPrice", stock_row.WHOLE, stock_row.DECIMALS, empty="664", digits="665") < 0:
        row.refuse("668")
    demand(row, "remarks", "2885", world.settings)
    row.fits("remarks", 1024, "2886")
    fuel.check_loss(row, fuel=fuel.is_fuel(movement.header), world=world)
    fuel.check_tank(row, moved.goods, movement.seller, movement.branch, world)
    if movement.bought is not None:
        purchase.check_bought(row, moved.goods.code, movement.bought)
    if movement.reduces:
        if not world.stock.stocked(moved.goods):
            row.refuse("2091")
        if world.stock.level(moved.goods, movement.branch) < moved.quantity:
            row.refuse("2092")
    elif movement.header.text("stockInType") == OPENING and world.stock.stocked(moved.goods):
        row.refuse("2176")
    return moved
