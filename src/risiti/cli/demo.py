"""`risiti demo`: a shop's day through the whole system, faults and a restart included, and the books compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risiti.cli.console import CommandError, Exit, log_to, print_json, run

if TYPE_CHECKING:
    from risiti.cli.demo_report import Report

DEFAULT_PORT = 8001
OTHER_PORT = 8011
DAY = 200
"""Invoices of the bundled shop day."""


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the gateway.")] = DEFAULT_PORT,
    folder: Annotated[Path, typer.Option(help="Folder for databases, logs and the receipt; emptied first.")] = Path(
        "var/demo"
    ),
    invoices: Annotated[int, typer.Option(min=10, max=DAY, help="Only so many of the day's invoices.")] = DAY,
    end: Annotated[bool, typer.Option("--exit", help="End after the comparison instead of serving on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fiscalise a fictitious shop's day of 200 invoices while the simulated authority drops answers and restarts.

    Starts simulator and gateway, posts the invoices, waits until every one is settled, compares the books of both
    sides and writes a receipt. Exit code 1 if anything was lost, doubled or left unsettled. No real system is called.

    Example: risiti demo --exit --json
    """
    from risiti.cli.processes import port_is_free  # noqa: PLC0415 - `risiti --help` must not pay for it

    if not port_is_free(port):
        raise CommandError(f"port {port} is taken; end what listens there, or choose another one: --port {OTHER_PORT}")
    log_to(folder / "demo.log")
    report = run(_demo(port, folder.absolute(), invoices, serve_on=not end, as_json=as_json))
    if not report.is_good:
        raise CommandError(f"the books do not agree: {report.books.verdict}; the logs are in {folder}.", Exit.NO)


async def _demo(port: int, folder: Path, invoices: int, *, serve_on: bool, as_json: bool) -> "Report":
    import asyncio  # noqa: PLC0415 - as above
    import contextlib  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from risiti.cli.demo_report import print_next_steps, print_report  # noqa: PLC0415
    from risiti.cli.demo_run import live_the_day  # noqa: PLC0415
    from risiti.cli.shop_day import shop_day  # noqa: PLC0415
    from risiti.cli.stage import Stage  # noqa: PLC0415

    chatter = Console(stderr=True)
    async with Stage(folder, gateway_port=port) as stage:
        report = await live_the_day(stage, shop_day()[:invoices], chatter)
        if as_json:
            print_json(report.as_json())
        else:
            print_report(report, Console())
        if serve_on:
            print_next_steps(stage.account, chatter if as_json else Console())
            with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is how this ends
                await asyncio.Event().wait()
    return report
