"""JSON as the wire wants it: compact and repeatable going out, exact decimals and trimmed keys coming in."""

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "bool | int | Decimal | str | list[JsonValue] | dict[str, JsonValue] | None"
"""What `read_json` returns: numbers with a fraction are `Decimal`, never `float`."""


class JsonError(ValueError):
    """The bytes are not one JSON document that can be read without guessing."""


def write_json(value: object) -> bytes:
    """Serialise to compact UTF-8 JSON; the same value gives the same bytes every time.

    Args:
        value: Dicts, lists, strings, integers, booleans and None. Order of keys is kept.

    Raises:
        TypeError: a float or a Decimal is inside; amounts travel as strings.
    """
    _forbid_floats(value)
    return _ENCODER.encode(value).encode("utf-8")


def read_json(data: bytes) -> JsonValue:
    """Parse JSON bytes: fractions become `Decimal`, blanks around keys go away, a leading byte order mark is skipped.

    URA's own samples carry keys such as `"grossAmount "`, hence the trimming.

    Raises:
        JsonError: not UTF-8, not JSON, nested too deeply, a key twice in one object, NaN or Infinity, or a number
            that no Decimal can hold.
    """
    try:
        document: JsonValue = _DECODER.decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise JsonError("not UTF-8 text") from error
    except RecursionError as error:
        raise JsonError("nested too deeply") from error
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError("not valid JSON") from error
    return document


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) == len(pairs) and [*map(str.strip, members)] == [*members]:
        return members  # as nearly every object is: no key twice, none with blanks around it
    members = {}
    for key, value in pairs:
        name = key.strip()
        if name in members:
            raise JsonError(f"the key {name[:40]!r} stands twice in one object")
        members[name] = value
    return members


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation as error:
        raise JsonError("a number is too large") from error


def _no_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not a JSON number")


def _forbid_floats(value: object) -> None:
    if isinstance(value, str):
        return
    if isinstance(value, (float, Decimal)):
        raise TypeError("numbers with a fraction travel as strings; format them first")
    if isinstance(value, dict):
        for member in value.values():
            if not isinstance(member, str):
                _forbid_floats(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _forbid_floats(member)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_object)
