"""Restoring a backup as docs/operations.md says: its steps are there, and in an order that doubles nothing."""

import re
from pathlib import Path

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
STEP = re.compile(r"^\d+\. (.*?)(?=^\d+\. |^\S|\Z)", re.MULTILINE | re.DOTALL)


def steps_of_restoring() -> list[str]:
    guide = OPERATIONS.read_text(encoding="utf-8").split("**Restore.**")[1].split("\n## ")[0]
    return [" ".join(step.split()) for step in STEP.findall(guide)]


def step_with(words: str) -> int:
    (place,) = (number for number, step in enumerate(steps_of_restoring()) if words in step)
    return place


def test_the_guide_stops_everything_and_opens_a_recovery_before_it_starts_a_worker() -> None:
    stopped, checked = step_with("systemctl stop risiti.target"), step_with("`risiti db check`")
    recovered, started = step_with("`risiti db epoch "), step_with("Start one worker")
    assert stopped < checked < recovered < started
    assert "any worker runs" in steps_of_restoring()[recovered]
