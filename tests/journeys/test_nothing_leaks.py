"""A day of people, devices and invoices; then database dump and log are searched for what must not be there."""

import asyncio
import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from risiti.gateway.api.presented import BROWSER_COOKIE, COOKIE
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.kernel.secrets import KeyEncryptionKey, Place
from risiti.gateway.observability import logging
from risiti.gateway.tables import DataKey, Device
from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import OPERATOR_TOKEN, Door, open_door
from tests.gateway.api.persons import (
    OTHER_PASSWORD,
    PASSWORD,
    code_at,
    first_step,
    get,
    login,
    post,
    second_step,
    someone,
    with_password,
    with_second_factor,
)
from tests.gateway.people.mailbox import MailBox, mailbox, send_mail, settings_of
from tests.journeys.dumps import dumped
from tests.make import a_private_key, an_invoice, as_pem

pytestmark = pytest.mark.anyio

FILE_PASSWORD = "ripe mangoes in a basket"
PIECE = 32
"""Bytes of a key that are searched for: so long that chance finds none, so short that no line break spares any."""


@dataclass
class Secrets:
    """What must be found nowhere, each under the name of what it is."""

    texts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)

    def found_in(self, haystack: bytes) -> list[str]:
        """Name what is in there, in any spelling: as it is, in hexadecimal, in base64 at any offset."""
        lowered = haystack.lower()
        found = [name for name, text in self.texts.items() for form in spellings(text.encode()) if form in haystack]
        for name, key in self.keys.items():
            for start in range(0, max(len(key) - PIECE, 0) + 1, PIECE):  # a shorter one in one piece
                piece = key[start : start + PIECE]
                forms = [*spellings(piece), piece.hex().encode()]
                if any(form in haystack or form in lowered for form in forms):
                    found.append(name)
                    break
        if b"PRIVATE KEY-----" in haystack:
            found.append("a PEM header")
        return sorted(set(found))


