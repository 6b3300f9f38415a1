"""What all models share: strict and repeatable going out, tolerant coming in, and the wire's scalars."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel

from risiti.efris import amounts, clock
from risiti.efris.errors import Fault
from risiti.efris.wirejson import JsonValue, write_json

# ---- going out -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A text field: what it means and how long it may be.

    Attributes:
        meaning: What goes in.
        most: Most bytes of UTF-8, or None where the authority prints no limit.
        least: Fewest bytes, where it is not empty.
        required: May not be empty.
    """

    meaning: str
    most: int | None
    least: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric field: what it means and how many digits it may have. Travels as text in plain notation.

    Attributes:
        meaning: What goes in.
        integer: Most digits before the point.
        decimals: Most digits after it.
        places: Decimals always written, 2 for money.
    """

    meaning: str
    integer: int
    decimals: int
    places: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time: what it means. Travels in East Africa Time."""

    meaning: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no field: what it means and the words the wire has for it."""

    meaning: str
    yes: str = "1"
    no: str = "0"


@dataclass(frozen=True, slots=True)
class Choice:
    """A field with a closed list of values, given by the enumeration that is its type."""

    meaning: str


@dataclass(frozen=True, slots=True)
class Choices:
    """A field that takes several values. Travels as one text, the values joined by commas.

    Its type is a tuple of an enumeration, or of texts where the list is open. An empty tuple counts as no value.

    Attributes:
        meaning: What goes in.
        most: Most bytes of the joined text, or None where the authority prints no limit.
        required: May not be empty.
    """

    meaning: str
    most: int | None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of rows: what they are and how few there may be."""

    meaning: str
    required: bool = False


BLANK = "blank"
"""Marks a field that is sent as an empty text when it has no value; others are left out."""


FROM_WIRE: Mapping[str, str] = MappingProxyType({"from": "wire"})
"""Validation context under which a request is read from wire JSON."""


class EfrisModel(BaseModel):
    """Python names here, the authority's names on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="forbid"
    )


class EfrisRequest(EfrisModel):
    """A request, or an object inside one.

    Building it checks types. `to_wire`, and so `Interface.freeze`, checks what the wire allows and names every fault
    by its full path, which an object on its own does not know.
    """

    @model_validator(mode="before")
    @classmethod
    def _from_wire(cls, value: object, info: ValidationInfo) -> object:
        """Turn wire forms into Python's where `Interface.parse` reads wire JSON; leave Python values alone."""
        if info.context is not FROM_WIRE or not isinstance(value, dict):
            return value
        read: dict[str, object] = {}
        fields = {field.alias: field for field in cls.model_fields.values()}
        for key, member in value.items():
            metadata = fields[key].metadata if key in fields else ()
            if member is not None and not (member == "" and BLANK in metadata):
                read[key] = _from_wire_scalar(member, metadata)
        return read


class NoContent(EfrisRequest):
    """The request of interfaces that take none; nothing is encrypted or signed."""


class OpenRequest(EfrisRequest):
    """A request, or an object inside one, whose fields the authority has not printed.

    What is known from its return codes is typed; any other member goes out as it was given, under its wire name.
    """

    model_config = ConfigDict(extra="allow")


class EfrisRows(EfrisRequest):
    """A request that is a list on the wire. A subclass has one field, the list."""

    wire_list: ClassVar[str]


def wire_json(request: EfrisRequest) -> bytes:
    """Serialise a request to compact JSON. The same request gives the same bytes, today and after a restart.

    Raises:
        ValueError: it breaks the wire's rules; `to_wire` tells which. `Interface.freeze` raises `Malformed` instead.
    """
    document, faults = to_wire(request)
    if faults:
        raise ValueError("; ".join(f"{fault.path}: {fault.message}" for fault in faults))
    return write_json(document)


def to_wire(request: EfrisRequest) -> tuple[JsonValue, list[Fault]]:
    """Translate a request into the wire's JSON value and list everything the wire would not allow."""
    faults: list[Fault] = []
    if isinstance(request, EfrisRows):
        rows = getattr(request, request.wire_list)
        if not rows:
            faults.append(Fault("", "required", None, "needs at least one row"))
        return [_object(row, f"[{position}]", faults) for position, row in enumerate(rows)], faults
    return _object(request, "", faults), faults


def _object(model: EfrisRequest, path: str, faults: list[Fault]) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    for name, key, spec, goes_blank in _fields(type(model)):
        value = getattr(model, name)
        if value is not None:
            members[key] = _value(value, spec, _below(path, key), faults)
        elif goes_blank:
            members[key] = ""
    unknown = _open_value(model.model_extra, path, faults) if model.model_extra else {}
    return members | unknown if isinstance(unknown, dict) and unknown else members


