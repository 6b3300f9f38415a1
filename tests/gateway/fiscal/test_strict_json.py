import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.fiscal.strict_json import (
    MAX_DEPTH,
    MAX_NUMBER_CHARACTERS,
    MAX_VALUES,
    ExponentNumber,
    parse_object,
)
from risiti.gateway.kernel.errors import BadRequest, FieldError, GatewayError, TooLarge


def refusal(body: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        parse_object(body)
    return caught.value


def fault(body: bytes) -> FieldError:
    (only,) = refusal(body).errors
    return only


def test_numbers_are_exact() -> None:
    body = b'{"a": 0.12345678901234567890, "b": 12345678901234567890123, "c": -0.00, "d": 1e400, "e": 2E-3}'
    assert parse_object(body) == {
        "a": Decimal("0.12345678901234567890"),
        "b": 12345678901234567890123,
        "c": Decimal("0.00"),
        "d": ExponentNumber("1e400"),
        "e": ExponentNumber("2E-3"),
    }


def test_texts_and_words_are_what_they_are() -> None:
    body = '{"a": "\\u00e9\\ud83c\\udf75é\\n", "b": [true, false, null, {}, []], "": ""}'.encode()
    assert parse_object(body) == {"a": "é🍵é\n", "b": [True, False, None, {}, []], "": ""}


def test_thirty_two_levels_are_read_and_thirty_three_are_not() -> None:
    assert parse_object(b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}")
    deeper = fault(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")
    assert (deeper.code, deeper.path) == ("too_deep", "/a" + "/0" * (MAX_DEPTH - 1))
    assert fault(b'{"a":' * MAX_DEPTH + b"{}" + b"}" * MAX_DEPTH).code == "too_deep"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_hundred_thousand_levels_do_not_exhaust_the_stack(opening: bytes) -> None:
    assert fault(opening * 100_000).code == "too_deep"


def test_twenty_thousand_values_are_read_and_one_more_is_not() -> None:
    def rows(values: int) -> bytes:
        return b'{"rows": [' + b",".join([b"{}"] * (values - 2)) + b"]}"  # the object and the list are values too

    assert len(json.dumps(parse_object(rows(MAX_VALUES)))) > MAX_VALUES
    error = refusal(rows(MAX_VALUES + 1))
    assert isinstance(error, TooLarge)
    assert (error.errors[0].code, error.errors[0].path) == ("too_many_values", f"/rows/{MAX_VALUES - 2}")


@pytest.mark.parametrize(
    "flood",
    [
        b'{"a":[' + b"{}," * 1_000_000,
        b'""' * 1_000_000,
        b"," * 1_000_000,
        b'{"a":' + b"[]," * 1_000_000,
        b'"' + b'\\"' * 1_000_000,
        b"]" * 1_000_000,
        b'{"' + b"a" * 1_000_000,
        b" " * 1_000_000,
        b"[" + b" " * 1_000_000,
        b'{"a":"' + b"\\u0061" * 300_000,
    ],
    ids=lambda flood: repr(flood[:12]),
)
def test_a_flood_is_refused(flood: bytes) -> None:
    assert refusal(flood).status in (400, 413)


def test_a_number_of_64_characters_is_read_and_one_more_is_not() -> None:
    digits = "1" * MAX_NUMBER_CHARACTERS
    assert parse_object(f'{{"a": {digits}}}'.encode()) == {"a": int(digits)}
    longer = fault(f'{{"a": [{digits}1]}}'.encode())
    assert (longer.code, longer.path) == ("number_too_long", "/a/0")
    assert fault(f'{{"a": 0.{digits}}}'.encode()).code == "number_too_long"


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (b'{"a": 1, "b": {"x": 1, "x": 2}}', "duplicate_key", "/b/x"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_key", "/a"),
        (b'{"lines": [{}, {"qty": NaN}]}', "not_a_number", "/lines/1/qty"),
        (b'{"a": -Infinity}', "not_a_number", "/a"),
        (b'{"a": ["\\ud800"]}', "lone_surrogate", "/a/0"),
        (b'{"a\\udc00": 1}', "lone_surrogate", "/a\\udc00"),
        (b'{"a/b~c": "\\u0000"}', "nul_character", "/a~1b~0c"),
        (b'{"a\\u0000": 1}', "nul_character", "/a\\u0000"),
        (b"\xef\xbb\xbf{}", "byte_order_mark", ""),
        (b"", "empty_body", ""),
        (b" \n", "empty_body", ""),
        (b"null", "not_an_object", ""),
        (b"[]", "not_an_object", ""),
        (b'"text"', "not_an_object", ""),
        (b"{} {}", "malformed_json", ""),
        (b"{} x", "malformed_json", ""),
        (b'{"a": 01}', "malformed_json", ""),
        (b'{"a": .5}', "malformed_json", ""),
        (b'{"a": +5}', "malformed_json", ""),
        (b'{"a": 5.}', "malformed_json", ""),
        (b'{"a": "\t"}', "malformed_json", ""),
        (b'{"a": "\\x41"}', "malformed_json", ""),
        (b"{'a': 1}", "malformed_json", ""),
        (b'{"a": 1,}', "malformed_json", ""),
        (b"{a: 1}", "malformed_json", ""),
        (b'{"a": 1} // end', "malformed_json", ""),
        (b'\xff\xfe{\x00"\x00', "not_utf8", ""),
        (b'{"a": "\xe9"}', "not_utf8", ""),
        (b'{"a": "\xed\xa0\x80"}', "not_utf8", ""),
    ],
)
def test_what_json_readers_let_through_is_refused_with_its_place(body: bytes, code: str, path: str) -> None:
    found = fault(body)
    assert (found.code, found.path) == (code, path)


def test_a_broken_body_says_line_and_column() -> None:
    assert "line 2, column 3" in fault(b'{"a":\n  x}').message


def test_all_unsafe_places_are_named() -> None:
    error = refusal(b'{"a": NaN, "b": [1, {"c": 1, "c": 2}], "d": "\\ud800"}')
    assert isinstance(error, BadRequest)
    assert [found.path for found in error.errors] == ["/a", "/b/1/c", "/d"]


def test_a_long_key_is_shown_short() -> None:
    assert len(fault(b'{"' + b"k" * 100_000 + b'": NaN}').path) < 100


KEYS = st.text('abc"\\/é[]{},:', max_size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abc"\\/é[]{},:', max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text('xy"[{,', max_size=3), VALUES, max_size=4), st.booleans())
def test_every_good_object_is_read_as_it_was_written(value: dict[str, object], ascii_only: bool) -> None:  # noqa: FBT001
    assert parse_object(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=40) | st.text('{}[]",:01e.-\\ \n', max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused_never_worse(body: bytes) -> None:
    try:
        value: object = parse_object(body)
    except GatewayError as error:
        value = error.errors
    assert isinstance(value, dict) or value
