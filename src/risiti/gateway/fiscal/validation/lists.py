"""Holds a document to the authority's lists and to the company's registered goods, as far as they have been fetched.

It looks at each field on its own, so that it finds what it can although others cannot be read. What is not on our copy
of the register of goods may have been registered since: that is a warning, all else is a problem.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.gateway.fiscal.decimals import plain
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue, shown
from risiti.gateway.fiscal.validation import spelling
from risiti.gateway.fiscal.validation.codes import CODES
from risiti.gateway.fiscal.validation.known import Category, CategoryState, Goods, Known
from risiti.gateway.fiscal.validation.repairs import Repair
from risiti.gateway.fiscal.words import Industry, Tax
from risiti.gateway.kernel.errors import FieldError, Patch, PatchOp

_OF_LISTS: Final = frozenset(
    code
    for code in CODES
    if code.startswith(("currency_not", "unit_unknown", "category_", "duty_", "exemption_", "zero_rate_", "goods_"))
    and code not in ("duty_needs_one", "duty_unit")
) | {"item_retired"}

_RELIEVED: Final = frozenset({Industry.EXPORT.value, Industry.EXPORT_OF_SERVICES.value})
"""Industries whose zero rate does not come from the category."""

_UNIT_WORDS: Final = {
    "bag": "bags",
    "each": "piece",
    "ea": "piece",
    "hr": "hour",
    "hrs": "hour",
    "kg": "kilogram",
    "kgs": "kilogram",
    "kilo": "kilogram",
    "l": "litre",
    "liter": "litre",
    "ltr": "litre",
    "m": "metre",
    "meter": "metre",
    "pc": "piece",
    "pcs": "piece",
    "pce": "piece",
}
"""Short forms of units, as tills print them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line or charge, as far as it can be read."""

    path: str
    values: dict[str, JsonValue]
    unread: Collection[str] = field(default_factory=frozenset)
    """Paths of fields that have a problem already."""

    def text(self, name: str) -> str | None:
        """Return a field that holds a readable text."""
        value = self.values.get(name)
        return value if isinstance(value, str) and f"{self.path}/{name}" not in self.unread else None

    def part(self, name: str) -> "Row | None":
        """Return an object inside the row."""
        value = self.values.get(name)
        return Row(f"{self.path}/{name}", value, self.unread) if isinstance(value, dict) else None


def compare(
    document: JsonObject, known: Known, *, now: datetime, unread: Collection[str] = frozenset()
) -> list[FieldError]:
    """List what does not fit the lists.

    Args:
        document: What the caller sent, items resolved.
        known: The lists.
        now: The day of the sale, where the document names none.
        unread: Paths of fields that have a problem already.
    """
    found = list(_currency(document, known, unread))
    day = _day(document, now)
    industry = _industry(document)
    for row in _rows(document, unread):
        found.extend(_unit(row, known))
        found.extend(_category(row, known, day, industry))
        found.extend(_duty(row, known, day))
        found.extend(_goods(row, known))
    return found


def is_advice(problem: FieldError) -> bool:
    """Tell whether a document is accepted in spite of this."""
    return problem.code == "goods_not_registered"


def is_of_lists(problem: FieldError) -> bool:
    """Tell whether a problem lies in what lists and items say, and not in the document alone."""
    return problem.code in _OF_LISTS


def _problem(path: str, code: str, message: str, fix: str, repair: Repair | None = None) -> FieldError:
    if repair is None:
        return FieldError(path, code, message, fix)
    suggestion = repair.suggestion
    return FieldError(path, code, message, fix, suggestion=suggestion, repair=repair.patches)


def _replaced(path: str, value: str) -> Repair:
    return Repair((Patch(PatchOp.REPLACE, path, value),), value)


def _only_suggested(value: str) -> Repair:
    return Repair((), value)


def _currency(document: JsonObject, known: Known, unread: Collection[str]) -> Iterator[FieldError]:
    currency = document.get("currency")
    if known.currencies is None or not isinstance(currency, str) or "/currency" in unread:
        return
    if currency not in known.currencies:
        listed = ", ".join(sorted(known.currencies)[:10])
        message = f"The authority does not take {shown(currency)}."
        yield _problem("/currency", "currency_not_listed", message, f"One of: {listed}")


def unit_named(text: str, units: dict[str, str]) -> str | None:
    """Return the code of the one unit that a word names; None if none is, or several are."""
    word = " ".join(text.lower().split()).rstrip(".")
    for meant in dict.fromkeys((word, _UNIT_WORDS.get(word, word), word.removesuffix("s"), word.removesuffix("es"))):
        codes = [code for code, name in units.items() if meant in _names_of(name)]
        if len(codes) == 1:
            return codes[0]
    return None


def _names_of(name: str) -> set[str]:
    lowered = " ".join(name.lower().split())
    return {lowered, lowered.removesuffix("s"), lowered.removeprefix("per ").removeprefix("per-")}


def _unit(row: Row, known: Known) -> Iterator[FieldError]:
    unit = row.values.get("unit")
    if known.units is None or not isinstance(unit, str) or unit in known.units:
        return
    path = f"{row.path}/unit"
    code = unit_named(unit, dict(known.units))
    is_unread = path in row.unread
    if is_unread and code is None:
        return
    message = f'The authority has no unit "{shown(unit)}".'
    if code is not None:
        fix = f"{code} ({known.units[code]})"
        yield _problem(path, "unit_unknown", message, fix, _replaced(path, code))
    else:
        yield _problem(path, "unit_unknown", message, "Look the unit up in the authority's list.")


def _category(row: Row, known: Known, day: datetime, industry: str | None) -> Iterator[FieldError]:
    code = row.text("category")
    if known.categories is None or code is None:
        return
    path = f"{row.path}/category"
    category = known.categories.get(code)
    if category is None:
        yield _problem(
            path, "category_unknown", f"The authority has no category {shown(code)}.", "Look it up in its list."
        )
        return
    named = f"The category {category.code} ({shown(category.name)})"
    if category.state is CategoryState.DELETED:
        yield _problem(path, "category_deleted", f"{named} has been deleted.", "Use a category that is in use.")
    elif category.state is CategoryState.DISABLED:
        yield _problem(path, "category_disabled", f"{named} is disabled.", "Use a category that is in use.")
    elif not category.is_leaf:
        message = f"{named} is a heading; only the categories below it are sold."
        yield _problem(path, "category_not_leaf", message, "Use one of the categories below it.")
    if industry == Industry.EXPORT_OF_SERVICES.value and not category.is_service:
        message = f"{named} is one of goods; here only services are exported."
        yield _problem(path, "category_not_service", message, "Use a category of services.")
    if industry not in _RELIEVED and row.part("project") is None:
        yield from _relief(row, category, day, named)


def _relief(row: Row, category: Category, day: datetime, named: str) -> Iterator[FieldError]:
    tax, path = row.text("tax"), f"{row.path}/tax"
    taxed = f'Send "tax": "{Tax.STANDARD.value}", or the right category.'
    if tax == Tax.EXEMPT.value and not category.is_exempt:
        yield _problem(path, "category_not_exempt", f"{named} is not exempt.", taxed)
    elif tax == Tax.EXEMPT.value and not category.is_relieved_on(day.date()):
        yield _problem(path, "exemption_not_in_force", f"{named} is not exempt on {day:%Y-%m-%d}.", taxed)
    elif tax == Tax.ZERO.value and not category.is_zero_rated:
        yield _problem(path, "category_not_zero_rated", f"{named} is not zero-rated.", taxed)
    elif tax == Tax.ZERO.value and not category.is_relieved_on(day.date()):
        yield _problem(path, "zero_rate_not_in_force", f"{named} is not zero-rated on {day:%Y-%m-%d}.", taxed)


def _duty(row: Row, known: Known, day: datetime) -> Iterator[FieldError]:
    stated = row.part("excise")
    code = stated.text("code") if stated is not None else None
    if known.duties is None or stated is None or code is None:
        return
    path = f"{stated.path}/code"
    duty = known.duties.get(code)
    if duty is None:
        yield _problem(
            path, "duty_unknown", f"The authority has no excise duty {shown(code)}.", "Look it up in its list."
        )
        return
    if not duty.is_leaf:
        yield _problem(path, "duty_not_leaf", f"The duty {code} is a heading.", "Use one of the codes below it.")
    elif not duty.is_in_force_on(day.date()):
        message = f"The duty {code} is not in force on {day:%Y-%m-%d}."
        yield _problem(path, "duty_not_in_force", message, "Use the code in force on that day.")
    name = stated.text("name")
    if name is not None and duty.name and name != duty.name:
        message = f'The duty {code} is called "{shown(duty.name)}".'
        place = f"{stated.path}/name"
        yield _problem(place, "duty_name_differs", message, duty.name, _replaced(place, duty.name))
    for name_of, rates in (("percent", duty.percents), ("amount", {amount for amount, _ in duty.amounts})):
        rate = _decimal(stated.values.get(name_of))
        if rate is not None and rates and rate not in rates:
            listed = ", ".join(plain(one) for one in sorted(rates))
            message = f"The duty {code} has the rate {listed}, not {plain(rate)}."
            repair = _only_suggested(listed) if len(rates) == 1 else None
            yield _problem(f"{stated.path}/{name_of}", "duty_rate_differs", message, listed, repair)


def _decimal(value: JsonValue) -> Decimal | None:
    text = spelling.number(value) if not isinstance(value, int) else str(value)
    return None if text is None else Decimal(text)


def _goods(row: Row, known: Known) -> Iterator[FieldError]:
    code = row.text("code")
    if known.goods is None or code is None:
        return
    goods = known.goods.get(code)
    if goods is None:
        message = f"The item {shown(code)} was not registered with the authority when the list was last fetched."
        yield _problem(f"{row.path}/code", "goods_not_registered", message, "Register it, unless you have since.")
        return
    yield from _goods_details(row, goods)
    yield from _goods_duty(row, goods)


def _goods_details(row: Row, goods: Goods) -> Iterator[FieldError]:
    registered = f"The item {shown(goods.code)} is registered"
    name, category, unit = row.text("name"), row.text("category"), row.text("unit")
    if name is not None and name != goods.name and not _same_to_the_authority(name, goods.name):
        path = f"{row.path}/name"
        same = _bare(name) == _bare(goods.name)
        repair = _replaced(path, goods.name) if same else _only_suggested(goods.name)
        message = f'{registered} as "{shown(goods.name)}".'
        yield _problem(path, "goods_name_differs", message, goods.name, repair)
    if category is not None and category != goods.category:
        message = f"{registered} under the category {goods.category}."
        yield _problem(
            f"{row.path}/category", "goods_category_differs", message, goods.category, _only_suggested(goods.category)
        )
    if unit is not None and goods.units and unit not in goods.units:
        message = f"{registered} in the unit {' or '.join(goods.units)}."
        yield _problem(
            f"{row.path}/unit", "goods_unit_differs", message, goods.units[0], _only_suggested(goods.units[0])
        )


def _same_to_the_authority(name: str, registered: str) -> bool:
    return name.casefold() == registered.casefold()


def _bare(name: str) -> str:
    return "".join(name.casefold().split())


def _goods_duty(row: Row, goods: Goods) -> Iterator[FieldError]:
    excise = row.values.get("excise")
    stated = row.part("excise")
    if excise is None and goods.duty is not None and row.part("project") is None:
        message = f"The item {shown(goods.code)} is registered with the excise duty {goods.duty}."
        yield _problem(row.path, "goods_duty_missing", message, 'Add "excise" to the line.')
    elif stated is not None and goods.duty is None:
        message = f"The item {shown(goods.code)} is registered without excise duty."
        yield _problem(stated.path, "goods_duty_unexpected", message, "Take it from the line.")
    elif stated is not None and goods.duty is not None:
        code = stated.text("code")
        if code is not None and code != goods.duty:
            message = f"The item {shown(goods.code)} is registered with the excise duty {goods.duty}."
            path = f"{stated.path}/code"
            yield _problem(path, "goods_duty_differs", message, goods.duty, _only_suggested(goods.duty))


def _rows(document: JsonObject, unread: Collection[str]) -> Iterator[Row]:
    for name in ("lines", "charges"):
        rows = document.get(name)
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict):
                yield Row(f"/{name}/{index}", row, unread)


def _day(document: JsonObject, now: datetime) -> datetime:
    written = document.get("issued_at")
    text = spelling.moment(written) if isinstance(written, str) else None
    try:
        moment = datetime.fromisoformat(text) if text else now
        return moment.astimezone(EAST_AFRICA_TIME)
    except (ValueError, OverflowError):  # no time, or one at the end of all days
        return now.astimezone(EAST_AFRICA_TIME)


def _industry(document: JsonObject) -> str | None:
    industry = document.get("industry")
    if isinstance(industry, str):
        return industry
    return Industry.EXPORT.value if document.get("export") is not None else None
