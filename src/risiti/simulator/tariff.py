"""What can be sold and what lies on it: commodity categories, excise duties and HS codes, read from the data files.

The files in `data/` are a representative part of what T123, T125 and T185 hand out. Category codes follow the UNSPSC
tree; duties and rates follow the schedule to Uganda's Excise Duty Act as it stood in the early 2020s, their codes only
the published form; none of it is advice on what is due today. A real system takes its lists from its own download.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

ROOT = "0"
"""Parent of what has none."""

_FLAGS = frozenset({"leaf", "service", "zero", "exempt", "excisable", "outside", "disabled", "deleted"})


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
        code: Its code, eight digits.
        parent: Code of the category above it, "0" at the top.
        excisable: Excise duty may lie on it (3036, 3113).
        outside: May be sold outside the scope of VAT.
        version: Version of the list in which it last changed (T134).
    """

    name: str
    zero_rated: bool = False
    exempt: bool = False
    relief: tuple[date, date] | None = None
    leaf: bool = True
    service: bool = False
    state: str = "enabled"
    code: str = ""
    parent: str = ROOT
    excisable: bool = False
    outside: bool = False
    version: int = 1

    def relieved_on(self, day: date) -> bool:
        """Tell whether the zero rate or exemption is in force on a day."""
        return self.relief is None or self.relief[0] <= day <= self.relief[1]

    @property
    def level(self) -> int:
        """Depth in the tree, from 1."""
        return 4 - sum(self.code[at : at + 2] == "00" for at in (2, 4, 6))


PERCENTAGE, PER_UNIT = "101", "102"
"""Kinds of excise rate in T125; lines call them rule 1 and rule 2."""


@dataclass(frozen=True, slots=True)
class ExciseRate:
    """One rate of an excise duty; a duty may have a percentage and a rate per unit.

    Attributes:
        kind: `101` percentage or `102` per unit.
        rate: Fraction (101) or amount per unit (102).
        unit: Unit code of T115 excise units, "" for a percentage.
        currency: Currency code of T115, "" for a percentage.
    """

    kind: str
    rate: Decimal
    unit: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExciseDuty:
    """An excise duty.

    Attributes:
        code: Excise duty code, the `categoryId` of a line.
        parent: Code of the duty above it, "0" at the top.
        name: What it lies on.
        rate_text: The rate in words.
        rates: Its rates; none unless it is a leaf.
        effective: First day it is in force (1339).
        state: `enabled` or `deleted` (1337).
        leaf: Only leaves can be charged (1338).
    """

    code: str
    parent: str
    name: str
    rate_text: str
    rates: tuple[ExciseRate, ...]
    effective: date
    state: str
    leaf: bool

    @property
    def nil(self) -> bool:
        """Whether nothing is due (rate `-`; 1340 where it is not)."""
        return self.rate_text == "Nil"

    def rate_of(self, kind: str) -> ExciseRate | None:
        """Return its rate of a kind, or None."""
        return next((rate for rate in self.rates if rate.kind == kind), None)


@dataclass(frozen=True, slots=True)
class HsCode:
    """A code of the harmonised system of goods in trade."""

    code: str
    parent: str
    description: str
    leaf: bool


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("risiti.simulator").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _parent(code: str) -> str:
    shorter = (code[:kept].ljust(len(code), "0") for kept in (6, 4, 2))
    return next((parent for parent in shorter if parent != code), ROOT)


def _category(row: Mapping[str, str]) -> Category:
    words = set(row["flags"].split())
    version = next((int(word[1:]) for word in words if word[0] == "v"), 1)
    unknown = {word for word in words if word[0] != "v"} - _FLAGS
    if unknown:
        raise ValueError(f"category {row['code']} has unknown flags: {', '.join(sorted(unknown))}")
    days = (row["relief_from"], row["relief_to"])
    return Category(
        name=row["name"],
        zero_rated="zero" in words,
        exempt="exempt" in words,
        relief=(date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days[0] else None,
        leaf="leaf" in words,
        service="service" in words,
        state="deleted" if "deleted" in words else "disabled" if "disabled" in words else "enabled",
        code=row["code"],
        parent=_parent(row["code"]),
        excisable="excisable" in words,
        outside="outside" in words,
        version=version,
    )


def _rate(text: str) -> ExciseRate:
    kind, rate, unit, currency, *_ = (*text.split(":"), "", "")
    return ExciseRate(kind, Decimal(rate), unit, currency)


@cache
def categories() -> Mapping[str, Category]:
    """Return the commodity categories by code."""
    return {row["code"]: _category(row) for row in _rows("commodity_categories.csv")}


@cache
def excise_duties() -> Mapping[str, ExciseDuty]:
    """Return the excise duties by code."""
    rows = list(_rows("excise_duties.csv"))
    parents = {row["parent"] for row in rows}
    return {
        row["code"]: ExciseDuty(
            code=row["code"],
            parent=row["parent"],
            name=row["name"],
            rate_text=row["rate_text"],
            rates=tuple(_rate(text) for text in row["details"].split()),
            effective=date.fromisoformat(row["effective"]),
            state=row["state"],
            leaf=row["code"] not in parents,
        )
        for row in rows
    }


@cache
def hs_codes() -> tuple[HsCode, ...]:
    """Return the HS codes in the order of the file."""
    rows = list(_rows("hs_codes.csv"))
    parents = {row["parent"] for row in rows}
    return tuple(HsCode(row["code"], row["parent"], row["description"], row["code"] not in parents) for row in rows)
