"""`risiti simulator`: URA in a box, on its own."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from risiti.cli.console import CommandError, Exit
from risiti.cli.serve import EndWithParent


def simulator(  # noqa: PLR0917 - typer makes options of them; nobody calls it by position
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 9880,
    state: Annotated[
        Path | None, typer.Option(help="SQLite file for what it knows; without it, it forgets when it ends.")
    ] = None,
    clock_tolerance: Annotated[
        int | None, typer.Option(help="How many seconds a request's time may be off; URA allows 600.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, as magic=false; may be repeated."),
    ] = None,
    control: Annotated[
        bool, typer.Option("--control/--no-control", help="Serve the control endpoint and the forms of the page.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print its addresses as one JSON object.")] = False,
    end_with_parent: EndWithParent = False,
) -> None:
    """Run the EFRIS simulator, URA in a box: the wire protocol, the rules, and faults on demand.

    It has no real documents and no real taxpayers. Open its address in a browser to see what it holds and to switch
    faults on; programs use its control endpoint, /_control. docs/simulator.md says what it can do.

    Example: risiti simulator --port 9880 --state var/simulator.db --set duplicate_check=always
    """
    from risiti.cli import processes  # noqa: PLC0415 - `risiti --help` must not pay for them
    from risiti.simulator.__main__ import read_changes  # noqa: PLC0415
    from risiti.simulator.server import Options, print_address, run  # noqa: PLC0415
    from risiti.simulator.settings import SettingsError  # noqa: PLC0415

    if end_with_parent:
        processes.end_with_parent()
    try:
        changes = read_changes(change or [], clock_tolerance)
    except SettingsError as error:
        raise CommandError(str(error), Exit.USAGE) from None
    if port and not processes.port_is_free(port, host):
        raise CommandError(f"port {port} is taken; end what listens there, or choose another one: --port {port + 1}")
    try:
        run(
            Options(
                host=host,
                port=port,
                state=state or ":memory:",
                changes=changes,
                control=control,
                announce=_json_announcement(control=control) if as_json else print_address,
            )
        )
    except (SettingsError, sqlite3.Error) as error:
        raise CommandError(f"the simulator cannot start: {error}") from None


def _json_announcement(*, control: bool) -> Callable[[str], None]:
    from risiti.simulator.app import PATH  # noqa: PLC0415
    from risiti.simulator.enabler import ENABLER_PATH  # noqa: PLC0415

    def announce(address: str) -> None:
        """Tell programs on standard output where it listens, once it does."""
        told = {"page": f"{address}/", "online": f"{address}{PATH}", "enabler": f"{address}{ENABLER_PATH}"}
        if control:
            told["control"] = f"{address}/_control"
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    return announce
