"""What the authority publishes of its interfaces - codes, field names, secrecy - and worked documents."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class PublishedInterface:
    """One interface.

    Attributes:
        documented: It has a section of its own; others are known from their return codes.
        encrypted: `both`, `request`, `answer` or `neither`; None where nobody knows.
        request: Dotted wire paths of the request, without list positions.
        values: For fields of the request with a closed list, the values on it.
        answer: Dotted wire paths of the answer.
    """

    documented: bool
    encrypted: str | None
    request: tuple[str, ...]
    values: dict[str, frozenset[str]]
    answer: tuple[str, ...]


@cache
def interfaces() -> dict[str, PublishedInterface]:
    """Return every interface by its code."""
    rows: dict[str, dict[str, Any]] = json.loads((VECTORS / "interfaces.json").read_text(encoding="utf-8"))
    return {
        code: PublishedInterface(
            documented=row["documented"],
            encrypted=row["encrypted"],
            request=_paths(row["request"]),
            values={path: frozenset(words.split()) for path, words in row["values"].items()},
            answer=_paths(row["answer"]),
        )
        for code, row in rows.items()
    }


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return worked documents by name: lines, taxes, totals and payments as they stand on the wire."""
    return json.loads((VECTORS / "documents.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _paths(lines: list[str]) -> tuple[str, ...]:
    return tuple(name for line in lines for name in line.split())
