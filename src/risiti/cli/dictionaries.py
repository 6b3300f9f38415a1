"""`risiti dictionaries`: how fresh our copies of the authority's lists are."""

from typing import Annotated

import typer

from risiti.cli.console import print_list, run
from risiti.cli.serve import load_settings


def dictionaries(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show our copies of the authority's lists and of the companies' goods, with their age. Workers fetch them.

    Example: risiti dictionaries --json
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(operating.list_dictionaries(load_settings()))
    print_list(rows, ("owner", "list", "version", "entries", "fetched_at", "age_hours"), as_json=as_json)
