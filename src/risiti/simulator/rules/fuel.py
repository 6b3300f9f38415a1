"""Rules about fuel: which goods are fuel, their units, and the tanks they lie in."""

from collections.abc import Mapping
from decimal import Decimal

from risiti.simulator import tariff
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.shelf import FUEL, Goods
from risiti.simulator.stock import branch_of
from risiti.simulator.world import World

FUEL_FAMILY = "15101500"
"""Commodity category whose members are fuels."""

LITRE = "102"
UNITS: Mapping[str, Decimal] = {LITRE: Decimal(1), "LTR": Decimal(1)}
"""Units fuel may be sold in, each as so many parts of the default unit, the litre."""

MOST_TANK_BYTES = 18


def check_goods(row: Block, tin: str, world: World) -> None:
    """Check a row of T130 that registers fuel (goodsTypeCode 102).

    Raises:
        Refusal: the first rule that fails.
    """
    category = tariff.categories().get(row.text("commodityCategoryId"))
    if category is None or category.parent != FUEL_FAMILY:
        row.refuse("2980")
    unit = row.text("measureUnit")
    if unit not in UNITS:
        row.refuse("2982")
    if unit != LITRE:
        row.refuse("2981")
    _check_piece(row)
    for goods in world.shelf.of(tin):
        if goods.fuel and goods.category == category.code and goods.code != row.text("goodsCode"):
            row.refuse("2992")
    demand(row, "fuelTankId", "2993", world.settings)
    tank = row.fits("fuelTankId", MOST_TANK_BYTES, "2994")
    if tank and world.tanks.find(tin, tank) is None:
        row.refuse("2995")


def _check_piece(row: Block) -> None:
    parts = UNITS.get(row.text("pieceMeasureUnit"))
    packages = row.number("packageScaledValue", 12, 8, "636")
    if parts is None or packages is None:
        return
    wanted = parts * packages
    if row.number("pieceScaledValue", 12, 8, "652") != wanted:
        row.refuse("2983", f"pieceScaledValue must be {wanted} for fuel")


def is_fuel(row: Block) -> bool:
    """Tell whether a row of T130, or the header of a stock call, is about fuel."""
    return row.text("goodsTypeCode") == FUEL


def check_loss(row: Block, *, fuel: bool, world: World) -> None:
    """Check what evaporated or leaked on delivery: quantity is originalQuantity less lossQuantity.

    Raises:
        Refusal: the first rule that fails.
    """
    pairs = (("lossQuantity", "originalQuantity", "3016"), ("originalQuantity", "lossQuantity", "3021"))
    for name, other, code in pairs:
        if row.text(other):
            row.required(name, code)
        elif fuel:
            demand(row, name, code, world.settings)
    loss = row.number("lossQuantity", 12, 8, "3017")
    original = row.number("originalQuantity", 12, 8, "3022")
    if loss is None or original is None:
        return
    if loss < 0:
        row.refuse("3020")
    if original <= 0:
        row.refuse("3024" if original == 0 else "3025")
    if loss > original:
        row.refuse("3026", f"lossQuantity must lie between 0 and {original}")
    if row.number("quantity", 12, 8, "660") != original - loss:
        row.refuse("3027")


def check_tank(row: Block, goods: Goods, seller: Taxpayer, branch: str, world: World) -> None:
    """Check the tank of a T131 row: it must stand in the branch and hold this product (3028)."""
    asked = row.text("fuelTankId")
    if not asked:
        return
    tank = world.tanks.find(seller.tin, asked)
    holds = tank is not None and tank.commodity_goods_id == goods.commodity_goods_id
    if tank is None or not holds or branch_of(seller, tank.branch) != branch:
        row.refuse("3028")


def check_transfer_tanks(row: Block, seller: Taxpayer, branches: tuple[str, str], world: World, *, fuel: bool) -> None:
    """Check the tanks of a T139 row: one of the source branch, one of the destination, and never just one of both.

    The destination's tank may have 18 bytes like all others: the 8 in the text of its code would refuse every real one.

    Raises:
        Refusal: the first rule that fails.
    """
    ends = (
        ("sourceFuelTankId", "destinationFuelTankId", branches[0], ("3008", "3009", "3010")),
        ("destinationFuelTankId", "sourceFuelTankId", branches[1], ("3011", "3012", "3013")),
    )
    for name, other, branch, (empty, long, foreign) in ends:
        if row.text(other):
            row.required(name, empty)
        elif fuel:
            demand(row, name, empty, world.settings)
        asked = row.fits(name, MOST_TANK_BYTES, long)
        tank = world.tanks.find(seller.tin, asked) if asked else None
        if asked and (tank is None or branch_of(seller, tank.branch) != branch):
            row.refuse(foreign)
