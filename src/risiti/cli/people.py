"""`risiti user`: add a person, give them a role in a company, let them choose a password."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="People who sign in: add one, give a role, let them choose a password.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address to sign in with.")]
CompanyOption = Annotated[str | None, typer.Option("--company", help="The company's id (com_...).")]
RoleOption = Annotated[
    Literal["owner", "admin", "operator", "viewer"], typer.Option("--role", help="What they may do there.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("add")
def add(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="The person's name.")],
    company_id: CompanyOption = None,
    role: RoleOption = "viewer",
    operator: Annotated[bool, typer.Option("--operator", help="One of those who run this gateway.")] = False,
    as_json: Json = False,
) -> None:
    """Add a person and print the token with which they choose their password, this once.

    Example: risiti user add owner@shop.example --name "Amina Owner" --company com_... --role owner
    """
    from risiti.cli import tenants  # noqa: PLC0415 - `risiti --help` must not pay for the database

    added = run(
        tenants.add_user(load_settings(), email=email, name=name, company_id=company_id, role=role, operator=operator)
    )
    _print_token(added, as_json=as_json)


@app.command("role")
def role_of(email: Email, *, company_id: CompanyOption, role: RoleOption, as_json: Json = False) -> None:
    """Give a person a role in a company, instead of the one they may have there.

    Example: risiti user role owner@shop.example --company com_... --role admin
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    given = run(tenants.give_role(load_settings(), email=email, company_id=company_id or "", role=role))
    if as_json:
        print_json(given)
        return
    print(f"role     {given['role']} of {given['company_id']} for {given['email']}")


@app.command("invite")
def invite(email: Email, as_json: Json = False) -> None:
    """Print a new token with which a person chooses a password, this once; an earlier one no longer holds.

    Example: risiti user invite owner@shop.example
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    _print_token(run(tenants.invite_user(load_settings(), email=email)), as_json=as_json)


def _print_token(invited: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(invited)
        return
    print(f"user     {invited['user_id']}  {invited['email']}")
    print(f"token    {invited['token']}")
    print("         Hand it over; it is good for one use and until " + str(invited["until"]))
    print('next     POST /api/auth/set-password {"token": "...", "password": "..."}')
