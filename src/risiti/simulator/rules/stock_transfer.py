"""Rules about stock that changes branches (T139, section 17 of the specification's checks)."""

from dataclasses import dataclass

from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules import fuel, stock_row
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.rules.stock_row import Moved
from risiti.simulator.stock import branch_of
from risiti.simulator.world import World

REASONS = ("101", "102", "103")
OTHER_REASON = "103"


@dataclass(frozen=True, slots=True)
class Transfer:
    """A T139 whose header was checked; `source` and `destination` are the keys of the branches."""

    header: Block
    seller: Taxpayer
    source: str
    destination: str


def read_header(header: Block, seller: Taxpayer, world: World) -> Transfer:
    """Check goodsStockTransfer.

    2144 is printed with the garbled text of two others; its place says that it is the ownership of the destination.

    Raises:
        Refusal: the first rule that fails; nothing of the call is done then.
    """
    header.required("sourceBranchId", "2153")
    header.required("destinationBranchId", "2141")
    stock_row.check_branch(header, "sourceBranchId", "2154", "2143", seller)
    stock_row.check_branch(header, "destinationBranchId", "2142", "2144", seller)
    if header.text("sourceBranchId") == header.text("destinationBranchId"):
        header.refuse("2145")
    header.required("transferTypeCode", "2146")
    header.fits("transferTypeCode", 20, "2147")
    reasons = header.text("transferTypeCode").split(",")
    if not set(reasons) <= set(REASONS):
        header.refuse("2148")
    if OTHER_REASON in reasons:
        header.required("remarks", "2151")
    demand(header, "remarks", "2149", world.settings)
    header.fits("remarks", 1024, "2150")
    stock_row.check_rollback(header, world)
    source, destination = (branch_of(seller, header.text(f"{end}BranchId")) for end in ("source", "destination"))
    return Transfer(header, seller, source, destination)


def check_row(row: Block, transfer: Transfer, world: World) -> Moved:
    """Check one row of goodsStockTransferItem against the stock as it is now.

    Raises:
        Refusal: the first rule that fails.
    """
    moved = stock_row.read(row, transfer.seller, world)
    wants_fuel = fuel.is_fuel(transfer.header)
    if moved.goods.fuel != wants_fuel:
        row.refuse("3015" if wants_fuel else "3014")
    ends = (transfer.source, transfer.destination)
    fuel.check_transfer_tanks(row, transfer.seller, ends, world, fuel=wants_fuel)
    if world.stock.level(moved.goods, transfer.source) < moved.quantity:
        row.refuse("2152")
    return moved
