"""What the stand-in knows from the start: code lists, a few commodity categories, and fictitious taxpayers.

The lists are a representative part of what T115 and T124 hand out, enough to sell with; a real system takes them
from its own download.
"""

from decimal import Decimal

from risiti.simulator.projects import Project
from risiti.simulator.registry import Taxpayer
from risiti.simulator.tariff import Category as Category  # noqa: PLC0414 - its readers look for it beside the list
from risiti.simulator.tariff import categories, excise_duties

EXCISE_UNITS = {
    "101": "per stick",
    "102": "per litre",
    "103": "per kg",
    "104": "per user per day of access",
    "105": "per minute",
    "106": "per 1,000 sticks",
    "107": "per 50kg",
    "108": "-",
    "109": "per 1 g",
}
"""Units of excise duty: a list of its own, not the units of measure."""

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

SHILLING = "UGX"

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

EXPORT_UNITS = ("KGM", "LTR", "PCE")
"""Units customs take (T115 exportRateUnit), by `rateUnit` value."""

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

COUNTRIES = {
    "UGA": "Uganda",
    "KEN": "Kenya",
    "TZA": "Tanzania",
    "RWA": "Rwanda",
    "BDI": "Burundi",
    "SSD": "South Sudan",
    "COD": "Congo, Democratic Republic of the",
    "ETH": "Ethiopia",
    "ZAF": "South Africa",
    "ARE": "United Arab Emirates",
    "CHN": "China",
    "IND": "India",
    "GBR": "United Kingdom",
    "DEU": "Germany",
    "NLD": "Netherlands",
    "USA": "United States of America",
}

DELIVERY_TERMS = {
    "CFR": "Cost and freight",
    "CIF": "Cost, insurance and freight",
    "CIP": "Carriage and insurance paid to",
    "CPT": "Carriage paid to",
    "DAP": "Delivered at place",
    "DDP": "Delivered duty paid",
    "DPU": "Delivered at place unloaded",
    "EXW": "Ex works",
    "FAS": "Free alongside ship",
    "FCA": "Free carrier",
    "FOB": "Free on board",
}

SECTORS = (
    ("1", "General", "0", "0"),
    ("2", "Agriculture", "0", "0"),
    ("21", "Crop production", "2", "0"),
    ("3", "Manufacturing", "0", "0"),
    ("4", "Education", "0", "0"),
    ("5", "Health", "0", "0"),
    ("6", "Oil and gas", "0", "1"),
    ("61", "Upstream petroleum operations", "6", "1"),
    ("7", "Construction", "0", "0"),
)
"""Sectors a buyer may be in: code, name, code of the sector above, whether buyers of it must be named ("1")."""

CATEGORIES = categories()
"""Commodity categories by code."""

EXCISE_DUTIES = excise_duties()
"""Excise duties by code."""

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
    Taxpayer(
        tin="1000000905",
        legal_name="Nile Bridge Contractors (fictitious)",
        nin_brn="80020000000905",
        email="site@nilebridge.example",
        phone="0700000905",
    ),
    Taxpayer(tin="1000000904", legal_name="Closed Kiosk (fictitious)", status="closed"),
)
"""Taxpayers in the register from the start, for T119 and as buyers; sellers are registered over the control door."""

PROJECTS = (
    Project(
        id="700000000000000001",
        tin="1000000905",
        name="Owen Bridge (fictitious)",
        kind="103",
        category="30111601",
        unit="101",
        quantity=Decimal(100_000),
        amount=Decimal(5_000_000_000),
    ),
    Project(
        id="700000000000000002",
        tin="1000000905",
        name="Owen Bridge surveys (fictitious)",
        kind="105",
        category="81111800",
        unit="101",
        quantity=Decimal(1_000),
        amount=Decimal(500_000_000),
    ),
)
"""Projects whose buyers have their VAT deemed paid, or are exempt (T137)."""
