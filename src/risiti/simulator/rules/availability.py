"""The last rule before a document is issued: restricted sellers sell no more than they have (1600, 2788)."""

from risiti.simulator import tariff
from risiti.simulator.notes import INVOICE
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import twin
from risiti.simulator.settings import Settings
from risiti.simulator.shelf import Goods
from risiti.simulator.stock import branch_of

ALL_CATEGORIES = "*"


def check(draft: Draft, about: Examination) -> None:
    """Demand stock for every registered good an invoice or receipt sells, in the branch it is sold in.

    Raises:
        Refusal: 2788 if the branch has none of it, 1600 if it has less than is sold.
    """
    if not about.seller.stock_limited or draft.basic.text("invoiceType") != INVOICE:
        return
    stock, branch = about.world.stock, branch_of(about.seller, draft.seller.text("branchId"))
    rows = {row.text("itemCode"): row for row in reversed(draft.lines)}
    for portion in stock.portions(about.seller.tin, [line.values for line in draft.lines]):
        if not restricted(about.seller, portion.goods, about.settings):
            continue
        level = stock.level(portion.goods, branch)
        if level < portion.quantity:
            rows[portion.goods.code].refuse(twin("1600", about.settings) if level > 0 else "2788")


def restricted(seller: Taxpayer, goods: Goods, settings: Settings) -> bool:
    """Tell whether the stock of a good may not go below zero: neither it nor a category above it is let off (T177)."""
    free = settings.negative_stock_categories
    code: str | None = goods.category
    while code is not None:
        if code in free:
            return False
        category = tariff.categories().get(code)
        code = category.parent if category is not None else None
    return seller.stock_limited and ALL_CATEGORIES not in free
