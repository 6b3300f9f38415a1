"""What the fuzzers share: how much memory was needed, and how they are run as a command."""

import resource
import sys
from collections.abc import Callable

import typer

from risiti.cli.console import CommandError, complain


def peak_mib() -> int:
    """Return the most memory that this process has had so far, in MiB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024))


def command(main: Callable[..., None]) -> typer.Typer:
    """Make a command of a function."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(main)
    return app


def run(app: typer.Typer) -> None:
    """Run it, and end the process with its exit code."""
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
