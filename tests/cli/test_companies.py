import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from risiti.cli.companies import app
from risiti.cli.console import CommandError
from tests.make import DEVICE_NO, TIN, a_private_key, as_pem

SHOP = ["--tin", TIN, "--name", "Mango Street Grocers (fictitious)", "--email", "books@mango-street.example"]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'var' / 'risiti.db'}")


def risiti(*words: str) -> str:
    """Run a command and return what it printed."""
    result = CliRunner().invoke(app, words)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def as_json(*words: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(risiti(*words, "--json"))


@pytest.fixture
def company() -> dict[str, str]:
    opened: dict[str, str] = as_json("company", "open", *SHOP)
    return opened


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "device.pem"
    file.write_bytes(as_pem(a_private_key()))
    return file


def test_on_an_empty_machine_the_first_company_gets_its_first_key(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["company", "open", *SHOP])
    assert "API key  rst_test_" in result.stdout
    assert f"made the key-encryption key {tmp_path / 'var' / 'kek'}" in result.stderr
    assert [row["tin"] for row in as_json("company", "list")["items"]] == [TIN]


def test_a_key_is_printed_once_and_never_listed(company: dict[str, str]) -> None:
    issued = as_json("key", "issue", company["id"], "--label", "till 3", "--scope", "invoices:write")
    assert issued["key"].startswith("rst_test_")
    listed = risiti("key", "list", company["id"], "--json") + risiti("key", "list", company["id"])
    assert issued["key"] not in listed
    assert company["key"] not in listed
    assert "till 3" in listed


def test_a_revoked_key_says_since_when(company: dict[str, str]) -> None:
    revoked = as_json("key", "revoke", company["id"], company["api_key_id"])
    assert revoked["revoked_at"] is not None
    assert "revoked rst_test_" in risiti("key", "revoke", company["id"], company["api_key_id"])


def test_a_device_is_added_listed_and_given_another_key(
    company: dict[str, str], key_file: Path, tmp_path: Path
) -> None:
    added = as_json("device", "add", company["id"], "--device-no", DEVICE_NO, "--key", str(key_file))
    assert [row["id"] for row in as_json("device", "list", company["id"])["items"]] == [added["id"]]
    renewed = tmp_path / "renewed.pem"
    renewed.write_bytes(as_pem(a_private_key("renewed")))
    changed = as_json("device", "change-key", company["id"], added["id"], "--key", str(renewed))
    assert changed["key_fingerprint"] != added["key_fingerprint"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["company", "open", *SHOP], "a company with this TIN"),
        (["company", "open", *SHOP, "--tin", "12"], "A TIN has 10 digits"),
        (["device", "list", "com_nobody"], "no such company"),
        (["key", "issue", "com_nobody", "--label", "x", "--scope", "admin"], "no such company"),
        (["key", "issue", "com_nobody", "--label", "x", "--scope", "everything"], "there is no scope 'everything'"),
        (["key", "revoke", "com_nobody", "key_nothing"], "no such API key"),
    ],
)
@pytest.mark.usefixtures("company")
def test_what_cannot_be_done_is_one_sentence(words: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        risiti(*words)


def test_a_lost_key_encryption_key_stops_every_command(company: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "var" / "kek").unlink()
    with pytest.raises(CommandError, match="put the file back"):
        risiti("key", "list", company["id"])


@pytest.mark.parametrize(
    "command",
    [
        "company open",
        "company list",
        "device add",
        "device change-key",
        "device list",
        "key issue",
        "key revoke",
        "key list",
    ],
)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    text = risiti(*command.split(), "--help")
    assert f"Example: risiti {command}" in " ".join(text.split())
    assert "--json" in text


def test_everything_of_a_company_is_written_to_a_file_of_its_own_that_nobody_else_reads(
    company: dict[str, str], tmp_path: Path
) -> None:
    told = as_json("company", "export", company["id"], str(tmp_path))
    file = Path(told["file"])
    lines = file.read_bytes().splitlines()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told["rows"] == json.loads(lines[-1])["manifest"]["rows"] == len(lines) - 2
    assert company["key"].encode() not in file.read_bytes()
    assert risiti("company", "export", company["id"], "-").count("\n") == len(lines)
