"""`risiti efris`: the authority's protocol from the command line: call it, look codes up, open captured messages."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.files import STANDARD_INPUT, PasswordFile, read_file, read_password

if TYPE_CHECKING:
    from risiti.efris import AsyncClient, EfrisError, Frozen, Interface
    from risiti.efris.crypto import PrivateKey
    from risiti.efris.models.base import EfrisAnswer, EfrisRequest

app = typer.Typer(
    help="Speak EFRIS: call an interface, look up return codes, open captured messages.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
InterfaceName = Annotated[
    str, typer.Argument(metavar="INTERFACE", help="Code (T119) or name (FIND_TAXPAYER) of the interface.")
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", exists=True, dir_okay=False, help="Private key: PEM, or PKCS#12 (.pfx, .p12)."),
]

_ENVIRONMENTS = ("test", "production")


@app.command("call")
def call(
    interface: InterfaceName,
    *,
    tin: Annotated[str, typer.Option(help="The caller's own TIN.")],
    device: Annotated[str, typer.Option(help="The device number that URA gave out.")],
    request: Annotated[
        str, typer.Option("--json", help="The request as wire JSON; @FILE reads a file, - standard input.")
    ] = "",
    url: Annotated[str, typer.Option(help="Address of the service; `test` and `production` stand for URA's.")] = "test",
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    enabler: Annotated[
        bool, typer.Option("--enabler", help="The address is an offline enabler's: no key, nothing encrypted.")
    ] = False,
    seconds: Annotated[float, typer.Option("--timeout", min=0.1, help="Most seconds to wait for an answer.")] = 30.0,
) -> None:
    """Call one interface, and print its answer as JSON, with the authority's own names.

    The request is checked before it is sent: what breaks a length or a list is named with the code that URA would
    have answered. A write is never sent twice. Exit code 1: refused; 3: no answer, or nothing could be sent.

    Example: risiti efris call T119 --json '{"tin": "1000000001"}' --tin 1000000000 --device 1000000000_01 --key key.pem
    """
    from risiti import efris  # noqa: PLC0415 - `risiti --help` must not pay for it

    chosen = _interface(interface)
    if enabler and url in _ENVIRONMENTS:
        raise CommandError(
            "say where the enabler is: --url http://HOST:9880/efristcs/ws/tcsapp/getInformation", Exit.USAGE
        )
    if not enabler and key_file is None:
        raise CommandError("give the device's private key: --key FILE", Exit.USAGE)
    credentials = efris.Credentials(tin, device, _private_key(key_file, password_file))
    address = {"test": efris.TEST_URL, "production": efris.PRODUCTION_URL}.get(url, url)
    profile = efris.OFFLINE_ENABLER if enabler else efris.ONLINE
    content = _content(request)
    if not content and chosen.takes_content and not chosen.content_optional:
        raise CommandError(f"{chosen.code} needs a request: --json '{{...}}'", Exit.USAGE)
    try:
        frozen = chosen.freeze(profile.fit(chosen.parse(content))) if content else efris.Frozen(b"")
        client = efris.AsyncClient(address, credentials, profile=profile, timeout=seconds)
        print_json(run(_call(client, chosen, frozen)))
    except efris.EfrisError as error:
        print_json(_failure(error, chosen.code))
        raise CommandError(*_how_it_failed(error)) from None


@app.command("codes")
def codes(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Return code, e.g. 2253.")] = "",
    *,
    interface: Annotated[str, typer.Option(help="Only codes that this interface can answer, e.g. T109.")] = "",
    field: Annotated[str, typer.Option(help="Only codes about fields whose path contains this.")] = "",
    as_json: Json = False,
) -> None:
    """Say what return codes mean, and what to do about them.

    Example: risiti efris codes 2253

    Example: risiti efris codes --interface T109 --field referenceNo --json
    """
    from risiti.cli.captured import explained  # noqa: PLC0415 - as above
    from risiti.efris.return_codes import ANY_INTERFACE, catalogue  # noqa: PLC0415

    if not (code or interface or field):
        raise CommandError(
            "say which: a code, --interface or --field; for example: risiti efris codes 2253", Exit.USAGE
        )
    found = [
        explained(row)
        for row in catalogue()
        if (not code or row.code == code.strip())
        and (not interface or interface.upper() in row.interfaces or ANY_INTERFACE in row.interfaces)
        and (not field or (row.field is not None and field.lower() in row.field.lower()))
    ]
    if as_json:
        print_json({"items": found})
    else:
        for row in found:
            _print_code(row)
    if not found:
        raise CommandError(
            "no such code is listed; an unlisted code says nothing: the authority may have acted.", Exit.NO
        )


@app.command("decode")
def decode(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A captured message, as JSON; - reads standard input.")],
    *,
    key_file: KeyFile = None,
    password_file: PasswordFile = None,
    session_key: Annotated[
        str, typer.Option(metavar="HEX", help="The session key that encrypted the content: 32 hexadecimal digits.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what is inside a captured message: flags, header, content, signature, return code.

    With the private key, the answer to T104 shows the session key; with that, the other messages open.
    Fractions are shown as text, with every digit.

    Example: risiti efris decode t104-answer.json --key device.pem

    Example: risiti efris decode envelope.json --session-key 00112233445566778899aabbccddeeff
    """
    from risiti.cli.captured import as_text, look_inside  # noqa: PLC0415 - as above
    from risiti.efris.envelope import MAX_ENVELOPE_BYTES, EnvelopeError  # noqa: PLC0415

    private_key = _private_key(key_file, password_file)
    body = read_file(file, MAX_ENVELOPE_BYTES)
    try:
        found = look_inside(body, private_key=private_key, session_key=_session_key(session_key))
    except EnvelopeError as error:
        raise CommandError(f"{file} is no EFRIS message: {error}.", Exit.NO) from None
    if as_json:
        print_json(found)
    else:
        print(as_text(found))


