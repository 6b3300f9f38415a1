"""`risiti company`, `risiti device` and `risiti key`: set companies up from the command line of the server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from risiti.cli.console import CommandError, Exit, print_json, print_list, run
from risiti.cli.files import STANDARD_INPUT, PasswordFile, read_file, read_password
from risiti.cli.serve import load_settings

app = typer.Typer(help="Companies, their devices and API keys.", no_args_is_help=True)
company = typer.Typer(help="Open a company, or list them.", no_args_is_help=True)
device = typer.Typer(help="Register a company's device with its private key.", no_args_is_help=True)
key = typer.Typer(help="Issue and revoke a company's API keys.", no_args_is_help=True)
app.add_typer(company, name="company")
app.add_typer(device, name="device")
app.add_typer(key, name="key")

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
CompanyId = Annotated[str, typer.Argument(metavar="COMPANY", help="The company's id (com_...).")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", exists=True, dir_okay=False, help="Private key: PEM, or PKCS#12 (.pfx, .p12).")
]
HeldKey = Annotated[
    str | None,
    typer.Option("--signer", metavar="NAME", help="The key's name at the external signer, instead of --key."),
]


@company.command("open")
def open_company(
    *,
    tin: Annotated[str, typer.Option(help="Taxpayer identification number, 10 digits.")],
    name: Annotated[str, typer.Option(help="Legal name, as registered.")],
    email: Annotated[str, typer.Option(help="E-mail address that its documents name.")],
    environment: Annotated[Literal["test", "live"], typer.Option(help="Which of URA's services.")] = "test",
    business_name: Annotated[str, typer.Option(help="Name over the shop, if another.")] = "",
    phone: Annotated[str, typer.Option(help="Phone number.")] = "",
    address: Annotated[str, typer.Option(help="Address, on one line.")] = "",
    auto_resend: Annotated[
        bool,
        typer.Option(
            "--auto-resend",
            help="The owner accepts a rare duplicate: what URA does not show is sent again even while URA's own "
            "duplicate check is unproven.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Open a company and issue its first API key (scope admin). The key is printed this once.

    Example: risiti company open --tin 1000000000 --name "Mango Street Grocers" --email books@mango-street.example
    """
    from risiti.cli import tenants  # noqa: PLC0415 - `risiti --help` must not pay for the database

    opened = run(
        tenants.open_company(
            load_settings(),
            environment=environment,
            tin=tin,
            legal_name=name,
            email=email,
            business_name=business_name,
            phone=phone,
            address=address,
            auto_resend=auto_resend,
        )
    )
    if as_json:
        print_json(opened)
        return
    print(f"company  {opened['id']}  {opened['legal_name']} ({opened['environment']}, TIN {opened['tin']})")
    _print_key(opened, "admin")
    print(f"next     risiti device add {opened['id']} --device-no NUMBER --key FILE")


@company.command("list")
def list_companies(as_json: Json = False) -> None:
    """List the companies.

    Example: risiti company list --json
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    rows = run(tenants.list_companies(load_settings()))
    print_list(rows, ("id", "environment", "tin", "legal_name"), as_json=as_json)


@device.command("add")
def add_device(
    company_id: CompanyId,
    *,
    device_no: Annotated[str, typer.Option(help="The device number that URA gave out.")],
    key_file: KeyFile = None,
    held: HeldKey = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Register a device with its private key, which is kept encrypted and never shown again, or kept elsewhere.

    With --signer the key stays at the external signer (docs/custody.md) and only its name is kept here.

    Example: risiti device add com_... --device-no 1000000000_01 --key device.pfx --password-file password.txt
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    file = _one_of(key_file, held)
    if file is None:
        added = tenants.add_held_device(load_settings(), company_id, device_no=device_no, name=str(held))
    else:
        content, password = read_file(file), read_password(password_file)
        added = tenants.add_device(
            load_settings(), company_id, device_no=device_no, key_file=content, password=password
        )
    _print_device(run(added), as_json=as_json)


@device.command("change-key")
def change_device_key(
    company_id: CompanyId,
    device_id: Annotated[str, typer.Argument(metavar="DEVICE", help="The device's id (dev_...).")],
    *,
    key_file: KeyFile = None,
    held: HeldKey = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Replace a device's private key, for example when its certificate was renewed or the key moves to the signer.

    Example: risiti device change-key com_... dev_... --key renewed.pem
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    file = _one_of(key_file, held)
    if file is None:
        changed = tenants.change_to_held_key(load_settings(), company_id, device_id=device_id, name=str(held))
    else:
        content, password = read_file(file), read_password(password_file)
        changed = tenants.change_device_key(
            load_settings(), company_id, device_id=device_id, key_file=content, password=password
        )
    _print_device(run(changed), as_json=as_json)


@device.command("list")
def list_devices(company_id: CompanyId, as_json: Json = False) -> None:
    """List a company's devices, and until when their certificates hold.

    Example: risiti device list com_... --json
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    rows = run(tenants.list_devices(load_settings(), company_id))
    print_list(rows, ("id", "device_no", "state", "key_until", "paused_reason"), as_json=as_json)


