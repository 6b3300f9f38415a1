"""What a person meets at the command line: help with an example for every command, one version, errors that help."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError, Exit

COMMANDS = (
    "serve",
    "api",
    "worker",
    "signer",
    "simulator",
    "demo",
    "version",
    "doctor",
    "profile run",
    "profile attach",
    "validate",
    "db upgrade",
    "db check",
    "db copy",
    "company open",
    "company list",
    "company prove-guard",
    "device add",
    "device change-key",
    "device list",
    "key issue",
    "key rotate",
    "key revoke",
    "key list",
    "user add",
    "user role",
    "user invite",
    "user reset-password",
    "user verify-email",
    "company second-person",
    "company export",
    "journal head",
    "journal export",
    "journal verify",
    "held list",
    "held show",
    "held decide",
    "reconcile list",
    "reconcile run",
    "reconcile close",
    "tasks list",
    "tasks retry",
    "dictionaries",
    "watchdog",
    "import",
    "ubl",
    "efris call",
    "efris codes",
    "efris decode",
    "user show",
    "user sign-out",
    "user leave",
    "user disable",
    "user remove-second-factor",
    "keys list",
    "keys new",
    "keys rotate",
    "keys retire",
    "db epoch",
    "efris pause",
    "efris resume",
    "firm open",
    "firm list",
    "firm add",
    "firm remove",
    "firm people",
    "firm companies",
    "firm close",
    "company delegate",
    "company end-delegation",
    "branch open",
    "branch list",
    "branch change",
    "branch close",
    "device move",
    "lanes list",
    "lanes set",
    "lanes order",
    "retention show",
    "retention holds",
    "retention hold",
    "retention lift",
)
SPEAK_ONLY = ("serve", "api", "worker", "simulator", "signer")
"""Commands that run until they are ended and print no result."""


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port at which something listens already."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@cache
def help_of(command: str) -> str:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    return result.output


def risiti(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """Run the command in a folder, in a process of its own; return its exit code and what it said on standard error."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")} | settings
    command = [sys.executable, "-m", "risiti.cli", *arguments]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    assert re.search(rf"Example: .*risiti {command}", help_of(command))


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in SPEAK_ONLY])
def test_every_command_that_has_a_result_prints_it_as_json_on_request(command: str) -> None:
    assert "--json" in help_of(command)


def test_the_list_of_commands_is_complete() -> None:
    found = set()
    for info in app.registered_commands:
        found.add(info.name or str(getattr(info.callback, "__name__", "")))
    for group in app.registered_groups:
        assert isinstance(group.typer_instance, typer.Typer)
        for info in group.typer_instance.registered_commands:
            found.add(f"{group.name} {info.name or getattr(info.callback, '__name__', '')}")

    assert found == set(COMMANDS)


def test_the_help_says_what_the_exit_codes_mean() -> None:
    assert "130 interrupted" in " ".join(help_of("").split())


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["version", "--json"])

    assert re.fullmatch(r"\d+\.\d+\.\d+", json.loads(result.output)["risiti"])


def test_asking_for_help_loads_neither_the_web_framework_nor_the_database() -> None:
    program = (
        "import sys, risiti.cli; print(*sorted(m for m in sys.modules if m in ('fastapi', 'sqlalchemy', 'aiohttp')))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == ""


def test_a_taken_port_is_one_sentence_that_names_another_one(taken_port: int, tmp_path: Path) -> None:
    code, error = risiti(tmp_path, "demo", "--port", str(taken_port))

    assert code == 3
    assert error == f"risiti: port {taken_port} is taken; end what listens there, or choose another one: --port 8011\n"
    assert list(tmp_path.iterdir()) == []


def test_serving_on_a_taken_port_says_so(taken_port: int, tmp_path: Path) -> None:
    code, error = risiti(tmp_path, "serve", "--port", str(taken_port))

    assert code == 3
    assert f"cannot listen on 127.0.0.1:{taken_port}" in error
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_setting_is_named_with_the_right_spelling(tmp_path: Path) -> None:
    code, error = risiti(tmp_path, "db", "check", EFRIS_TIMEOUTS="30")

    assert code == 3
    assert "did you mean EFRIS_TIMEOUT?" in error
    assert list(tmp_path.iterdir()) == []


def test_a_new_database_is_not_up_to_date_until_it_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    before = CliRunner().invoke(app, ["db", "check"])
    assert isinstance(before.exception, CommandError)
    assert before.exception.code is Exit.NO
    assert "run `risiti db upgrade`" in str(before.exception)

    assert "applied 0001" in CliRunner().invoke(app, ["db", "upgrade"]).output
    assert CliRunner().invoke(app, ["db", "check"]).exit_code == 0
    assert "nothing to do" in CliRunner().invoke(app, ["db", "upgrade"]).output


def test_a_worker_refuses_a_database_that_is_not_up_to_date(tmp_path: Path) -> None:
    code, error = risiti(tmp_path, "worker", DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")

    assert code == 3
    assert error == "risiti: the database is not up to date; run `risiti db upgrade` first.\n"


def test_the_command_line_of_a_mistyped_option_is_refused_with_code_2(tmp_path: Path) -> None:
    assert risiti(tmp_path, "demo", "--prot", "8001")[0] == 2
