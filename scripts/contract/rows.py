"""The rows of the contract, read from contract.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("contract.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """One promise.

    Attributes:
        number: Its place in the contract.
        title: What it is about.
        promise: What is promised, in a sentence or two.
        proofs: Tests under `tests/`, each as `FILE::NAME`.
    """

    number: int
    title: str
    promise: str
    proofs: tuple[str, ...]


def _read() -> tuple[Row, ...]:
    with FILE.open("rb") as file:
        rows = tomllib.load(file)["row"]
    return tuple(
        Row(one["number"], one["title"], " ".join(one["promise"].split()), tuple(one["proofs"])) for one in rows
    )


ROWS: Final = _read()
