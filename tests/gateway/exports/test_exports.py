"""An export holds everything of one company and nothing of another, no secret, and tells whether it is whole."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.exports import writing
from risiti.gateway.exports.parts import LEFT_OUT, PARTS, ROWS
from risiti.gateway.migrations.guards import owned
from risiti.gateway.tables import ApiKey, Base, Device, Item, Membership, User
from risiti.gateway.tenancy.access import Role
from tests.gateway.db.every_table import fill
from tests.gateway.db.rows import MANGO, NOW, PAPAYA, two_companies

pytestmark = pytest.mark.anyio

SECRETS = (b"a private key, sealed", b"the hash of a secret")


async def exported(database: Database, company_id: str = MANGO) -> list[bytes]:
    """Return the chunks of an export."""
    return [chunk async for chunk in writing.chunks(database, company_id, NOW)]


def lines_of(chunks: Sequence[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(chunks).splitlines()]


def rows_of(chunks: Sequence[bytes], table: str) -> list[dict[str, Any]]:
    return [line["row"] for line in lines_of(chunks) if line.get("table") == table]


def test_every_table_of_companies_is_exported_or_left_out_for_a_reason() -> None:
    exported_ones = [part.name for part in PARTS]
    assert sorted([*exported_ones, *LEFT_OUT]) == sorted(owned())
    assert all(LEFT_OUT.values())


def test_no_column_that_holds_a_secret_is_exported() -> None:
    secret = ("sealed", "secret", "wrapped", "password", "token")
    for part in PARTS:
        columns = {column.name for column in Base.metadata.tables[part.name].columns}
        assert set(part.withheld) <= columns
        assert not [name for name in part.columns if any(word in name for word in secret)], part.name


async def test_a_row_of_every_table_is_there_and_none_of_another_company(postgres_database: Database) -> None:
    await postgres_database.administer(fill)
    tables = Counter(line["table"] for line in lines_of(await exported(postgres_database)) if "table" in line)
    of_people = {"memberships"}  # the person of these made-up rows is none
    assert tables == {part.name: 1 for part in PARTS if part.name not in of_people}
    for row in (line["row"] for line in lines_of(await exported(postgres_database)) if "table" in line):
        assert row.get("company_id", row["id"] if "tin" in row else MANGO) == MANGO
    assert PAPAYA.encode() not in b"".join(await exported(postgres_database))


async def test_roles_come_with_the_persons_name_and_nothing_else_of_them(database: Database) -> None:
    await two_companies(database)

    def unit(session: Session) -> None:
        amina = User(
            id="usr_amina", email="amina@shop.invalid", name="Amina", password_hash="$argon2id$", created_at=NOW
        )
        session.add(amina)
        session.flush()
        session.add_all(
            [
                Membership(company_id=MANGO, user_id="usr_amina", role=Role.OWNER, since=NOW),
                Membership(company_id=PAPAYA, user_id="usr_amina", role=Role.VIEWER, since=NOW),
            ]
        )

    await database.write(unit)
    assert rows_of(await exported(database), "memberships") == [
        {
            "company_id": MANGO,
            "user_id": "usr_amina",
            "user_email": "amina@shop.invalid",
            "user_name": "Amina",
            "role": "owner",
            "since": "2026-03-02T09:00:00.000000+00:00",
        }
    ]


async def test_no_secret_is_inside_in_any_form(postgres_database: Database) -> None:
    await postgres_database.administer(fill)

    def unit(session: Session) -> None:
        session.execute(update(Device).values(key_sealed=SECRETS[0]))
        session.execute(update(ApiKey).values(secret_hash=SECRETS[1]))

    await postgres_database.write(unit)
    whole = b"".join(await exported(postgres_database))
    assert rows_of([whole], "devices")
    assert rows_of([whole], "api_keys")
    for secret in SECRETS:
        assert not [form for form in (secret, base64.b64encode(secret), secret.hex().encode()) if form in whole]


async def test_many_rows_come_in_pages_each_once_and_in_order(database: Database) -> None:
    await two_companies(database)
    codes = [f"I{number:05d}" for number in range(2 * ROWS + 3)]

    def unit(session: Session) -> None:
        for company_id in (MANGO, PAPAYA):
            session.add_all(
                Item(company_id=company_id, code=code, content="{}", created_at=NOW, changed_at=NOW) for code in codes
            )

    await database.write(unit)
    chunks = await exported(database)
    assert [row["code"] for row in rows_of(chunks, "items")] == codes
    assert max(chunk.count(b"\n") for chunk in chunks) == ROWS  # so many are in memory at once


async def test_the_manifest_counts_and_digests_what_is_there_and_what_was_left_out(database: Database) -> None:
    await two_companies(database)
    *chunks, last = await exported(database)
    manifest = json.loads(last)["manifest"]
    lines = b"".join(chunks).splitlines(keepends=True)
    assert manifest["sha256"] == hashlib.sha256(b"".join(lines)).hexdigest()
    devices = [line for line in lines if b'"table":"devices"' in line]
    assert manifest["tables"]["devices"]["rows"] == len(devices) == 2
    assert manifest["tables"]["devices"]["sha256"] == hashlib.sha256(b"".join(devices)).hexdigest()
    assert "key_sealed" in manifest["tables"]["devices"]["withheld"]
    assert manifest["rows"] == len(lines) - 1
    assert set(manifest["left_out"]) == set(LEFT_OUT)


async def test_what_is_said_twice_at_the_same_moment_is_the_same_file(postgres_database: Database) -> None:
    await postgres_database.administer(fill)
    assert b"".join(await exported(postgres_database)) == b"".join(await exported(postgres_database))
