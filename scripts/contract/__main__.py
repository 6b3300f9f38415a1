"""The command: `python -m scripts.contract`. Exit code 1 if a row of the contract does not hold."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, complain, print_json
from scripts.contract.outcomes import Outcome, Tally, read
from scripts.contract.page import DATABASES, as_markdown
from scripts.contract.rows import ROWS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "contract.md"
RUN_SECONDS: Final = 1_200


def main(
    row: Annotated[
        list[int] | None, typer.Option("--row", help="Only this row; may be repeated. Writes no page.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the tests.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run the tests of the contract on both databases and write docs/contract.md.

    Example: make contract; make contract ARGS="--row 1 --row 13"
    """
    chosen = [one for one in ROWS if row is None or one.number in row]
    proofs = sorted({proof for one in chosen for proof in one.proofs}, key=_place)
    outcomes = {name: _run(name, proofs, jobs) for name in DATABASES}
    if row is None:
        PAGE.write_text(as_markdown(ROWS, outcomes), encoding="utf-8")
    tallies = {one: {name: Tally.of(one, outcomes[name]) for name in DATABASES} for one in chosen}
    broken = [one.number for one in chosen if not all(tally.holds for tally in tallies[one].values())]
    if as_json:
        rows = [
            {"row": one.number, "title": one.title, **{name: str(tally) for name, tally in tallies[one].items()}}
            for one in chosen
        ]
        print_json({"holds": not broken, "rows": rows})
    else:
        for one in chosen:
            cells = "  ".join(f"{DATABASES[name]} {tally!s:<20}" for name, tally in tallies[one].items())
            print(f"{one.number:>3}  {one.title:<38}{cells}")
    if broken:
        message = f"rows that do not hold: {', '.join(str(number) for number in broken)}; see above."
        raise CommandError(message, Exit.NO)


def _place(proof: str) -> tuple[str, int]:
    """Return where a test stands, so that those of a file run in their order: some follow from each other."""
    file, _, name = proof.partition("::")
    return file, (ROOT / "tests" / file).read_text(encoding="utf-8").find(f"def {name}(")


def _run(database: str, proofs: list[str], jobs: int) -> list[Outcome]:
    """Run tests with everything on one database; those that name the other one are left out."""
    others = [name for name in DATABASES if name != database]
    with tempfile.TemporaryDirectory(prefix="risiti-contract-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(jobs), "--dist", "loadfile", f"--junitxml={report}"]
        command += ["-k", " and ".join(f"not {name}" for name in others), *(f"tests/{proof}" for proof in proofs)]
        environment = {**os.environ, "TEST_ON": database, "RISITI_REQUIRE_POSTGRES": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=RUN_SECONDS, stdout=sys.stderr)
        if not report.exists():
            raise CommandError(f"the tests on {DATABASES[database]} did not run (exit code {done.returncode}).")
        return read(report)


if __name__ == "__main__":
    try:
        typer.run(main)
    except CommandError as error:
        complain(str(error))
        sys.exit(error.code)
