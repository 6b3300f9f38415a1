"""Devices: how one comes to be, gets its keys, moves between branches, and loses the right to call."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from risiti.efris import crypto
from risiti.simulator import Device, Taxpayer
from tests.simulator import station
from tests.simulator.documents import DEVICE_NO, SELLER_TIN
from tests.simulator.rig import Rig, private_key, public_pem

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bare(rig: Rig) -> Rig:
    """A seller whose second device has no key yet."""
    station.open_station(rig)
    rig.world.registry.add_device(Device("NEW_01", SELLER_TIN, ""))
    rig.device_no = "NEW_01"
    return rig


def loaded(der_base64: bytes) -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(der_base64), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


async def start(rig: Rig, app_id: str = "AP01") -> Any:  # noqa: ANN401 - JSON
    message = rig.message("T102")
    message["globalInfo"]["appId"] = app_id
    answer = await rig.send(message)
    assert answer.code == "00", answer.message
    return json.loads(base64.b64decode(answer.envelope.content))


async def test_a_device_without_a_key_gets_no_session(bare: Rig) -> None:
    assert (await bare.call("T104")).code == "401"
    assert (await bare.call("T103")).code == "401"


async def test_a_white_box_device_is_given_a_key_pair_and_can_sell_with_it(bare: Rig) -> None:
    given = await start(bare)
    known = bare.world.registry.taxpayer(SELLER_TIN)
    assert known is not None
    secret = f"{known.taxpayer_id}020326".encode()
    bare.key = loaded(crypto.decrypt(secret, base64.b64decode(given["clientPriKey"])))
    assert load_der_public_key(base64.b64decode(given["serverPubKey"])) == bare.world.server_key().public_key()
    await bare.open()
    assert (await bare.call("T127", {"pageNo": "1", "pageSize": "10"})).code == "00"
    assert await start(bare) == given


async def test_a_device_with_its_own_certificate_is_given_no_private_key(rig: Rig) -> None:
    assert (await start(rig))["clientPriKey"] == ""


async def test_a_client_that_is_no_device_is_given_no_private_key(bare: Rig) -> None:
    assert (await start(bare, "AP04"))["clientPriKey"] == ""


async def test_an_expected_certificate_makes_a_device_usable(bare: Rig) -> None:
    made = station.certificate(private_key())
    await bare.control("PUT", "thumbprints", {"tin": SELLER_TIN, "thumbprint": station.thumbprint(made).upper()})
    upload = station.upload_of(made, SELLER_TIN)
    assert (await bare.send(station.plain(bare, "T136", upload))).code == "00"
    await bare.open()
    assert (await bare.call("T103")).code == "00"
    assert (await bare.send(station.plain(bare, "T136", upload))).code == "2099"


SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - what 2179 is about
PROOF_OF_YESTERDAY = base64.b64encode(crypto.encrypt(b"1000000000260301", b"mango.crt")).decode()


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("2093", {"fileName": ""}),
        ("2094", {"fileName": "x" * 257}),
        ("2095", {"fileContent": ""}),
        ("2096", {"verifyString": ""}),
        ("2097", {"fileName": "other.crt"}),
        ("2097", {"verifyString": PROOF_OF_YESTERDAY}),
        ("2097", {"verifyString": "%"}),
        ("2100", {"fileContent": base64.b64encode(b"no certificate").decode()}),
    ],
)
async def test_a_certificate_upload_with_one_fault_is_refused(bare: Rig, code: str, changes: dict[str, str]) -> None:
    upload = station.upload_of(station.certificate(private_key()), SELLER_TIN, **changes)
    assert (await bare.send(station.plain(bare, "T136", upload))).code == code


@pytest.mark.parametrize(
    ("code", "key", "days"),
    [
        ("2178", ec.generate_private_key(ec.SECP256R1()), 30),
        ("2179", SMALL, 30),
        ("2098", private_key(), -1),
        ("2200", private_key(), 30),
    ],
)
async def test_a_certificate_that_will_not_do_is_refused(bare: Rig, code: str, key: Any, days: int) -> None:  # noqa: ANN401 - any private key
    upload = station.upload_of(station.certificate(key, days), SELLER_TIN)
    assert (await bare.send(station.plain(bare, "T136", upload))).code == code


async def test_a_plain_call_must_be_signed(rig: Rig) -> None:
    message = station.plain(rig, "T176", {"deviceNo": DEVICE_NO, "deviceIssuingStatus": "102"})
    assert (await rig.send(message)).code == "00"
    assert rig.world.device_book.issuing_status(DEVICE_NO) == "102"
    message["data"]["signature"] = ""
    assert (await rig.send(message)).code == "39"


async def test_a_device_is_registered_with_a_one_time_password(rig: Rig) -> None:
    station.open_station(rig)
    assert (await rig.call("T140", {"tin": SELLER_TIN, "password": "efris-in-a-box"})).code == "00"
    assert (await rig.call("T141", {"deliveryMethod": "001", "contactEmail": "till@mango.example"})).code == "00"
    _, sent = await rig.control("GET", "messages")
    otp = sent["messages"][0]["text"].removeprefix("One-time password: ")
    assert sent["messages"][0]["to"] == "till@mango.example"
    wanted = {"tin": SELLER_TIN, "branchId": "2", "deviceNo": "NEW_02", "deviceType": "1"}
    assert (await rig.call("T143", wanted)).code == "40"
    assert (await rig.call("T142", {"tin": SELLER_TIN, "otp": otp})).code == "00"
    assert (await rig.call("T143", wanted)).code == "00"
    assert rig.world.registry.device("NEW_02") == Device("NEW_02", SELLER_TIN, "")
    assert rig.world.device_book.branch("NEW_02") == "2"


async def test_a_changed_password_is_the_one_that_counts(rig: Rig) -> None:
    assert (await rig.call("T105", {"userName": "admin", "changedPassword": "mango tree"})).code == "00"
    assert (await rig.call("T140", {"tin": SELLER_TIN, "password": "efris-in-a-box"})).code == "2163"
    assert (await rig.call("T140", {"tin": SELLER_TIN, "password": "mango tree"})).code == "00"


async def test_a_moved_device_signs_in_at_its_new_branch(rig: Rig) -> None:
    station.open_station(rig)
    assert (await rig.call("T178", {"destinationBranchId": "2", "remarks": "Kawempe needs it"})).code == "00"
    assert rig.read(await rig.call("T103"))["taxpayerBranch"]["branchName"] == "Kawempe"


async def test_a_branch_that_is_suspended_or_gone_takes_its_devices_with_it(rig: Rig) -> None:
    station.open_station(rig)
    await rig.call("T178", {"destinationBranchId": "2"})
    known = rig.world.registry.taxpayer(SELLER_TIN)
    assert known is not None
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | {"suspended_branches": ["2"]}))
    assert (await rig.call("T103")).code == "102"
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | {"branches": {"1": "Main"}}))
    assert (await rig.call("T103")).code == "44"


@pytest.mark.parametrize(("status", "code"), [("blocked", "3088"), ("abnormal", "403")])
async def test_a_device_out_of_order_is_refused_until_it_is_well_again(rig: Rig, status: str, code: str) -> None:
    device = {"tin": SELLER_TIN, "device_no": DEVICE_NO, "public_key_pem": public_pem()}
    assert (await rig.control("PUT", "devices", device | {"status": status}))[0] == 200
    assert (await rig.call("T103")).code == code
    assert (await rig.control("PUT", "devices", device))[0] == 200
    assert (await rig.call("T103")).code == "00"


async def test_a_session_key_expires_and_a_new_one_works(rig: Rig) -> None:
    rig.configure(key_lifetime_seconds=60)
    rig.clock.advance(60)
    assert (await rig.call("T103")).code == "402"
    await rig.open()
    assert (await rig.call("T103")).code == "00"


async def test_the_places_a_device_signed_in_from_are_remembered_ten_at_a_time(rig: Rig) -> None:
    for minute in range(12):
        rig.clock.advance(60)
        message = rig.message("T103")
        message["globalInfo"]["longitude"] = f"32.{minute:02d}"
        assert (await rig.send(message)).code == "00"
    places = rig.read(await rig.call("T170", {"deviceNumber": DEVICE_NO}))
    assert [place["longitude"] for place in places] == [f"32.{minute:02d}" for minute in range(11, 1, -1)]
    assert rig.read(await rig.call("T170", {"deviceNumber": DEVICE_NO, "startDate": "2026-03-03"})) == []


async def test_a_fault_log_is_kept_whole_or_not_at_all(rig: Rig) -> None:
    assert (await rig.call("T132", [station.LOG_ENTRY, station.LOG_ENTRY | {"description": ""}])).code == "2053"
    assert rig.world.device_book.faults(DEVICE_NO) == []
    assert (await rig.call("T132", [station.LOG_ENTRY])).code == "00"
    assert [report.description for report in rig.world.device_book.faults(DEVICE_NO)] == ["no network"]


async def test_an_old_enabler_is_led_to_the_newest_version(rig: Rig) -> None:
    newest = rig.read(await rig.call("T135"))["latesttcsversion"]
    upgrade = rig.read(await rig.call("T133", {"tcsVersion": "2", "osType": "0"}))
    assert (upgrade["tcsversion"], len(upgrade["fileList"])) == (newest, 1)
    assert rig.read(await rig.call("T133", {"tcsVersion": newest, "osType": "1"}))["fileList"] == []
