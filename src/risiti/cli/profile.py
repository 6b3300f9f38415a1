"""`risiti profile`: what takes the memory of a command or of a running process, by memray (the extra `profile`)."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, print_json

app = typer.Typer(
    help="See what takes the memory of a command or of a running process (it takes the extra `profile`).",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Output = Annotated[Path, typer.Option("--output", help="Where the recording goes; it must not exist yet.")]
Rows = Annotated[int, typer.Option("--rows", min=1, max=1_000, help="So many of the largest are shown.")]
RECORDING: Final = Path("var/memory.bin")
ATTACH_SECONDS_MORE: Final = 60
"""Beyond the time of the recording, for the debugger to come and go."""


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    arguments: Annotated[list[str], typer.Argument(help="A command of risiti and its options, after `--`.")],
    output: Output = RECORDING,
    rows: Rows = 20,
    as_json: Json = False,
) -> None:
    """Run a command of risiti and say at its end what took the memory at the highest point.

    End a service with Ctrl-C: it stops as always, then the result is shown.

    Example: risiti profile run --output var/serve.bin -- serve --port 8001
    """
    _need_memray()
    _prepare(output)
    command = [
        sys.executable,
        "-m",
        "memray",
        "run",
        "--quiet",
        "--output",
        str(output),
        "-m",
        "risiti.cli",
        *arguments,
    ]
    with subprocess.Popen(command) as child:  # noqa: S603 - our own interpreter
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:
                continue  # the child has heard it, too, and ends as it should
    if not output.exists():
        raise CommandError(f"the command ended with {code} before anything was recorded.")
    _show(output, rows, as_json=as_json)


@app.command()
def attach(
    pid: Annotated[int, typer.Argument(min=1, help="The process; `systemctl status` shows it.")],
    output: Output = RECORDING,
    seconds: Annotated[int, typer.Option(min=1, max=3_600, help="How long to record.")] = 30,
    rows: Rows = 20,
    as_json: Json = False,
) -> None:
    """Record for a while what a running process allocates, and say what it had not given back at the highest point.

    It needs gdb or lldb on the machine and the right to trace the process (its user, or root); the process must run
    in an environment that has memray. It goes on meanwhile, somewhat slower.

    Example: risiti profile attach 4711 --seconds 60
    """
    _need_memray()
    _prepare(output)
    command = [sys.executable, "-m", "memray", "attach", "--output", str(output), "--duration", str(seconds), str(pid)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, check=False, capture_output=True, text=True, timeout=ATTACH_SECONDS_MORE
        )
    except subprocess.TimeoutExpired:
        raise CommandError("the debugger did not come into the process in time; is it stopped?") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CommandError(f"cannot attach to {pid}: {said[-1] if said else 'memray did not say why'}")
    _wait_until_recorded(pid, seconds)
    _show(output, rows, as_json=as_json)


def _need_memray() -> None:
    if find_spec("memray") is None:
        raise CommandError("memray is not installed; install risiti with its extra `profile`.")


def _prepare(output: Path) -> None:
    if output.exists():
        raise CommandError(f"{output} is there already; remove it or give another --output.", Exit.USAGE)
    output.parent.mkdir(parents=True, exist_ok=True)


def _wait_until_recorded(pid: int, seconds: int) -> None:
    """Wait as long as is recorded, or until the process ends."""
    from threading import Event  # noqa: PLC0415 - for this command only

    for _ in range(seconds + 1):
        Event().wait(1)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            continue


def _show(output: Path, rows: int, *, as_json: bool) -> None:
    from memray import FileReader  # noqa: PLC0415 - an extra

    with FileReader(str(output)) as reader:
        largest = sorted(
            reader.get_high_watermark_allocation_records(merge_threads=True), key=lambda one: one.size, reverse=True
        )
        peak = reader.metadata.peak_memory
        found = [
            {"bytes": one.size, "allocations": one.n_allocations, "where": _where(one.stack_trace(max_stacks=1))}
            for one in largest[:rows]
        ]
    if as_json:
        print_json({"recording": str(output), "peak_bytes": peak, "largest": found})
        return
    print(f"{peak / 1e6:.1f} MB at the highest point; more: python -m memray flamegraph {output}")
    for one in found:
        print(f"{one['bytes']:>14,} bytes  {one['allocations']:>9,} times  {one['where']}")


def _where(stack: list[tuple[str, str, int]]) -> str:
    if not stack:
        return "outside Python"
    function, file, line = stack[0]
    return f"{function} ({file}:{line})"
