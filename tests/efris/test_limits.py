"""Every declared limit of every request model from both sides, and the limits that the return codes print."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from risiti.efris import INTERFACES, Fault, Interface, Malformed, ReturnCode, catalogue
from risiti.efris.models.base import Choices, Flag, Number, Rows, Text
from tests.efris.declared import Place, full, places

AnyInterface = Interface[Any, Any]

INTERFACES_WITH_CONTENT = [
    pytest.param(interface, id=code) for code, interface in INTERFACES.items() if interface.takes_content
]
"""Rows of the tables below; each test goes through all fields of one interface."""


def _frozen(interface: AnyInterface, place: Place, value: object) -> Fault | None:
    """Return what `freeze` finds wrong with a request that is right but for one place."""
    try:
        interface.freeze(place.put(full(interface.request), value))
    except Malformed as malformed:
        return _only(malformed, place)
    return None


def _parsed(interface: AnyInterface, place: Place, word: str) -> Fault | None:
    """Return what `parse` finds wrong with a request that is right but for one word on the wire."""
    document = json.loads(interface.freeze(full(interface.request)).content)
    node = document[0] if isinstance(document, list) else document
    *above, last = place.path.split(".")
    for step in above:
        node = node[step][0] if isinstance(node[step], list) else node[step]
    node[last] = word
    try:
        interface.parse(json.dumps(document).encode())
    except Malformed as malformed:
        return _only(malformed, place)
    return None


def _only(malformed: Malformed, place: Place) -> Fault:
    (fault,) = malformed.faults
    assert fault.path.replace("[0]", "").strip(".") == place.path
    return fault


def _rule(fault: Fault | None) -> str | None:
    return None if fault is None else fault.rule


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_a_text_may_be_as_long_as_declared_and_not_a_byte_longer(interface: AnyInterface) -> None:
    for place in places(interface.request):
        spec = place.spec
        if not isinstance(spec, Text):
            continue
        most = 100_000 if spec.most is None else spec.most
        assert (place.path, _frozen(interface, place, "x" * most)) == (place.path, None)
        assert (place.path, _rule(_frozen(interface, place, ""))) == (place.path, "required" if spec.required else None)
        if spec.most is not None:
            too_long = [_rule(_frozen(interface, place, text)) for text in ("x" * (most + 1), "é" * (most // 2 + 1))]
            assert (place.path, too_long) == (place.path, ["max_length"] * 2)
        if spec.least > 1:
            too_short = _frozen(interface, place, "x" * (spec.least - 1))
            assert (place.path, _rule(too_short)) == (place.path, "min_max_length")
            assert (place.path, _frozen(interface, place, "x" * spec.least)) == (place.path, None)


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_a_number_may_have_the_digits_declared_and_not_one_more(interface: AnyInterface) -> None:
    for place in places(interface.request):
        spec = place.spec
        if not isinstance(spec, Number):
            continue
        beyond, finest = Decimal(10) ** spec.integer, Decimal(10) ** -spec.decimals
        for fits in (beyond - finest, finest - beyond, Decimal(0)):
            assert (place.path, _frozen(interface, place, fits)) == (place.path, None)
        for breaks in (beyond, -beyond, finest / 10, Decimal("NaN"), Decimal("Infinity")):
            assert (place.path, _rule(_frozen(interface, place, breaks))) == (place.path, "max_digits")


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_several_choices_travel_as_one_text_within_its_limit(interface: AnyInterface) -> None:
    for place in places(interface.request):
        spec = place.spec
        if not isinstance(spec, Choices):
            continue
        choices = tuple(place.kind) if issubclass(place.kind, StrEnum) else ("101", "102")
        assert (place.path, _frozen(interface, place, choices)) == (place.path, None)
        assert (place.path, _frozen(interface, place, ()) is not None) == (place.path, spec.required)
        if spec.most is not None:
            too_many = _frozen(interface, place, choices * spec.most)
            assert (place.path, _rule(too_many)) == (place.path, "max_length")


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_a_list_that_must_have_rows_has_some(interface: AnyInterface) -> None:
    for place in places(interface.request):
        if isinstance(place.spec, Rows):
            empty = _frozen(interface, place, ())
            assert (place.path, _rule(empty)) == (place.path, "required" if place.spec.required else None)


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_a_listed_value_is_read_and_no_other(interface: AnyInterface) -> None:
    for place, words in _listed(interface):
        for word in words:
            assert (place.path, word, _parsed(interface, place, word)) == (place.path, word, None)
        for word in ("true", "on", "999", f"{words[0]}x"):
            assert (place.path, word, _rule(_parsed(interface, place, word))) == (place.path, word, "invalid_value")


def _listed(interface: AnyInterface) -> Iterator[tuple[Place, tuple[str, ...]]]:
    for place in places(interface.request):
        if isinstance(place.spec, Flag):
            yield place, (place.spec.yes, place.spec.no)
        elif issubclass(place.kind, StrEnum):
            yield place, tuple(place.kind)


PRINTED_TWICE = {
    # the field tables and the return codes disagree; the models follow the tables, and say so where it matters
    ("T106", "1507"), ("T106", "1509"), ("T107", "1507"), ("T107", "1511"), ("T109", "1104"), ("T109", "1145"),
    ("T109", "3045"), ("T119", "1576"), ("T139", "3012"), ("T146", "2864"), ("T109", "1230"),
}  # fmt: skip


_SIZES: Mapping[str, type] = {"max_length": Text, "max_digits": Number}


def _printed(interface: AnyInterface) -> Iterator[tuple[Place, ReturnCode]]:
    """Yield the return codes that speak of the length of a field, with the field."""
    known = list(places(interface.request))
    for row in catalogue():
        if (
            interface.code not in row.interfaces
            or row.rule not in _SIZES
            or (interface.code, row.code) in PRINTED_TWICE
        ):
            continue
        field = str(row.params.get(f"{interface.code.lower()}_field", row.field))
        exact = [place for place in known if place.path == field]
        for place in exact or [place for place in known if place.path.endswith(f".{field}")]:
            if isinstance(place.spec, _SIZES[row.rule]):
                yield place, row


@pytest.mark.parametrize("interface", INTERFACES_WITH_CONTENT)
def test_a_field_too_long_is_refused_with_the_code_the_authority_would_answer(interface: AnyInterface) -> None:
    printed = list(_printed(interface))
    for place, row in printed:
        fits, breaks = _both_sides(row)
        same = {other.code for near, other in printed if (near.path, other.rule) == (place.path, row.rule)}
        assert (place.path, _frozen(interface, place, fits)) == (place.path, None)
        fault = _frozen(interface, place, breaks)
        assert fault is not None, (place.path, row.code)
        assert fault.code in same, (place.path, row.code)


def _both_sides(row: ReturnCode) -> tuple[object, object]:
    if row.rule == "max_length":
        most = int(str(row.params["max"]))
        return "x" * most, "x" * (most + 1)
    beyond = Decimal(10) ** int(str(row.params["int"]))
    return beyond - 1, beyond
