"""`python -m conformance`: install clients that others wrote, point them at the simulator, and print how it went."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from conformance import environment
from conformance.cases import Row
from conformance.staging import set_the_stage
from conformance.verdict import Verdict, all_good, heading, line
from risiti.cli.console import CommandError, Exit, complain, print_json, run
from risiti.cli.processes import Child, free_port

CLOCK_TOLERANCE = 600
"""Seconds, as with the authority."""
CLIENT_SECONDS = 180
"""A client that is not through with its calls by then is ended."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client to try.

    Attributes:
        package: Its name on the package index.
        module: Our module that calls it.
        needed: Interfaces of which a call must pass.
    """

    package: str
    module: str
    needed: frozenset[str]


CLIENTS = (
    Client(
        "ura-efris-sdk",
        "conformance.online",
        frozenset({"T101", "T103", "T104", "T106", "T108", "T109", "T110", "T111", "T115", "T119", "T128"})
        | {"T130", "T131"},
    ),
    Client(
        "efriser", "conformance.enabler", frozenset({"T106", "T108", "T109", "T110", "T111", "T115", "T119", "T130"})
    ),
)


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Call the simulator through every method of EFRIS clients that others wrote, and print how each call went.

    The clients are installed into an environment of their own under var/conformance. The simulator checks signatures
    and time strictly. Exit code 1 if a call fails for another reason than a known fault of the client.

    Example: python -m conformance --json
    """
    environment.prepare(complain)
    with tempfile.TemporaryDirectory(prefix="risiti-conformance-") as folder:
        verdicts = run(_try_all(Path(folder), quiet=as_json))
    if as_json:
        print_json({"good": all_good(verdicts), "clients": [verdict.as_json() for verdict in verdicts]})
    else:
        print()
        for verdict in verdicts:
            print(verdict.summary)
    if not all_good(verdicts):
        raise CommandError("the simulator does not stand up to every client; see the rows that failed.", Exit.NO)


async def _try_all(folder: Path, *, quiet: bool) -> list[Verdict]:
    verdicts = []
    for client in CLIENTS:
        name = f"{client.package} {environment.version_of(client.package)}"
        if not quiet:
            print(f"\n{name}\n{heading()}")
        rows: list[Row] = []
        own = folder / client.package
        own.mkdir()
        async for row in _rows(client, own):
            rows.append(row)
            if not quiet:
                print(line(row), flush=True)
        verdicts.append(Verdict(name, rows, client.needed))
    return verdicts


async def _rows(client: Client, folder: Path) -> AsyncIterator[Row]:
    """Start a fresh simulator, register the seller, and yield what the client's calls come to."""
    port = free_port()
    simulator = Child(
        "the simulator",
        ["simulator", "--port", str(port), "--clock-tolerance", str(CLOCK_TOLERANCE)],
        {},
        folder / "simulator.log",
        ready=f"http://127.0.0.1:{port}/_control/calls",
    )
    await simulator.start()
    try:
        await asyncio.to_thread(set_the_stage, folder, port)
        async for row in _called(client, folder):
            yield row
    finally:
        await simulator.end()


async def _called(client: Client, folder: Path) -> AsyncIterator[Row]:
    """Run a client's calls in its environment, one row for each.

    Raises:
        CommandError: it ended before its time, or did not end.
    """
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    complaints = folder / "complaints.log"
    with complaints.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            environment.PYTHON,
            "-m",
            client.module,
            str(folder),
            cwd=environment.ROOT,
            env=kept | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(CLIENT_SECONDS):
            while told := await process.stdout.readline():
                yield Row.read(told.decode())
            if await process.wait() != 0:
                raise CommandError(f"calling {client.package} broke off; {_last_line(complaints)}")
    except TimeoutError:
        raise CommandError(f"{client.package} was not through after {CLIENT_SECONDS} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _last_line(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        sys.exit(error.code)
