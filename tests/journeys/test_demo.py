"""`risiti demo`, on a short day: it ends by itself with good books, a receipt, and no process left behind."""

import json
import subprocess
import sys
from pathlib import Path

from risiti.cli.processes import free_port, port_is_free


def test_a_short_day_ends_with_agreeing_books_and_a_receipt(tmp_path: Path) -> None:
    port = free_port()
    folder = tmp_path / "demo"
    arguments = ["demo", "--exit", "--json", "--invoices", "20", "--port", str(port), "--folder", str(folder)]
    ended = subprocess.run(
        [sys.executable, "-m", "risiti.cli", *arguments], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    day = json.loads(ended.stdout)
    assert day["verdict"] == "lost 0  doubled 0"
    assert day["posted"] == 20
    assert [rejection["reference"] for rejection in day["rejected"]] == ["MSG-0014"]
    assert day["accepted"] == day["states"]["fiscalised"] == day["fiscal_numbers_at_authority"] == 19
    assert (folder / "receipt.pdf").read_bytes().startswith(b"%PDF-")
    assert port_is_free(port)
