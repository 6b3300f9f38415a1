"""`risiti firm`, and `risiti company delegate`: firms, who works in them, and what companies let them do."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(
    help="Accountants and resellers: open a firm, say who works in it, see its companies, close it.",
    no_args_is_help=True,
)

FirmId = Annotated[str, typer.Argument(metavar="FIRM", help="The firm's id (frm_...).")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address to sign in with.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("open")
def open_firm(*, name: Annotated[str, typer.Option(help="The firm's name.")], as_json: Json = False) -> None:
    """Open a firm; `risiti firm add` says who works in it.

    Example: risiti firm open --name "Ledger Lane Accountants"
    """
    from risiti.cli import delegated  # noqa: PLC0415 - `risiti --help` must not pay for the database

    opened = run(delegated.open_firm(load_settings(), name=name))
    if as_json:
        print_json(opened)
        return
    print(f"firm     {opened['id']}  {opened['name']}")
    print(f"next     risiti firm add {opened['id']} EMAIL --name NAME --role owner")


@app.command("list")
def list_firms(as_json: Json = False) -> None:
    """List the firms, closed ones too.

    Example: risiti firm list --json
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    print_list(run(delegated.list_firms(load_settings())), ("id", "name", "created_at", "closed_at"), as_json=as_json)


@app.command("add")
def add(
    firm_id: FirmId,
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="The person's name, if they are new here.")],
    role: Annotated[Literal["owner", "member"], typer.Option(help="Owners say who works in the firm.")] = "member",
    at_most: Annotated[
        Literal["admin", "operator", "viewer"] | None,
        typer.Option(help="The most that they may do in a company; without it: what the firm may there."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a person work in a firm; `risiti user invite` gives the link for a password to somebody new.

    Example: risiti firm add frm_... books@ledger.example --name "Beatrice Books" --role owner
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    added = run(delegated.add(load_settings(), firm_id, email=email, name=name, role=role, at_most=at_most))
    if as_json:
        print_json(added)
        return
    print(f"{added['role']}  {added['user_id']}  {added['email']}")
    if not added["has_password"]:
        print(f"next     risiti user invite {added['email']}")


@app.command("remove")
def remove(firm_id: FirmId, email: Email, as_json: Json = False) -> None:
    """Let a person work in a firm no longer; their next request finds none of its companies.

    Example: risiti firm remove frm_... books@ledger.example
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    done = run(delegated.remove(load_settings(), firm_id, email=email))
    _say(done, f"{done['email']} works in {firm_id} no longer", as_json=as_json)


@app.command("people")
def people(firm_id: FirmId, as_json: Json = False) -> None:
    """List who works in a firm.

    Example: risiti firm people frm_... --json
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    rows = run(delegated.list_people(load_settings(), firm_id))
    print_list(rows, ("user_id", "email", "name", "role", "at_most", "disabled"), as_json=as_json)


@app.command("companies")
def companies(firm_id: FirmId, as_json: Json = False) -> None:
    """List the companies that delegate a role to a firm.

    Example: risiti firm companies frm_... --json
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    rows = run(delegated.list_companies(load_settings(), firm_id))
    print_list(rows, ("company_id", "environment", "tin", "legal_name", "role", "since"), as_json=as_json)


@app.command("close")
def close(firm_id: FirmId, as_json: Json = False) -> None:
    """Close a firm for good: all that was delegated to it ends at once.

    Example: risiti firm close frm_...
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    done = run(delegated.close(load_settings(), firm_id))
    _say(done, f"{firm_id} is closed; it worked for {done['companies']} companies", as_json=as_json)


def delegate(
    company_id: CompanyId,
    *,
    firm_id: Annotated[str, typer.Option("--firm", help="The firm's id (frm_...).")],
    role: Annotated[
        Literal["admin", "operator", "viewer"], typer.Option(help="The most that the firm's people may do.")
    ],
    as_json: Json = False,
) -> None:
    """Let a firm's people work in a company, instead of the firm that may have done so.

    Example: risiti company delegate com_... --firm frm_... --role operator
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    given = run(delegated.delegate(load_settings(), company_id, firm_id=firm_id, role=role))
    _say(given, f"{given['firm_name']} ({given['firm_id']}) is {given['role']} of {company_id}", as_json=as_json)


def end_delegation(company_id: CompanyId, as_json: Json = False) -> None:
    """Let a company's firm work there no longer; the next request of its people finds nothing.

    Example: risiti company end-delegation com_...
    """
    from risiti.cli import delegated  # noqa: PLC0415 - as above

    _say(run(delegated.end(load_settings(), company_id)), f"{company_id} delegates nothing any more", as_json=as_json)


def _say(done: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print(sentence)
