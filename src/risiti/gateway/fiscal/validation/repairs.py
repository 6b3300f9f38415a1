"""Which problems can be mended safely, and how: neither what is owed nor who the parties are may change by it.

Everything that is offered has been read once more by the field that it is for; what still does not pass is not offered.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from risiti.gateway.fiscal import currencies, parties, parts
from risiti.gateway.fiscal.decimals import AMOUNT_DECIMALS, QUANTITY_DECIMALS
from risiti.gateway.fiscal.faults import Place
from risiti.gateway.fiscal.strict_json import ExponentNumber, JsonObject, JsonValue, shown
from risiti.gateway.fiscal.validation import spelling
from risiti.gateway.fiscal.validation.patches import exact
from risiti.gateway.kernel.errors import Patch, PatchOp

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "customer": "buyer",
    "document_no": "reference",
    "document_number": "reference",
    "invoice_no": "reference",
    "invoice_number": "reference",
    "items": "lines",
    "products": "lines",
    "qty": "quantity",
    "uom": "unit",
    "unit_code": "unit",
}
"""Names that other systems have for exactly the same field."""

_PERHAPS: Final[Mapping[tuple[str, str], str]] = {
    **{("tax", word): "standard" for word in ("18", "18%", "0.18", "vat", "vat_18", "s", "a", "taxable")},
    **{("tax", word): "exempt" for word in ("e", "none", "no_vat")},
    **{("payment", word): "eft" for word in ("bank", "transfer", "bank_transfer")},
    **{("method", word): "eft" for word in ("bank", "transfer", "bank_transfer")},
    ("kind", "tax_invoice"): "invoice",
}
"""Words of other systems, and what they most likely stand for."""

_NOT_LEFT_OUT_BY_NULL: Final = frozenset({"prices", "currency"})
"""Fields whose default decides what is owed: null may have been meant to be something."""
_CODES_WITHOUT_BLANKS: Final = frozenset({"category", "unit", "hs_code", "device"})
_SHOWN_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class Repair:
    """How to mend one problem, and the value that it comes to."""

    patches: tuple[Patch, ...]
    suggestion: str | int | None = None


def of_field(code: str, place: Place, value: object, document: JsonObject, now: datetime) -> Repair | None:
    """Return how to mend a field that cannot be read; None if a person has to.

    Args:
        code: The problem's code, ours or pydantic's.
        place: Where the field stands.
        value: What stands there.
        document: All of it.
        now: What bounds its date.
    """
    if code == "extra_forbidden":
        return _misnamed(place, value, document)
    if code == "union_tag_invalid":
        return _written(place, "type", spelling.word(_member(value, "type"), tuple(parties.BUYER_TYPES)))
    found = parts.field_at(place, document)
    if found is None:
        return None
    model, name = found
    if _says_nothing(value) and parts.may_be_left_out(model, name):
        safe = value == "" or name not in _NOT_LEFT_OUT_BY_NULL
        return Repair((Patch(PatchOp.REMOVE, exact(place)),)) if safe and code != "missing" else None
    for candidate in _candidates(code, model, name, value):
        if candidate is not None and candidate != value and _passes(model, name, candidate, now):
            return Repair((Patch(PatchOp.REPLACE, exact(place), candidate),), candidate)
    meant = _perhaps(code, name, value)
    return Repair((), meant) if meant is not None else None


def _perhaps(code: str, name: str, value: object) -> str | None:
    """Return a word that may have been meant: other things are possible, so it is suggested and no more."""
    text = str(value).strip().lower().replace(" ", "_") if isinstance(value, str | int | Decimal) else ""
    return _PERHAPS.get((name, text)) if code in ("unknown_value", "wrong_type") else None


def _candidates(code: str, model: type[BaseModel], name: str, value: object) -> Iterator[str | int | None]:
    match code:
        case "unknown_value":
            yield spelling.word(value, currencies.NEAR if name == "currency" else parts.words_of(model, name))
            yield value.strip().upper() if isinstance(value, str) and name == "currency" else None
        case "string_type" if isinstance(value, int) and not isinstance(value, bool):
            yield str(value)
        case "int_type" if isinstance(value, str) and value.strip().isdecimal() and value.isascii():
            yield int(value)
        case "too_many_decimals" | "too_many_digits":
            yield spelling.shorter(value, QUANTITY_DECIMALS)
            yield spelling.shorter(value, AMOUNT_DECIMALS)
            yield spelling.to_cents(value) if model is parts.PARTS["totals",] else None
        case "too_long" if name == "phone":
            yield spelling.phone(value)
        case "wrong_type" if isinstance(value, ExponentNumber):
            yield spelling.number(value)
        case "invalid_code":
            yield spelling.trimmed(value)
            yield spelling.without_blanks(value) if name in _CODES_WITHOUT_BLANKS else None
        case _:
            for spell in spelling.BY_CODE.get(code, ()):
                yield spell(value)


def _passes(model: type[BaseModel], name: str, value: str | int, now: datetime) -> bool:
    try:
        parts.reader_of(model, name).validate_python(value, context={"now": now})
    except ValidationError:
        return False
    return True


def _says_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _written(place: Place, name: str, word: str | None) -> Repair | None:
    return Repair((Patch(PatchOp.REPLACE, exact((*place, name)), word),), word) if word else None


def _misnamed(place: Place, value: object, document: JsonObject) -> Repair | None:
    """Rename a field that is spelled or called otherwise; take out one that says nothing."""
    name = str(place[-1])
    if _says_nothing(value):
        return Repair((Patch(PatchOp.REMOVE, exact(place)),))
    if shown(name) != name or len(name) > _SHOWN_LENGTH:
        return None
    known = parts.names_at(place[:-1], document)
    meant = _name_of(name, known)
    holder = _holder(document, place[:-1])
    if meant is None or not isinstance(holder, dict) or meant in holder:
        return None
    twins = [other for other in holder if other != name and _name_of(other, known) == meant]
    if twins:
        return None
    target = exact((*place[:-1], meant))
    return Repair((Patch(PatchOp.MOVE, target, source=exact(place)),), meant)


def _name_of(name: str, known: Any) -> str | None:  # noqa: ANN401 - a collection of names
    """Return the known field that a name is another spelling of: `lineTotal`, `Line-Total` and `LINE_TOTAL` are one."""
    plain = _letters(name)
    for other in known:
        if _letters(other) == plain:
            return str(other)
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name).strip("_").replace("-", "_")
    meant = _OTHER_NAMES.get(snake.replace("__", "_").replace(" ", "_"))
    return meant if meant in known else None


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def _holder(document: JsonObject, place: Place) -> JsonValue:
    value: JsonValue = document
    for step in place:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


# ---------------------------------------------------------------- problems of more than one field


def of_whole(code: str, path: str, document: JsonObject) -> Repair | None:
    """Return how to mend a problem that lies between fields; None if a person has to."""
    repair = _BETWEEN_FIELDS.get(code)
    return repair(path, document) if repair is not None else None


def _given_twice(path: str, document: JsonObject) -> Repair | None:
    """Drop the short form of the payment where the long one says the same."""
    rows = document.get("payments")
    if path != "/payment" or not isinstance(rows, list):
        return None
    methods = {row.get("method") for row in rows if isinstance(row, dict) and isinstance(row.get("method"), str)}
    same = methods == {document.get("payment")}
    return Repair((Patch(PatchOp.REMOVE, path),)) if same else None


def _paid_nothing(path: str, document: JsonObject) -> Repair | None:
    """Drop a payment of nothing beside others."""
    rows = document.get("payments")
    row, _, name = path.rpartition("/")
    if not isinstance(rows, list) or len(rows) == 1 or not row.startswith("/payments/") or name != "amount":
        return None
    holder = rows[int(row.rpartition("/")[2])]
    amount = spelling.number(holder.get("amount")) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and holder.get("amount") == 0:
        amount = "0"
    return Repair((Patch(PatchOp.REMOVE, row),)) if amount is not None and Decimal(amount) == 0 else None


def _empty_discount(path: str, document: JsonObject) -> Repair | None:
    """Drop that half of a discount which takes off nothing."""
    discount = _holder(document, tuple(int(step) if step.isdecimal() else step for step in path.split("/")[1:]))
    if not isinstance(discount, dict):
        return None
    nothing = [
        name
        for name in ("amount", "percent")
        if (text := spelling.number(str(discount.get(name)))) is not None and Decimal(text) == 0
    ]
    if len(nothing) != 1 or {"amount", "percent"} - discount.keys():
        return None
    return Repair((Patch(PatchOp.REMOVE, f"{path}/{nothing[0]}"),))


_BETWEEN_FIELDS: Final[dict[str, Callable[[str, JsonObject], Repair | None]]] = {
    "given_twice": _given_twice,
    "must_be_positive": _paid_nothing,
    "discount_needs_one": _empty_discount,
}
