"""`python -m bench [PART]`: run the benchmarks, print one line a result, and all of them as JSON if wanted."""

from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from bench import (
    accepting,
    batches,
    drills,
    fiscalising,
    hanging,
    journaling,
    loading,
    logins,
    signing,
    soaking,
    taxing,
    waiting,
)
from bench.result import Line
from risiti.cli.console import CommandError, complain, log_to, print_json, run


class Part(StrEnum):
    """What can be measured alone."""

    ALL = "all"
    ACCEPT = "accept"
    SIGN = "sign"
    FISCALISE = "fiscalise"
    BATCHES = "batches"
    LATENCY = "latency"
    FAIRNESS = "fairness"
    HEALTH = "health"
    TAX = "tax"
    LOAD = "load"
    SOAK = "soak"
    JOURNAL = "journal"
    BODIES = "bodies"
    RESTARTS = "restarts"
    DATABASE = "database"
    SLOW = "slow"
    DRILLS = "drills"
    LOGIN = "login"


Measure = Callable[[Path], Coroutine[object, object, list[Line]]]

PARTS: Final[dict[Part, Measure]] = {
    Part.ACCEPT: accepting.measure,
    Part.SIGN: signing.measure,
    Part.FISCALISE: fiscalising.measure,
    Part.BATCHES: batches.measure,
    Part.LATENCY: waiting.measure_latency,
    Part.FAIRNESS: waiting.measure_fairness,
    Part.HEALTH: hanging.measure,
    Part.TAX: taxing.measure,
    Part.LOAD: loading.measure,
    Part.JOURNAL: journaling.measure,
    Part.BODIES: drills.measure_bodies,
    Part.RESTARTS: drills.measure_restarts,
    Part.DATABASE: drills.measure_database,
    Part.SLOW: drills.measure_slow,
    Part.LOGIN: logins.measure,
}
OF_MANY: Final = {Part.DRILLS: (Part.BODIES, Part.RESTARTS, Part.DATABASE, Part.SLOW)}
"""Parts that stand for several."""


def main(
    part: Annotated[Part, typer.Argument(help="Which part to run.")] = Part.ALL,
    minutes: Annotated[float, typer.Option(min=0.5, max=1440, help="How long to soak.")] = soaking.MINUTES,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Invoices a second to soak with.")] = soaking.RATE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Measure on this machine; everything runs on 127.0.0.1 and ends by itself.

    accept: accepting an invoice against a bare commit of the same database driver.
    sign: signatures a second against invoices fiscalised a second, before the simulator, API and all.
    fiscalise: invoices a second with 1, 2 and 4 worker processes before a minimal stand-in, beside the signing rate.
    batches: what one document a message and several a message cost, before the simulator.
    latency: from accepting to the number with an authority that takes 200 ms, in an idle system.
    fairness: 50 companies with one invoice each, alone and after another company has queued 5,000.
    health: GET /health while the authority hangs for 30 s on 20 invoices (takes about a minute).
    load: 500 users at once on the production-like set, with URA at 200 ms and hanging (takes about 3 minutes).
    soak: 50 invoices a second for 30 minutes, and the slope of each process's memory; not part of `all`.
    drills: the following four.
    bodies: 20 MB bodies and gzip bombs of 1 GB against a real API process: status and memory.
    restarts: two API processes behind nginx restarted in turn under 100 requests a second: failed requests.
    database: PostgreSQL restarted under load: seconds until the first invoice is accepted again.
    slow: p99 of others beside 200 callers who never end their requests, bare and through nginx.
    journal: chaining, exporting and verifying 100,000 entries.
    tax: the tax engine against pydantic's validation of the same document, at 20 and 200 lines.
    login: a wrong password for a user who exists and for one who does not: can the two be told apart by time?

    Example: make bench ARGS="health --json"
    """
    results: list[dict[str, object]] = []
    parts = dict(PARTS)
    if part is Part.SOAK:
        parts[Part.SOAK] = partial(soaking.measure, minutes=minutes, rate=rate)
    for name, measure in parts.items():
        if part in (Part.ALL, name) or name in OF_MANY.get(part, ()):
            complain(f"measuring: {name.value}")
            with TemporaryDirectory(prefix="risiti-bench-") as folder:
                log_to(Path(folder) / "bench.log")
                found = run(measure(Path(folder)))
            results.extend(line.as_json() for line in found)
            if not as_json:
                for line in found:
                    print(line.as_text())
    if as_json:
        print_json({"results": results})


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
