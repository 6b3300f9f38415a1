"""`make chaos`, in small: processes, database and lines fail while invoices are posted; in the end the books agree."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def chaos(*arguments: str) -> dict[str, object]:
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.chaos", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr[-3000:] + ended.stdout[-3000:]
    told: dict[str, object] = json.loads(ended.stdout)
    return told


def test_nothing_is_lost_or_doubled_while_processes_database_and_lines_fail_on_postgresql() -> None:
    run = chaos(
        *("--documents", "60", "--companies", "3", "--workers", "2", "--apis", "2"),
        *("--duration", "8", "--seed", "5", "--no-flush"),
    )
    assert run["verdict"] == "lost 0  doubled 0"
    assert run["accepted"] == run["fiscal_numbers_at_authority"] == 60
    assert run["states"] == {"fiscalised": 60}
    assert run["posts_unanswered"] == run["other_ids"] == []
    assert run["harm"]
