"""Invoices fiscalised a second by 1, 2 and 4 workers, one by one and as an import, beside what one core signs."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.authority import standing_in
from bench.premises import furnish, hand_in, new_database, opened, postgres
from bench.result import Line
from bench.signing import signatures_per_second
from bench.workers import cpu_seconds, start_worker, tell, until_left
from risiti.gateway.runtime import open_database
from risiti.gateway.submissions.lanes import Priority

COMPANIES: Final = 32
INVOICES: Final = 3_000
IMPORTED: Final = 6_000
"""So many of an import: several go in a message, and so the queue is empty sooner."""
WARMING_UP: Final = 0.2
"""Share of the queue that is not measured: connections are opened and keys read, once for each device."""
PROCESSES: Final = (1, 2, 4)
_LANES: Final = {Priority.SINGLE: "one by one", Priority.BULK: "an import"}


async def measure(folder: Path) -> list[Line]:
    """Let worker processes of their own empty a queue that is full, on PostgreSQL and (one process) on SQLite."""
    lines = []
    key_file = folder / "device.pem"
    with postgres() as server:
        await furnish(folder, f"sqlite:///{folder / 'first.db'}", None, how_many=1)
        with standing_in(key_file) as authority:
            for priority in (Priority.SINGLE, Priority.BULK):
                for processes in PROCESSES:
                    url = await new_database(server, f"{priority}_{processes}")
                    lines.append(await _line(folder, url, authority, processes, "PostgreSQL", priority))
                file = f"sqlite:///{folder / f'{priority}.db'}"
                lines.append(await _line(folder, file, authority, 1, "SQLite", priority))
    return lines


@dataclass(frozen=True, slots=True)
class Drained:
    """What emptying a queue took."""

    documents: float
    seconds: float
    cpu_seconds: float
    """Of all workers together."""


async def _line(  # noqa: PLR0917 - what is varied
    folder: Path, url: str, authority: str, processes: int, on: str, priority: Priority
) -> Line:
    """Drain a queue, with the signing rate measured just before and just after: machines have their moods."""
    before = await asyncio.to_thread(signatures_per_second)
    found = await _drain(folder, url, authority, processes, priority)
    signing = (before + await asyncio.to_thread(signatures_per_second)) / 2
    rate, per_core = found.documents / found.seconds, found.documents / found.cpu_seconds
    return Line(
        f"fiscalise, {on}, {_LANES[priority]}, {processes} process{'es' if processes > 1 else ''}",
        f"{rate:.0f} invoices/s; {1_000 / per_core:.2f} ms of CPU in the workers for each, so {per_core:.0f}/s a "
        f"core: {per_core / signing:.2f} of the {signing:.0f} signatures/s of one core",
        {
            "fiscalised_per_second": rate,
            "cpu_milliseconds_each": 1_000 / per_core,
            "per_core_of_signing": per_core / signing,
            "signatures_per_second": signing,
        },
    )


async def _drain(folder: Path, url: str, authority: str, processes: int, priority: Priority) -> Drained:
    invoices = IMPORTED if priority is Priority.BULK else INVOICES
    premises = await furnish(folder, url, authority, how_many=COMPANIES)
    async with opened(premises) as runtime:
        await hand_in(runtime, premises.company_ids, invoices, prefix="DRAIN", priority=priority)
    async with AsyncExitStack() as stack:
        workers = [await start_worker(premises, stack) for _ in range(processes)]
        database = open_database(premises.settings)
        stack.push_async_callback(database.close)
        for worker in workers:
            tell(worker, "begin")
        await until_left(database, int((1 - WARMING_UP) * invoices))
        used, begun = await cpu_seconds(workers), time.perf_counter()
        await until_left(database, 0)
        seconds = time.perf_counter() - begun
        used = await cpu_seconds(workers) - used
    return Drained(invoices * (1 - WARMING_UP), seconds, used)
