"""What came of the tests of a run, read from pytest's own report, and what that means for a row."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from scripts.contract.rows import Row

PASSED: Final = "passed"
_BAD: Final = ("failure", "error")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test, or of one case of it."""

    proof: str
    """`FILE::NAME`, without the case."""
    is_bad: bool
    is_skipped: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How a row stands on one database."""

    ran: int
    bad: int
    missing: tuple[str, ...]
    """Tests that were left out everywhere: skipped in every case."""

    @classmethod
    def of(cls, row: Row, outcomes: Iterable[Outcome]) -> Self:
        """Count the outcomes of a row's tests."""
        own = [one for one in outcomes if one.proof in row.proofs]
        ran = {one.proof for one in own if not one.is_skipped}
        skipped = tuple(sorted({one.proof for one in own} - ran))
        return cls(sum(not one.is_skipped for one in own), sum(one.is_bad for one in own), skipped)

    @property
    def holds(self) -> bool:
        """Whether something was tried, and all of it passed."""
        return self.ran > 0 and self.bad == 0

    def __str__(self) -> str:
        if self.ran == 0:
            return "NO TEST"
        left_out = f", {len(self.missing)} skipped" if self.missing else ""
        return f"FAILED ({self.bad} of {self.ran})" if self.bad else f"{PASSED} ({self.ran}{left_out})"


def read(report: Path) -> list[Outcome]:
    """Read a report in the JUnit format that pytest has written."""
    found = []
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - the file is our own
        file = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        name = case.get("name", "").partition("[")[0]
        bad = any(case.find(word) is not None for word in _BAD)
        found.append(Outcome(f"{file}.py::{name}", bad, case.find("skipped") is not None))
    return found
