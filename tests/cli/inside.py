"""Runs a command of `risiti` in the test's own process: to start Python for each costs more than most commands do."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from risiti.cli import app
from risiti.cli.console import CommandError


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended; run so, log lines stand among what it printed."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def result(self) -> Any:  # noqa: ANN401 - any JSON
        """What it printed with `--json`."""
        return json.loads(self.stdout[self.stdout.index("{\n") :])


def risiti(folder: Path, *arguments: str) -> Ran:
    """Run a command on the SQLite database of a folder."""
    ran = CliRunner().invoke(app, arguments, env={"DATABASE_URL": f"sqlite:///{folder / 'risiti.db'}"})
    error = ran.exception
    if isinstance(error, CommandError):  # as `risiti.cli.main` says it
        return Ran(error.code, ran.stdout, f"{ran.stderr}risiti: {error}\n")
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return Ran(ran.exit_code, ran.stdout, ran.stderr)
