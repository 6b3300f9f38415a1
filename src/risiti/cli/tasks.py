"""`risiti tasks`: the background tasks, and trying a dead one again."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="Background tasks: list them, try a dead one again.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_tasks(
    state: Annotated[
        Literal["waiting", "running", "done", "dead"] | None, typer.Option(help="Only tasks in this state.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the newest background tasks.

    Example: risiti tasks list --state dead --json
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(operating.list_tasks(load_settings(), state))
    print_list(rows, ("id", "kind", "state", "due_at", "attempts", "last_error"), as_json=as_json)


@app.command("retry")
def retry(
    task: Annotated[str, typer.Argument(metavar="TASK", help="The dead task's id (tsk_...).")], as_json: Json = False
) -> None:
    """Begin a dead task anew.

    Example: risiti tasks retry tsk_01J0000000000000000000000
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    found = run(operating.retry_task(load_settings(), task))
    if as_json:
        print_json(found)
    else:
        print(f"{found['id']} ({found['kind']}) is {found['state']} again")
