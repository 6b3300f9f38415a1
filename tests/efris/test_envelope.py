import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris import crypto
from risiti.efris.envelope import (
    Envelope,
    EnvelopeError,
    GlobalInfo,
    decode_base64,
    encode_base64,
    gunzip_limited,
    open_content,
    seal,
)
from tests.efris import known

INFO = GlobalInfo("T106", "0" * 32, "2026-03-02 12:00:00", "1000000000", "1000000000_01")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def _message(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    document: dict[str, Any] = json.loads(Envelope(global_info=INFO.to_wire(), return_code="00").to_bytes())
    return document | changes


@given(TEXTS, TEXTS, st.dictionaries(TEXTS.map(str.strip), TEXTS), TEXTS)
def test_an_envelope_comes_back_from_its_own_bytes(
    content: str, signature: str, info: dict[str, str], message: str
) -> None:
    envelope = Envelope(content, signature, "1", "2", "0", info, "00", message)
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope
    assert envelope.to_bytes() == envelope.to_bytes()


@given(st.binary(max_size=2000))
def test_a_sealed_content_is_signed_and_opens_again(content: bytes) -> None:
    envelope = seal(INFO, content, known.credentials().sign, known.session_key())
    public = known.taxpayer_key().public_key()
    assert crypto.verifies(public, decode_base64(envelope.signature), envelope.content.encode())
    if not content.startswith(b"\x1f\x8b"):
        assert open_content(envelope, known.session_key()) == content


@pytest.mark.parametrize(("over", "accepted"), [(0, True), (1, False)])
def test_a_message_may_be_as_large_as_the_limit_and_no_larger(over: int, accepted: bool) -> None:  # noqa: FBT001 - a column of the table
    data = json.dumps(_message()).encode()
    limit = len(data) - over
    if accepted:
        assert Envelope.from_bytes(data, limit=limit).return_code == "00"
    else:
        with pytest.raises(EnvelopeError, match=f"more than {limit} bytes"):
            Envelope.from_bytes(data, limit=limit)


@pytest.mark.parametrize("part", ["data", "globalInfo", "returnStateInfo"])
@pytest.mark.parametrize("value", [None, "text", [], 5])
def test_a_missing_part_is_named(part: str, value: object) -> None:
    with pytest.raises(EnvelopeError) as raised:
        Envelope.from_bytes(json.dumps(_message(**{part: value})).encode())
    assert raised.value.part == part


@pytest.mark.parametrize("code", [0, 99, True, ["00"], {"code": "00"}])
def test_a_return_code_that_is_no_text_is_not_believed(code: object) -> None:
    message = _message(returnStateInfo={"returnCode": code, "returnMessage": "SUCCESS"})
    with pytest.raises(EnvelopeError) as raised:
        Envelope.from_bytes(json.dumps(message).encode())
    assert raised.value.part == "returnStateInfo.returnCode"


def test_a_missing_return_code_reads_as_none_at_all() -> None:
    assert Envelope.from_bytes(json.dumps(_message(returnStateInfo={})).encode()).return_code == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Service Unavailable</html>",
        b"null",
        b"[]",
        b'"00"',
        b"\xff\xfe{}",
        b"{",
        b'{"data":NaN}',
        b"[" * 100_000,
        b'{"returnStateInfo":{"returnCode":"99"},"returnStateInfo":{"returnCode":"00"}}',
        b'{"returnStateInfo":{"returnCode":"99","returnCode ":"00"},"data":{},"globalInfo":{}}',
        b"1" * 10_000,
    ],
)
def test_what_is_no_message_is_refused_as_one(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        Envelope.from_bytes(data)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_message_or_an_envelope_error(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        Envelope.from_bytes(data)


def test_flags_sent_as_numbers_and_keys_with_blanks_are_understood() -> None:
    data = b"""{"data ":{"content":"e30=","dataDescription":{"codeType":0,"encryptCode":1,"zipCode":0}},
        "globalInfo":{" interfaceCode":"T106 "},"returnStateInfo":{"returnCode ":"00"}}"""
    envelope = Envelope.from_bytes(data)
    assert (envelope.code_type, envelope.encrypt_code, envelope.zip_code) == ("0", "1", "0")
    assert envelope.global_text("interfaceCode") == "T106"
    assert open_content(envelope, None) == b"{}"


@given(st.binary(max_size=200))
def test_base64_is_read_in_either_alphabet_with_or_without_padding(data: bytes) -> None:
    text = encode_base64(data)
    assert decode_base64(text) == data
    assert decode_base64(text.replace("+", "-").replace("/", "_").rstrip("=")) == data
    assert decode_base64("\n ".join(text)) == data


@pytest.mark.parametrize("text", ["a", "ab*d", "e30=e30", "é"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(EnvelopeError, match="not base64"):
        decode_base64(text)


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_gzip_members_are_unpacked_one_after_the_other(first: bytes, second: bytes) -> None:
    packed = gzip.compress(first) + gzip.compress(second)
    assert gunzip_limited(packed, len(first) + len(second)) == first + second


def test_gzip_is_unpacked_up_to_the_limit_and_no_further() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert len(gunzip_limited(packed, 1000)) == 1000
    with pytest.raises(EnvelopeError, match="more than 999 bytes"):
        gunzip_limited(packed, 999)


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    with pytest.raises(EnvelopeError, match="more than 1000000 bytes"):
        gunzip_limited(bomb, 1_000_000)


@pytest.mark.parametrize("spoil", [lambda data: data[:-5], lambda data: data[:12], lambda data: data + b"junk"])
def test_broken_gzip_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(EnvelopeError, match="gzip"):
        gunzip_limited(spoil(gzip.compress(b"content of some length")), 1000)


TEXT = b'{"page":{"pageCount":"0"}}'


@pytest.mark.parametrize(
    ("flags", "encrypted"),
    [
        (("0", "1"), False),
        (("1", "2"), False),
        (("0", "2"), False),
        (("1", "1"), False),
        (("1", "2"), True),
        (("0", "2"), True),
        (("1", "1"), True),
    ],
)
@pytest.mark.parametrize("zip_code", ["0", "1"])
@pytest.mark.parametrize("gzip_at", ["nowhere", "before encryption", "after encryption"])
def test_content_opens_by_its_bytes_where_the_flags_are_wrong(
    flags: tuple[str, str],
    encrypted: bool,  # noqa: FBT001 - a column of the table
    zip_code: str,
    gzip_at: str,
) -> None:
    data = gzip.compress(TEXT) if gzip_at == "before encryption" else TEXT
    data = crypto.encrypt(known.session_key(), data) if encrypted else data
    data = gzip.compress(data) if gzip_at == "after encryption" else data
    envelope = Envelope(encode_base64(data), "", *flags, zip_code)
    assert open_content(envelope, known.session_key()) == TEXT


def test_content_without_a_session_key_opens_only_if_it_is_plain() -> None:
    plain = Envelope(encode_base64(TEXT), "", "1", "2")
    assert open_content(plain, None) == TEXT
    sealed = Envelope(encode_base64(crypto.encrypt(known.session_key(), TEXT)), "", "1", "2")
    with pytest.raises(crypto.DecryptionFailed):
        open_content(sealed, None)


@pytest.mark.parametrize("content", [TEXT, gzip.compress(TEXT)])
def test_content_is_bounded_before_and_after_unpacking(content: bytes) -> None:
    envelope = Envelope(encode_base64(content))
    assert open_content(envelope, None, limit=max(len(TEXT), len(content))) == TEXT
    with pytest.raises(EnvelopeError, match="more than"):
        open_content(envelope, None, limit=len(TEXT) - 1)
