import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError
from tests.make import TIN

SHOP = ["--tin", TIN, "--name", "Mango Street Grocers (fictitious)", "--email", "books@mango-street.example"]


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'var' / 'risiti.db'}")


def risiti(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def as_json(*words: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(risiti(*words, "--json"))


def test_a_company_is_placed_under_hold_shown_and_released() -> None:
    company = as_json("company", "open", *SHOP)["id"]
    assert "under legal hold since" in risiti("retention", "hold", company, "--reason", "Audit of 2026")
    assert [row["company_id"] for row in as_json("retention", "holds")["items"]] == [company]
    assert "under no legal hold" in risiti("retention", "lift", company, "--reason", "Audit closed")
    assert as_json("retention", "holds")["items"] == []
    with pytest.raises(CommandError, match="under no legal hold"):
        risiti("retention", "lift", company, "--reason", "Audit closed")


def test_what_goes_is_shown_with_its_days() -> None:
    shown = {row["what"]: (row["days"], row["due"]) for row in as_json("retention", "show")["items"]}
    assert (shown["tasks"], shown["sign_ins"]) == ((7, 0), (90, 0))
    assert shown["idempotency_keys"] == (None, 0)
