"""Files that a command is given: read within a limit, or from standard input."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from risiti.cli.console import CommandError

STANDARD_INPUT: Final = Path("-")
MAX_FILE_BYTES: Final = 1024 * 1024

PasswordFile = Annotated[
    Path | None, typer.Option(help="File with the key file's password on one line; - reads standard input.")
]


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Return what is in a file, or on standard input for `-`.

    Raises:
        CommandError: it cannot be read, or has more than `most` bytes.
    """
    try:
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as file:
                content = file.read(most + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror}).") from None
    if len(content) > most:
        raise CommandError(f"{path} has more than {most} bytes.")
    return content


def read_password(path: Path | None) -> str | None:
    """Return the first line of a password file, None where there is no file."""
    if path is None:
        return None
    text = sys.stdin.readline() if path == STANDARD_INPUT else read_file(path).decode("utf-8", "replace")
    return text.rstrip("\r\n")
