"""`risiti watchdog`: what has no fiscal number yet, and how long there is left; needs the database and nothing else."""

from typing import Annotated

import typer

from risiti.cli.console import print_json, run
from risiti.cli.serve import load_settings


def watchdog(
    once: Annotated[bool, typer.Option("--once", help="Look once, print what is at risk, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print it as JSON.")] = False,
) -> None:
    """Watch the legal deadlines of documents that are not fiscalised yet: every minute, whether workers run or not.

    Example: risiti watchdog --once --json
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    if not once:
        run(operating.watch(load_settings()))
        return
    found = run(operating.deadlines(load_settings()))
    if as_json:
        print_json(found)
        return
    items = found["items"]
    rows = items if isinstance(items, list) else []
    for row in rows:
        print(
            f"{row['company_id']}  {row['documents']} documents, tax {row['tax']} {row['currency']} "
            f"(penal tax {row['penal_tax']}), next deadline {row['next_deadline']}, {row['hours_left']} h left"
        )
    if not rows:
        print("every document has its fiscal number")
