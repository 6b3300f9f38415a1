"""`risiti validate`: everything that is wrong with invoices in a file, offline and without sending anything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.files import read_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from risiti.gateway.fiscal.offline import Verdict
    from risiti.gateway.kernel.errors import FieldError

MAX_VALIDATED_BYTES: Final = 50 * 1024 * 1024
"""Bytes of a file that is validated."""
_SAFE: Final = "safe"


def validate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON, UBL (XML), CSV or XLSX; - reads standard input."),
    ],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", exists=True, dir_okay=False, help="Mapping file (TOML) of a CSV file or workbook."),
    ] = None,
    fix: Annotated[
        str, typer.Option("--fix", metavar="safe", help="Carry out what is safe, and print the invoice as it then is.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List everything that is wrong with the invoices in a file: place, code, URA's code, reason, fix.

    It works offline: what only the authority's lists and the company's own data tell is not looked at; the gateway's
    `POST .../invoices/validate` does that too. With `--fix safe` what can change neither what is owed nor who the
    parties are is mended; of a JSON file the mended document is printed. Exit code 1: something is left to do.

    Example: risiti validate invoice.json --fix safe

    Example: risiti validate sales.xlsx --mapping mapping.toml --json
    """
    if fix not in ("", _SAFE):
        raise CommandError("the only way to fix is: --fix safe", Exit.USAGE)
    found = run(_validate(read_file(file, MAX_VALIDATED_BYTES), read_file(mapping) if mapping else None, fix=bool(fix)))
    faulty = sum(bool(verdict.problems) for verdict in found)
    if as_json:
        print_json({"valid": not faulty, "documents": [_plain(verdict) for verdict in found]})
    else:
        _print(found, mended=bool(fix))
    if faulty:
        problems = sum(len(verdict.problems) for verdict in found)
        raise CommandError(f"{problems} problems in {faulty} of {len(found)} documents.", Exit.NO)


async def _validate(content: bytes, mapping: bytes | None, *, fix: bool) -> "list[Verdict]":
    from risiti.gateway.fiscal import offline  # noqa: PLC0415 - `risiti --help` must not pay for them
    from risiti.gateway.kernel.clock import SystemClock  # noqa: PLC0415
    from risiti.gateway.kernel.errors import GatewayError  # noqa: PLC0415

    try:
        return await offline.validate(content, mapping, now=SystemClock().now(), fix=fix)
    except GatewayError as error:
        raise CommandError(f"the file cannot be read: {error}") from None


def _print(found: "Sequence[Verdict]", *, mended: bool) -> None:
    from rich import box  # noqa: PLC0415 - as above
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(soft_wrap=False)
    for verdict in found:
        print(f"{verdict.name}: {_in_words(verdict)}")
        rows = [*((" mended", fault) for fault in verdict.changes), *(("", fault) for fault in verdict.problems)]
        if rows:
            table = Table(box=box.SIMPLE, show_edge=False)
            for name in ("place", "code", "URA", "what is wrong", "fix"):
                table.add_column(name, overflow="fold")
            for mark, fault in rows:
                safe = " (safe)" if fault.repair and not mark else mark
                table.add_row(
                    *(_escaped(text) for text in (fault.path, fault.code, fault.authority_code, fault.message)),
                    _escaped(fault.fix + safe),
                )
            console.print(table)
        if mended and verdict.document:
            print(verdict.document)


def _escaped(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415 - as above

    return escape(text)


def _in_words(verdict: "Verdict") -> str:
    if not verdict.problems:
        return f"good, {len(verdict.changes)} mended" if verdict.changes else "good"
    safe = sum(bool(fault.repair) for fault in verdict.problems)
    mended = f"{len(verdict.changes)} mended, " if verdict.changes else ""
    return f"{mended}{len(verdict.problems)} problems" + (f", {safe} can be mended safely" if safe else "")


def _plain(verdict: "Verdict") -> dict[str, object]:
    import json  # noqa: PLC0415 - as above

    return {
        "name": verdict.name,
        "valid": not verdict.problems,
        "problems": [_fault(fault) for fault in verdict.problems],
        "changes": [_fault(fault) for fault in verdict.changes],
        "document": json.loads(verdict.document) if verdict.document else None,
    }


def _fault(fault: "FieldError") -> dict[str, object]:
    steps: list[dict[str, object]] = [
        {"op": step.op.value, "path": step.path}
        | ({"from": step.source} if step.source else {})
        | ({"value": step.value} if step.value is not None else {})
        for step in fault.repair
    ]
    return {
        "path": fault.path,
        "code": fault.code,
        "authority_code": fault.authority_code or None,
        "message": fault.message,
        "fix": fault.fix,
        "suggestion": fault.suggestion,
        "repair": steps,
    }
