"""A seed is a simulation: what failed once can be looked at as often as one likes."""

import os
import subprocess
import sys

from proof.world import Mode, simulate
from tests.architecture.source import ROOT

SEEDS = (1, 2)
PROGRAM = "import sys; from proof.world import simulate; print(*(simulate(int(s)).digest for s in sys.argv[1:]))"


def test_a_seed_gives_the_same_trace_whatever_ran_before_and_however_python_hashes() -> None:
    here = [simulate(seed).digest for seed in SEEDS]
    others = []
    for hash_seed, order in (("1", SEEDS), ("4242", SEEDS[::-1])):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM, *map(str, order)]
        ran = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT, env=environment)
        others.append(ran.stdout.split())
    assert others == [here, here[::-1]]


def test_the_trace_is_shown_line_by_line_and_does_not_change_what_happens() -> None:
    lines: list[str] = []
    shown = simulate(1, Mode.SAFETY, lines.append)
    assert shown.digest == simulate(1, Mode.SAFETY).digest
    assert tuple(lines[-len(shown.last) :]) == shown.last


def test_another_seed_is_another_simulation() -> None:
    assert simulate(1).digest != simulate(3).digest
