"""`make test-ubl`: a folder of UBL files goes through real processes, and each file has a row with what it became."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.gateway.fiscal.adapters.ubl_files import Change, Line, Ubl

ROOT = Path(__file__).parents[2]


def trial(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the trial; return its exit code and its rows by file."""
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.ubl", str(folder), *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.stdout, ended.stderr[-3000:]
    return ended.returncode, {row["file"]: row for row in json.loads(ended.stdout)["files"]}


def test_every_file_is_fiscalised_with_its_totals_or_it_is_said_what_uganda_lacks(tmp_path: Path) -> None:
    foreign = [Line(percent="25", price="0.0389", quantity="1234.567", code="", commodity=""), Line(percent="15")]
    files = {
        "plain.xml": Ubl(id="SAME", lines=[Line(price="99.99")]),
        "same-number.xml": Ubl(id="SAME", lines=[Line(quantity="3")]),
        "foreign.xml": Ubl(
            id="F-1",
            currency="NOK",
            seller_tin="NO123",
            seller_country="NO",
            date="2017-11-13",
            lines=[*foreign, Line(percent="15", quantity="-1", price="7"), Line(category="E", percent="0")],
            changes=[Change("1.11", percent="15"), Change("1.13", charge=True, percent="25")],
        ),
        "credit.xml": Ubl(root="CreditNote", type_code="381", preceding="SAME"),
    }
    for name, document in files.items():
        (tmp_path / name).write_bytes(document.xml())
    (tmp_path / "order.xml").write_bytes(b"<Order/>")
    code, rows = trial(tmp_path)
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "credit.xml": "needs",
        "foreign.xml": "fiscalised",
        "order.xml": "skipped",
        "plain.xml": "fiscalised",
        "same-number.xml": "fiscalised",
    }
    assert code == 0
    for name in ("plain.xml", "same-number.xml", "foreign.xml"):
        stated, fiscal = rows[name]["in_the_file"], rows[name]["at_efris"]
        assert stated == {**rows[name]["recomputed"], "payable": stated["payable"]}
        assert fiscal["net"] == str(files[name].net)
    assert rows["plain.xml"]["at_efris"]["gross"] == str(files["plain.xml"].gross)
    assert rows["foreign.xml"]["at_efris"]["currency"] == "UGX"
    assert "SAME" in rows["credit.xml"]["needs"][0]["message"]


def test_a_total_that_is_wrong_in_the_file_ends_the_run_with_a_no(tmp_path: Path) -> None:
    (tmp_path / "wrong.xml").write_bytes(Ubl(stated={"PayableAmount": "1.00"}).xml())
    code, rows = trial(tmp_path / "wrong.xml")
    assert (code, rows["wrong.xml"]["outcome"]) == (1, "wrong")
    assert "3539.00 too little" in rows["wrong.xml"]["needs"][0]["message"]
