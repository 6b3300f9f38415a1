"""Which model reads which part of a document: what its fields are called, and which words may stand in them."""

import functools
import typing
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from risiti.gateway.fiscal import parties, payloads
from risiti.gateway.fiscal.faults import Place
from risiti.gateway.fiscal.fields import Word
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject

PARTS: Final[Mapping[tuple[str, ...], type[BaseModel]]] = {
    (): NewInvoice,
    ("lines",): payloads.Line,
    ("lines", "discount"): payloads.Discount,
    ("lines", "excise"): payloads.ExciseDuty,
    ("lines", "project"): payloads.Project,
    ("lines", "pieces"): payloads.Pieces,
    ("charges",): payloads.Charge,
    ("discounts",): payloads.DocumentDiscount,
    ("taxes",): payloads.OtherTax,
    ("export",): payloads.Export,
    ("foreign_seller",): parties.ForeignSeller,
    ("payments",): payloads.Payment,
    ("totals",): payloads.ExpectedTotals,
}


def model_at(place: Place, document: JsonObject) -> type[BaseModel] | None:
    """Return the model that reads the object at a place; None where there is none, or a buyer of no known type."""
    part = tuple(step for step in place if isinstance(step, str))
    if part != ("buyer",):
        return PARTS.get(part)
    buyer = document.get("buyer")
    kind = buyer.get("type") if isinstance(buyer, dict) else None
    return parties.BUYER_TYPES.get(kind) if isinstance(kind, str) else None


def names_at(place: Place, document: JsonObject) -> Collection[str]:
    """Return what the fields of the object at a place may be called."""
    model = model_at(place, document)
    return model.model_fields if model is not None else ()


def field_at(place: Place, document: JsonObject) -> tuple[type[BaseModel], str] | None:
    """Return the model and the name of the field at a place; None where there is no such field."""
    if not place or not isinstance(place[-1], str):
        return None
    model = model_at(place[:-1], document)
    return (model, place[-1]) if model is not None and place[-1] in model.model_fields else None


@functools.cache
def words_of(model: type[BaseModel], name: str) -> tuple[str, ...]:
    """Return the words that may stand in a field; none for other fields."""
    for mark in _marks(model.model_fields[name]):
        if isinstance(mark, BeforeValidator) and isinstance(mark.func, Word):
            return tuple(word.value for word in mark.func.words)
    return ()


@functools.cache
def reader_of(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    """Return what reads a field alone, as strictly as within its document."""
    field = model.model_fields[name]
    kind: Any = Annotated[field.annotation, *field.metadata, "alone"]
    return TypeAdapter(kind, config=ConfigDict(strict=True))


def may_be_left_out(model: type[BaseModel], name: str) -> bool:
    """Tell whether a document is complete without a field."""
    return not model.model_fields[name].is_required()


def _marks(field: FieldInfo) -> list[object]:
    """List what is said about a field's type, inside a union with None too."""
    marks: list[object] = list(field.metadata)
    for argument in (field.annotation, *typing.get_args(field.annotation)):
        marks.extend(getattr(argument, "__metadata__", ()))
    return marks
