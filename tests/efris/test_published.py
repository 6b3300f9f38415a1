"""The table of interfaces against what the authority publishes of each."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import pytest
from pydantic import AliasChoices, BaseModel

import risiti.efris as package
from risiti.efris import INTERFACES, Effect, Interface, interfaces
from risiti.efris.models.base import EfrisAnswerRows, EfrisRows, Flag
from tests.efris import published
from tests.efris.declared import places

ROWS = [pytest.param(interface, id=code) for code, interface in INTERFACES.items()]

WRITES = {
    "T102", "T105", "T109", "T110", "T113", "T114", "T116", "T120", "T129", "T130", "T131", "T132", "T136", "T139",
    "T140", "T141", "T142", "T143", "T163", "T164", "T165", "T166", "T172", "T175", "T176", "T178", "T181",
    "A101", "C101", "C102", "C103", "C107",
}  # fmt: skip


def test_every_interface_that_is_known_has_a_row_and_no_other_has() -> None:
    assert len(published.interfaces()) == 82
    assert set(INTERFACES) == set(published.interfaces())
    assert all(code == interface.code for code, interface in INTERFACES.items())


def test_every_row_has_a_speaking_name_that_the_package_exports() -> None:
    names = {name for name, value in vars(interfaces).items() if isinstance(value, Interface)}
    assert len(names) == len(INTERFACES)
    assert names <= set(package.__all__)
    assert all(getattr(package, name).summary.endswith(".") for name in names)


def test_a_call_that_may_change_something_is_never_taken_for_a_question() -> None:
    assert {code for code, row in INTERFACES.items() if row.effect is Effect.WRITE} == WRITES
    assert all(0 < row.timeout <= 30 for row in INTERFACES.values())


@pytest.mark.parametrize("interface", ROWS)
def test_a_row_encrypts_what_is_published_to_be_encrypted(interface: Interface[Any, Any]) -> None:
    facts = published.interfaces()[interface.code]
    assert interface.documented is facts.documented
    if facts.encrypted is not None:
        assert interface.secrecy.value == facts.encrypted


@pytest.mark.parametrize("interface", ROWS)
def test_every_published_field_of_a_request_has_a_place_in_its_model(interface: Interface[Any, Any]) -> None:
    missing = set(published.interfaces()[interface.code].request) - set(_paths(interface.request))
    assert not missing


@pytest.mark.parametrize("interface", ROWS)
def test_a_field_with_a_closed_list_takes_the_values_on_it_and_no_others(interface: Interface[Any, Any]) -> None:
    ours = {}
    for place in places(interface.request):
        if isinstance(place.spec, Flag):
            ours[place.path] = frozenset({place.spec.yes, place.spec.no})
        elif issubclass(place.kind, StrEnum):
            ours[place.path] = frozenset(place.kind)
    facts = published.interfaces()[interface.code].values
    assert {path: ours.get(path) for path in facts} == facts


@pytest.mark.parametrize("interface", ROWS)
def test_every_published_field_of_an_answer_has_a_place_in_its_model(interface: Interface[Any, Any]) -> None:
    missing = set(published.interfaces()[interface.code].answer) - set(_paths(interface.answer))
    assert not missing


def _paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Yield the wire path of everything a model can hold, under each name it is read by."""
    for info in model.model_fields.values():
        if issubclass(model, EfrisRows | EfrisAnswerRows):
            names = {above.removesuffix(".")}
        elif isinstance(info.validation_alias, AliasChoices):
            names = {f"{above}{choice}" for choice in info.validation_alias.choices}
        else:
            names = {f"{above}{info.validation_alias or info.alias}"}
        for name in names:
            yield name
            for inner in _models_in(info.annotation):
                yield from _paths(inner, f"{name}." if name else "")


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
