"""`risiti keys`: the key-encryption keys; exchange the one that wraps while everything runs."""

from collections.abc import Mapping
from typing import Annotated

import typer

from risiti.cli.console import print_json, print_list, run
from risiti.cli.serve import load_settings

app = typer.Typer(
    help="Key-encryption keys: list them, exchange the one under which all secrets are kept. (API keys: risiti key)",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_keks(as_json: Json = False) -> None:
    """List the key-encryption keys by id, and how many data keys each has wrapped; never the keys.

    Example: risiti keys list --json
    """
    from risiti.cli import custody  # noqa: PLC0415 - `risiti --help` must not pay for the database

    rows = run(custody.list_keks(load_settings()))
    print_list(rows, ("id", "wraps", "known", "data_keys"), as_json=as_json)


@app.command("new")
def new_kek(as_json: Json = False) -> None:
    """Put a new key-encryption key before those in the file; the old ones stay, to open what they have wrapped.

    Processes on this machine find it by themselves. Where there are others, bring the file to them before `rotate`.

    Example: risiti keys new && risiti keys rotate && risiti keys retire
    """
    from risiti.cli import custody  # noqa: PLC0415 - as above

    made = run(custody.new_kek(load_settings()))
    _say(made, f"new key {made['id']} in {made['file']}\nnext     risiti keys rotate", as_json=as_json)


@app.command("rotate")
def rotate(
    at_once: Annotated[int, typer.Option(min=1, max=10_000, help="Data keys in one transaction.")] = 100,
    as_json: Json = False,
) -> None:
    """Wrap all data keys by the first key-encryption key. Nothing stops meanwhile; run it again if it was broken off.

    Example: risiti keys rotate
    """
    from risiti.cli import custody  # noqa: PLC0415 - as above

    done = run(custody.rotate(load_settings(), at_once))
    _say(done, f"{done['data_keys']} data keys are wrapped by {done['id']} now", as_json=as_json)


@app.command("retire")
def retire(as_json: Json = False) -> None:
    """Take the key-encryption keys out of the file that nothing is wrapped by any more.

    Keep them as long as you keep backups of the database from before the rotation: those need them.

    Example: risiti keys retire
    """
    from risiti.cli import custody  # noqa: PLC0415 - as above

    done = run(custody.retire(load_settings()))
    _say(done, f"taken out: {', '.join(map(str, done['ids'])) or 'none'}", as_json=as_json)  # type: ignore[call-overload]


def _say(done: Mapping[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        print(sentence)
