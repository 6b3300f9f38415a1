"""Every example of docs/sdk.md is run, in its order, against the simulator."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from risiti import efris
from risiti.cli import app
from tests.simulated import Simulated, simulator

PAGE = (Path(__file__).parents[2] / "docs" / "sdk.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)
BASE = "http://127.0.0.1:9880"


@pytest.fixture(scope="module")
def authority() -> Iterator[Simulated]:
    with simulator() as running:
        yield running


def test_the_examples_do_what_the_page_says(
    authority: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "sdk_page"}
    program = "\n".join(text for language, text in BLOCKS if language == "python")
    exec(compile(program.replace(BASE, authority.base), "docs/sdk.md", "exec"), namespace)  # noqa: S102 - our own page
    name, number, *several, seen, malformed, frozen, again, channel, tin = capsys.readouterr().out.splitlines()
    assert name == again != ""
    assert re.fullmatch(r"\d+ \d+", number)
    assert len(several) == len(set(several)) == 3
    assert all(one.isdigit() for one in several)
    assert seen == "it is there"
    assert malformed.endswith("(code 1121)")
    assert re.fullmatch(r"\d+ [0-9a-f]{32}", frozen)
    assert (channel, tin) == ("106", "1000000000")
    commands = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    for command in commands:
        words = shlex.split(command.replace(BASE, authority.base))
        if words[1] != "simulator":  # runs until it is ended; it is what we speak to
            result = CliRunner().invoke(app, words[1:])
            assert result.exit_code == 0, (command, result.output)


def test_every_name_on_the_page_exists() -> None:
    inline = set(re.findall(r"`([A-Z][A-Z_]+_[A-Z_]+)(?:\(|`)", PAGE))
    assert inline
    assert [name for name in inline if not hasattr(efris, name)] == []


def test_every_oddity_is_handled_where_the_page_says() -> None:
    rows = PAGE.split("## What live servers do")[1].split("| --- | --- |\n")[1].splitlines()
    package = Path(efris.__file__).parent
    for row in rows:
        places = re.findall(r"`([\w/]+\.py): (\w+)`", row.split("|")[2])
        assert places, row
        for file, name in places:
            assert name in (package / file).read_text(encoding="utf-8"), row
