"""`make chaos`: kill the gateway at random moments while answers are dropped, then compare the books.

API and worker run as two real processes on one SQLite file; the simulator drops answers and requests. A client posts
invoices as an ERP would: each POST is repeated, unchanged, until it has an answer. At random moments API, worker or
both get SIGKILL and are started again. In the end every accepted reference must have exactly one fiscal number at the
simulator, and the same one here. Exit code 1 otherwise.
"""

import asyncio
import random
import secrets
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from risiti.cli import doubts
from risiti.cli.authority import Authority
from risiti.cli.books import FINAL, Books, compare
from risiti.cli.console import CommandError, Exit, complain, log_to, print_json, run
from risiti.cli.erp import Erp, NoAnswerError, entries
from risiti.cli.stage import Stage
from risiti.efris import UPLOAD_INVOICE

TILLS: Final = 4
POST_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 90.0
LOOK_SECONDS: Final = 0.5
LIFE_SECONDS: Final = (0.05, 1.2)
"""Shortest and longest time between the end of one restart and the next kill."""


@dataclass(slots=True)
class Tally:
    """What happened to the processes and to the posts."""

    kills: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    replayed: int = 0
    accepted: set[str] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a run."""

    seed: int
    invoices: int
    tally: Tally
    books: Books
    settled: dict[str, int]
    """Documents in doubt, by what ended the doubt."""
    doubts_by_cause: dict[str, int]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether every accepted invoice has exactly one fiscal number, the same on both sides."""
        return self.books.agree and not self.tally.unanswered

    def as_json(self) -> dict[str, object]:
        """Return the result as plain values."""
        return {
            "seed": self.seed,
            "invoices": self.invoices,
            "kills": dict(self.tally.kills),
            "posts_repeated": self.tally.repeated,
            "answers_replayed": self.tally.replayed,
            "posts_unanswered": self.tally.unanswered,
            "in_doubt_settled": self.settled,
            "in_doubt_causes": self.doubts_by_cause,
            **self.books.as_json(),
            "seconds": round(self.seconds, 1),
            "verdict": self.books.verdict,
        }