def spellings(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield binascii.hexlify(secret)
    for offset in range(3):  # base64 of a text looks different at each of three places in what is around it
        encoded = base64.b64encode(b"\0" * offset + secret)
        inner = encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


async def a_day(door: Door, box: MailBox, secrets: Secrets) -> None:
    """Do everything that has to do with a secret, once."""
    await fiscalise_through_uploaded_keys(door, secrets)
    await sign_in_in_every_way(door, secrets)
    await get_links_by_mail(door, box, secrets)
    secrets.texts["the operator's token"] = OPERATOR_TOKEN
    secrets.texts["an API key"] = door.firm.key
    issued = await door.ask("POST", door.firm.path("/api-keys"), json={"label": "till", "scopes": ["admin"]})
    secrets.texts["a second API key"] = (await issued.json())["key"]


async def fiscalise_through_uploaded_keys(door: Door, secrets: Secrets) -> None:
    key = a_private_key()
    pfx = serialize_key_and_certificates(b"device", key, None, None, BestAvailableEncryption(FILE_PASSWORD.encode()))
    secrets.texts["a key file's password"] = FILE_PASSWORD
    secrets.keys["a PKCS#12 file"] = pfx
    secrets.keys["a private key (PKCS#8)"] = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    secrets.keys["a private key (PKCS#1)"] = key.private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    numbers = key.private_numbers()
    for name, number in (("d", numbers.d), ("p", numbers.p), ("q", numbers.q)):
        secrets.keys[f"a private key's {name}"] = number.to_bytes((number.bit_length() + 7) // 8)
    body = {"private_key": base64.b64encode(pfx).decode(), "password": FILE_PASSWORD}
    page = await (await door.ask("GET", door.firm.path("/devices"))).json()
    device = page["items"][0]["id"]
    assert (await door.ask("PUT", door.firm.path(f"/devices/{device}/key"), json=body)).status == 200
    pem = {"device_no": "SECOND", "private_key": as_pem(key).decode()}
    assert (await door.ask("POST", door.firm.path("/devices"), json=pem)).status == 201
    wrong = {**body, "password": "x"}
    assert (await door.ask("PUT", door.firm.path(f"/devices/{device}/key"), json=wrong)).status == 422
    for number in range(3):
        posted = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice(f"LEAK-{number}", device=device))
        assert posted.status == 202, await posted.text()
    await door.work()
    await note_keys_in_memory(door, secrets)


async def note_keys_in_memory(door: Door, secrets: Secrets) -> None:
    """Look for the keys that are only ever sealed in the database, too: of the company, and of its device's session."""
    runtime = door.runtime
    wrapped = await runtime.database.read(
        lambda session: session.scalars(select(DataKey.wrapped).where(DataKey.company_id == door.firm.id)).one()
    )
    secrets.keys["a data key"] = runtime.vault._data_key(wrapped, Place(door.firm.id, "test", "test"))
    devices = (await (await door.ask("GET", door.firm.path("/devices"))).json())["items"]
    clients = [runtime.engine.connections.ready(device["id"]) for device in devices]
    keys = [client._key.secret for client in clients if client is not None and client._key is not None]
    secrets.keys |= {f"session key {number}": key for number, key in enumerate(keys)}


async def sign_in_in_every_way(door: Door, secrets: Secrets) -> None:
    texts = secrets.texts
    person = await with_second_factor(door, "careful", Role.OWNER)
    texts.update({"a password": PASSWORD, "a TOTP secret": person.secret, "an access token": person.access})
    texts.update({f"recovery code {number}": code for number, code in enumerate(person.codes)})
    texts.update({f"recovery code {number}, bare": code.replace("-", "") for number, code in enumerate(person.codes)})
    secrets.keys["a TOTP secret's bytes"] = base64.b32decode(person.secret)
    step = texts["a second step's token"] = await first_step(door, person.email)
    tokens = await (await second_step(door, step, code_at(person.secret, door.clock.now()))).json()
    texts["a second access token"], texts["a refresh token"] = tokens["access_token"], tokens["refresh_token"]
    again = await (await post(door, "/refresh", {"refresh_token": tokens["refresh_token"]})).json()
    texts["a third access token"], texts["a second refresh token"] = again["access_token"], again["refresh_token"]
    plain = await someone(door, "plain", Role.VIEWER)
    texts["an invitation"] = plain.invitation
    chosen = {"token": plain.invitation, "password": OTHER_PASSWORD}
    texts["another password"] = OTHER_PASSWORD
    assert (await post(door, "/set-password", chosen)).status == 204
    assert (await post(door, "/set-password", chosen)).status == 401
    body = {"email": plain.email, "password": OTHER_PASSWORD, "as_cookie": True}
    cookie = await door.ask_bare("POST", "/api/auth/login", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    texts["a browser's token"] = cookie.cookies[COOKIE].value
    texts["a known browser's token"] = cookie.cookies[BROWSER_COOKIE].value
    texts["a wrong password"] = "nine wrong herons at noon"
    assert (await login(door, plain.email, texts["a wrong password"])).status == 401
    assert await get(door, f"/api/auth/me?token={texts['a second access token']}", "wrong") == 401


async def get_links_by_mail(door: Door, box: MailBox, secrets: Secrets) -> None:
    person = await with_password(door, "by-mail", Role.VIEWER)
    await send_mail(door.runtime)
    secrets.texts["a link to confirm an address"] = token_of_link(box, person.email)
    assert (await post(door, "/forgot-password", {"email": person.email})).status == 202
    box.data_answers = ["451 not now"]  # a failure is logged in full
    await send_mail(door.runtime)
    door.clock.advance(door.runtime.task_timing.retry_most)
    await send_mail(door.runtime)
    secrets.texts["a link to a new password"] = token = token_of_link(box, person.email)
    assert (await post(door, "/set-password", {"token": token, "password": OTHER_PASSWORD})).status == 204


def token_of_link(box: MailBox, email: str) -> str:
    """Return the token of the newest letter to somebody that has a link; letters of one moment come in any order."""
    numbers = range(len(box.letters) - 1, -1, -1)
    return box.token(next(n for n in numbers if box.letters[n]["To"] == email and is_link(box.letters[n])))


def is_link(letter: EmailMessage) -> bool:
    return "#rot_" in letter.get_content()


PLANTED = ("a TOTP secret", "a data key", "a private key (PKCS#8)", "a refresh token", "session key 0")


async def plant(door: Door, secrets: Secrets) -> None:
    """Put some secrets into the database in the clear, to see that a search of its dump would find them."""
    whole = b"".join(secrets.keys[name] for name in PLANTED if name in secrets.keys)
    told = " ".join(secrets.texts[name] for name in PLANTED if name in secrets.texts)

    def unit(session: Session) -> None:
        session.execute(update(Device).values(key_sealed=whole))
        session.execute(update(Device).values(paused_reason=told))

    await door.runtime.database.write(unit)


def files_of(folder: Path) -> bytes:
    """Return what lies on the disk, the write-ahead log too."""
    return b"".join(path.read_bytes() for path in folder.glob("risiti.db*"))


async def test_no_dump_and_no_log_shows_a_secret(database_url: str, tmp_path: Path) -> None:
    log, secrets = io.StringIO(), Secrets({"the KEK": KeyEncryptionKey.generate().to_text()})
    logging.configure(level="debug", json_lines=True, stream=log)
    try:
        settings = {"database_url": database_url, "log_level": "debug", "risiti_kek": secrets.texts["the KEK"]}
        async with mailbox() as box, open_door(tmp_path, **{**settings, **settings_of(box)}) as door:
            await a_day(door, box, secrets)
            assert await door.state_of("LEAK-0") == "fiscalised"
            is_file = isinstance(door.runtime.database, SqliteDatabase)
            dump = await asyncio.to_thread(dumped, database_url, tmp_path / "programs")
            on_disk = files_of(tmp_path) if is_file else b""
            await plant(door, secrets)
            planted = await asyncio.to_thread(dumped, database_url, tmp_path / "programs")
    finally:
        logging.configure(level="warning", json_lines=True, stream=io.StringIO())
    said = log.getvalue().encode()
    assert said.count(b"\n") > 20, "the log is there"
    assert b"LEAK-1" in dump
    assert set(PLANTED) <= set(secrets.found_in(planted)), "the search finds what is in a dump"
    assert (b"LEAK-1" in on_disk) is is_file
    assert len(secrets.texts) > 25
    for name, place in (("the dump", dump), ("the files", on_disk), ("the log", said)):
        assert secrets.found_in(place) == [], name


@pytest.mark.parametrize("spell", [bytes, bytes.hex, base64.b64encode, base64.urlsafe_b64encode])
def test_the_search_finds_what_is_there_however_it_is_spelled(spell: Any) -> None:  # noqa: ANN401 - several kinds
    key = a_private_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    secrets = Secrets({"a token": "rat_" + "Qz7-_" * 8}, {"a key": key})
    for secret in ("a token", "a key"):
        planted = secrets.texts[secret].encode() if secret == "a token" else key
        for before in (b"", b"x", b"xx", b"xxx"):
            spelled = spell(before + planted + b" and what comes after it")
            hay = b"some row\t" + (spelled.encode() if isinstance(spelled, str) else spelled)
            assert secret in secrets.found_in(hay), (secret, before)
