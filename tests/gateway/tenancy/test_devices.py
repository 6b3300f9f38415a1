import hashlib
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    pkcs12,
)
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from risiti.efris.crypto import verifies
from risiti.gateway.kernel.errors import Conflict, Invalid, NotFound
from risiti.gateway.kernel.secrets import CannotUnseal
from risiti.gateway.tenancy import devices, key_reader
from risiti.gateway.tenancy.tables import Device, DeviceState
from tests.gateway.tenancy.floor import Floor
from tests.make import a_private_key, as_pem

pytestmark = pytest.mark.anyio

PASSWORD = "ripe mangoes"


def as_pkcs12(key: rsa.RSAPrivateKey, rounds: int = 2_000) -> bytes:
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(PASSWORD.encode())
    )
    return pkcs12.serialize_key_and_certificates(b"device", key, None, None, protection)


def as_protected_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def added(
    floor: Floor, key_file: bytes, password: str | None = None, device_no: str = "A1"
) -> devices.DeviceView:
    return await devices.add(
        floor.database,
        floor.vault,
        floor.ids,
        floor.clock,
        floor.mango,
        device_no=device_no,
        key_file=key_file,
        password=password,
    )


@pytest.mark.parametrize(
    ("key_file", "password"),
    [
        (as_pem(a_private_key()), None),
        (a_private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()), None),
        (as_protected_pem(a_private_key()), PASSWORD),
        (as_pkcs12(a_private_key()), PASSWORD),
    ],
    ids=["PKCS#8 PEM", "PKCS#1 PEM", "protected PEM", "PKCS#12"],
)
async def test_what_the_device_signs_is_signed_with_the_uploaded_key(
    floor: Floor, key_file: bytes, password: str | None
) -> None:
    device = await added(floor, key_file, password)
    credentials = await floor.database.read(lambda session: devices.credentials(session, floor.vault, device.id))
    assert (credentials.tin, credentials.device_no) == ("1000000000", "A1")
    signature = credentials.sign(b"content")
    assert verifies(a_private_key().public_key(), signature, b"content")


async def test_the_key_is_named_by_the_digest_of_its_public_half(floor: Floor) -> None:
    device = await floor.register(floor.mango, a_private_key())
    public = a_private_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert device.key_fingerprint == hashlib.sha256(public).hexdigest()


async def test_the_key_is_in_no_file_of_the_database(floor: Floor, tmp_path: Path) -> None:
    await added(floor, as_protected_pem(a_private_key()), PASSWORD)
    await floor.database.close()
    numbers = a_private_key().private_numbers()
    forbidden = [
        key_reader.to_der(a_private_key())[100:200],
        numbers.p.to_bytes(128),
        numbers.d.to_bytes(256)[8:],
        PASSWORD.encode(),
    ]
    stored = everything_in(tmp_path)
    assert b"1000000000" in stored
    assert not any(secret in stored for secret in forbidden)


async def test_a_key_that_was_moved_to_another_device_or_company_does_not_open(floor: Floor) -> None:
    mine = await floor.register(floor.mango, a_private_key(), "A1")
    second = await floor.register(floor.mango, a_private_key(), "A2")
    theirs = await floor.register(floor.papaya, a_private_key(), "B1")
    sealed = await floor.database.read(lambda session: session.get_one(Device, mine.id).key_sealed)
    for other in (second, theirs):
        moved = update(Device).where(Device.id == other.id).values(key_sealed=sealed)
        await floor.database.write(partial(Session.execute, statement=moved))
        with pytest.raises(CannotUnseal):
            await floor.database.read(partial(devices.credentials, vault=floor.vault, device_id=other.id))


async def test_another_companys_device_is_not_found(floor: Floor) -> None:
    theirs = await floor.register(floor.papaya, a_private_key())
    with pytest.raises(NotFound):
        await floor.database.read_as(floor.mango, lambda session: devices.read(session, theirs.id))
    with pytest.raises(NotFound):
        await floor.database.read_as(floor.mango, lambda session: devices.credentials(session, floor.vault, theirs.id))
    assert await floor.database.read_as(floor.mango, lambda s: devices.page(s, floor.mango, limit=9)) == []


