"""What the checks may know besides the document: the authority's lists, the company's goods, its own items.

Each list is None until it has been fetched; then nothing is said about it. What is looked up holds only the codes that
a document names, so that it costs a few look-ups however long the lists are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue


class CategoryState(StrEnum):
    """Whether a commodity category may be used."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A commodity category as the authority lists it."""

    code: str
    name: str
    is_leaf: bool = True
    state: CategoryState = CategoryState.ENABLED
    is_service: bool = False
    is_exempt: bool = False
    is_zero_rated: bool = False
    relief_begins: date | None = None
    """First day of the exemption or zero rate; None: always."""
    relief_ends: date | None = None
    """Its last day."""

    def is_relieved_on(self, day: date) -> bool:
        """Tell whether exemption or zero rate are in force on a day."""
        begun = self.relief_begins is None or self.relief_begins <= day
        return begun and (self.relief_ends is None or day <= self.relief_ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """An excise duty as the authority lists it."""

    code: str
    name: str
    is_leaf: bool = True
    begins: date | None = None
    ends: date | None = None
    percents: frozenset[Decimal] = frozenset()
    """Rates in percent that it may have; empty if it has none, or they are not known."""
    amounts: frozenset[tuple[Decimal, str]] = frozenset()
    """Amounts for a unit that it may have, with their currency."""

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the duty is charged on a day."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """An item as the company has registered it with the authority."""

    code: str
    name: str
    category: str
    units: tuple[str, ...]
    """Unit codes it may be sold in, its main unit first."""
    duty: str | None = None
    """Code of its excise duty, if it has one."""


@dataclass(frozen=True, slots=True)
class Known:
    """The part of all lists that matters to one document; None: not fetched yet."""

    units: Mapping[str, str] | None = None
    """Unit code -> name."""
    currencies: frozenset[str] | None = None
    categories: Mapping[str, Category] | None = None
    duties: Mapping[str, Duty] | None = None
    goods: Mapping[str, Goods] | None = None
    items: Mapping[str, JsonObject] = field(default_factory=dict)
    """The company's own items that lines name: code -> the fields of a line."""


NOTHING = Known()
"""Offline, or before the first synchronisation."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The codes that a document names: what has to be looked up for it."""

    categories: frozenset[str] = frozenset()
    duties: frozenset[str] = frozenset()
    goods: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


def wanted_of(document: JsonObject) -> Wanted:
    """Collect the codes that a document names, whatever else is wrong with it."""
    rows = list(_rows(document))
    return Wanted(
        categories=_texts(row.get("category") for row in rows),
        duties=_texts(duty.get("code") for row in rows if isinstance(duty := row.get("excise"), dict)),
        goods=_texts(row.get("code") for row in rows),
        items=_texts(row.get("item") for row in rows),
    )


def _rows(document: JsonObject) -> Iterator[dict[str, JsonValue]]:
    for name in ("lines", "charges"):
        rows = document.get(name)
        yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _texts(values: Iterator[JsonValue]) -> frozenset[str]:
    return frozenset(value.strip() for value in values if isinstance(value, str) and value.isprintable())
