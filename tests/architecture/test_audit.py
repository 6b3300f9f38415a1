"""The audit of dependencies: a known hole fails the check, no answer does not."""

import json
from pathlib import Path

import pytest

from scripts import audit

GOOD = {"name": "fine", "version": "1.0", "vulns": []}
BAD = {"name": "torn", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "other", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code"), [([GOOD], 0), ([GOOD, BAD], 1), ([UNKNOWN, BAD], 1), ([UNKNOWN], 0), ([GOOD, UNKNOWN], 0)]
)
def test_only_a_known_hole_fails(packages: list[dict[str, object]], code: int) -> None:
    found = audit.understood(json.dumps({"dependencies": packages}))
    assert audit.report(found) == code
    assert ("unanswered" in found) == (UNKNOWN in packages and BAD not in packages)


@pytest.mark.parametrize("output", ["", "no JSON", "{}", "[]"])
def test_an_answer_that_is_none_is_said_to_be_none(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.report(audit.understood(output)) == 0
    assert "not done" in capsys.readouterr().out


def test_an_answer_is_remembered_for_the_same_lock_file_and_not_for_ever(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert audit.remembered(stamp, "a", 0) is None
    stamp.write_text(json.dumps({"holes": [], "audited": 3, "digest": "a", "at": 1_000}))
    assert audit.remembered(stamp, "a", 1_000 + audit.ANSWERED_FOR - 1) is not None
    assert audit.remembered(stamp, "a", 1_000 + audit.ANSWERED_FOR) is None
    assert audit.remembered(stamp, "b", 1_001) is None
    stamp.write_text(json.dumps({"unanswered": "offline", "digest": "a", "at": 1_000}))
    assert audit.remembered(stamp, "a", 1_000 + audit.UNANSWERED_FOR) is None
