"""`make chaos`, in small: processes are killed while answers are dropped, and the books agree in the end."""

import json
import subprocess
import sys
from pathlib import Path

CHAOS = Path(__file__).parents[2] / "scripts" / "chaos.py"


def test_killed_processes_and_dropped_answers_lose_and_double_nothing() -> None:
    arguments = ["--invoices", "12", "--kills", "2", "--drop", "0.2", "--seed", "3", "--json"]
    ended = subprocess.run([sys.executable, str(CHAOS), *arguments], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    run = json.loads(ended.stdout)
    assert run["verdict"] == "lost 0  doubled 0"
    assert run["accepted"] == run["states"]["fiscalised"] == run["fiscal_numbers_at_authority"] == 12
    assert sum(run["kills"].values()) == 2
    assert run["posts_unanswered"] == []