_TARGET = "`test`, `live`, one class of calls there (`test:submit`, `test:query`), or a device's id (dev_...)."
Target = Annotated[str, typer.Argument(metavar="TARGET", help=_TARGET)]
By = Annotated[str, typer.Option(help="Who decides it.")]


@app.command("pause")
def pause(
    target: Target,
    *,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; whoever finds it paused has to know.")],
    as_json: Json = False,
) -> None:
    """Keep everything away from the authority, or one class of calls, or one device, until it is resumed.

    Nothing is sent and nothing asked (with `:submit` nothing is sent, with `:query` nothing asked); documents are
    accepted and wait. Who and why stay in the list of changes.

    Example: risiti efris pause test --by "Night operator" --reason "URA asked us to"
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above
    from risiti.cli.serve import load_settings  # noqa: PLC0415
    from risiti.gateway.submissions.switches import Switch  # noqa: PLC0415

    _print_switched(run(operating.switch_upstream(load_settings(), Switch(target, by, reason), on=False)), as_json)


@app.command("resume")
def resume(target: Target, *, by: By, as_json: Json = False) -> None:
    """Let work go on that was paused: it is tried at once, and goes on when the authority answers.

    Example: risiti efris resume test --by "Day operator"
    """
    from risiti.cli import operating  # noqa: PLC0415 - as above
    from risiti.cli.serve import load_settings  # noqa: PLC0415
    from risiti.gateway.submissions.switches import Switch  # noqa: PLC0415

    _print_switched(run(operating.switch_upstream(load_settings(), Switch(target, by), on=True)), as_json)


def _print_switched(found: "Mapping[str, object]", as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif found["paused_by"]:
        print(f"{found['target']} is paused by {found['paused_by']}: {found['reason']}")
    else:
        print(f"{found['target']} is not paused; its breaker is {found['breaker']}")


async def _call(
    client: "AsyncClient", interface: "Interface[EfrisRequest, EfrisAnswer]", frozen: "Frozen"
) -> dict[str, object]:
    async with client:
        await client.ready()
        stamp = client.stamp()
        answer = await client.call(interface, frozen, stamp=stamp)
    return {
        "interface": interface.code,
        "exchange_id": stamp.exchange_id,
        "outcome": "answered",
        "answer": answer.model_dump(mode="json", by_alias=True),
    }


def _interface(name: str) -> "Interface[EfrisRequest, EfrisAnswer]":
    from risiti.efris import INTERFACES, interfaces  # noqa: PLC0415 - as above

    found = INTERFACES.get(name.upper()) or INTERFACES.get(getattr(getattr(interfaces, name.upper(), None), "code", ""))
    if found is None:
        raise CommandError(f"there is no interface {name}; docs/sdk.md says where the list is.", Exit.USAGE)
    return found


def _content(request: str) -> bytes:
    if request.startswith("@"):
        return read_file(Path(request[1:]))
    return read_file(STANDARD_INPUT) if request == str(STANDARD_INPUT) else request.encode("utf-8", "surrogateescape")


def _private_key(key_file: Path | None, password_file: Path | None) -> "PrivateKey | None":
    from risiti.efris.crypto import KeyFileError, load_private_key  # noqa: PLC0415 - as above

    if key_file is None:
        return None
    try:
        return load_private_key(read_file(key_file), read_password(password_file))
    except KeyFileError as error:
        raise CommandError(f"{key_file}: {error}.") from None


def _session_key(digits: str) -> bytes | None:
    from risiti.efris.crypto import SESSION_KEY_LENGTHS  # noqa: PLC0415 - as above

    if not digits:
        return None
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) not in SESSION_KEY_LENGTHS:
        raise CommandError("--session-key takes 32 hexadecimal digits.", Exit.USAGE)
    return key


def _failure(error: "EfrisError", interface: str) -> dict[str, object]:
    """Return everything an error says, as plain values."""
    from risiti import efris  # noqa: PLC0415 - as above
    from risiti.cli.captured import explained, shown  # noqa: PLC0415

    outcomes = {efris.NotSent: "not_sent", efris.NoAnswer: "no_answer", efris.Refused: "refused"}
    result: dict[str, object] = {
        "interface": error.interface or interface,
        "exchange_id": error.exchange_id,
        "outcome": next(word for kind, word in outcomes.items() if isinstance(error, kind)),
        "detail": error.detail,
    }
    refusal = error.refusal if isinstance(error, efris.NotReady) else error
    if isinstance(refusal, efris.Refused):
        result |= {
            "return_code": explained(refusal.return_code),
            "return_message": refusal.return_message,
            "content": shown(refusal.content),
        }
    if isinstance(error, efris.Unreadable) and error.return_code is not None:
        result |= {"return_code": explained(error.return_code), "return_message": error.return_message}
    if isinstance(error, efris.Malformed):
        result["faults"] = [
            {"path": fault.path, "code": fault.code, "message": fault.message} for fault in error.faults
        ]
    return result


def _how_it_failed(error: "EfrisError") -> tuple[str, Exit]:
    from risiti import efris  # noqa: PLC0415 - as above

    if isinstance(error, efris.Refused):
        return f"{error}.", Exit.NO
    if isinstance(error, efris.Malformed):
        return f"not sent, because it breaks the rules: {error.detail}.", Exit.NO
    if isinstance(error, efris.NoAnswer):
        return f"{error}. The authority may have acted: ask it before this is sent again.", Exit.CANNOT
    return f"{error}. Nothing was sent.", Exit.CANNOT


def _print_code(row: Mapping[str, object]) -> None:
    interfaces = row["interfaces"] if isinstance(row["interfaces"], list) else []
    print(f"{row['code']:<6}{row['meaning']}")
    print(f"      {row['advice']}")
    about = [f"interfaces: {' '.join(interfaces)}", f"rule: {row['rule']}"]
    about += [f"field: {row['field']}"] if row["field"] else []
    about += [f"limits: {json.dumps(row['params'])}"] if row["params"] else []
    print(f"      {'; '.join(about)}")
    if row["doubt"]:
        print(f"      open question: {row['doubt']}")
