"""Builds any request model from its field declarations: everything the wire allows, and nothing else."""

import string
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from pydantic.fields import FieldInfo

from risiti.efris.models.base import (
    BLANK,
    Choices,
    EfrisRequest,
    EfrisRows,
    Flag,
    Moment,
    Number,
    OpenRequest,
    Rows,
    Text,
)
from tests.efris.declared import holds_requests, kind_of, plain, spec_of

RequestT = TypeVar("RequestT", bound=EfrisRequest)

_SHORT = 12
"""Characters most texts have at most; now and then one is as long as it may be."""

_VARIED = 8
"""Most fields of one object that differ from request to request."""


@cache
def requests(model: type[RequestT]) -> SearchStrategy[RequestT]:
    """Return requests of a model, or objects inside one, that break no rule of the wire.

    A few fields differ from request to request, others have a plain value or none: a document of two hundred fields
    would otherwise be more than hypothesis can hold.
    """
    unknown = _unknown_members() if issubclass(model, OpenRequest) else st.just({})
    return st.builds(lambda fields, extra: model(**extra, **fields), _members(model), unknown)


@st.composite
def _members(draw: DrawFn, model: type[EfrisRequest]) -> dict[str, object]:
    fields = model.model_fields
    varied = draw(st.sets(st.sampled_from(sorted(fields)), max_size=_VARIED)) if fields else set()
    members: dict[str, object] = {}
    for name, info in fields.items():
        if name in varied or (info.is_required() and holds_requests(info)):
            members[name] = draw(_values(info, least_rows=1 if issubclass(model, EfrisRows) else 0))
        elif info.is_required():
            members[name] = plain(info)
    return members


def text(spec: Text) -> SearchStrategy[str]:
    """Return texts within the limits of a field, measured in bytes, of any script."""
    most = 2 * _SHORT if spec.most is None else spec.most
    some = st.text(st.characters(exclude_categories=["Cs"]), max_size=min(most, _SHORT)).map(
        lambda value: _padded(value.encode()[:most].decode(errors="ignore"), spec.least) if value else value
    )
    longest = some | st.just("x" * most)
    return longest.filter(lambda value: bool(value.strip())) if spec.required else longest


def _padded(value: str, least: int) -> str:
    return value + "x" * (least - len(value.encode()))


def number(spec: Number) -> SearchStrategy[Decimal]:
    """Return numbers with as many digits as a field allows, of either sign."""
    mantissas = st.integers(-(10 ** (spec.integer + spec.decimals)) + 1, 10 ** (spec.integer + spec.decimals) - 1)
    short = st.integers(-999, 999).filter(lambda value: abs(value) < 10**spec.integer)
    return mantissas.map(lambda mantissa: Decimal(mantissa).scaleb(-spec.decimals)) | short.map(Decimal)


def _values(info: FieldInfo, *, least_rows: int) -> SearchStrategy[object]:
    values = _present(info, least_rows=least_rows)
    if BLANK in info.metadata:
        values = values.filter(lambda value: value not in {"", ()})
    optional = not info.is_required() and info.default is None
    return st.none() | values if optional else values


def _present(info: FieldInfo, *, least_rows: int) -> SearchStrategy[object]:
    kind, row = kind_of(info)
    values: SearchStrategy[object]
    match spec_of(info):
        case Rows() as spec:
            assert row is not None
            assert issubclass(row, EfrisRequest)
            values = st.lists(requests(row), min_size=1 if spec.required else least_rows, max_size=2).map(tuple)
        case Choices() as spec:
            assert row is not None
            values = _choices(spec, row)
        case Text() as spec:
            values = text(spec)
        case Number() as spec:
            values = number(spec).map(int) if kind is int else number(spec)
        case Moment():
            values = st.dates(date(2000, 1, 1), date(2099, 12, 31)) if kind is date else _moments()
        case Flag():
            values = st.booleans()
        case _ if issubclass(kind, EfrisRequest):
            values = requests(kind)
        case _:
            assert issubclass(kind, StrEnum), f"no values for {info}"
            values = st.sampled_from(list(kind))
    return values


def _choices(spec: Choices, choice: type) -> SearchStrategy[object]:
    one = (
        st.sampled_from(list(choice))
        if issubclass(choice, StrEnum)
        else st.text(st.characters(exclude_characters=",", exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=9)
    )
    several = st.lists(one, min_size=1 if spec.required else 0, max_size=3).map(tuple)
    most = spec.most
    return several if most is None else several.filter(lambda values: len(",".join(values).encode()) <= most)


def _moments() -> SearchStrategy[datetime]:
    whole_seconds = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - hypothesis wants naive bounds
    return whole_seconds.map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))


def _unknown_members() -> SearchStrategy[dict[str, object]]:
    """Return members nobody has described, under names that no model has; null is left out when it is read."""
    names = st.text(string.ascii_letters, min_size=1, max_size=8).map(lambda name: f"x-{name}")
    scalars = st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=_SHORT)
    json = st.recursive(
        st.none() | scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=4,
    )
    return st.dictionaries(names, json.filter(lambda value: value is not None), max_size=2)
