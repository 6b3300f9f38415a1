"""`risiti reconcile`: what differs between the authority's books and ours, and closing what was dealt with."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="What differs from the authority's books.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]


@app.command("list")
def list_findings(
    company_id: CompanyId,
    state: Annotated[
        Literal["open", "resolved", "closed"] | None, typer.Option(help="Only findings in this state.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what differs between the authority's books and ours.

    Example: risiti reconcile list com_... --state open
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(operating.list_findings(load_settings(), company_id, state))
    print_list(rows, ("id", "kind", "state", "fdn", "reference", "outcome"), as_json=as_json)


@app.command("run")
def run_now(
    company_id: CompanyId,
    full: Annotated[bool, typer.Option("--full", help="A week back, every number confirmed.")] = False,
    as_json: Json = False,
) -> None:
    """Have a worker compare the books as soon as it can.

    Example: risiti reconcile run com_... --full
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    asked = run(operating.reconcile_now(load_settings(), company_id, full=full))
    if as_json:
        print_json(asked)
    else:
        print(f"{asked['task']}: a worker compares the books; see risiti reconcile list {company_id}")


@app.command("close")
def close(
    company_id: CompanyId,
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="The finding's id (fnd_...).")],
    reason: Annotated[str, typer.Option(help="What was done about it.")],
    as_json: Json = False,
) -> None:
    """Close a finding that was dealt with.

    Example: risiti reconcile close com_... fnd_... --reason "credited with 325043056490"
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    closed = run(operating.close_finding(load_settings(), company_id, finding, reason))
    if as_json:
        print_json(closed)
    else:
        print(f"{closed['id']} is {closed['state']}: {closed['outcome']}")
