"""`risiti user`: add people, give and take roles, let them choose passwords, sign them out."""

from enum import StrEnum
from typing import Annotated, Literal

import typer

from risiti.cli.console import print_json, run
from risiti.cli.serve import load_settings

app = typer.Typer(help="People who sign in: add, invite, give roles, look at, sign out, disable.", no_args_is_help=True)


class Link(StrEnum):
    """What a link is good for, as the database has it."""

    INVITATION = "set_password"
    RESET = "reset_password"
    VERIFICATION = "verify_email"


Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address to sign in with.")]
CompanyOption = Annotated[str | None, typer.Option("--company", help="The company's id (com_...).")]
RoleOption = Annotated[
    Literal["owner", "admin", "operator", "viewer"], typer.Option("--role", help="What they may do there.")
]
Mail = Annotated[bool, typer.Option("--mail", help="Send the link by mail instead of printing it (SMTP_HOST).")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("add")
def add(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="The person's name.")],
    company_id: CompanyOption = None,
    role: RoleOption = "viewer",
    operator: Annotated[bool, typer.Option("--operator", help="One of those who run this gateway.")] = False,
    mail: Mail = False,
    as_json: Json = False,
) -> None:
    """Add a person and print (or send) the link with which they choose their password, this once.

    Example: risiti user add owner@shop.example --name "Amina Owner" --company com_... --role owner
    """
    from risiti.cli import persons  # noqa: PLC0415 - `risiti --help` must not pay for the database

    new = persons.NewUser(email, name, company_id, role, operator=operator)
    _print_link(run(persons.add_user(load_settings(), new, mail=mail)), as_json=as_json)


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
def invite(email: Email, *, mail: Mail = False, as_json: Json = False) -> None:
    """Print (or send) a new link with which a person chooses a password, this once; an earlier one no longer holds.

    Example: risiti user invite owner@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    _print_link(run(persons.link_for(load_settings(), email, Link.INVITATION, mail=mail)), as_json=as_json)


@app.command("reset-password")
def reset_password(email: Email, *, mail: Mail = False, as_json: Json = False) -> None:
    """Print (or send) a link with which a person who has forgotten their password chooses a new one, for 30 minutes.

    Make sure that it is them who ask: this is what an attacker would ask for.

    Example: risiti user reset-password owner@shop.example
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    _print_link(run(persons.link_for(load_settings(), email, Link.RESET, mail=mail)), as_json=as_json)


@app.command("verify-email")
def verify_email(email: Email, *, mail: Mail = False, as_json: Json = False) -> None:
    """Print (or send) a link with which a person confirms that mail to their address reaches them.

    Example: risiti user verify-email owner@shop.example --mail
    """
    from risiti.cli import persons  # noqa: PLC0415 - as above

    _print_link(run(persons.link_for(load_settings(), email, Link.VERIFICATION, mail=mail)), as_json=as_json)


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


def _print_link(made: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(made)
        return
    print(f"user     {made['user_id']}  {made['email']}")
    if made.get("task_id") is not None:
        print(f"mail     is on its way as soon as a worker runs: {made['task_id']}")
        return
    if made["link"] is not None:
        print(f"link     {made['link']}")
    print(f"token    {made['token']}")
    print(f"         Hand it over; it is good for one use and until {made['until']}")
    body = '{"token": "..."}' if made["purpose"] == Link.VERIFICATION else '{"token": "...", "password": "..."}'
    path = "verify-email" if made["purpose"] == Link.VERIFICATION else "set-password"
    print(f"next     {'open the link, or ' if made['link'] else ''}POST /api/auth/{path} {body}")
