"""`risiti user`: add people, give and take roles, let them choose passwords, sign them out."""

from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="People who sign in: add, invite, give roles, look at, sign out, disable.", no_args_is_help=True)

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
    from risiti.cli import persons  # noqa: PLC0415 - `risiti --help` must not pay for the database

    added = run(
        persons.add_user(load_settings(), email=email, name=name, company_id=company_id, role=role, operator=operator)
    )
    _print_token(added, as_json=as_json)


@app.command("role")
def role_of(email: Email, *, company_id: CompanyOption, role: RoleOption, as_json: Json = False) -> None:
    """Give a person a role in a company, instead of the one they may have there.

    Example: risiti user role owner@shop.example --company com_... --role admin
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    given = run(persons.give_role(load_settings(), email=email, company_id=company_id or "", role=role))
    if as_json:
        print_json(given)
        return
    print(f"role     {given['role']} of {given['company_id']} for {given['email']}")


@app.command("invite")
def invite(email: Email, as_json: Json = False) -> None:
    """Print a new token with which a person chooses a password, this once; an earlier one no longer holds.

    Example: risiti user invite owner@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    _print_token(run(persons.invite_user(load_settings(), email=email)), as_json=as_json)


@app.command("show")
def show(email: Email, as_json: Json = False) -> None:
    """Show a person: companies and roles, second factor, and where they are signed in.

    Example: risiti user show owner@shop.example --json
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    found = run(persons.show_user(load_settings(), email=email))
    if as_json:
        print_json(found)
        return
    print(f"user     {found['user_id']}  {found['email']}  {found['name']}")
    print(f"password {'chosen' if found['has_password'] else 'none yet'}; disabled: {found['disabled_at'] or 'no'}")
    left = f"on, {found['recovery_codes_left']} recovery codes left" if found["second_factor"] else "off"
    print(f"second factor: {left}")
    print(f"signed in: {len(list(found['sign_ins']))} times")  # type: ignore[call-overload]  # a list


@app.command("sign-out")
def sign_out(email: Email, as_json: Json = False) -> None:
    """End all sign-ins of a person at once; they can sign in again.

    Example: risiti user sign-out owner@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    done = run(persons.sign_out_user(load_settings(), email=email))
    _say(done, f"ended {done['ended']} sign-ins of {done['email']}", as_json=as_json)


@app.command("leave")
def leave(email: Email, *, company_id: CompanyOption, as_json: Json = False) -> None:
    """Let a person work in a company no longer; it takes effect with their next request.

    Example: risiti user leave clerk@shop.example --company com_...
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    done = run(persons.leave_company(load_settings(), email=email, company_id=company_id or ""))
    _say(done, f"{done['email']} works in {done['company_id']} no longer", as_json=as_json)


@app.command("disable")
def disable(
    email: Email,
    again: Annotated[bool, typer.Option("--undo", help="Let them sign in again.")] = False,
    as_json: Json = False,
) -> None:
    """Let a person sign in no longer, and end all their sign-ins.

    Example: risiti user disable clerk@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    done = run(persons.disable_user(load_settings(), email=email, again=again))
    _say(done, f"{done['email']} may sign in {'again' if again else 'no longer'}", as_json=as_json)


@app.command("remove-second-factor")
def remove_second_factor(email: Email, as_json: Json = False) -> None:
    """Ask a person no more for a second factor, for who has lost phone and recovery codes; their sign-ins end.

    Make sure that it is them who ask: this is what an attacker would ask for.

    Example: risiti user remove-second-factor owner@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    done = run(persons.remove_second_factor(load_settings(), email=email))
    said = "removed the second factor" if done["removed"] else "there was no second factor"
    _say(done, f"{said}; ended {done['ended']} sign-ins of {done['email']}", as_json=as_json)


def _say(done: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print(sentence)


def _print_token(invited: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(invited)
        return
    print(f"user     {invited['user_id']}  {invited['email']}")
    print(f"token    {invited['token']}")
    print("         Hand it over; it is good for one use and until " + str(invited["until"]))
    print('next     POST /api/auth/set-password {"token": "...", "password": "..."}')
