"""What request models declare about their fields, and the place of every field in a request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import TypeVar, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from risiti.efris.models.base import Choices, EfrisRequest, EfrisRows, Flag, Moment, Number, Rows, Text

RequestT = TypeVar("RequestT", bound=EfrisRequest)

_SPECS = (Text, Number, Moment, Flag, Choices, Rows)


def kind_of(info: FieldInfo) -> tuple[type, type | None]:
    """Return the type of a field without None, and the type of its rows if it is a tuple."""
    annotation = info.annotation
    if get_origin(annotation) in {Union, UnionType}:
        (annotation,) = (part for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is tuple:
        return tuple, get_args(annotation)[0]
    assert isinstance(annotation, type)
    return annotation, None


def spec_of(info: FieldInfo) -> object:
    """Return what a field declares about itself: Text, Number, ...; None where it declares nothing."""
    return next((entry for entry in info.metadata if isinstance(entry, _SPECS)), None)


def holds_requests(info: FieldInfo) -> bool:
    """Return whether a field is an object of a request or a list of such."""
    kind, row = kind_of(info)
    return issubclass(row or kind, EfrisRequest)


@dataclass(frozen=True)
class Place:
    """One field somewhere in a request.

    Attributes:
        path: Dotted wire path without list positions.
        spec: What the field declares.
        kind: Its type, or that of its rows.
        put: Returns a copy of a full request with another value in this place, unchecked.
    """

    path: str
    spec: object
    kind: type
    put: Callable[[EfrisRequest, object], EfrisRequest]


def full(model: type[RequestT]) -> RequestT:
    """Return a request in which every field has a plain value and every list one row."""
    return model(**{name: plain(info) for name, info in model.model_fields.items()})


def places(model: type[EfrisRequest], above: str = "") -> Iterator[Place]:
    """Yield every field of a model and of the objects inside it, in the order of the wire."""
    for name, info in model.model_fields.items():
        kind, row = kind_of(info)
        listed = issubclass(model, EfrisRows)
        path = above if listed else f"{above}.{info.alias or name}".strip(".")
        inner = row or kind
        if not listed:
            yield Place(path, spec_of(info), inner, _put(name))
        if issubclass(inner, EfrisRequest):
            for place in places(inner, path):
                yield Place(place.path, place.spec, place.kind, _put_below(name, place.put))


def _put(name: str) -> Callable[[EfrisRequest, object], EfrisRequest]:
    return lambda request, value: request.model_copy(update={name: value})


def _put_below(name: str, put: Callable[[EfrisRequest, object], EfrisRequest]) -> Callable[..., EfrisRequest]:
    def put_below(request: EfrisRequest, value: object) -> EfrisRequest:
        inside = getattr(request, name)
        changed = (put(inside[0], value),) if isinstance(inside, tuple) else put(inside, value)
        return request.model_copy(update={name: changed})

    return put_below


def plain(info: FieldInfo) -> object:
    """Return a short value that a field allows."""
    kind, row = kind_of(info)
    value: object
    match spec_of(info):
        case Text() as spec:
            value = "x" * max(1, spec.least)
        case Number():
            value = 1 if kind is int else Decimal(1)
        case Moment():
            value = date(2026, 3, 2) if kind is date else datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
        case Flag():
            value = True
        case _:
            inner = row or kind
            value = full(inner) if issubclass(inner, EfrisRequest) else _first(inner)
    return value if row is None else (value,)


def _first(kind: type) -> str:
    return next(iter(kind)) if issubclass(kind, StrEnum) else "x"
