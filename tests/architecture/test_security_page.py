"""docs/security.md tells the truth: every risk of the OWASP list has rows, and every test that they name exists."""

import re

import pytest

from tests.architecture.source import ROOT, our_modules
from tests.architecture.test_guarantees import TEST, names_in

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
RISKS = [f"API{number}" for number in range(1, 11)]
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| API\d+ \|", line)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: re.sub(r"\W+", "-", row)[:60])
def test_what_is_said_to_be_refused_is_refused_in_a_test_that_exists(row: str) -> None:
    proofs = TEST.findall(row)
    assert proofs, "a check without a test is none"
    for path, name in proofs:
        file = ROOT / "tests" / path
        assert file.is_file(), f"there is no tests/{path}"
        assert name in names_in(file), f"tests/{path} has no {name}"


@pytest.mark.parametrize("risk", RISKS)
def test_every_risk_has_its_checks(risk: str) -> None:
    assert len([row for row in ROWS if row.startswith(f"| {risk} |")]) >= 2
    assert f"## {risk}: " in PAGE


def test_the_page_says_that_no_user_gives_an_address_as_long_as_none_does() -> None:
    users = [
        our.name for our in our_modules() if "resilience.egress" in our.text or "resilience import egress" in our.text
    ]
    assert ("Nothing uses it yet" in PAGE) is (users == [])
