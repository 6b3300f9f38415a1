"""The gate refuses each fault of an envelope with the authority's code, and looks no further."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from risiti.efris import crypto
from risiti.efris.envelope import decode_base64, encode_base64
from risiti.simulator import Device, Taxpayer, World, create_simulator
from tests.simulator.documents import DEVICE_NO, SELLER_NAME, SELLER_TIN, Wire, document
from tests.simulator.rig import MovedClock, Rig, public_pem

pytestmark = pytest.mark.anyio

ASK: Wire = {"referenceNo": "INV-1", "pageNo": "1", "pageSize": "10"}


def info(name: str, value: Any) -> Callable[[Wire], None]:  # noqa: ANN401 - any JSON value
    def change(message: Wire) -> None:
        message["globalInfo"][name] = value

    return change


def without(*path: str) -> Callable[[Wire], None]:
    def change(message: Wire) -> None:
        for name in path[:-1]:
            message = message[name]
        del message[path[-1]]

    return change


def data(name: str, value: str) -> Callable[[Wire], None]:
    def change(message: Wire) -> None:
        message["data"][name] = value

    return change


CASES: list[tuple[str, Callable[[Wire], None]]] = [
    ("01", info("interfaceCode", "T999")),
    ("05", info("appId", "AP99")),
    ("07", without("globalInfo")),
    ("08", without("data")),
    ("09", without("returnStateInfo")),
    ("10", without("data", "dataDescription")),
    ("11", info("interfaceCode", "")),
    ("12", info("userName", "")),
    ("13", info("taxpayerID", None)),
    ("14", info("deviceMAC", "")),
    ("15", data("content", "AAAA")),
    ("15", data("content", encode_base64(b"x" * 32))),
    ("15", data("content", "%%%")),
    ("16", info("appId", "")),
    ("17", without("globalInfo", "version")),
    ("18", info("dataExchangeId", " ")),
    ("19", info("requestCode", "")),
    ("20", info("requestTime", "")),
    ("21", info("responseCode", "")),
    ("24", info("version", "1.1.201912011111")),
    ("25", info("dataExchangeId", "f" * 33)),
    ("26", info("requestCode", "TA")),
    ("27", info("responseCode", "TP")),
    ("28", info("requestTime", "2026-03-02 12:10:01")),
    ("28", info("requestTime", "2026-03-02 11:49:59")),
    ("29", info("deviceMAC", "F" * 26)),
    ("31", info("requestTime", "02/03/2026 12:00:00")),
    ("31", info("requestTime", "2026-02-30 12:00:00")),
    ("32", info("version", "1.0")),
    ("33", info("version", "newest")),
    ("34", info("longitude", "")),
    ("35", info("longitude", "3" * 61)),
    ("36", info("latitude", "")),
    ("37", info("latitude", "3" * 61)),
    ("38", data("signature", encode_base64(b"s" * 256))),
    ("38", data("signature", "%%%")),
    ("39", data("signature", "")),
    ("100", info("tin", "1999999999")),
    ("101", info("tin", "1000000904")),
    ("400", info("deviceNo", "1000000000_99")),
    ("400", info("tin", "1000000901")),
    ("2070", data("content", "")),
    ("3058", info("agentType", "7")),
]


@pytest.mark.parametrize(("code", "spoil"), CASES)
async def test_one_fault_of_the_envelope_gives_its_code(rig: Rig, code: str, spoil: Callable[[Wire], None]) -> None:
    message = rig.message("T106", ASK)
    spoil(message)
    if code == "15":  # a broken content that is signed all the same
        content = message["data"]["content"].encode()
        message["data"]["signature"] = encode_base64(crypto.sign(rig.key, content))
    assert (await rig.send(message)).code == code


async def test_the_envelope_without_faults_is_let_in(rig: Rig) -> None:
    assert (await rig.send(rig.message("T106", ASK))).code == "00"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("06", b""),
        ("06", b"  "),
        ("06", b"null"),
        ("43", b"{"),
        ("43", b"[]"),
        ("43", b'"T101"'),
        ("43", b"\xff\xfe{}"),
        ("43", b"[" * 100_000),
        ("43", b'{"a": NaN}'),
        ("43", b'{"globalInfo": {"tin": "\\ud800"}}'),
        ("07", b"{}"),
        ("07", b'{"globalInfo": 7}'),
        ("08", b'{"globalInfo": {}, "data": []}'),
    ],
)
async def test_what_is_no_message_gives_its_code(rig: Rig, code: str, body: bytes) -> None:
    answer = await rig.send(body)
    assert (answer.status, answer.code) == (200, code)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"7", b"null", b'{"a": Infinity}', b'{"a": "\\udead"}', b""])
async def test_content_of_another_shape_is_2066(rig: Rig, content: bytes) -> None:
    assert (await rig.call("T106", content)).code == "2066"


async def test_an_object_where_a_list_belongs_is_2066(rig: Rig) -> None:
    assert (await rig.call("T130", {"goodsCode": "P1"})).code == "2066"


async def test_a_signature_over_the_cipher_bytes_is_38(rig: Rig) -> None:
    message = rig.message("T106", ASK)
    cipher = crypto.encrypt(rig.session_key, json.dumps(ASK).encode())
    message["data"]["signature"] = encode_base64(crypto.sign(rig.key, cipher))
    assert (await rig.send(message)).code == "38"


async def test_a_call_with_another_session_key_is_15(rig: Rig) -> None:
    rig.session_key = b"0123456789abcdef"
    assert (await rig.call("T106", ASK)).code == "15"


async def test_server_time_is_told_to_a_caller_whose_clock_is_wrong(rig: Rig) -> None:
    message = rig.message("T101")
    message["globalInfo"]["requestTime"] = "2001-01-01 00:00:00"
    message["globalInfo"]["tin"] = "1999999999"
    answer = await rig.send(message)
    assert rig.read(answer) == {"currentTime": "02/03/2026 12:00:00"}


@pytest.mark.parametrize(("seconds", "code"), [(600, "00"), (601, "28"), (-600, "00"), (-601, "28")])
async def test_the_clock_tolerance_is_ten_minutes_either_way(rig: Rig, seconds: int, code: str) -> None:
    message = rig.message("T106", ASK)
    rig.clock.advance(seconds)
    assert (await rig.send(message)).code == code


async def test_the_clock_tolerance_is_a_setting(rig: Rig) -> None:
    rig.configure(clock_tolerance_seconds=5)
    message = rig.message("T106", ASK)
    rig.clock.advance(6)
    assert (await rig.send(message)).code == "28"


async def test_without_any_session_key_it_is_401() -> None:
    rig = Rig.make()
    rig.session_key = b"0123456789abcdef"
    assert (await rig.call("T106", ASK)).code == "401"
    assert (await rig.call("T103")).code == "401"


async def test_a_session_key_past_its_lifetime_is_402_until_a_new_one_is_fetched(rig: Rig) -> None:
    rig.configure(key_lifetime_seconds=3600)
    rig.clock.advance(3599)
    assert (await rig.call("T106", ASK)).code == "00"
    rig.clock.advance(1)
    assert (await rig.call("T106", ASK)).code == "402"
    await rig.open()
    assert (await rig.call("T106", ASK)).code == "00"


async def test_an_older_key_works_within_the_grace_period_and_is_answered_in_kind(rig: Rig) -> None:
    rig.configure(key_grace_seconds=60)
    older = rig.session_key
    await rig.open()
    assert rig.session_key != older
    rig.session_key = older
    answer = await rig.call("T106", ASK)
    assert rig.read(answer)["records"] == []
    rig.clock.advance(60)
    assert (await rig.call("T106", ASK)).code == "15"


@pytest.mark.parametrize(("status", "code"), [("abnormal", "403"), ("blocked", "3088")])
async def test_a_device_in_bad_state_is_turned_away(rig: Rig, status: str, code: str) -> None:
    known = {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": public_pem(), "status": status}
    assert (await rig.control("PUT", "devices", known))[0] == 200
    assert (await rig.call("T104")).code == code
    assert (await rig.call("T106", ASK)).code == code


async def test_a_taxpayer_not_registered_for_e_invoicing_is_42() -> None:
    rig = Rig.make(status="unregistered")
    assert (await rig.call("T104")).code == "42"


async def test_another_taxpayers_key_does_not_sign_for_this_device(rig: Rig) -> None:
    other = Taxpayer(tin="1000000077", legal_name="Other (fictitious)")
    rig.world.register(other, Device("1000000077_01", other.tin, public_pem()))
    message = rig.message("T106", ASK)
    message["globalInfo"] |= {"tin": other.tin, "deviceNo": "1000000077_01"}
    assert (await rig.send(message)).code == "401"


async def test_a_zip_bomb_is_15_and_not_unpacked(rig: Rig) -> None:
    bomb = encode_base64(gzip.compress(b"0" * (30 * 1024 * 1024)))
    message = rig.message("T106", ASK)
    message["data"] |= {"content": bomb, "signature": encode_base64(crypto.sign(rig.key, bomb.encode()))}
    assert (await rig.send(message)).code == "15"


async def test_the_answer_echoes_the_call_and_is_signed_by_the_authority(rig: Rig) -> None:
    message = rig.message("T106", ASK)
    envelope = (await rig.send(message)).envelope
    assert envelope.global_info["dataExchangeId"] == message["globalInfo"]["dataExchangeId"]
    signature = decode_base64(envelope.signature)
    assert crypto.verifies(rig.world.server_key().public_key(), signature, envelope.content.encode())


async def test_content_that_an_interface_does_not_take_is_ignored_if_signed(rig: Rig) -> None:
    assert (await rig.call("T115", {"any": "thing"})).code == "00"
    message = rig.message("T115", {"any": "thing"})
    message["data"]["signature"] = ""
    assert (await rig.send(message)).code == "39"


async def test_keys_and_devices_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    before = Rig.make(World.open(path))
    await before.open()
    before.configure(duplicate_check="always")
    before.world.close()
    world = World.open(path)
    clock = MovedClock()
    after = Rig(world, clock, create_simulator(world, clock=clock))
    after.session_key = before.session_key
    assert (await after.upload(document())).code == "00"
    assert world.settings.duplicate_check == "always"
    assert world.registry.taxpayer(SELLER_TIN) == Taxpayer(tin=SELLER_TIN, legal_name=SELLER_NAME)
    world.close()
