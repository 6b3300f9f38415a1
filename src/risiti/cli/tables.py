"""`risiti import`: take a table of invoices on, from a CSV file or a workbook."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.files import read_file
from risiti.cli.serve import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from risiti.gateway.fiscal.imports import Imported
    from risiti.gateway.kernel.errors import FieldError

MAX_TABLE_BYTES = 50 * 1024 * 1024
"""Bytes of a table that is imported from the command line."""


def import_file(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV file or XLSX workbook; - reads standard input.")
    ] = None,
    *,
    company: Annotated[str, typer.Option(help="The company's id (com_...).")] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", exists=True, dir_okay=False, help="Mapping file (TOML); the ready-made one if left out."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check the documents; take none on.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print the ready-made mapping and a CSV file that fits it, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take a table of invoices on: each row is a line, rows with one reference are one invoice.

    What is good is taken on; what is not is listed with row and column. Import the corrected table again: what was
    taken on before is recognised. Exit code 1: some were not taken on. The workers of `risiti serve` do the sending.

    Example: risiti import sales.xlsx --mapping mapping.toml --company com_...

    Example: risiti import --example
    """
    if example:
        _print_example(as_json=as_json)
        return
    if file is None or not company:
        raise CommandError("say what and for whom: risiti import FILE --company com_...", Exit.USAGE)
    content, chosen = read_file(file, MAX_TABLE_BYTES), read_file(mapping) if mapping else None
    found = run(_import(content, chosen, company, check_only=check))
    counts = Counter(one.outcome.value for one in found)
    if as_json:
        print_json({**counts, "documents": [_plain(one) for one in found]})
    else:
        _print(found, counts)
    if counts["faulty"]:
        raise CommandError(f"{counts['faulty']} of {len(found)} documents were not taken on.", Exit.NO)


async def _import(content: bytes, mapping: bytes | None, company_id: str, *, check_only: bool) -> "list[Imported]":
    from functools import partial  # noqa: PLC0415 - `risiti --help` must not pay for them

    from risiti.cli.tenants import opened_runtime  # noqa: PLC0415
    from risiti.gateway.fiscal import imports  # noqa: PLC0415
    from risiti.gateway.tenancy import companies  # noqa: PLC0415

    async with opened_runtime(load_settings()) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        documents = await imports.read_file(content, mapping)
        return await imports.take_on(
            runtime.acceptance,
            runtime.knowledge,
            company_id,
            documents,
            now=runtime.clock.now(),
            check_only=check_only,
        )


def _print_example(*, as_json: bool) -> None:
    from risiti.gateway.fiscal.adapters.tables import mapping  # noqa: PLC0415 - as above

    if as_json:
        print_json({"mapping": mapping.default_text(), "table": mapping.example_text()})
    else:
        print("# ---- mapping.toml\n" + mapping.default_text())
        print("# ---- sales.csv\n" + mapping.example_text(), end="")


def _print(found: "Sequence[Imported]", counts: Counter[str]) -> None:
    for one in found:
        name = one.document.reference or "(no reference)"
        state = f" {one.invoice.id} {one.invoice.state}" if one.invoice else ""
        print(f"{one.outcome.value:<9} {name}, {one.document.first}{state}")
        for fault in (*one.errors, *one.warnings):
            print(f"          {fault.path}: {fault.message} {fault.fix}".rstrip())
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))


def _plain(one: "Imported") -> dict[str, object]:
    return {
        "reference": one.document.reference,
        "first": one.document.first,
        "rows": one.document.rows,
        "outcome": one.outcome.value,
        "document_id": one.invoice.id if one.invoice else None,
        "errors": [_fault(fault) for fault in one.errors],
        "warnings": [_fault(fault) for fault in one.warnings],
    }


def _fault(fault: "FieldError") -> dict[str, str]:
    return {"path": fault.path, "code": fault.code, "message": fault.message, "fix": fault.fix}