@cache
def _fields(model: type[EfrisRequest]) -> tuple[tuple[str, str, object, bool], ...]:
    """For each field: its name, its name on the wire, what the wire allows, and whether it is sent blank."""
    return tuple(
        (
            name,
            info.alias or name,
            next((entry for entry in info.metadata if isinstance(entry, _SPECS)), None),
            BLANK in info.metadata,
        )
        for name, info in model.model_fields.items()
    )


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _value(value: object, spec: object, path: str, faults: list[Fault]) -> JsonValue:
    if isinstance(value, EfrisRequest):
        return _object(value, path, faults)
    if isinstance(value, tuple):
        return _several(value, spec, path, faults)
    if isinstance(spec, Number) and isinstance(value, int | Decimal):
        found = list(_number_faults(Decimal(value), spec, path))
        faults.extend(found)
        return "" if found else amounts.plain(Decimal(value), spec.places)
    if isinstance(spec, Text) and isinstance(value, str):
        if not _plainly_fits(value, spec):
            faults.extend(_text_faults(value, spec, path))
        return value
    if isinstance(spec, Flag) and isinstance(value, bool):
        return spec.yes if value else spec.no
    return _plain_scalar(value, path)


def _several(value: tuple[object, ...], spec: object, path: str, faults: list[Fault]) -> JsonValue:
    if isinstance(spec, Choices):
        joined = ",".join(str(choice) for choice in value)
        if any("," in str(choice) or str(choice) != str(choice).strip() for choice in value) or "" in value:
            faults.append(Fault(path, "format", None, "each value needs text without commas or blanks around it"))
        faults.extend(_text_faults(joined, Text(spec.meaning, spec.most, required=spec.required), path))
        return joined
    if isinstance(spec, Rows) and spec.required and not value:
        faults.append(Fault(path, "required", None, "needs at least one row"))
    rows = (row for row in value if isinstance(row, EfrisRequest))
    return [_object(row, f"{path}[{position}]", faults) for position, row in enumerate(rows)]


def _from_wire_scalar(value: object, metadata: Iterable[object]) -> object:
    for spec in metadata:
        if isinstance(spec, Flag) and not isinstance(value, bool):
            return {spec.yes: True, spec.no: False}.get(str(value), _NO_FLAG)
        if isinstance(spec, Choices) and isinstance(value, str):
            return tuple(choice.strip() for choice in value.split(",")) if value else ()
        if isinstance(spec, Moment) and isinstance(value, str):
            moment = clock.read_time(value)
            return value if moment is None else moment.date() if len(value) == _DATE_LENGTH else moment
    return value


def _open_value(value: object, path: str, faults: list[Fault]) -> JsonValue:
    """Write a member nobody has described: any JSON, in an order that depends on its content alone."""
    match value:
        case None | bool() | int():
            return value
        case Decimal():
            return _open_number(value, path, faults)
        case str():
            faults.extend(_text_faults(value, Text("", None), path))
            return value
        case list() | tuple():
            return [_open_value(entry, f"{path}[{position}]", faults) for position, entry in enumerate(value)]
        case dict() if all(isinstance(key, str) for key in value):
            for key in value:
                faults.extend(_text_faults(key, Text("", None), path))
            return {key: _open_value(value[key], _below(path, key), faults) for key in sorted(value)}
        case _:
            faults.append(Fault(path, "format", None, "is none of text, whole number, Decimal, list, object"))
            return None


def _open_number(value: Decimal, path: str, faults: list[Fault]) -> str:
    try:
        return amounts.plain(value)
    except ValueError as error:
        faults.append(Fault(path, "max_digits", None, str(error)))
        return ""


def _plain_scalar(value: object, path: str) -> str:
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return clock.write_time(value)
        case date():
            return clock.write_date(value)
        case _:
            raise TypeError(f"{path}: no wire form for {type(value).__name__}")


def _plainly_fits(value: str, spec: Text) -> bool:
    """Tell at once for most texts, whose characters are bytes; `_text_faults` looks closer."""
    return (
        value.isascii()
        and len(value) >= spec.least
        and (spec.most is None or len(value) <= spec.most)
        and not (spec.required and (not value or value.isspace()))
    )


