"""The simulator's reading of messages stands up to noise, to bombs, and to what is too large, in bounded memory."""

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from bench import fuzz_simulator, fuzzing
from risiti.efris import crypto
from risiti.efris.envelope import encode_base64
from risiti.simulator.app import MAX_REQUEST_BYTES
from risiti.simulator.enabler import ENABLER_PATH
from risiti.simulator.gate import MAX_CONTENT_BYTES
from risiti.simulator.values import MOST_VALUES, NotJson, parse
from tests.simulator.rig import Rig, post

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
BOMB = gzip.compress(bytes(8 * MAX_CONTENT_BYTES))
ROOM_FOR_A_BOMB = 3 * MAX_CONTENT_BYTES
"""Bytes it may take to find out that a content is too large: the limit, and the copies the way there."""


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Give the most bytes that were in use since the block began."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_second_of_noise_brings_out_nothing_undocumented() -> None:
    tally = fuzz_simulator.fuzz_for(1.0, fuzzing.Chance(4))
    assert tally.undocumented == {}
    assert tally.executions > 0
    assert tally.codes > 5


def test_what_goes_wrong_inside_is_found_and_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("risiti.simulator.gate.outer_message", broken)
    tally = fuzz_simulator.fuzz_for(0.3, fuzzing.Chance(4))
    assert "ZeroDivisionError: a defect" in tally.undocumented
    result = CliRunner().invoke(fuzz_simulator.app, ["--seconds", "0.1"])
    assert result.exit_code != 0


async def test_a_zip_bomb_is_refused_and_takes_no_more_than_its_limit(rig: Rig) -> None:
    assert len(BOMB) < MIB
    message = rig.message("T106")
    for packed in (BOMB, crypto.encrypt(rig.session_key, BOMB)):
        text = encode_base64(packed)
        signature = encode_base64(crypto.sign(rig.key, text.encode()))
        message["data"] |= {"content": text, "signature": signature}
        with traced() as peak:
            assert (await rig.send(message)).code == "15"
            assert peak() < ROOM_FOR_A_BOMB


async def test_a_zip_bomb_is_refused_by_the_enabler_too(rig: Rig) -> None:
    message = rig.message("T106")
    message["data"]["content"] = encode_base64(BOMB)
    with traced() as peak:
        assert (await post(rig.app, json.dumps(message).encode(), ENABLER_PATH)).code == "15"
        assert peak() < ROOM_FOR_A_BOMB


@pytest.mark.parametrize("path", ["/efrisws/ws/taapp/getInformation", ENABLER_PATH])
async def test_a_request_beyond_the_limit_is_not_read(rig: Rig, path: str) -> None:
    assert (await post(rig.app, b" " * MAX_REQUEST_BYTES, path)).status == 200
    assert (await post(rig.app, b" " * (MAX_REQUEST_BYTES + 1), path)).status == 413


def test_a_text_of_too_many_values_is_no_json() -> None:
    most = parse(b"[" + b"1," * MOST_VALUES + b"1]")
    assert isinstance(most, list)
    assert len(most) == MOST_VALUES + 1
    with pytest.raises(NotJson):
        parse(b"[" + b"1," * (MOST_VALUES + 1) + b"1]")
