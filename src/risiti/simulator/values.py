"""Raw JSON as the authority reads it: numbers keep the digits they were sent with, nothing is converted on the way."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn, TypeAlias

MOST_EXPONENT = 30
"""JSON numbers in exponent form (`1.18E7`, as some JSON libraries write) are read up to this power of ten."""

MOST_VALUES = 1_000_000
"""Most commas a text may have: each value costs many times the bytes it is written with."""

_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class Number(str):
    """A JSON number: the very text that was sent. `float` would lose cents and `Decimal` the trailing zeros."""

    __slots__ = ()


JsonValue: TypeAlias = "str | bool | Mapping[str, JsonValue] | Sequence[JsonValue] | None"


class NotJson(ValueError):
    """The text is not JSON (or nests too deep to be read)."""


def parse(text: bytes | str) -> JsonValue:
    """Read JSON; numbers become `Number`, `NaN` and `Infinity` are no JSON.

    Raises:
        NotJson: broken, not UTF-8 (half a surrogate pair included), nested too deep, or of too many values.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8")
        if decoded.count(",") > MOST_VALUES:
            raise NotJson(f"it has more than {MOST_VALUES} values")
        value: JsonValue = json.loads(decoded, parse_float=Number, parse_int=Number, parse_constant=_no_constant)
        if "\\u" in decoded:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def plain(text: str) -> str:
    """Return the text of a value; a JSON number in exponent form becomes plain notation, all else stays as sent."""
    if not isinstance(text, Number) or not set("eE") & set(text):
        return str(text)
    number = Decimal(text)
    return format(number, "f") if abs(number.adjusted()) <= MOST_EXPONENT else str(text)


def decimal_of(text: str, whole: int, decimals: int) -> Decimal | None:
    """Read plain decimal notation with at most `whole` digits before and `decimals` after the point, else None.

    Digits are counted as sent: `1.000` has three decimals.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    return Decimal(text) if len(match[2]) <= whole and len(match[3] or "") <= decimals else None


def is_blank(value: JsonValue) -> bool:
    """Tell whether a block holds nothing but empty texts, as peers send the blocks they do not use."""
    if isinstance(value, str):
        return value.strip() == ""
    if isinstance(value, Mapping):
        return all(is_blank(part) for part in value.values())
    if isinstance(value, Sequence):
        return all(is_blank(part) for part in value)
    return value is None
