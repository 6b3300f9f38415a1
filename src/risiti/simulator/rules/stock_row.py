"""Rules that the rows of T131 and T139 share: which goods, how many, in which unit."""

from dataclasses import dataclass
from decimal import Decimal

from risiti.simulator import seed
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.shelf import Goods
from risiti.simulator.world import World

WHOLE, DECIMALS = 12, 8


@dataclass(frozen=True, slots=True)
class Moved:
    """What a row moves.

    Attributes:
        goods: The goods.
        told: Quantity as told, in `unit`.
        unit: Unit as told, or the main one.
        quantity: The same in main units.
    """

    goods: Goods
    told: Decimal
    unit: str
    quantity: Decimal


def read(row: Block, seller: Taxpayer, world: World) -> Moved:
    """Read goods, quantity and unit of a row.

    Raises:
        Refusal: the first rule that fails.
    """
    settings = world.settings
    number, code = row.text("commodityGoodsId"), row.text("goodsCode")
    if not number.strip() and not code.strip():
        row.refuse("2196")
    demand(row, "commodityGoodsId", "656", settings)
    row.number("commodityGoodsId", 18, 0, "657")
    demand(row, "goodsCode", "2194", settings)
    row.fits("goodsCode", 50, "2195")
    demand(row, "measureUnit", "2233", settings)
    unit = row.fits("measureUnit", 3, "2234")
    if unit:
        row.one_of("measureUnit", seed.RATE_UNITS, "2235")
    told = row.amount("quantity", WHOLE, DECIMALS, empty="659", digits="660")
    if told <= 0:
        row.refuse("662" if told == 0 else "663")
    goods = world.shelf.by_id(seller.tin, number) if number else world.shelf.find(seller.tin, code)
    if goods is None or code not in ("", goods.code):
        row.refuse("658")
    if goods.service:
        row.refuse("682")
    if unit and unit not in goods.units():
        row.refuse("2243")
    return Moved(goods, told, unit or goods.text("measureUnit"), goods.in_main_units(told, unit))


def check_rollback(header: Block, world: World) -> None:
    """Check rollBackIfError of a stock call's header (2890-2892)."""
    demand(header, "rollBackIfError", "2890", world.settings)
    header.fits("rollBackIfError", 1, "2891")
    header.one_of("rollBackIfError", ("", "0", "1"), "2892")


def check_branch(header: Block, name: str, most_code: str, own_code: str, seller: Taxpayer) -> str:
    """Return a branch id that is empty or one of the seller's."""
    branch = header.fits(name, 18, most_code)
    if branch and branch not in seller.branches:
        header.refuse(own_code)
    return branch
