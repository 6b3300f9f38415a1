"""A file of `deploy/` with this machine's addresses in the place of those that it is deployed with."""

from collections.abc import Iterable
from pathlib import Path


def replaced(file: Path, *changes: tuple[str, str]) -> str:
    """Return the file's text after each change.

    Raises:
        ValueError: the file has changed, and what is to be replaced is not there.
    """
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        if old not in text:
            message = f"{file} has no {old!r} any more"
            raise ValueError(message)
        text = text.replace(old, new)
    return text


def lines(line: str, values: Iterable[object]) -> str:
    """Return one line for each value."""
    return "\n".join(line.format(value) for value in values)
