"""What the stand-in knows from the start: code lists, a few commodity categories, and fictitious taxpayers.

The lists are a representative part of what T115 and T124 hand out, enough to sell with; a real system takes them
from its own download.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from risiti.simulator.registry import Taxpayer

RATE_UNITS = {
    "101": "per stick",
    "102": "per litre",
    "103": "per kg",
    "104": "per user per day of access",
    "105": "per minute",
    "106": "per 1,000 sticks",
    "107": "per 50 kg",
    "108": "per hour",
    "109": "per gram",
    "110": "per box",
    "111": "per carton",
    "112": "per dozen",
    "113": "per pair",
    "114": "per metre",
    "115": "per tonne",
    "116": "per day",
    "117": "per month",
    "118": "per packet",
    "119": "per bag",
    "120": "per trip",
    "BX": "box",
    "CT": "carton",
    "DZ": "dozen",
    "KGM": "kilogram",
    "LTR": "litre",
    "MTR": "metre",
    "PCE": "piece",
    "PP": "piece",
    "UN": "unit",
}
"""Units of measure by `rateUnit` value."""

CURRENCIES = {"101": "UGX", "102": "USD", "103": "EUR", "104": "GBP", "105": "KES", "106": "TZS", "107": "RWF"}
"""Currency names by `currencyType` value: T130 wants the value, T109 the name."""

UGX_RATES = {
    "UGX": Decimal(1),
    "USD": Decimal(3700),
    "EUR": Decimal(4000),
    "GBP": Decimal(4700),
    "KES": Decimal("28.5"),
    "TZS": Decimal("1.4"),
    "RWF": Decimal("2.6"),
}
"""UGX for one unit of a currency; invented, constant."""

PAYMENT_MODES = {
    "101": "Credit",
    "102": "Cash",
    "103": "Cheque",
    "104": "Demand draft",
    "105": "Mobile money",
    "106": "Visa/Master card",
    "107": "EFT",
    "108": "POS",
    "109": "RTGS",
    "110": "Swift transfer",
}

COUNTRIES = {"UGA": "Uganda", "KEN": "Kenya", "TZA": "Tanzania", "RWA": "Rwanda", "SSD": "South Sudan"}

DELIVERY_TERMS = ("CFR", "CIF", "CIP", "CPT", "DAP", "DDP", "DPU", "EXW", "FAS", "FCA", "FOB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A commodity category.

    Attributes:
        name: Its name.
        zero_rated: Its lines may have rate 0 (within `relief`).
        exempt: Its lines may have rate `-` (within `relief`).
        relief: First and last day of the zero rate or exemption; None for no end.
        leaf: Only leaves can be sold.
        service: A service, not goods.
        state: `enabled`, `disabled` (1330) or `deleted` (1329).
    """

    name: str
    zero_rated: bool = False
    exempt: bool = False
    relief: tuple[date, date] | None = None
    leaf: bool = True
    service: bool = False
    state: str = "enabled"

    def relieved_on(self, day: date) -> bool:
        """Tell whether the zero rate or exemption is in force on a day."""
        return self.relief is None or self.relief[0] <= day <= self.relief[1]


CATEGORIES = {
    "10151500": Category(name="Seeds and seedlings", zero_rated=True),
    "14111507": Category(name="Printing paper"),
    "15111510": Category(name="Liquefied petroleum gas", exempt=True, relief=(date(2015, 7, 1), date(2019, 6, 30))),
    "24111503": Category(name="Plastic bags", state="disabled"),
    "30111601": Category(name="Cement"),
    "42132203": Category(name="Medical gloves", exempt=True),
    "42142901": Category(name="Spectacles", exempt=True),
    "43191501": Category(name="Mobile phones"),
    "43211503": Category(name="Notebook computers"),
    "43211507": Category(name="Desktop computers", state="deleted"),
    "44121700": Category(name="Writing instruments", leaf=False),
    "44121701": Category(name="Ball point pens"),
    "47131502": Category(name="Cleaning cloths"),
    "50131701": Category(name="Milk, fresh", zero_rated=True),
    "50161509": Category(name="Sugar"),
    "50202306": Category(name="Soft drinks"),
    "50221200": Category(name="Maize flour", zero_rated=True, relief=(date(2020, 7, 1), date(2021, 6, 30))),
    "50402300": Category(name="Matooke and fresh vegetables", exempt=True),
    "53102500": Category(name="Clothing accessories"),
    "55101500": Category(name="Printed school books", zero_rated=True),
    "80131500": Category(name="Lease of land", service=True, exempt=True),
    "81111800": Category(name="Computer support services", service=True),
    "85121500": Category(name="Medical services", service=True, exempt=True),
    "90101500": Category(name="Restaurant meals", service=True),
}
"""Commodity categories by code."""

TAXPAYERS = (
    Taxpayer(
        tin="1000000901",
        legal_name="Lakeside Traders Limited (fictitious)",
        business_name="Lakeside Traders",
        nin_brn="80020000000901",
        address="Plot 1, Example Road, Kampala",
        email="accounts@lakeside.example",
        phone="0700000901",
    ),
    Taxpayer(
        tin="1000000902",
        legal_name="Grace Namubiru (fictitious)",
        nin_brn="CF00000000902A",
        individual=True,
        vat_registered=False,
        email="grace@example.org",
        phone="0700000902",
    ),
    Taxpayer(
        tin="1000000903",
        legal_name="Ministry of Maps (fictitious)",
        nin_brn="80020000000903",
        government=True,
        email="tenders@maps.example",
        phone="0700000903",
    ),
    Taxpayer(tin="1000000904", legal_name="Closed Kiosk (fictitious)", status="closed"),
)
"""Taxpayers in the register from the start, for T119 and as buyers; sellers are registered over the control door."""
