"""`risiti doctor`: what is wrong with this installation, and what to do about it."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from risiti.cli.console import CommandError, Exit, print_json, run
from risiti.cli.serve import load_settings

if TYPE_CHECKING:
    from risiti.cli.diagnosis import Part

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_MARKS: Final = {"ok": "ok", "warn": "warn", "fail": "FAIL"}


def doctor(as_json: Json = False) -> None:
    """Look at settings, database, tables, Redis, clocks, the way to the authority, keys and workers; change nothing.

    Each finding says what is so, and what to do if it is not well. Exit code 1 if something must be mended.

    Example: risiti doctor --json
    """
    from risiti.cli import diagnosis  # noqa: PLC0415 - `risiti --help` must not pay for it

    try:
        settings = load_settings()
    except CommandError as error:
        parts = [diagnosis.settings_are_wrong(str(error))]
    else:
        parts = run(diagnosis.examine(settings))
    bad = [one for part in parts for one in part.findings if one.grade == "fail"]
    if as_json:
        print_json({"well": not bad, "parts": [_plain(part) for part in parts]})
    else:
        for part in parts:
            print(part.name)
            for one in part.findings:
                fix = f" -- {one.fix}" if one.fix and one.grade != "ok" else ""
                print(f"  {_MARKS[one.grade]:<5}{one.name:<38}{one.what}{fix}")
    if bad:
        raise CommandError(f"to be mended: {', '.join(one.name for one in bad)}.", Exit.NO)


def _plain(part: "Part") -> dict[str, object]:
    findings = [{"name": one.name, "grade": one.grade, "what": one.what, "fix": one.fix} for one in part.findings]
    return {"name": part.name, "findings": findings}
