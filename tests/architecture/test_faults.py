"""docs/faults.md tells the truth: every fault is there once, with tests that exist or the reason why there is none."""

import re

import pytest

from tests.architecture.source import ROOT
from tests.architecture.test_guarantees import TEST, names_in

PAGE = ROOT / "docs" / "faults.md"
FAULTS = [f"F{number}" for number in range(1, 53)]
ROW = re.compile(r"^\| (F\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
REASON = re.compile(r"Not tested: \w")


def rows() -> list[tuple[str, ...]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_fault_is_there_once_and_in_order() -> None:
    assert [name for name, *_ in rows()] == FAULTS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_fault_is_shown_by_a_test_or_it_is_said_why_it_is_not(row: tuple[str, ...]) -> None:
    assert TEST.findall(row[-1]) or REASON.search(row[-1])
    assert row[-1].count("::") == len(TEST.findall(row[-1]))


def test_every_test_that_the_page_names_exists() -> None:
    for path, name in TEST.findall(PAGE.read_text(encoding="utf-8")):
        file = ROOT / "tests" / path
        assert file.is_file(), f"there is no tests/{path}"
        assert name in names_in(file), f"tests/{path} has no {name}"
