"""How a command ends and speaks: exit codes, one-sentence errors, and its result for people or as JSON."""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Exit(IntEnum):
    """What the exit code of a command says."""

    OK = 0
    """It did what was asked."""
    NO = 1
    """It ran to its end, and the answer is no: something is lost, doubled, unsettled or out of date."""
    USAGE = 2
    """The command line cannot be understood."""
    CANNOT = 3
    """It could not do its work: a port is taken, a setting is wrong, a service does not answer."""
    INTERRUPTED = 130
    """Ended by Ctrl-C or SIGTERM; everything that it started has ended too."""


class CommandError(Exception):
    """A command cannot go on. The message is one sentence that says what to do next."""

    def __init__(self, message: str, code: Exit = Exit.CANNOT) -> None:
        super().__init__(message)
        self.code = code


def complain(message: str) -> None:
    """Write one line to standard error."""
    print(f"risiti: {message}", file=sys.stderr)


def print_json(result: Mapping[str, object]) -> None:
    """Write a command's result to standard output as one JSON object."""
    print(json.dumps(result, indent=2, ensure_ascii=False))


def print_list(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, as_json: bool) -> None:
    """Write a list to standard output: as JSON, or a line for each row with these columns."""
    if as_json:
        print_json({"items": list(rows)})
        return
    for row in rows:
        shown = (row[column] for column in columns)
        print("  ".join(" ".join(value) if isinstance(value, list) else str(value or "-") for value in shown))
    if not rows:
        print("none")


def log_to_standard_error() -> None:
    """Send what this process logs to standard error: a command's standard output is its result and nothing else."""
    from risiti.gateway.observability import logging  # noqa: PLC0415 - as below

    logging.configure(level="warning", json_lines=False, stream=sys.stderr)


def log_to(path: Path) -> None:
    """Send this process's log lines to a file, so that they do not run into what the command shows."""
    from risiti.gateway.observability import logging  # noqa: PLC0415 - `risiti --help` must not pay for it

    path.parent.mkdir(parents=True, exist_ok=True)
    logging.configure(level="warning", json_lines=True, stream=path.open("w", encoding="utf-8"))


def run(work: Coroutine[object, object, T]) -> T:
    """Run an asynchronous command to its end. Ctrl-C and SIGTERM cancel it, so that its `finally` blocks are run.

    Raises:
        CommandError: it raised one, alone or in a group; or it was interrupted (exit code 130).
    """

    async def interruptible() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    try:
        return asyncio.run(interruptible())
    except BaseExceptionGroup as group:
        known = group.subgroup(CommandError)
        if known is None:
            raise
        raise _first(known) from None
    except asyncio.CancelledError:
        raise CommandError("interrupted; everything that was started has ended.", Exit.INTERRUPTED) from None


def _first(error: BaseException) -> BaseException:
    """Return the first exception of a group that is none itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
