from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris.wirejson import JsonError, read_json, write_json

KEYS = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), max_size=8).map(str.strip)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_reads_back(value: object) -> None:
    assert read_json(write_json(value)) == value


def test_fractions_are_exact() -> None:
    assert read_json(b'{"a":0.1,"b":236000.00,"c":12345678901234567890.12}') == {
        "a": Decimal("0.1"),
        "b": Decimal("236000.00"),
        "c": Decimal("12345678901234567890.12"),
    }


def test_blanks_around_keys_and_a_byte_order_mark_go_away() -> None:
    assert read_json(b'\xef\xbb\xbf{"grossAmount ":"1"}') == {"grossAmount": "1"}


@pytest.mark.parametrize("value", [0.1, [1.5], {"a": {"b": 2.0}}, Decimal("1.5")])
def test_a_float_never_gets_onto_the_wire(value: object) -> None:
    with pytest.raises(TypeError, match="travel as strings"):
        write_json(value)


@pytest.mark.parametrize("data", [b"Infinity", b'{"a":1,"a":2}', b'{"a":1,"a ":2}', b"9" * 5000])
def test_what_would_need_guessing_is_refused(data: bytes) -> None:
    with pytest.raises(JsonError):
        read_json(data)