@key.command("issue")
def issue_key(
    company_id: CompanyId,
    *,
    label: Annotated[str, typer.Option(help="Which program will use it.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="What it may do: invoices:read, invoices:write, goods:read, goods:write, devices:read, "
            "devices:write, admin. Repeat it for more."
        ),
    ],
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days for which it holds; without it: for ever.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Id of the one device through which it may send.")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="Address or network from which alone it may be used. Repeat it for more.")
    ] = None,
    per_minute: Annotated[int | None, typer.Option(min=1, help="Its own limit of requests a minute.")] = None,
    as_json: Json = False,
) -> None:
    """Issue an API key for a company. It is printed this once.

    Example: risiti key issue com_... --label "till 3" --scope invoices:read --scope invoices:write
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    issued = run(
        tenants.issue_key(
            load_settings(),
            company_id,
            scopes=scope,
            label=label,
            days=days,
            device_id=device,
            addresses=address or [],
            per_minute=per_minute,
        )
    )
    if as_json:
        print_json(issued)
    else:
        _print_key(issued, ", ".join(sorted(set(scope))))
        print(f"id       {issued['id']}")


@key.command("rotate")
def rotate_key(
    company_id: CompanyId,
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The API key's id (key_...), not the key itself.")],
    *,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="For so long both keys hold.")] = 24,
    as_json: Json = False,
) -> None:
    """Issue a key that may do the same as another, which ends when the overlap is over. It is printed this once.

    Example: risiti key rotate com_... key_... --overlap-hours 48
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    issued = run(tenants.rotate_key(load_settings(), company_id, key_id, overlap_hours=overlap_hours))
    if as_json:
        print_json(issued)
    else:
        scopes = issued["scopes"]
        _print_key(issued, ", ".join(scopes) if isinstance(scopes, list) else str(scopes))
        print(f"id       {issued['id']}")


@key.command("revoke")
def revoke_key(
    company_id: CompanyId,
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The API key's id (key_...), not the key itself.")],
    as_json: Json = False,
) -> None:
    """Revoke an API key; it ends at once.

    Example: risiti key revoke com_... key_...
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    revoked = run(tenants.revoke_key(load_settings(), company_id, key_id))
    if as_json:
        print_json(revoked)
    else:
        print(f"revoked {revoked['prefix']} ({revoked['label']}) at {revoked['revoked_at']}")


@key.command("list")
def list_keys(company_id: CompanyId, as_json: Json = False) -> None:
    """List a company's API keys, revoked ones too; never the keys themselves.

    Example: risiti key list com_... --json
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    rows = run(tenants.list_keys(load_settings(), company_id))
    print_list(rows, ("id", "prefix", "scopes", "label", "last_used_at", "expires_at", "revoked_at"), as_json=as_json)


def _print_key(issued: Mapping[str, object], scopes: str) -> None:
    print(f"API key  {issued['key']}")
    print(f"         scopes: {scopes}. Keep it now: it is not shown again.")


def _one_of(key_file: Path | None, held: str | None) -> Path | None:
    """Return the key file; None if the key is at the external signer instead."""
    if (key_file is None) == (held is None):
        raise CommandError("give either --key FILE or --signer NAME.", Exit.USAGE)
    return key_file


def _print_device(result: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print(f"device   {result['id']}  {result['device_no']} ({result['state']})")
        print(f"key      SHA-256 of its public half: {result['key_fingerprint']}")
        if result["signer"] is not None:
            print(f"signer   keeps the key as {result['signer']}")


@company.command("second-person")
def second_person(
    company_id: CompanyId,
    above: Annotated[
        str | None, typer.Option(help="Amount in UGX; without it one person is enough for every amount.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set from which amount on two people must say that a held invoice is to be sent again.

    Example: risiti company second-person com_... --above 5000000
    """
    from risiti.cli import tenants  # noqa: PLC0415 - as above

    changed = run(tenants.need_second_person(load_settings(), company_id, above))
    if as_json:
        print_json(changed)
    else:
        print(f"{changed['id']}  second person above: {changed['second_person_above'] or 'never'}")


@company.command("export")
def export_company(
    company_id: CompanyId,
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="An existing folder; - writes to standard output.")],
    as_json: Json = False,
) -> None:
    """Write all data of a company, one JSON object a line, with a manifest of counts and digests; no secret is inside.

    Example: risiti company export com_... /var/backups
    """
    from risiti.cli import exports  # noqa: PLC0415 - as above

    if output == STANDARD_INPUT and as_json:
        raise CommandError("--json tells what was written to a folder; - prints the export itself.", Exit.USAGE)
    written = run(exports.export_company(load_settings(), company_id, output))
    if as_json:
        print_json(written)
    elif output != STANDARD_INPUT:
        print(f"{written['rows']} rows written to {written['file']}, SHA-256 {written['sha256']}")