def _text_faults(value: str, spec: Text, path: str) -> Iterator[Fault]:
    try:
        length = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        yield Fault(path, "format", None, "holds half a character; send whole Unicode text")
        return
    if spec.required and not value.strip():
        yield Fault(path, "required", None, "must not be empty")
    elif spec.most is not None and length > spec.most:
        yield Fault(path, "max_length", None, f"has {length} bytes; at most {spec.most} are allowed")
    elif value and length < spec.least:
        yield Fault(path, "min_max_length", None, f"has {length} bytes; at least {spec.least} are needed")


def _number_faults(value: Decimal, spec: Number, path: str) -> Iterator[Fault]:
    try:
        integer, decimals = amounts.integer_digits_of(value), amounts.places_of(value)
    except ValueError as error:
        yield Fault(path, "max_digits", None, str(error))
        return
    if integer > spec.integer or decimals > spec.decimals:
        allowed = f"at most {spec.integer} digits before the point and {spec.decimals} after it are allowed"
        yield Fault(
            path, "max_digits", None, f"has {integer} digits before the point and {decimals} after it; {allowed}"
        )


_DATE_LENGTH = len("2025-05-13")
_NO_FLAG = "neither"
"""Stands for a value that is neither word of a flag: unlike "true" or "on" it is no truth value to pydantic either."""
_SPECS = (Text, Number, Moment, Flag, Choice, Choices, Rows)

# ---- coming in -------------------------------------------------------------------------------------------------------


class EfrisAnswer(EfrisModel):
    """An answer, or an object inside one.

    Reads what live servers send: numbers as text or numbers, dates in either form, null or a missing key where a value
    was promised. Fields nobody knows yet are kept in `model_extra`.
    """

    model_config = ConfigDict(extra="allow")


class OpenAnswer(EfrisAnswer):
    """An answer whose fields the authority has not printed.

    Attributes:
        content: The JSON value as it came, fractions as Decimal; None where there was none.
    """

    content: object = None


class Acknowledged(OpenAnswer):
    """The answer of interfaces that give none: that it came without a refusal is all it says."""


class EfrisAnswerRows(EfrisAnswer):
    """An answer that is a list on the wire. A subclass has one field, the list; no content reads as an empty list."""

    wire_list: ClassVar[str]


AnswerT = TypeVar("AnswerT", bound=EfrisAnswer)

_NUMBER = re.compile(
    r"[+-]?([0-9]{1,40}|[1-9][0-9]{0,2}(,[0-9]{3}){1,12})(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,2})?"
)  # "1,000.00" too: some answers group the digits by three, the English way


def read_answer(model: type[AnswerT], document: JsonValue) -> AnswerT:
    """Read decoded content into its model.

    Args:
        model: The interface's answer model.
        document: The JSON value; None where the answer had no content.

    Raises:
        pydantic.ValidationError: a field without which the answer is worthless is missing or has the wrong shape.
    """
    if issubclass(model, OpenAnswer):
        return model(content=document)
    if issubclass(model, EfrisAnswerRows):
        rows = document.get(model.wire_list, []) if isinstance(document, dict) else document
        return model.model_validate({model.wire_list: rows or []})
    return model.model_validate({} if document is None else document)


def _read_text(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int() | Decimal():
            return str(value) if isinstance(value, int) else amounts.plain(value)
        case _:
            return value


def _read_number(value: object) -> Decimal | None:
    match value:
        case Decimal():
            number = value
        case bool():
            return None
        case int():
            number = Decimal(value)
        case str() if _NUMBER.fullmatch(value.strip()):
            number = Decimal(value.strip().replace(",", ""))
        case _:
            return None
    return number if number.is_finite() else None


def _read_time(value: object) -> object:
    return clock.read_time(value) if isinstance(value, str) else value if isinstance(value, datetime) else None


def _read_rows(value: object) -> object:
    return () if value is None or value == "" else value


def _read_object(value: object) -> object:
    return {} if value is None or value == "" else value


WireText: TypeAlias = Annotated[str, BeforeValidator(_read_text)]
"""Text; null reads as "", a number as its digits."""

WireNumber: TypeAlias = Annotated[Decimal | None, BeforeValidator(_read_number)]
"""A number sent as number or text (also as "1,000.00"), exactly; None for "", null, "-" and whatever else is none."""

WireTime: TypeAlias = Annotated[datetime | None, BeforeValidator(_read_time)]
"""A date or time in any of the forms seen, aware, in East Africa Time; None if it is none."""

READ_TIME = BeforeValidator(_read_time)
"""Reads a time as `WireTime` does, for a field that must have one."""

READ_ROWS = BeforeValidator(_read_rows)
"""Reads null and "" as an empty list."""

READ_OBJECT = BeforeValidator(_read_object)
"""Reads null and "" as an object without members."""
