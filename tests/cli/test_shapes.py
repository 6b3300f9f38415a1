"""`risiti import` and `risiti ubl` from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError, Exit
from tests.gateway.fiscal.adapters.ubl_files import Line, Ubl
from tests.make import DEVICE_NO, TIN, a_private_key, as_pem
from tests.migrated import migrated_file

SHOP = ["--tin", TIN, "--name", "Mango Street Grocers (fictitious)", "--email", "books@mango-street.example"]
HEAD = "reference,item,item code,category,unit,quantity,unit price,tax\n"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{migrated_file(tmp_path / 'risiti.db')}")


def risiti(*words: str) -> tuple[str, Exit]:
    """Run a command; return what it printed and how it ended."""
    result = CliRunner().invoke(app, words)
    if isinstance(result.exception, CommandError):
        return result.stdout, result.exception.code
    if result.exception is not None:
        raise result.exception
    return result.stdout, Exit.OK


def as_json(*words: str) -> tuple[Any, Exit]:
    """Run a command; return its JSON and how it ended."""
    printed, code = risiti(*words, "--json")
    return json.loads(printed), code


@pytest.fixture
def company(tmp_path: Path) -> str:
    """A company with a device."""
    (opened, _) = as_json("company", "open", *SHOP)
    key = tmp_path / "device.pem"
    key.write_bytes(as_pem(a_private_key()))
    risiti("device", "add", opened["id"], "--device-no", DEVICE_NO, "--key", str(key))
    return str(opened["id"])


def test_the_example_that_is_printed_can_be_imported(company: str, tmp_path: Path) -> None:
    example, _ = as_json("import", "--example")
    table, mapping = tmp_path / "sales.csv", tmp_path / "mapping.toml"
    table.write_text(example["table"], "utf-8")
    mapping.write_text(example["mapping"], "utf-8")
    report, code = as_json("import", str(table), "--mapping", str(mapping), "--company", company)
    assert (report["accepted"], code) == (2, Exit.OK)
    report, code = as_json("import", str(table), "--company", company)
    assert (report["known"], code) == (2, Exit.OK)


def test_what_was_not_taken_on_is_printed_with_row_and_column(company: str, tmp_path: Path) -> None:
    table = tmp_path / "sales.csv"
    table.write_text(
        HEAD + "A-1,Book,B,14111514,PCE,1,1500,standard\nA-2,Book,B,14111514,PCE,x,1500,standard\n", "utf-8"
    )
    printed, code = risiti("import", str(table), "--company", company)
    assert code is Exit.NO
    assert 'row 3, column F "quantity"' in printed
    assert "1 accepted, 1 faulty" in printed


def test_a_check_takes_nothing_on(company: str, tmp_path: Path) -> None:
    table = tmp_path / "sales.csv"
    table.write_text(HEAD + "A-1,Book,B,14111514,PCE,1,1500,standard\n", "utf-8")
    for _ in range(2):
        report, _ = as_json("import", str(table), "--company", company, "--check")
        assert report["correct"] == 1


def test_a_file_that_cannot_be_used_is_one_sentence(company: str, tmp_path: Path) -> None:
    table = tmp_path / "sales.xlsx"
    table.write_bytes(b"PK\x03\x04")
    with pytest.raises(CommandError, match="XLSX"):
        CliRunner().invoke(app, ["import", str(table), "--company", company], catch_exceptions=False)
    assert risiti("import", str(table))[1] is Exit.USAGE


def test_a_ubl_file_is_shown_in_our_words(tmp_path: Path) -> None:
    file = tmp_path / "invoice.xml"
    file.write_bytes(Ubl().xml())
    shown, code = as_json("ubl", str(file), "--tin", TIN)
    assert code is Exit.OK
    assert shown["totals"] == {
        "currency": "UGX",
        "net": "3000.00",
        "tax": "540.00",
        "gross": "3540.00",
        "payable": "3540.00",
    }
    assert shown["document"]["reference"] == "INV-0001"
    assert "to pay 3540.00 UGX" in risiti("ubl", str(file))[0]


def test_the_faults_of_a_ubl_file_are_shown_at_their_places(tmp_path: Path) -> None:
    file = tmp_path / "invoice.xml"
    file.write_bytes(Ubl(lines=[Line(percent="25")]).xml())
    shown, code = as_json("ubl", str(file))
    assert code is Exit.NO
    assert [fault["code"] for fault in shown["errors"]] == ["no_such_rate"]
    shown, code = as_json("ubl", str(file), "--adapt")
    assert (shown["notes"][0]["code"], shown["errors"], code) == ("adapted_vat", [], Exit.OK)
