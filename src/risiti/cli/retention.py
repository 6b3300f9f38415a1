"""`risiti retention`: what goes after its time, and the companies of which nothing goes."""

from collections.abc import Mapping
from typing import Annotated

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="What goes after its time, and legal holds (docs/retention.md).", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]
Reason = Annotated[str, typer.Option(help="Who asked for it, and in which matter; it stands in the journal.")]


@app.command("show")
def show(as_json: Json = False) -> None:
    """Show for each thing how many days it is kept, how much would go now, and how much a legal hold keeps.

    Example: risiti retention show --json
    """
    from risiti.cli import retaining  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(retaining.show(load_settings()))
    print_list(rows, ("what", "days", "due", "held"), as_json=as_json)


@app.command("holds")
def list_holds(as_json: Json = False) -> None:
    """List the companies under legal hold.

    Example: risiti retention holds --json
    """
    from risiti.cli import retaining  # noqa: PLC0415 - as above

    rows = run(retaining.list_holds(load_settings()))
    print_list(rows, ("company_id", "since", "reason"), as_json=as_json)


@app.command("hold")
def place(company_id: CompanyId, *, reason: Reason, as_json: Json = False) -> None:
    """Place a company under legal hold: nothing of it goes from now on.

    Example: risiti retention hold com_... --reason "Audit of 2026, letter of 3 March"
    """
    from risiti.cli import retaining  # noqa: PLC0415 - as above

    _print(run(retaining.place(load_settings(), company_id, reason)), as_json=as_json)


@app.command("lift")
def lift(company_id: CompanyId, *, reason: Reason, as_json: Json = False) -> None:
    """Lift a company's legal hold: what is past its period goes with the next daily run.

    Example: risiti retention lift com_... --reason "Audit of 2026 closed, letter of 9 June"
    """
    from risiti.cli import retaining  # noqa: PLC0415 - as above

    _print(run(retaining.lift(load_settings(), company_id, reason)), as_json=as_json)


def _print(hold: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(hold)
    elif hold["since"] is None:
        print(f"{hold['company_id']}  under no legal hold")
    else:
        print(f"{hold['company_id']}  under legal hold since {hold['since']}: {hold['reason']}")
