"""`risiti journal`: write a company's journal out, note where it ends, and check an export without the server."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.companies import CompanyId, Json
from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.files import STANDARD_INPUT
from risiti.cli.serve import load_settings

if TYPE_CHECKING:
    from risiti.gateway.journal.verifying import Report

app = typer.Typer(help="A company's journal: export it, note where it ends, check it.", no_args_is_help=True)


@app.command()
def head(company_id: CompanyId, as_json: Json = False) -> None:
    """Print number and hash of the last entry. Note it elsewhere: it proves that nothing before it was rewritten.

    Example: risiti journal head com_... >> checkpoints.txt
    """
    from risiti.cli import journals  # noqa: PLC0415 - `risiti --help` must not pay for the database

    last = run(journals.head(load_settings(), company_id))
    if as_json:
        print_json(last)
    else:
        print(f"{last['number']}:{last['hash']}")


@app.command()
def export(
    company_id: CompanyId,
    *,
    after: Annotated[int, typer.Option(min=0, help="Number of the last entry that you have already.")] = 0,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write; else standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Write a company's journal, one JSON object a line; what is not chained yet follows within minutes.

    Example: risiti journal export com_... --output journal.jsonl
    """
    from risiti.cli import journals  # noqa: PLC0415 - as above

    if output is None and as_json:
        raise CommandError(
            "--json tells what was written to --output FILE; without it the journal itself is printed.", Exit.USAGE
        )
    written = run(journals.export(load_settings(), company_id, after=after, output=output))
    if as_json:
        print_json(written)
    elif output is not None:
        print(f"{written['entries']} entries written to {output}")


@app.command()
def verify(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports, the oldest first; - reads standard input.")
    ],
    checkpoint: Annotated[
        list[str] | None, typer.Option(help="NUMBER:HASH that `risiti journal head` gave earlier; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check exports without the server; exit code 1 and the place, if an entry was changed, erased, added or moved.

    Example: risiti journal verify journal.jsonl --checkpoint 1200:5f2c...
    """
    from risiti.gateway.journal.verifying import verify_all  # noqa: PLC0415 - as above

    report = verify_all([(str(file), _lines(file)) for file in files], _checkpoints(checkpoint or []))
    if as_json:
        print_json({"good": report.is_good, **asdict(report)})
    else:
        _print(report)
    if not report.is_good:
        raise CommandError("the journal is not as it was chained.", Exit.NO)


def _print(report: "Report") -> None:
    for fault in report.faults:
        entry = "" if fault.entry is None else f"entry {fault.entry}: "
        print(f"{fault.file} line {fault.line}: {entry}{fault.what}")
    if report.more_faults:
        print(f"and {report.more_faults} more")
    if report.is_good:
        noted = f", {report.checkpoints} checkpoints fit" if report.checkpoints else ""
        print(
            f"good: {report.entries} entries of {report.company_id}{noted}; it ends with {report.number}:{report.head}"
        )


def _checkpoints(given: Sequence[str]) -> dict[int, str]:
    found = {}
    for one in given:
        number, colon, noted = one.partition(":")
        if not (number.isascii() and number.isdigit() and colon and len(noted) == _HASH_LENGTH):
            raise CommandError(
                f"{one!r} is no checkpoint; write NUMBER:HASH as `risiti journal head` prints it.", Exit.USAGE
            )
        found[int(number)] = noted
    return found


def _lines(file: Path) -> Iterator[bytes]:
    try:
        if file == STANDARD_INPUT:
            yield from iter(lambda: sys.stdin.buffer.readline(_MOST), b"")
            return
        with file.open("rb") as opened:
            yield from iter(lambda: opened.readline(_MOST), b"")
    except OSError as error:
        raise CommandError(f"{file} cannot be read ({error.strerror}).") from None


_MOST = 1024 * 1024 + 1
"""Bytes of a line that are read at once: a longer one is no entry."""
_HASH_LENGTH = 64
