"""`risiti branch`, and `risiti device move`: a company's branches, and where its devices stand."""

from typing import Annotated

import typer

from risiti.cli.console import CommandError, Exit, print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="A company's branches: open, list, change, close.", no_args_is_help=True)

CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]
BranchId = Annotated[str, typer.Argument(metavar="BRANCH", help="The branch's id (brn_...).")]
Code = Annotated[str, typer.Option(help="The company's own short name of it.")]
Name = Annotated[str, typer.Option(help="Its name, as registered with URA.")]
AuthorityId = Annotated[
    str | None, typer.Option("--ura-id", help="URA's id of it; without it documents do not name the branch.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("open")
def open_branch(
    company_id: CompanyId, *, code: Code, name: Name, authority_id: AuthorityId = None, as_json: Json = False
) -> None:
    """Open a branch; `risiti efris call branches` shows what URA has.

    Example: risiti branch open com_... --code KLA-1 --name "Kampala Road" --ura-id 206637525568955296
    """
    from risiti.cli import places  # noqa: PLC0415 - `risiti --help` must not pay for the database

    _print(run(places.open_branch(load_settings(), company_id, code, name, authority_id)), as_json=as_json)


@app.command("list")
def list_branches(company_id: CompanyId, as_json: Json = False) -> None:
    """List a company's branches, closed ones too.

    Example: risiti branch list com_... --json
    """
    from risiti.cli import places  # noqa: PLC0415 - as above

    rows = run(places.list_branches(load_settings(), company_id))
    print_list(rows, ("id", "code", "name", "authority_id", "devices", "closed_at"), as_json=as_json)


@app.command("change")
def change(
    company_id: CompanyId,
    branch_id: BranchId,
    *,
    code: Code,
    name: Name,
    authority_id: AuthorityId = None,
    as_json: Json = False,
) -> None:
    """Call a branch something else; documents that are accepted from now on name it so.

    Example: risiti branch change com_... brn_... --code KLA-1 --name "Kampala Road 2" --ura-id 206637525568955296
    """
    from risiti.cli import places  # noqa: PLC0415 - as above

    changed = run(places.change(load_settings(), company_id, branch_id, code, name, authority_id))
    _print(changed, as_json=as_json)


@app.command("close")
def close(company_id: CompanyId, branch_id: BranchId, as_json: Json = False) -> None:
    """Close a branch in which no device stands any more.

    Example: risiti branch close com_... brn_...
    """
    from risiti.cli import places  # noqa: PLC0415 - as above

    _print(run(places.close(load_settings(), company_id, branch_id)), as_json=as_json)


def move(
    company_id: CompanyId,
    device_id: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's id (dev_...).")],
    *,
    branch_id: Annotated[str | None, typer.Option("--branch", help="The branch's id (brn_...).")] = None,
    nowhere: Annotated[bool, typer.Option("--none", help="It stands in no branch any more.")] = False,
    as_json: Json = False,
) -> None:
    """Say in which branch a device stands; refused while documents are on their way that name the branch before.

    Example: risiti device move com_... dev_... --branch brn_...
    """
    from risiti.cli import places  # noqa: PLC0415 - as above

    if (branch_id is None) is not nowhere:
        raise CommandError("give either --branch BRANCH or --none.", Exit.USAGE)
    moved = run(places.move(load_settings(), company_id, device_id, branch_id))
    if as_json:
        print_json(moved)
    else:
        print(f"device   {moved['id']}  {moved['device_no']} stands in {moved['branch_id'] or 'no branch'}")


def _print(branch: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(branch)
        return
    print(f"branch   {branch['id']}  {branch['code']}  {branch['name']}")
    print(f"URA's id {branch['authority_id'] or 'none: documents do not name it'}; devices: {branch['devices']}")
    if branch["closed_at"] is not None:
        print(f"closed   {branch['closed_at']}")
