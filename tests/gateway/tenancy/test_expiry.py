"""Warnings before a device's certificate expires: read from the key file, given once each, on both databases."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import expiry
from risiti.gateway.db.database import Database
from risiti.gateway.events import Event
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import KeyEncryptionKey, Vault
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies, devices, key_reader
from tests.clock import ManualClock
from tests.gateway.tenancy.floor import Floor, a_company
from tests.make import a_private_key, as_pem

pytestmark = pytest.mark.anyio

END = datetime(2027, 3, 1, 12, tzinfo=UTC)


def certificate(key: RSAPrivateKey, until: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device (fictitious)")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, until - timedelta(days=730), until)
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
async def floor(database_url: str) -> AsyncIterator[Floor]:
    database = open_database(Settings(database_url=database_url))
    await upgrade(database)
    clock = ManualClock()
    ids, vault = Ids(clock), Vault(KeyEncryptionKey.generate())
    mango = await database.write(lambda session: companies.open_company(session, vault, ids, clock, a_company()))
    yield Floor(database, clock, ids, vault, mango.id, mango.id)
    await database.close()


async def device_until(floor: Floor, until: datetime | None, device_no: str = "A1") -> str:
    view = await floor.database.write_as(
        floor.mango,
        lambda session: devices.register(
            session,
            floor.vault,
            floor.ids,
            floor.clock,
            floor.mango,
            device_no=device_no,
            key=a_private_key(),
            key_until=until,
        ),
    )
    return view.id


async def warned(floor: Floor, now: datetime) -> list[int]:
    given = await floor.database.write(partial(expiry.warn, ids=floor.ids, now=now))
    return [one.days for one in given]


async def test_each_stage_is_warned_of_once_and_missed_ones_are_not_made_up(floor: Floor) -> None:
    await device_until(floor, END)
    await device_until(floor, None, "NO-END")
    seen = {days: await warned(floor, END - timedelta(days=days)) for days in (61, 60, 59, 30, 8, 6, 1, 0, -5)}
    assert seen == {61: [], 60: [60], 59: [], 30: [30], 8: [], 6: [7], 1: [1], 0: [0], -5: []}
    assert await events_of(floor.database) == [
        ("device.key_expires", 60),
        ("device.key_expires", 30),
        ("device.key_expires", 7),
        ("device.key_expires", 1),
        ("device.key_expired", 0),
    ]


async def test_a_worker_that_was_down_on_the_day_warns_of_what_is_true_now(floor: Floor) -> None:
    await device_until(floor, END)
    assert await warned(floor, END - timedelta(days=3)) == [7]
    assert await warned(floor, END - timedelta(days=2)) == []


async def test_a_renewed_key_begins_anew(floor: Floor) -> None:
    device = await device_until(floor, END)
    assert await warned(floor, END) == [0]
    renewed = as_pem(a_private_key()) + certificate(a_private_key(), END + timedelta(days=365)).public_bytes(
        Encoding.PEM
    )
    view = await devices.change_key(
        floor.database,
        floor.vault,
        floor.ids,
        floor.clock,
        floor.mango,
        device_id=device,
        key_file=renewed,
        password=None,
    )
    assert view.key_until == END + timedelta(days=365)
    assert await warned(floor, END) == []
    assert await warned(floor, END + timedelta(days=365 - 30)) == [30]


async def test_how_many_keys_end_soon_is_counted_by_stage(floor: Floor) -> None:
    for number, days in enumerate((100, 45, 20, 5, 3, 0.5, -1)):
        await device_until(floor, END + timedelta(days=days), f"D{number}")
    assert await floor.database.read(partial(expiry.expiring, now=END)) == {60: 1, 30: 1, 7: 2, 1: 1, 0: 1}


async def test_the_end_is_read_from_the_certificate_of_the_key_and_of_no_other() -> None:
    key, other = a_private_key(), a_private_key("another")
    pfx = serialize_key_and_certificates(b"device", key, certificate(key, END), None, NoEncryption())
    assert (await key_reader.read(pfx, None)).until == END
    foreign = as_pem(key) + certificate(other, END).public_bytes(Encoding.PEM)
    assert (await key_reader.read(foreign, None)).until is None


async def events_of(database: Database) -> list[tuple[str, int]]:
    def unit(session: Session) -> list[tuple[str, int]]:
        found = session.scalars(select(Event).order_by(Event.position))
        return [
            (event.name, json.loads(event.data)["days"])
            for event in found
            if event.name.startswith("device.key_expire")
        ]

    return await database.read(unit)
