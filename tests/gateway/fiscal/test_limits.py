import importlib
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "limits.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\|[^|]+\|[^|]*?([0-9]+(?:\.[0-9]+)?)[^|]*\|.*`([a-z_]+)\.([A-Z_]+)` \|$", re.MULTILINE)
SHARED = {"more than 0, at most as above"}


def constant(module: str, name: str) -> Decimal:
    area = {"qr": "receipts", "pdf": "receipts", "batches": "submissions"}.get(module, "fiscal")
    value = getattr(importlib.import_module(f"risiti.gateway.{area}.{module}"), name)
    return Decimal(value // timedelta(minutes=1)) if isinstance(value, timedelta) else Decimal(value)


ROWS = [found.groups() for found in ROW.finditer(PAGE) if not any(words in found[0] for words in SHARED)]


def test_the_page_names_all_public_limits() -> None:
    modules = ["strict_json", "faults", "decimals", "references", "payloads", "fields", "totals", "wire"]
    names = {
        f"{module}.{name}"
        for module in modules
        for name, value in vars(importlib.import_module(f"risiti.gateway.fiscal.{module}")).items()
        if name.startswith(("MAX_", "MIN_")) and f"\n{name}:" in _source(module) and value is not None
    }
    assert names - {f"{module}.{name}" for _, module, name in ROWS} == set()


def _source(module: str) -> str:
    file = importlib.import_module(f"risiti.gateway.fiscal.{module}").__file__
    assert file is not None
    return "\n" + Path(file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("limit", "module", "name"), ROWS, ids=str)
def test_the_page_says_what_the_code_holds(limit: str, module: str, name: str) -> None:
    assert Decimal(limit) == constant(module, name)
