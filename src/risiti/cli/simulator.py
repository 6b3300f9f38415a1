"""`risiti simulator`: URA in a box, on its own."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from risiti.cli.console import CommandError
from risiti.cli.serve import EndWithParent


def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 9880,
    state: Annotated[
        Path | None, typer.Option(help="SQLite file for what it knows; without it, it forgets when it ends.")
    ] = None,
    clock_tolerance: Annotated[
        int | None, typer.Option(help="How many seconds a request's time may be off; URA allows 600.")
    ] = None,
    end_with_parent: EndWithParent = False,
) -> None:
    """Run the EFRIS simulator: URA's wire protocol and rules, with faults on demand.

    It has no real documents and no real taxpayers. Faults and questions go to its control endpoint, /_control.

    Example: risiti simulator --port 9880 --state var/simulator.db
    """
    from risiti.cli import processes  # noqa: PLC0415 - `risiti --help` must not pay for them
    from risiti.simulator.server import Options, run  # noqa: PLC0415
    from risiti.simulator.settings import SettingsError  # noqa: PLC0415

    if end_with_parent:
        processes.end_with_parent()
    if port and not processes.port_is_free(port, host):
        raise CommandError(f"port {port} is taken; end what listens there, or choose another one: --port {port + 1}")
    changes: dict[str, object] = {} if clock_tolerance is None else {"clock_tolerance_seconds": clock_tolerance}
    try:
        run(Options(host=host, port=port, state=state or ":memory:", changes=changes))
    except (SettingsError, sqlite3.Error) as error:
        raise CommandError(f"the simulator cannot start: {error}") from None
