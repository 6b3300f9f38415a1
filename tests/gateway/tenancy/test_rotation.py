"""The key-encryption key exchanged while devices sign, companies are opened and people enrol; on both databases."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from risiti.efris.crypto import verifies
from risiti.gateway.db.database import Database
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import CannotUnseal, KeyEncryptionKey, KeyRing, Place, Secret, Vault
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies, custody, devices, rotation, second_factors, users
from risiti.gateway.tenancy.custody import Given, KeyEncryptionKeyError, open_vault
from risiti.gateway.tenancy.key_sources import FileKeys
from tests.clock import ManualClock
from tests.gateway.tenancy.floor import a_company
from tests.make import a_private_key

pytestmark = pytest.mark.anyio

COMPANIES = 12


@dataclass
class Process:
    """One process of the gateway: a database of its own, a vault of its own from the one file of keys."""

    database: Database
    vault: Vault
    clock: ManualClock
    ids: Ids
    done: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    failures: list[Exception] = field(default_factory=list)

    async def open_company(self, number: int) -> str:
        def unit(session: Session) -> str:
            new = a_company(tin=f"{1_000_000_000 + number}", legal_name=f"Firm {number} (fictitious)")
            company = companies.open_company(session, self.vault, self.ids, self.clock, new)
            device = devices.register(
                session, self.vault, self.ids, self.clock, company.id, device_no=f"D{number}", key=a_private_key()
            )
            return device.id

        return await self.database.write(unit)

    async def enrol(self, number: int) -> str:
        def unit(session: Session) -> str:
            user = users.add(session, self.ids, self.clock, email=f"p{number}@shop.invalid", name=f"P {number}")
            second_factors.enrol(session, self.vault, user, self.clock.now())
            return user.id

        return await self.database.write(unit)

    async def sign(self, device_id: str) -> None:
        """Do what a worker does that opens a connection for a device and sends one document."""
        credentials = await self.database.read(partial(devices.credentials, vault=self.vault, device_id=device_id))
        signature = await asyncio.to_thread(credentials.sign, b"a document")
        assert verifies(a_private_key().public_key(), signature, b"a document")
        await self.database.write(partial(_seal_and_open, vault=self.vault, device_id=device_id))

    async def until(self, is_over: Callable[[], bool], work: Callable[[], Awaitable[object]]) -> None:
        while not is_over():
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - each one is counted
                self.failures.append(error)
            self.done.put_nowait(None)


def _seal_and_open(session: Session, vault: Vault, device_id: str) -> None:
    company_id = devices.read(session, device_id).company_id
    place = Place(company_id, "device-session-key", device_id)
    sealed = custody.seal(session, vault, place, b"a session key")
    assert custody.unseal(session, vault, place, sealed) == b"a session key"


@asynccontextmanager
async def processes(database_url: str, keys: Path, count: int) -> AsyncIterator[list[Process]]:
    opened: list[Process] = []
    clock = ManualClock()
    try:
        for number in range(count):
            database = open_database(Settings(database_url=database_url))
            if not number:
                await upgrade(database)
            vault = (await open_vault(database, Given(default_file=keys))).vault
            opened.append(Process(database, vault, clock, Ids(clock)))
        yield opened
    finally:
        for process in opened:
            await process.database.close()


async def test_the_key_is_exchanged_while_devices_sign_and_nothing_fails(database_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys" / "kek"
    async with processes(database_url, keys, 3) as (first, second, third):
        old = first.vault.kek_id
        signing = [await first.open_company(number) for number in range(COMPANIES)]
        await first.enrol(0)
        over = False
        turn = iter(range(10**9))

        async def work() -> None:
            number = next(turn)
            await (second if number % 2 else first).sign(signing[number % COMPANIES])

        async def grow() -> None:
            number = next(turn)
            signing.append(await second.open_company(COMPANIES + number))
            await first.enrol(1 + number)

        async def exchange() -> int:
            rotation.add_key(FileKeys(keys))
            done = await rotation.rotate(third.database, third.vault, third.ids, third.clock, at_once=2)
            for _ in range(first.done.qsize() + 10):  # they go on after it too
                await first.done.get()
            return done

        running = [
            asyncio.create_task(first.until(lambda: over, work)),
            asyncio.create_task(second.until(lambda: over, work)),
            asyncio.create_task(second.until(lambda: over, grow)),
        ]
        for _ in range(5):
            await first.done.get()
        done = await asyncio.wait_for(exchange(), 60)
        over = True
        await asyncio.gather(*running)

        assert first.failures + second.failures == []
        assert done >= COMPANIES + 1
        # What was begun before the exchange and ended after it:
        await rotation.rotate(third.database, third.vault, third.ids, third.clock)
        assert await third.database.read(custody.kek_ids) == {third.vault.kek_id}
        assert await rotation.retire(third.database, third.vault, FileKeys(keys)) == [old]
        for device_id in signing:
            await third.sign(device_id)
    async with processes(database_url, keys, 1) as (restarted,):
        assert restarted.vault.known_kek_ids == (third.vault.kek_id,)
        await restarted.sign(signing[0])


async def test_a_rotation_that_is_broken_off_goes_on_where_it_was(database_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "kek"
    async with processes(database_url, keys, 1) as (process,):
        signing = [await process.open_company(number) for number in range(5)]
        await process.enrol(0)
        rotation.add_key(FileKeys(keys))
        process.vault.renew_keys()
        some = partial(rotation._rewrap_some, vault=process.vault, ids=process.ids, clock=process.clock, most=2)
        assert await process.database.write(some) == 2
        views = await process.database.read(partial(rotation.overview, vault=process.vault))
        assert [(view.wraps, view.data_keys) for view in views] == [(True, 2), (False, 4)]
        assert await rotation.retire(process.database, process.vault, FileKeys(keys)) == []  # both are needed
        for device_id in signing:
            await process.sign(device_id)
        assert await rotation.rotate(process.database, process.vault, process.ids, process.clock, at_once=2) == 4
        for device_id in signing:
            await process.sign(device_id)


def test_the_file_of_keys_stays_readable_to_its_owner_alone_and_is_never_half_written(tmp_path: Path) -> None:
    source = FileKeys(tmp_path / "kek")
    made = source.make(_bytes)
    assert made is not None
    ids = [key.id for key in source.read()]
    rotation.add_key(source)
    assert stat.S_IMODE(source.path.stat().st_mode) == 0o600
    assert [key.id for key in source.read()][1:] == ids
    assert [path.name for path in tmp_path.iterdir()] == ["kek"]


async def test_a_key_that_is_no_longer_given_while_something_needs_it_stops_the_start(
    database_url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "kek"
    async with processes(database_url, keys, 1) as (process,):
        await process.enrol(0)
        new = KeyEncryptionKey.generate()
        with pytest.raises(KeyEncryptionKeyError, match=process.vault.kek_id):
            await open_vault(process.database, Given(Secret(new.to_text())))
        both = Secret(f"{new.to_text()}, {keys.read_text()}")
        opened = await open_vault(process.database, Given(both))
        assert opened.vault.known_kek_ids == (new.id, process.vault.kek_id)


async def test_a_key_service_opens_the_key_once_at_the_start(database_url: str, tmp_path: Path) -> None:
    key = KeyEncryptionKey.generate()
    calls = tmp_path / "calls"
    service = tmp_path / "service.py"
    service.write_text(
        "import pathlib, sys\n"
        f"pathlib.Path({str(calls)!r}).open('a').write('called\\n')\n"
        f"print({{'wrapped-1': {key.to_text()!r}}}[sys.stdin.read().strip()])\n"
    )
    database = open_database(Settings(database_url=database_url))
    await upgrade(database)
    try:
        opened = await open_vault(database, Given(Secret("wrapped-1\n"), command=f"python3 {service}"))
        assert opened.vault.kek_id == key.id
        opened.vault.new_data_key("com_mango")
        assert calls.read_text() == "called\n"
        with pytest.raises(KeyEncryptionKeyError, match="ended with code 1") as error:
            await open_vault(database, Given(Secret("wrapped-2"), command=f"python3 {service}"))
        assert key.to_text() not in str(error.value)
        with pytest.raises(KeyEncryptionKeyError, match="cannot be run"):
            await open_vault(database, Given(Secret("wrapped-1"), command=str(tmp_path / "missing")))
        with pytest.raises(KeyEncryptionKeyError, match="needs RISITI_KEK"):
            await open_vault(database, Given(command=f"python3 {service}"))
    finally:
        await database.close()


def test_a_vault_that_meets_an_unknown_key_reads_the_keys_anew_once() -> None:
    old, new = KeyEncryptionKey.generate(), KeyEncryptionKey.generate()
    known = [old]
    vault = Vault(KeyRing([old], lambda: known))
    wrapped = Vault(new).new_data_key("com_mango")
    place = Place("com_mango", "device-private-key", "dev_1")
    sealed = Vault(new).seal(wrapped, place, b"a key")
    with pytest.raises(CannotUnseal):
        vault.unseal(wrapped, place, sealed)
    known.insert(0, new)
    assert vault.unseal(wrapped, place, sealed) == b"a key"
    assert vault.kek_id == new.id


def _bytes(count: int) -> bytes:
    return bytes(range(count))
