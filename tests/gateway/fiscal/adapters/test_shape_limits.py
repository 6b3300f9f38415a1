"""The limits of other shapes are those that the page names."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[4] / "docs" / "limits.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\|[^|]+\| ([0-9]+) \|.*`((?:api|fiscal)\.[a-z_.]+)\.([A-Z_]+)` \|$", re.MULTILINE)
ROWS = [found.groups() for found in ROW.finditer(PAGE)]


@pytest.mark.parametrize(("limit", "module", "name"), ROWS, ids=str)
def test_the_page_says_what_the_code_holds(limit: str, module: str, name: str) -> None:
    assert int(limit) == getattr(importlib.import_module(f"risiti.gateway.{module}"), name)


def test_the_page_has_the_limits_of_other_shapes() -> None:
    assert len(ROWS) > 15