async def test_a_device_is_read_as_it_was_registered(floor: Floor) -> None:
    device = await floor.register(floor.mango, a_private_key())
    assert device.state is DeviceState.ACTIVE
    assert await floor.database.read_as(floor.mango, lambda session: devices.read(session, device.id)) == device
    assert await floor.database.read_as(floor.mango, lambda s: devices.page(s, floor.mango, limit=9)) == [device]


async def test_a_company_has_a_device_once_and_the_second_try_names_the_first(floor: Floor) -> None:
    device = await floor.register(floor.mango, a_private_key())
    with pytest.raises(Conflict) as error:
        await floor.register(floor.mango, a_private_key())
    assert error.value.about == {"device_id": device.id}
    await floor.register(floor.papaya, a_private_key())


async def test_a_device_belongs_to_a_company_that_is_there(floor: Floor) -> None:
    with pytest.raises(NotFound):
        await floor.register("com_nobody", a_private_key())


async def test_a_changed_key_is_the_one_that_signs(floor: Floor) -> None:
    device = await floor.register(floor.mango, a_private_key())
    renewed = a_private_key("renewed")
    changed = await devices.change_key(
        floor.database,
        floor.vault,
        floor.ids,
        floor.clock,
        floor.mango,
        device_id=device.id,
        key_file=as_pem(renewed),
        password=None,
    )
    assert changed.key_fingerprint != device.key_fingerprint
    credentials = await floor.database.read(lambda session: devices.credentials(session, floor.vault, device.id))
    assert isinstance(credentials.private_key, rsa.RSAPrivateKey)
    assert credentials.private_key.private_numbers() == renewed.private_numbers()


async def test_another_companys_key_cannot_be_changed(floor: Floor) -> None:
    device = await floor.register(floor.papaya, a_private_key())
    with pytest.raises(NotFound):
        await devices.change_key(
            floor.database,
            floor.vault,
            floor.ids,
            floor.clock,
            floor.mango,
            device_id=device.id,
            key_file=as_pem(a_private_key("renewed")),
            password=None,
        )


@pytest.mark.parametrize("device_no", ["", "x" * 21, "a b", "a/b", "ä", "a\n"])
async def test_a_device_number_that_cannot_be_is_refused(floor: Floor, device_no: str) -> None:
    with pytest.raises(Invalid) as error:
        await floor.register(floor.mango, a_private_key(), device_no)
    assert [fault.path for fault in error.value.errors] == ["/device_no"]


@pytest.mark.parametrize("device_no", ["A", "1000000000_01", "TCS9e0df01728335239x"])
async def test_device_numbers_as_the_authority_gives_them_are_taken(floor: Floor, device_no: str) -> None:
    assert (await floor.register(floor.mango, a_private_key(), device_no)).device_no == device_no


CURVE_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("key_file", "password", "says"),
    [
        (b"", None, "neither a PEM"),
        (CURVE_KEY, None, "not an RSA key"),
        (as_pkcs12(a_private_key()), "unripe papayas", "password of the PKCS#12 file is wrong"),
        (as_pem(a_private_key()) + b" " * key_reader.MAX_KEY_FILE_BYTES, None, "larger than 32768 bytes"),
        (as_pem(a_private_key()), "x" * 1025, "longer than 1024 bytes"),
    ],
)
async def test_a_key_file_that_cannot_be_used_is_refused_with_what_to_do(
    floor: Floor, key_file: bytes, password: str | None, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as error:
        await added(floor, key_file, password)
    assert [fault.path for fault in error.value.errors] == ["/private_key"]
    assert password is None or password not in str(error.value)
    assert await floor.database.read(lambda session: session.scalars(select(Device)).all()) == []


async def test_a_file_of_the_largest_size_is_read(floor: Floor) -> None:
    content = as_pem(a_private_key())
    device = await added(floor, content + b"\n" * (key_reader.MAX_KEY_FILE_BYTES - len(content)))
    assert device.device_no == "A1"


async def test_a_file_that_would_take_minutes_to_open_is_given_up(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_reader, "WALL_SECONDS", 0.01)  # less than any process needs to start
    with pytest.raises(Invalid, match="too much time or memory"):
        await added(floor, as_pkcs12(a_private_key()), PASSWORD)


def test_a_stored_key_loads_to_the_key_it_was() -> None:
    der = key_reader.to_der(a_private_key())
    assert key_reader.from_der(der).private_numbers() == a_private_key().private_numbers()
    assert load_der_private_key(der, None) is not None  # plain PKCS#8, for whoever must recover it
