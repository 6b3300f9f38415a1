"""docs/guarantees.md tells the truth: every file that keeps a promise and every test that proves it exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "guarantees.md"
PROMISED = [f"P{number}" for number in range(1, 19)]
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
KEEPER = re.compile(r"`([\w/]+(?:\.py)?)`")


def rows() -> list[list[str]]:
    """Return the rows of all tables that name tests, as cells; heads and rules left out."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and "::" in cells[-1]:
            found.append(cells)
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", rows(), ids=lambda row: re.sub(r"\W+", "-", row[1])[:60])
def test_a_promise_is_proved_by_tests_that_exist_and_kept_by_files_that_exist(row: list[str]) -> None:
    proofs = TEST.findall(row[-1])
    assert proofs, "a promise without a test is not a promise"
    for path, name in proofs:
        file = ROOT / "tests" / path
        assert file.is_file(), f"there is no tests/{path}"
        assert name in names_in(file), f"tests/{path} has no {name}"
    keepers = KEEPER.findall(row[-2])
    assert keepers, "who keeps it?"
    for keeper in keepers:
        assert (ROOT / "src" / "risiti" / "gateway" / keeper).exists(), f"there is no risiti/gateway/{keeper}"


def test_every_promise_of_the_design_is_proved_or_said_to_be_missing() -> None:
    named = set(re.findall(r"\bP\d+\b", "\n".join(PAGE.read_text(encoding="utf-8").splitlines())))
    assert [promise for promise in PROMISED if promise not in named] == []


def test_a_test_that_is_gone_would_be_noticed() -> None:
    assert "test_a_promise_is_proved_by_tests_that_exist_and_kept_by_files_that_exist" in names_in(Path(__file__))
    assert "test_that_was_renamed" not in names_in(Path(__file__))
