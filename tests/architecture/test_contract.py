"""The stability contract is whole: twenty rows, each with tests that exist, and a page that shows all as passed."""

import re

import pytest

from scripts.contract.__main__ import PAGE
from scripts.contract.outcomes import PASSED, Outcome, Tally
from scripts.contract.page import DATABASES, as_markdown
from scripts.contract.rows import ROWS, Row
from tests.architecture.source import ROOT
from tests.architecture.test_guarantees import names_in

LINE = re.compile(r"^\| (\d+) \| \*\*(.+?)\.\*\* (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PROOF = ROWS[0].proofs[0]


def test_every_row_of_the_contract_is_there_once() -> None:
    assert [row.number for row in ROWS] == list(range(1, 21))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_row_is_proved_by_tests_that_exist(row: Row) -> None:
    assert row.proofs, "a promise without a test is not a promise"
    assert len(set(row.proofs)) == len(row.proofs)
    for proof in row.proofs:
        path, _, name = proof.partition("::")
        assert name in names_in(ROOT / "tests" / path), f"tests/{path} has no {name}"


def test_the_page_shows_each_row_as_passed_on_both_databases() -> None:
    lines = {int(number): rest for number, *rest in LINE.findall(PAGE.read_text(encoding="utf-8"))}
    for row in ROWS:
        title, promise, *results, proofs = lines[row.number]
        assert (title, promise) == (row.title, row.promise), "run: make contract"
        assert tuple(re.findall(r"`([^`]+)`", proofs)) == row.proofs, "run: make contract"
        assert len(results) == len(DATABASES)
        assert all(result.startswith(PASSED) for result in results), "run: make contract"


@pytest.mark.parametrize(
    ("outcomes", "says", "holds"),
    [
        ([], "NO TEST", False),
        ([Outcome(PROOF, is_bad=False, is_skipped=True)], "NO TEST", False),
        ([Outcome(PROOF, is_bad=False, is_skipped=False)], "passed (1)", True),
        (
            [Outcome(PROOF, is_bad=False, is_skipped=False)] * 2 + [Outcome(PROOF, is_bad=True, is_skipped=False)],
            "FAILED (1 of 3)",
            False,
        ),
        ([Outcome("other.py::test_other", is_bad=True, is_skipped=False)], "NO TEST", False),
    ],
)
def test_a_row_holds_if_something_was_tried_and_nothing_failed(
    outcomes: list[Outcome],
    says: str,
    holds: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    tally = Tally.of(ROWS[0], outcomes)
    assert (str(tally), tally.holds) == (says, holds)
    page = as_markdown(ROWS, dict.fromkeys(DATABASES, outcomes))
    assert page.count(says) >= len(DATABASES)
