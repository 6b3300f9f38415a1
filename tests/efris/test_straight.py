"""What is written straight from values is, to the letter, what the model writes; and what the model refuses is not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from risiti.efris.models import invoice_upload as upload
from risiti.efris.models.base import EfrisRequest, Flag, Number, Text, to_wire
from risiti.efris.models.straight import Given, NotPlain, StraightWriter
from tests.efris.declared import holds_requests, plain, spec_of

MODELS = (
    upload.Seller,
    upload.BasicInformation,
    upload.Buyer,
    upload.Line,
    upload.TaxRow,
    upload.Summary,
    upload.Payment,
    upload.ImportedService,
    upload.FuelSale,
)
TEXTS = st.text(max_size=12) | st.sampled_from(["", " ", "é" * 150, "x" * 20, "x" * 257, "\ud800", "\x7f\x00", '"\\'])
NUMBERS = (
    st.decimals(allow_nan=True, allow_infinity=True)
    | st.integers(-(10**14), 10**14)
    | st.sampled_from(["-0.00", "0", "0.000", "1E+2", "1E-7", "100.50", "999999999999.99", "-236000.00"]).map(Decimal)
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DATES = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=60, deadline=None, database=None)
@given(data=st.data())
def test_any_values_give_the_models_own_text_or_are_left_to_the_model(
    model: type[EfrisRequest], data: st.DataObject
) -> None:
    values = _draw(data, model)
    wanted = _as_the_model_writes_it(model, values)
    try:
        written = StraightWriter(model).write(values)
    except NotPlain:
        return
    assert list(written.items()) == wanted


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_plain_values_of_every_field_are_written_straight(model: type[EfrisRequest]) -> None:
    values = {name: plain(info) for name, info in model.model_fields.items() if not holds_requests(info)}
    assert list(StraightWriter(model).write(values).items()) == _as_the_model_writes_it(model, values)


@pytest.mark.parametrize(
    "change",
    [
        {"item": ""},
        {"item": "  "},
        {"item": "é" * 101},
        {"item": "half \ud800"},
        {"total": Decimal("1.005")},
        {"total": Decimal(10) ** 12},
        {"total": Decimal("NaN")},
        {"total": "1180.00"},
        {"qty": 2.5},
    ],
    ids=str,
)
def test_what_does_not_fit_is_left_to_the_model(change: Given) -> None:
    values = {name: plain(info) for name, info in upload.Line.model_fields.items()} | change
    with pytest.raises(NotPlain):
        StraightWriter(upload.Line).write(values)


def test_a_program_that_forgets_a_required_field_is_told() -> None:
    with pytest.raises(KeyError, match="needs total"):
        StraightWriter(upload.Line).write({"item": "Sugar", "item_code": "S-1"})


def _draw(data: st.DataObject, model: type[EfrisRequest]) -> Given:
    fields = model.model_fields
    optional = sorted(name for name, info in fields.items() if not info.is_required())
    given_too = data.draw(st.sets(st.sampled_from(optional)) if optional else st.just(set()))
    strange = data.draw(st.sets(st.sampled_from(sorted(fields)), max_size=2))
    return {
        name: data.draw(_strange(info)) if name in strange else plain(info)
        for name, info in fields.items()
        if info.is_required() or name in given_too or name in strange
    }


def _strange(info: FieldInfo) -> st.SearchStrategy[object]:
    spec = spec_of(info)
    if isinstance(spec, Text):
        return TEXTS | NUMBERS
    if isinstance(spec, Number):
        return NUMBERS | st.none() | TEXTS
    if isinstance(spec, Flag):
        return st.booleans()
    kinds = {kind for kind in (info.annotation, *get_args(info.annotation)) if kind in (date, datetime)}
    return (DATES | st.none() if date in kinds else MOMENTS) if kinds else st.just(plain(info)) | st.none()


def _as_the_model_writes_it(model: type[EfrisRequest], values: Given) -> object:
    """Return keys and texts in their order; None if the model refuses the values."""
    try:
        written, faults = to_wire(model.model_validate(values))
    except (ValidationError, ValueError):
        return None
    return None if faults or not isinstance(written, dict) else list(written.items())
