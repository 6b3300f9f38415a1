"""docs/contract.md: what was promised, and what came of the tests on each database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from scripts.contract.outcomes import Outcome, Tally
from scripts.contract.rows import Row

DATABASES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_HEAD: Final = """# The stability contract

<!-- Written by `make contract`; do not edit. -->

What the service promises about its own stability, and what came of the tests that prove it when `make contract` was run
last: once with everything on SQLite, once on PostgreSQL. In brackets is the number of tests (cases counted each). Tests
without a database run both times. `make contract` fails if a test fails, is missing, or a row is left without one.

| # | Promise | {databases} | Proved by |
|--:|---|{rule}|---|
"""


def as_markdown(rows: Sequence[Row], outcomes: Mapping[str, Iterable[Outcome]]) -> str:
    """Return the page; `outcomes` are those of each database's run."""
    kept = {name: tuple(found) for name, found in outcomes.items()}
    head = _HEAD.format(databases=" | ".join(DATABASES.values()), rule="---|" * len(DATABASES))
    return head + "".join(_line(row, kept) for row in rows)


def _line(row: Row, outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    cells = [str(Tally.of(row, outcomes[name])) for name in DATABASES]
    proofs = ", ".join(f"`{proof}`" for proof in row.proofs)
    return f"| {row.number} | **{row.title}.** {row.promise} | {' | '.join(cells)} | {proofs} |\n"
