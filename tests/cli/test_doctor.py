"""`risiti doctor`: it says what is wrong and what to do, and changes nothing."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.processes import free_port
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.runtime import open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import ApiKey, Device
from tests.make import a_private_key


def doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str, **settings: str) -> tuple[int, dict[str, Any], str]:
    """Run it; return the exit code, the findings by name, and all that was printed."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    ran = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    shown = json.loads(ran.stdout[ran.stdout.index("{\n") :])  # run so, log lines come before it
    found = {one["name"]: one for part in shown["parts"] for one in part["findings"]}
    code = ran.exit_code if ran.exception is None else int(getattr(ran.exception, "code", ran.exit_code))
    return code, found, ran.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite database that is up to date."""

    async def make() -> None:
        database = SqliteDatabase(tmp_path / "risiti.db")
        await upgrade(database)
        await database.close()

    asyncio.run(make())
    return tmp_path / "risiti.db"


def test_a_new_installation_is_told_what_is_still_missing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found, _ = doctor(monkeypatch, DATABASE_URL=f"sqlite:///{file}")
    assert code == 0
    assert {name: one["grade"] for name, one in found.items() if one["grade"] != "ok"} == {
        "addresses": "warn",
        "worker": "warn",
        "authority": "warn",
    }
    assert all(one["fix"] for name, one in found.items() if one["grade"] != "ok" and name != "authority")
    assert not file.with_name("kek").exists()


def test_wrong_settings_are_a_finding_with_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    code, found, _ = doctor(monkeypatch, EFRIS_TIMEOUT="soon", PORT="-1")
    assert code == 1
    assert found["settings"]["grade"] == "fail"
    assert "EFRIS_TIMEOUT" in found["settings"]["what"]
    assert "PORT" in found["settings"]["what"]


def test_a_database_without_tables_must_be_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found, _ = doctor(monkeypatch, DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}")
    assert (code, found["tables"]["fix"]) == (1, "run `risiti db upgrade`")


def test_a_database_that_is_away_is_said_and_its_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    password = "very-secret-password"
    url = f"postgresql://risiti:{password}@127.0.0.1:{free_port()}/risiti"
    code, found, printed = doctor(monkeypatch, DATABASE_URL=url)
    assert (code, found["database"]["grade"]) == (1, "fail")
    assert password not in printed


def test_an_authority_and_a_redis_that_cannot_be_reached_are_no_reason_not_to_start(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    code, found, _ = doctor(
        monkeypatch,
        DATABASE_URL=f"sqlite:///{file}",
        EFRIS_TEST_URL=f"http://{nowhere}/efris",
        REDIS_URL=f"redis://{nowhere}/0",
    )
    assert (code, found["reach_test"]["grade"], found["redis"]["grade"]) == (0, "warn", "warn")


def test_a_key_encryption_key_of_another_installation_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use() -> None:
        async with open_runtime(Settings(database_url=f"sqlite:///{file}")):
            pass

    asyncio.run(use())
    file.with_name("kek").chmod(0o644)
    code, found, _ = doctor(monkeypatch, DATABASE_URL=f"sqlite:///{file}")
    assert (code, found["key_encryption_key"]["grade"]) == (1, "fail")


@pytest.mark.parametrize(("days", "grade"), [(400, "ok"), (20, "warn"), (-1, "fail")])
def test_a_devices_key_and_a_programs_key_that_end_soon_are_found(
    file: Path, monkeypatch: pytest.MonkeyPatch, days: int, grade: str
) -> None:
    now = datetime.now(UTC)

    async def register() -> None:
        async with open_runtime(Settings(database_url=f"sqlite:///{file}")) as runtime:
            new = companies.NewCompany(
                environment=Environment.TEST, tin="1000000001", legal_name="Mango (fictitious)", email="a@shop.invalid"
            )
            made = await runtime.database.write(
                lambda session: companies.open_company(session, runtime.vault, runtime.ids, runtime.clock, new)
            )
            key = a_private_key("seller")
            add = partial(devices.register, device_no="1000000001_01", key=key)
            device = await runtime.database.write(
                lambda session: add(session, runtime.vault, runtime.ids, runtime.clock, made.id)
            )

            def end(session: Session) -> None:
                session.get_one(Device, device.id).key_until = now + timedelta(days=days)
                until = now + timedelta(days=days / 2)
                session.add(
                    ApiKey(
                        id="key_1",
                        company_id=made.id,
                        public_id="p",
                        secret_hash=b"x",
                        environment=Environment.TEST,
                        scopes="",
                        label="till",
                        created_at=now,
                        expires_at=until,
                    )
                )

            await runtime.database.write(end)

    asyncio.run(register())
    code, found, _ = doctor(monkeypatch, DATABASE_URL=f"sqlite:///{file}")
    assert (found["device_keys"]["grade"], code) == (grade, int(grade == "fail"))
    assert "1000000001_01" in found["device_keys"]["what"]
    assert found["api_keys"]["grade"] == ("warn" if grade == "warn" else "ok")
    assert found["api_keys"]["what"].startswith("0 in use" if days < 0 else "1 in use")
