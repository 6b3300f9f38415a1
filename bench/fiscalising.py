"""Invoices fiscalised a second with 1, 2 and 4 worker processes, beside what one core can sign."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bench.authority import standing_in
from bench.premises import furnish, hand_in, new_database, opened, postgres
from bench.result import Line
from bench.signing import signatures_per_second
from bench.workers import WARMING_UP, hear, start_worker, tell

COMPANIES: Final = 32
INVOICES: Final = 3_000
PROCESSES: Final = (1, 2, 4)


async def measure(folder: Path) -> list[Line]:
    """Let worker processes of their own empty a queue that is full, on PostgreSQL and (one process) on SQLite."""
    signing = await asyncio.to_thread(signatures_per_second)
    lines = []
    key_file = folder / "device.pem"
    with postgres() as server:
        await furnish(folder, f"sqlite:///{folder / 'first.db'}", None, how_many=1)
        with standing_in(key_file) as authority:
            for processes in PROCESSES:
                url = await new_database(server, f"workers_{processes}")
                lines.append(await _drain(folder, url, authority, processes, signing, "PostgreSQL"))
            url = f"sqlite:///{folder / 'workers.db'}"
            lines.append(await _drain(folder, url, authority, 1, signing, "SQLite"))
    return lines


async def _drain(  # noqa: PLR0917
    folder: Path, url: str, authority: str, processes: int, signing: float, on: str
) -> Line:
    premises = await furnish(folder, url, authority, how_many=COMPANIES)
    async with opened(premises) as runtime:
        await hand_in(runtime, premises.company_ids, INVOICES, prefix="DRAIN")
    async with AsyncExitStack() as stack:
        workers = [await start_worker(premises, stack) for _ in range(processes)]
        for worker in workers:
            tell(worker, "drain")
        found = [json.loads(await hear(worker)) for worker in workers]
        seconds = max(one["seconds"] for one in found)
    measured = INVOICES * (1 - WARMING_UP)
    cpu = sum(one["cpu"] for one in found)
    rate, per_core = measured / seconds, measured / cpu
    return Line(
        f"fiscalise, {on}, {processes} process{'es' if processes > 1 else ''}",
        f"{rate:.0f} invoices/s; {1000 * cpu / measured:.2f} ms of CPU in the workers for each, so {per_core:.0f}/s a "
        f"core: {per_core / signing:.2f} of the {signing:.0f} signatures/s of one core",
        {
            "fiscalised_per_second": rate,
            "cpu_milliseconds_each": 1000 * cpu / measured,
            "per_core_of_signing": per_core / signing,
            "signatures_per_second": signing,
        },
    )
