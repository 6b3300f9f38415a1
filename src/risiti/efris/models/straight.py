"""Writes an object of the wire straight from values, by the rules of its model but without building it.

Building a model, checking it and taking it apart again costs ten times as much as the document that comes of it. So
where a program writes thousands of documents a second, it hands over the fields as a dict. What plainly fits is written
as the model would write it, to the letter; for whatever else (an empty name, a number of too many digits) `NotPlain` is
raised, and the model says what is wrong with it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from risiti.efris import clock
from risiti.efris.amounts import MONEY_PLACES
from risiti.efris.models.base import BLANK, EfrisRequest, Flag, Number, Text
from risiti.efris.wirejson import JsonValue

Given = dict[str, object]
"""An object's values by the names of its model's fields; what the wire leaves out is left out."""
Written = dict[str, JsonValue]
"""An object as it travels."""


class NotPlain(Exception):
    """A value does not plainly fit: the model has to look at it."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How objects with the same fields are written: their defaults, and what becomes of each value given."""

    defaults: Written
    steps: tuple[tuple[str, Callable[[object], JsonValue]], ...]


class StraightWriter:
    """Writes objects of one model."""

    def __init__(self, model: type[EfrisRequest]) -> None:
        self._model = model
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def write(self, given: Given) -> Written:
        """Return the object as it travels: its keys in the model's order, with the defaults of what is not given.

        Args:
            given: Scalars as the model takes them; objects and rows as they were written by their own writers.

        Raises:
            NotPlain: a value does not plainly fit.
            KeyError: a required field is missing, or one is not the model's: a defect of the program.
        """
        names = tuple(given)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = self._shape_of(names)
        written = shape.defaults.copy()
        for (key, write), value in zip(shape.steps, given.values(), strict=True):
            written[key] = write(value)
        return written

    def _shape_of(self, names: tuple[str, ...]) -> _Shape:
        fields = self._model.model_fields
        defaults: Written = {}
        for name, info in fields.items():
            key = info.alias or name
            if name in names:
                defaults[key] = ""  # keeps its place
            elif info.is_required():
                message = f"{self._model.__name__} needs {name}"
                raise KeyError(message)
            elif info.default is not None:
                defaults[key] = _default(info.default, info.metadata)
            elif BLANK in info.metadata:
                defaults[key] = ""
        return _Shape(defaults, tuple((fields[name].alias or name, _writer(fields[name].metadata)) for name in names))


def _default(value: object, metadata: list[object]) -> JsonValue:
    return [] if value == () else _writer(metadata)(value)


def _writer(metadata: list[object]) -> Callable[[object], JsonValue]:
    """Return what writes the values of a field."""
    may_be_blank = BLANK in metadata
    for spec in metadata:
        if isinstance(spec, Text):
            return _text_writer(spec)
        if isinstance(spec, Number):
            return _number_writer(spec, may_be_blank=may_be_blank)
        if isinstance(spec, Flag):
            return _flag_writer(spec)
    return _write_blank_or_other if may_be_blank else _write_other


def _text_writer(spec: Text) -> Callable[[object], str]:
    least, most = spec.least, sys.maxsize if spec.most is None else spec.most
    is_free = not spec.required and not least

    def write(value: object) -> str:
        if type(value) is not str:
            raise NotPlain
        if is_free and len(value) <= most and value.isascii():
            return value
        try:
            length = len(value) if value.isascii() else len(value.encode())
        except UnicodeEncodeError:
            raise NotPlain from None
        if length > most or 0 < length < least or (spec.required and (not value or value.isspace())):
            raise NotPlain
        return value

    return write


def _number_writer(spec: Number, *, may_be_blank: bool) -> Callable[[object], str]:
    most_integer, most_decimals, places = spec.integer, spec.decimals, spec.places
    longest_money = most_integer + 1 + MONEY_PLACES

    def write(value: object) -> str:
        if type(value) is not Decimal and type(value) is not int:
            if value is None and may_be_blank:
                return ""
            raise NotPlain
        text = str(value)
        if places == MONEY_PLACES and text[-3:-2] == "." and len(text) <= longest_money and text[:-3].isdigit():
            return text  # most amounts
        if places == 0 and len(text) <= most_integer and text.isdigit():
            return text  # most quantities and prices
        if not value:
            text = text.removeprefix("-")
        whole, _, decimals = text.partition(".")
        kept = decimals.rstrip("0").ljust(places, "0")
        digits = whole.removeprefix("-")
        if len(digits) > most_integer or len(kept) > most_decimals or not f"{digits}{decimals}".isdigit():
            raise NotPlain  # an exponent or no number at all, too
        return f"{whole}.{kept}" if kept else whole

    return write


def _flag_writer(spec: Flag) -> Callable[[object], str]:
    def write(value: object) -> str:
        if type(value) is not bool:
            raise NotPlain
        return spec.yes if value else spec.no

    return write


def _write_blank_or_other(value: object) -> JsonValue:
    return "" if value is None else _write_other(value)


def _write_other(value: object) -> JsonValue:
    """Write a word, a time, or what has been written already."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, dict | list):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotPlain
        return clock.write_time(value)
    if isinstance(value, date):
        return clock.write_date(value)
    raise NotPlain
