"""The command: `python -m scripts.chaos`. Exit code 1 if anything is lost, doubled, different or unsettled."""

import asyncio
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer

from risiti.cli.authority import Authority
from risiti.cli.console import CommandError, Exit, complain, log_to, print_json, run
from risiti.cli.erp import Account
from risiti.cli.shop import PROBE_REFERENCE
from risiti.cli.stage import Tempo
from scripts.chaos.audit import Audit, audit, until_settled
from scripts.chaos.callers import Record, post
from scripts.chaos.monkey import Monkey, authority_faults
from scripts.chaos.stage import Cast, Stage

SECONDS_A_DOCUMENT: Final = 0.06
SHORTEST: Final = 15.0
SETTLE_SECONDS: Final = 300.0
MANY: Final = 500
PATIENT: Final = Tempo(timeout=5, send_window=5, lease_margin=2, request_validity=8, processing=3, query_lag=2)
"""Of a run of many documents: it loads the machine, and a slow answer is not a lost one."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a run."""

    seed: int
    documents: int
    cast: Cast
    harm: dict[str, int]
    record: Record
    calls: dict[str, object]
    audit: Audit
    seconds: dict[str, float]

    @property
    def is_good(self) -> bool:
        """Whether every POST was answered and the books agree."""
        return self.audit.agrees and not self.record.unanswered and len(self.record.ids) == self.documents

    def as_json(self) -> dict[str, object]:
        """Return the result as plain values."""
        return {
            "seed": self.seed,
            "documents": self.documents,
            "companies": self.cast.companies,
            "database": "sqlite" if self.cast.sqlite else "postgresql",
            "workers": 1 if self.cast.sqlite else self.cast.workers,
            "apis": 1 if self.cast.sqlite else self.cast.apis,
            "harm": self.harm,
            "posts": dict(self.record.posts),
            "posts_unanswered": self.record.unanswered,
            "calls_at_authority": self.calls,
            **self.audit.as_json(),
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
            "verdict": self.audit.books.verdict,
        }


def main(  # noqa: PLR0917 - typer makes options of them; nobody calls it by position
    documents: Annotated[int, typer.Option(min=1, max=100_000, help="How many invoices to post.")] = 2000,
    companies: Annotated[int, typer.Option(min=1, max=200, help="From how many companies.")] = 20,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 4,
    apis: Annotated[int, typer.Option(min=1, max=8, help="API processes.")] = 2,
    duration: Annotated[
        float | None, typer.Option(min=1, max=7200, help="Seconds over which they are posted while things fail.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Repeats an earlier run's misfortunes; every run prints its own.")
    ] = None,
    sqlite: Annotated[bool, typer.Option("--sqlite", help="On SQLite: one API and one worker process.")] = False,
    fast_disk: Annotated[
        bool, typer.Option("--no-flush", help="Do not flush PostgreSQL's log to the disk; for short runs.")
    ] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder to keep the processes' logs in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Post invoices while processes, database, Redis, line and authority fail; then compare the books.

    Example: python -m scripts.chaos --documents 2000 --companies 20 --seed 7
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    seconds = duration or max(SHORTEST, documents * SECONDS_A_DOCUMENT)
    cast = Cast(companies=companies, workers=workers, apis=apis, sqlite=sqlite, durable=not fast_disk)
    complain(f"chaos with seed {seed}: {documents} invoices from {companies} companies in {seconds:g} s")
    with tempfile.TemporaryDirectory(prefix="risiti-chaos-") as folder:
        log_to(Path(folder) / "chaos.log")
        try:
            result = run(_chaos(Path(folder), cast, documents, seconds, seed))
        finally:
            if logs is not None:
                shutil.copytree(folder, logs, dirs_exist_ok=True)
    if as_json:
        print_json(result.as_json())
    else:
        print_result(result)
    if not result.is_good:
        raise CommandError(f"the books do not agree; repeat it with --seed {seed}.", Exit.NO)


def print_result(result: Result) -> None:
    """Print the counts, one a line, and the states with their reasons."""
    lines: list[tuple[str, object]] = [
        ("invoices", result.documents),
        ("misfortunes", sum(result.harm.values())),
        *((f"  {what}", count) for what, count in sorted(result.harm.items())),
        ("POSTs sent", result.record.posts["sent"]),
        ("  repeated by the callers", result.record.posts["repeated"]),
        ("  answered with an earlier answer", result.record.posts["replayed"]),
        ("accepted", result.audit.books.accepted),
        ("  of these in tables", result.record.posts["imported"]),
        ("fiscal numbers at the authority", result.audit.books.fiscal_numbers),
        *((f"put in doubt: {why}", count) for why, count in sorted(result.audit.causes.items())),
        *((f"{state}: {why}", count) for (state, why), count in sorted(result.audit.states.items())),
        *((f"seconds {name}", f"{value:.1f}") for name, value in result.seconds.items()),
    ]
    for label, value in lines:
        print(f"{label:<66}{value:>8}")
    print(result.audit.books.verdict)


async def _chaos(folder: Path, cast: Cast, documents: int, seconds: float, seed: int) -> Result:
    marks = [time.monotonic()]
    record = Record()
    tempo = PATIENT if documents >= MANY else Tempo()
    async with Stage(folder, cast, tempo) as stage, Authority(stage.simulator_url) as authority:
        accounts = stage.accounts
        monkey = Monkey(stage, Random(seed), seconds)  # noqa: S311 - moments that can be repeated, not secrets
        marks.append(time.monotonic())
        await _suffer(accounts, documents, seconds, record, monkey)
        marks.append(time.monotonic())
        await authority.set_faults([])
        await until_settled(accounts, SETTLE_SECONDS)
        marks.append(time.monotonic())
        outcome = await audit(accounts, authority, record, await stage.histories(), PROBE_REFERENCE)
        calls = dict(await authority.calls())
    marks.append(time.monotonic())
    spans = [later - earlier for earlier, later in pairwise(marks)]
    return Result(
        seed=seed,
        documents=documents,
        cast=cast,
        harm=dict(monkey.done),
        record=record,
        calls=calls,
        audit=outcome,
        seconds=dict(zip(("set up", "posting", "settling", "comparing"), spans, strict=True)),
    )


async def _suffer(accounts: list[Account], documents: int, seconds: float, record: Record, monkey: Monkey) -> None:
    """Post everything while the monkey plays; on return all that it broke works again."""
    over = asyncio.Event()
    async with Authority(monkey.stage.simulator_url) as authority, asyncio.TaskGroup() as tasks:
        await authority.set_faults(authority_faults())
        tasks.create_task(monkey.play(over))
        await post(accounts, documents, seconds, record)
        over.set()


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
