"""Whatever comes in as an answer, only the documented errors come out, and nothing grows without bound."""

import gzip
import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench import fuzz_efris, fuzzing
from risiti.cli.captured import as_text, look_inside
from risiti.cli.console import CommandError, Exit
from risiti.efris import INTERFACES, Interface, Refused, Unreadable, crypto
from risiti.efris.envelope import Envelope, EnvelopeError, encode_base64
from risiti.efris.exchange import Reading, read
from risiti.efris.wirejson import JsonError, read_json
from tests.efris import known

MIB = 1024 * 1024
READING = Reading("f" * 32, known.session_key(), max_answer_bytes=MIB, max_content_bytes=MIB)
ROWS = st.sampled_from(list(INTERFACES.values()))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=30)
    | st.sampled_from(["1,000.00", "02/03/2026 12:00:30", "1e999", "-", "101"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(fuzzing.KEYS), inner, max_size=6),
)
AnyInterface = Interface[Any, Any]


def documented(interface: AnyInterface, status: int, body: bytes) -> None:
    """Read an answer; anything but an answer or a documented error fails the test."""
    with suppress(Unreadable, Refused):
        read(interface, status, body, READING)


def an_answer(interface: AnyInterface, content: bytes, code: str = "00", *, encrypted: bool = False) -> bytes:
    return Envelope(
        content=encode_base64(crypto.encrypt(known.session_key(), content) if encrypted else content),
        code_type="1" if encrypted else "0",
        encrypt_code="2" if encrypted else "1",
        global_info={"interfaceCode": interface.code, "dataExchangeId": "f" * 32},
        return_code=code,
    ).to_bytes()


@given(
    ROWS, st.sampled_from([200, 400, 500]), st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode())
)
@example(INTERFACES["T109"], 200, b"[" * 100_000)
@example(INTERFACES["T109"], 200, b'{"data":1e9999999999999999999}')
@example(INTERFACES["T109"], 200, b"\x1f\x8b")
def test_any_bytes_are_read_or_documented(interface: AnyInterface, status: int, body: bytes) -> None:
    documented(interface, status, body)


@given(ROWS, JSON, st.sampled_from(["00", "45", "2253", "402", "4711", ""]), st.booleans())
def test_any_json_in_an_answer_is_read_or_documented(
    interface: AnyInterface,
    value: object,
    code: str,
    encrypted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    documented(interface, 200, an_answer(interface, json.dumps(value).encode(), code, encrypted=encrypted))


@given(ROWS, st.binary(max_size=200), st.booleans())
def test_any_bytes_in_an_answer_are_read_or_documented(
    interface: AnyInterface,
    content: bytes,
    encrypted: bool,  # noqa: FBT001 - as above
) -> None:
    documented(interface, 200, an_answer(interface, content, encrypted=encrypted))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(body: bytes) -> None:
    with suppress(EnvelopeError):
        Envelope.from_bytes(body)


@given(ROWS, JSON, st.booleans())
def test_any_message_can_be_looked_into(interface: AnyInterface, value: object, is_answer: bool) -> None:  # noqa: FBT001 - as above
    body = an_answer(interface, json.dumps(value).encode(), "00" if is_answer else "")
    found = look_inside(body, private_key=known.taxpayer_key(), session_key=known.session_key())
    assert as_text(found)
    assert json.dumps(found)


@pytest.mark.parametrize("text", [b"1e9999999999999999999", b"-1E-9999999999999999999", b"[1e9999999999999999999]"])
def test_a_number_that_no_decimal_can_hold_is_no_json(text: bytes) -> None:
    with pytest.raises(JsonError):
        read_json(text)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(256 * MIB))
    interface = INTERFACES["T109"]
    bodies = [
        bomb,
        an_answer(interface, bomb),
        an_answer(interface, bomb, encrypted=True),
        an_answer(interface, bomb, "2253"),
    ]
    tracemalloc.start()
    try:
        for body in bodies:
            documented(interface, 200, body)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_a_thousand_messages_of_the_fuzz_bring_nothing_undocumented() -> None:
    tally = fuzz_efris.Tally()
    chance = fuzzing.Chance(20260302)
    for _ in range(1000):
        fuzz_efris.once(chance, tally)
    assert tally.undocumented == {}
    assert {"an answer", "Unreadable", "RefusedForNow", "RefusedForGood"} <= tally.outcomes.keys()


def test_the_fuzz_fails_when_something_undocumented_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*_: object) -> None:
        raise KeyError("data")

    monkeypatch.setattr(fuzz_efris, "read", careless)
    result = CliRunner().invoke(fuzz_efris.app, ["--seconds", "0.1", "--json"])
    assert isinstance(result.exception, CommandError)
    assert result.exception.code is Exit.NO
    assert "KeyError" in next(iter(json.loads(result.stdout)["undocumented"]))