def main(
    invoices: Annotated[int, typer.Option(min=1, max=5000, help="How many invoices to post.")] = 500,
    kills: Annotated[int, typer.Option(min=0, max=200, help="How often to kill API, worker or both.")] = 20,
    drop: Annotated[float, typer.Option(min=0, max=0.5, help="Share of answers dropped after processing.")] = 0.1,
    seed: Annotated[int | None, typer.Option(help="Repeats an earlier run's moments; printed by every run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Kill the gateway at random moments while answers are dropped, then compare the books.

    Example: python scripts/chaos.py --invoices 500 --kills 20 --drop 0.1 --seed 7
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    complain(f"chaos with seed {seed}: {invoices} invoices, {kills} kills, {drop:.0%} of answers dropped")
    with tempfile.TemporaryDirectory(prefix="risiti-chaos-") as folder:
        log_to(Path(folder) / "chaos.log")
        result = run(_chaos(Path(folder), invoices=invoices, kills=kills, drop=drop, seed=seed))
        if as_json:
            print_json(result.as_json())
        else:
            print_result(result)
    if not result.is_good:
        raise CommandError(f"the books do not agree; repeat it with --seed {seed}.", Exit.NO)


def print_result(result: Result) -> None:
    """Print the counts, one a line."""
    books, tally = result.books, result.tally
    lines: list[tuple[str, object]] = [
        ("invoices", result.invoices),
        ("kills", sum(tally.kills.values())),
        *((f"  of {who}", count) for who, count in sorted(tally.kills.items())),
        ("POSTs repeated by the client", tally.repeated),
        ("answers replayed to it", tally.replayed),
        *((f"sends in doubt: {why}", count) for why, count in sorted(result.doubts_by_cause.items())),
        ("documents in doubt", sum(result.settled.values())),
        *((f"  {how}", count) for how, count in result.settled.items()),
        ("accepted", books.accepted),
        *(sorted(books.states.items())),
        ("fiscal numbers at the simulator", books.fiscal_numbers),
        ("seconds", f"{result.seconds:.1f}"),
    ]
    for label, value in lines:
        print(f"{label:<50}{value:>8}")
    print(books.verdict)


async def _chaos(folder: Path, *, invoices: int, kills: int, drop: float, seed: int) -> Result:
    begun = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 - moments that can be repeated, not secrets
    tally = Tally()
    async with (
        Stage(folder, split=True) as stage,
        Erp(stage.account, connections=TILLS) as erp,
        Authority(stage.simulator_url) as authority,
    ):
        await authority.set_faults(
            [
                {"fault": "drop_after", "interface": UPLOAD_INVOICE.code, "probability": str(drop)},
                {"fault": "drop_before", "interface": UPLOAD_INVOICE.code, "probability": str(drop / 5)},
            ]
        )
        portions = _Portions(invoices, kills)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_post(erp, invoices, portions, tally))
            tasks.create_task(_kill(stage, chance, kills, portions, tally))
        await _until_settled(erp)
        documents = [one for one in await erp.all_invoices() if one["reference"] != stage.probe_reference]
        issued = await authority.ledger()
        issued.pop(stage.probe_reference, None)
        histories = [await erp.events(str(document["id"])) for document in documents]
    books = compare(tally.accepted, entries(documents), issued)
    return Result(
        seed=seed,
        invoices=invoices,
        tally=tally,
        books=books,
        settled=doubts.count(histories),
        doubts_by_cause=doubts.causes(histories),
        seconds=time.monotonic() - begun,
    )


class _Portions:
    """Lets the invoices out in as many portions as there are kills, and one more: every kill meets work in flight."""

    def __init__(self, invoices: int, kills: int) -> None:
        size, rest = divmod(invoices, kills + 1)
        self._sizes = iter([size + 1] * rest + [size] * (kills + 1 - rest))
        self._open = asyncio.Semaphore(0)
        self.let_out()

    def let_out(self) -> None:
        """Let the next portion out."""
        for _ in range(next(self._sizes)):
            self._open.release()

    async def take(self) -> None:
        """Wait for leave to post one invoice."""
        await self._open.acquire()


async def _post(erp: Erp, invoices: int, portions: _Portions, tally: Tally) -> None:
    numbers = iter(range(1, invoices + 1))

    async def till() -> None:
        for number in numbers:
            await portions.take()
            invoice = _invoice(number)
            reference = str(invoice["reference"])
            try:
                answer = await erp.post_invoice(invoice, idempotency_key=reference, patience=POST_SECONDS)
            except NoAnswerError:
                tally.unanswered.append(reference)
                continue
            if not answer.accepted:
                raise CommandError(f"{reference} was turned down ({answer.status}): {answer.body}")
            tally.accepted.add(reference)
            tally.repeated += answer.sent - 1
            tally.replayed += answer.replayed

    await asyncio.gather(*(till() for _ in range(TILLS)))


async def _kill(stage: Stage, chance: random.Random, kills: int, portions: _Portions, tally: Tally) -> None:
    for number in range(1, kills + 1):
        await asyncio.sleep(chance.uniform(*LIFE_SECONDS))
        victims = chance.choice(([stage.api], [stage.worker], [stage.api, stage.worker]))
        for victim in victims:
            victim.kill()
        portions.let_out()
        who = " and ".join(victim.name for victim in victims)
        tally.kills[who] += 1
        complain(f"kill {number} of {kills}: {who}")
        for victim in victims:
            victim.launch()
        for victim in victims:
            await victim.answers()


async def _until_settled(erp: Erp) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        books = entries(await erp.all_invoices())
        unsettled = sum(entry.state not in FINAL for entry in books.values())
        if not unsettled:
            return
        await asyncio.sleep(LOOK_SECONDS)


def _invoice(number: int) -> dict[str, object]:
    """Return the invoice of one number: always the same one, so that a repeat is a repeat."""
    lines = [
        {
            "name": f"Exercise book, {pages} pages",
            "code": f"STA-{pages}",
            "category": "14111514",
            "unit": "PCE",
            "quantity": str(1 + number % 7),
            "unit_price": str(pages * 20),
            "tax": "standard",
        }
        for pages in (32, 64, 96)[: 1 + number % 3]
    ]
    return {"reference": f"CHAOS-{number:05d}", "lines": lines}


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(main)

if __name__ == "__main__":
    try:
        app()
    except CommandError as error:
        complain(str(error))
        raise SystemExit(error.code) from None
