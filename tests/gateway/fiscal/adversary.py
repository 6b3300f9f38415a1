"""Documents nobody would think of: every category mixed, numbers just beside a rounding edge, discounts on discounts.

All of it comes from one `Random`, so that a seed names a document. Items, duties and projects are those that the
simulator knows.
"""

from decimal import Decimal
from random import Random
from typing import Any

Json = dict[str, Any]

BUILDER = {"type": "business", "tin": "1000000905", "name": "Nile Bridge Contractors (fictitious)"}
DEEMED_PROJECT = {"id": "700000000000000001", "name": "Owen Bridge (fictitious)"}
EXEMPT_PROJECT = {"id": "700000000000000002", "name": "Owen Bridge surveys (fictitious)"}
BUYERS: tuple[Json | None, ...] = (
    None,
    BUILDER,
    {"type": "consumer", "phone": "0700000001"},
    {"type": "foreigner", "name": "A. Traveller", "passport": "X1"},
    {"type": "government", "tin": "1000000903", "name": "Ministry of Maps (fictitious)"},
)
DUTIES: tuple[Json, ...] = (
    {"code": "LED070100", "name": "Soft drinks", "percent": "10"},
    {"code": "LED040100", "name": "Malt beer", "percent": "60"},
    {"code": "LED020000", "name": "Cigars, cheroots, cigarillos with tobacco", "percent": "200"},
    {"code": "LED170200", "name": "Mobile money withdrawals", "percent": "0.5"},
    {"code": "LED100300", "name": "Cane or beet sugar for industrial use", "percent": "0"},
    {"code": "LED080600", "name": "Fuel additives", "amount": "650", "per": "litre"},
    {"code": "LED080600", "name": "Fuel additives", "amount": "650", "per": "litre", "pack": "1", "stick": "6"},
    {"code": "LED070300", "name": "Mineral and bottled water", "amount": "50", "per": "litre", "pack": "3"},
    {
        "code": "LED110100",
        "name": "Sacks and bags of polymers",
        "amount": "0.07",
        "currency": "USD",
        "per": "kilogram",
        "exchange_rate": "3700",
    },
)
OTHER_TAXES: dict[str, tuple[Json, ...]] = {
    "telecom": ({"tax": "over_the_top"}, {"tax": "ucc_levy"}),
    "stamp_duty": ({"tax": "stamp_duty"},),
    "hotel": ({"tax": "local_hotel_tax"},),
    "other_taxes": ({"tax": "other", "name": "City tax"}, {"tax": "stamp_duty"}, {"tax": "other", "name": "Bed tax"}),
}
EDGES = (1, 5, 49, 50, 51, 99, 118, 59, 177, 500, 999, 1_000, 1_180, 333_333, 666_667, 999_999, 5_084_746)


def number(chance: Random, most_digits: int, places: int) -> str:
    """Draw a number more than 0 of very different sizes, often just beside a rounding edge."""
    kind = chance.random()
    if kind < 0.3:
        units = chance.randint(1, 10**most_digits)
    elif kind < 0.6:
        units = chance.randint(1, 1_000)
    elif kind < 0.8:
        units = chance.randint(1, 10 ** (most_digits // 2)) * 10 - 5
    else:
        units = chance.choice(EDGES)
    return f"{Decimal(units).scaleb(-chance.randint(0, places)):f}"


def discount(chance: Random) -> Json:
    """Draw a discount: an amount, mostly small, or a percentage of four decimals."""
    if chance.random() < 0.5:
        return {"percent": f"{Decimal(chance.randint(0, 1_000_000)) / 10_000:f}"}
    return {"amount": number(chance, 4, 2)}


def line(chance: Random, buyer: Json | None) -> Json:
    """Draw a line; deemed ones and those of exempt projects only for the buyer who has projects."""
    drawn: Json = {
        "name": "Thing",
        "code": "T-1",
        "category": "44121701",
        "unit": "101",
        "quantity": number(chance, 6, 8),
        "tax": chance.choice(["standard", "standard", "zero", "exempt", "out_of_scope"]),
    }
    if chance.random() < 0.85:
        drawn["unit_price"] = number(chance, 8, 8)
    else:
        drawn["amount"] = number(chance, 8, 2)
    if buyer is BUILDER and chance.random() < 0.5:
        drawn |= {"tax": "deemed", "project": DEEMED_PROJECT, "category": "30111601"}
    elif buyer is BUILDER and chance.random() < 0.3:
        drawn |= {"tax": "exempt", "project": EXEMPT_PROJECT, "category": "81111800"}
    elif chance.random() < 0.35:
        drawn["excise"] = dict(chance.choice(DUTIES))
        drawn["unit"] = chance.choice(["101", "102", "103"])
        if "amount" in drawn["excise"] and "unit_price" in drawn:
            drawn["quantity"] = number(chance, 3, 3)
            drawn["unit_price"] = f"{Decimal(number(chance, 7, 4)) + 5_000:f}"
    if chance.random() < 0.35:
        drawn["discount"] = discount(chance)
    if chance.random() < 0.1:
        drawn["charge"] = number(chance, 5, 2)
    return drawn


def document(chance: Random, lines: int) -> Json:
    """Draw a document with so many lines."""
    buyer = chance.choice(BUYERS)
    drawn: Json = {
        "reference": "ADV-1",
        "prices": chance.choice(["tax_inclusive", "tax_exclusive"]),
        "rounding": chance.choice(["per_line", "per_document", "largest_line"]),
        "lines": [line(chance, buyer) for _ in range(lines)],
    }
    if buyer is not None:
        drawn["buyer"] = buyer
    if chance.random() < 0.15:
        drawn |= {"currency": "USD", "exchange_rate": "3700"}
    if chance.random() < 0.35:
        drawn["discounts"] = [discount(chance) for _ in range(chance.randint(1, 2))]
        if chance.random() < 0.3:
            drawn["discounts"][0]["tax"] = chance.choice(drawn["lines"])["tax"]
    if chance.random() < 0.2:
        charge = {"name": "Transport", "code": "TR", "category": "78101800", "unit": "101"}
        drawn["charges"] = [charge | {"amount": number(chance, 6, 2), "tax": chance.choice(["standard", "exempt"])}]
    if chance.random() < 0.2:
        industry = chance.choice(sorted(OTHER_TAXES))
        drawn["industry"] = industry
        drawn["taxes"] = [tax | {"amount": number(chance, 6, 2)} for tax in OTHER_TAXES[industry]]
    return drawn
