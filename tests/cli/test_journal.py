"""A journal is exported, its end noted, and checked on a machine that has nothing but the file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError, Exit
from tests.gateway.journal.exports import an_export


def verify(*arguments: object) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["journal", "verify", *map(str, arguments)])
    if isinstance(found.exception, CommandError):
        return found.exception.code, found.output
    return found.exit_code, found.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(an_export(5)))
    return path


def test_a_good_export_is_told_to_be_good_without_a_database(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@192.0.2.1/nothing")
    code, told = verify(file)
    assert code == Exit.OK
    assert "good: 5 entries of com_mango" in told


def test_a_changed_entry_is_named_with_its_place(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"waiting", b"refused")
    file.write_bytes(b"".join(lines))
    code, told = verify(file)
    assert code == Exit.NO
    assert f"{file} line 4: entry 3: the entry, or its hash, was changed" in told


def test_a_checkpoint_finds_that_the_end_was_cut_off(file: Path) -> None:
    head = json.loads(b"".join(an_export(9)).splitlines()[9])["hash"]
    code, told = verify(file, "--checkpoint", f"9:{head}", "--json")
    assert code == Exit.NO
    assert "its end was cut off" in json.loads(told)["faults"][0]["what"]
    assert verify(file, "--checkpoint", "nonsense")[0] == Exit.USAGE


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert verify(tmp_path / "missing")[0] == Exit.CANNOT
