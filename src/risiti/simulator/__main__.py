"""`python -m risiti.simulator`: the stand-in as a server of its own."""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import get_origin

from risiti.simulator.server import HOST, PORT, Options, run
from risiti.simulator.settings import Settings, SettingsError

LISTS = frozenset(field.name for field in fields(Settings) if get_origin(field.type) is tuple)
"""Settings that are lists; on the command line their parts are separated by commas."""

EXAMPLE = """example:
  python -m risiti.simulator --port 9880 --state simulator.sqlite --clock-tolerance 600
  curl -X PUT http://127.0.0.1:9880/_control/faults -d '[{"fault": "drop_after", "interface": "T109", "times": 3}]'
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        prog="python -m risiti.simulator",
        description="A strict stand-in for URA's EFRIS. Nothing it issues is fiscal.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    line.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    line.add_argument("--port", type=int, default=PORT, help=f"port, 0 for a free one (default {PORT})")
    line.add_argument("--state", default=":memory:", metavar="FILE", help="SQLite file (default: forget at the end)")
    line.add_argument(
        "--clock-tolerance", type=int, metavar="SECONDS", help="how far requestTime may be off (default 600)"
    )
    line.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting, as duplicate_check=always or check_goods=true; may be repeated",
    )
    line.add_argument("--no-control", action="store_true", help="do not serve /_control")
    return line


def read_changes(pairs: Sequence[str], clock_tolerance: int | None) -> dict[str, object]:
    """Read the settings of the command line.

    Raises:
        SettingsError: not NAME=VALUE.
    """
    changes: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"--set wants NAME=VALUE, not {pair}")
        words: dict[str, object] = {"true": True, "false": False}
        if name in LISTS:
            changes[name] = [part for part in value.split(",") if part]
        else:
            changes[name] = words.get(value, int(value) if value.isascii() and value.isdigit() else value)
    if clock_tolerance is not None:
        changes["clock_tolerance_seconds"] = clock_tolerance
    return changes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; return the exit code."""
    given = parser().parse_args(arguments)
    try:
        changes = read_changes(given.set, given.clock_tolerance)
        run(Options(given.host, given.port, given.state, changes, control=not given.no_control))
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except sqlite3.Error as error:
        sys.stderr.write(f"error: cannot use {given.state}: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
