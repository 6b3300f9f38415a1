"""Pages of documentation that are made from the code: they are current, and they would show a gap."""

import re
from types import ModuleType
from typing import Any

import pytest

from bench.__main__ import Part
from risiti.efris import INTERFACES
from scripts import interface_page, return_code_page
from scripts.generate_docs import GENERATED, ROOT
from scripts.return_code_page import PROMISED, Coverage, coverages, told_by
from tests.efris.samples import SAMPLES


@pytest.mark.parametrize("path", GENERATED)
def test_a_page_made_from_the_code_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == GENERATED[path](), "run: make docs"


def test_every_benchmark_is_told_and_every_one_that_a_page_names_exists() -> None:
    parts = {part.value for part in Part}
    demo = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8").split("## `make bench`")[1]
    assert set(re.findall(r'^\| `"?([a-z]+)', demo, re.MULTILINE)) - {"make"} == parts - {Part.ALL.value}
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    named = set(re.findall(r'(?:make bench ARGS="?|python -m bench )([a-z]+)', pages))
    assert named
    assert named <= parts


def test_nine_codes_in_ten_are_provoked_where_that_is_promised_and_none_is_forgotten() -> None:
    promised = {one.interface: one for one in coverages() if one.interface in PROMISED}
    assert set(promised) == set(PROMISED)
    assert [one.interface for one in promised.values() if 10 * len(one.provoked) < 9 * len(one.listed)] == []
    assert [one.missing for one in promised.values() if one.missing] == []


def test_a_code_that_nobody_provokes_or_explains_is_named_as_missing() -> None:
    gap = Coverage("T109", frozenset({"1100", "1101", "1102"}), frozenset({"1100"}), {"1101": "it may be positive"})
    assert gap.missing == {"1102"}
    assert return_code_page.row(gap).endswith("| 3 | 1 | 1 | 1102 | 33.3% |\n")


def module(**attributes: Any) -> ModuleType:  # noqa: ANN401 - a module holds anything
    made = ModuleType("made_up")
    vars(made).update(attributes)
    return made


def test_a_module_named_after_an_interface_speaks_of_it_alone() -> None:
    told = list(told_by("test_t109", module(PROVOKED=frozenset({"1100"}), LEFT_OUT={"1101": "why"})))
    assert told == [("T109", frozenset({"1100"}), {"1101": "why"})]


def test_any_other_module_speaks_of_several() -> None:
    provoked = {"C101": frozenset({"2000"}), "C102": frozenset({"2016"})}
    told = list(told_by("test_customs", module(PROVOKED=provoked, LEFT_OUT={"C102": {"3151": "why"}})))
    assert told == [("C101", provoked["C101"], {}), ("C102", provoked["C102"], {"3151": "why"})]


def test_a_module_that_only_helps_another_one_is_passed_over() -> None:
    assert list(told_by("test_debit_notes", module(PROVOKED=frozenset({"1404"})))) == []


def test_the_table_of_interfaces_shows_one_that_no_test_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = {code: sample for code, sample in SAMPLES.items() if code != "T109"}
    monkeypatch.setattr("scripts.interface_page.SAMPLES", samples)
    page = interface_page.as_markdown()
    (line,) = (line for line in page.splitlines() if line.startswith("| T109 "))
    assert line.endswith("| yes | **no** | yes |")
    assert f"({len(INTERFACES) - 1} of {len(INTERFACES)})" in page
