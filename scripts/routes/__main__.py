"""Ask every route as every kind of caller and print who was told what; the exit code is 1 if one answer is wrong.

Example: make routes ARGS=--json
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence

import structlog

from scripts.routes.callers import LET_IN
from scripts.routes.matrix import Answer, Row, walk


def main() -> int:
    """Walk, print, judge."""
    parser = argparse.ArgumentParser(prog="make routes", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    as_json = parser.parse_args().json
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # the table is what counts
    rows = asyncio.run(walk())
    answers = [answer for row in rows for answer in row.answers]
    wrong = [(row, answer) for row in rows for answer in row.answers if not answer.is_good]
    if as_json:
        print(json.dumps(_as_json(rows), indent=1))
    else:
        _print(rows)
    told = sys.stderr if as_json else sys.stdout
    refused = sum(answer.expected != LET_IN for answer in answers)
    print(
        f"{len(rows)} routes, {len(rows[0].answers)} callers, {len(answers)} answers: {refused} refused as designed, "
        f"{len(answers) - refused} let in, {len(wrong)} wrong",
        file=told,
    )
    for row, answer in wrong:
        wanted = "let in" if answer.expected == LET_IN else answer.expected
        print(
            f"WRONG  {row.place.method} {row.place.path}: {answer.caller} got {answer.status}, not {wanted}", file=told
        )
    return 1 if wrong else 0


def _print(rows: Sequence[Row]) -> None:
    names = [answer.caller for answer in rows[0].answers]
    for number, name in enumerate(names, 1):
        print(f"{number:>3}  {name}")
    print(f"\n{'':<74}{'asks':<20}{''.join(f'{number:>5}' for number in range(1, len(names) + 1))}")
    for row in rows:
        cells = "".join(f"{_cell(answer):>5}" for answer in row.answers)
        print(f"{row.place.method:<7}{row.place.path:<67}{row.place.asks:<20}{cells}")
    print("\n.  let in   !  not as designed\n")


def _cell(answer: Answer) -> str:
    shown = "." if answer.expected == LET_IN and answer.is_good else str(answer.status)
    return shown if answer.is_good else f"{shown}!"


def _as_json(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {
            "method": row.place.method,
            "path": row.place.path,
            "asks": row.place.asks,
            "answers": {
                answer.caller: {
                    "status": answer.status,
                    "expected": answer.expected or "let in",
                    "good": answer.is_good,
                }
                for answer in row.answers
            },
        }
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
