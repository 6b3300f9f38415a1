import json
from pathlib import Path

from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError
from tests.gateway.fiscal.validation.twelve import TWELVE
from tests.make import an_invoice


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["validate", *arguments])
    assert result.exception is None or isinstance(result.exception, CommandError | SystemExit)
    return (1 if isinstance(result.exception, CommandError) else result.exit_code), result.stdout


def test_a_good_file_is_called_good(tmp_path: Path) -> None:
    file = tmp_path / "good.json"
    file.write_text(json.dumps(an_invoice("CLI-1")))
    assert run(str(file)) == (0, "CLI-1: good\n")


def test_a_file_with_mistakes_says_all_of_them_and_which_are_mended_safely(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(TWELVE))
    code, said = run(str(file), "--json")
    (document,) = json.loads(said)["documents"]
    assert code == 1
    assert "/lines/1/quantity" in [problem["path"] for problem in document["problems"]]
    code, said = run(str(file), "--fix", "safe", "--json")
    (mended,) = json.loads(said)["documents"]
    assert code == 1
    assert mended["document"]["reference"] == "MSG-2026-000483"
    assert all(not problem["repair"] for problem in mended["problems"])


def test_a_table_is_checked_row_by_row(tmp_path: Path) -> None:
    example = json.loads(CliRunner().invoke(app, ["import", "--example", "--json"]).stdout)
    file = tmp_path / "sales.csv"
    file.write_text(example["table"])
    assert run(str(file))[0] == 0
    file.write_text(example["table"].replace(",2500,", ",-2500,", 1))
    code, said = run(str(file), "--json")
    assert code == 1
    assert json.loads(said)["valid"] is False
