"""`risiti lanes`: a company's share of the way to the authority, and whether a device keeps the order."""

from typing import Annotated

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="Shares of the way to the authority: weights, caps, order.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]


@app.command("list")
def list_lanes(as_json: Json = False) -> None:
    """List weight and cap of every company.

    Example: risiti lanes list --json
    """
    from risiti.cli import operating  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(operating.list_lanes(load_settings()))
    print_list(rows, ("company_id", "weight", "most_at_once"), as_json=as_json)


@app.command("set")
def set_share(
    company_id: CompanyId,
    weight: Annotated[int, typer.Option(min=1, max=1000, help="Twice the weight, twice the turns.")] = 1,
    most_at_once: Annotated[
        int | None, typer.Option(min=1, max=256, help="Most messages on the wire at once; left out: the setting.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a company's weight and cap.

    Example: risiti lanes set com_... --weight 2 --most-at-once 8
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    found = run(operating.set_lane(load_settings(), company_id, weight, most_at_once))
    if as_json:
        print_json(found)
    else:
        print(f"{company_id}: weight {found['weight']}, at most {found['most_at_once'] or 'the setting'} at once")


@app.command("order")
def order(
    company_id: CompanyId,
    device_id: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's id (dev_...).")],
    keep: Annotated[bool, typer.Option("--keep/--free", help="One after another, or as fast as it goes.")] = True,
    as_json: Json = False,
) -> None:
    """Have a device send its documents one after another, in the order of acceptance; from now on.

    Example: risiti lanes order com_... dev_... --keep
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above

    found = run(operating.keep_order(load_settings(), company_id, device_id, keep=keep))
    if as_json:
        print_json(found)
    else:
        print(f"{device_id} {'keeps the order' if found['keep_order'] else 'sends as fast as it goes'}")
