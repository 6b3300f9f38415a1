"""From accepting to the fiscal number: what we add to the authority's own time, alone and beside a great backlog.

Everything goes through PostgreSQL: one process accepts and waits, another one works.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.authority import standing_in
from bench.premises import Premises, furnish, hand_in, invoice, new_database, opened, postgres
from bench.result import Line, at
from bench.workers import start_worker, tell
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.runtime import Runtime
from risiti.gateway.submissions.lanes import Priority

AUTHORITY_SECONDS: Final = 0.2
ONE_BY_ONE: Final = 100
OTHERS: Final = 50
QUEUED: Final = 5_000
CONCURRENCY: Final = 32
PATIENCE: Final = 25


async def measure_latency(folder: Path) -> list[Line]:
    """Hand in one invoice after another, each waited for, in an idle system."""
    await furnish(folder, f"sqlite:///{folder / 'first.db'}", None, how_many=1)
    with postgres() as server, standing_in(folder / "device.pem", AUTHORITY_SECONDS) as authority:
        premises = await furnish(folder, await new_database(server, "latency"), authority, how_many=1)
        async with AsyncExitStack() as stack:
            worker = await start_worker(premises, stack)
            tell(worker, "serve")
            runtime = await stack.enter_async_context(opened(premises))
            (company_id,) = premises.company_ids
            await _time(runtime, company_id, "WARM")
            added = sorted(
                [await _time(runtime, company_id, f"ONE-{number}") - AUTHORITY_SECONDS for number in range(ONE_BY_ONE)]
            )
    half, most = 1_000 * at(0.5, added), 1_000 * at(0.99, added)
    return [
        Line(
            "accept to number, idle",
            f"p50 {half:.0f} ms, p99 {most:.0f} ms on top of the authority's {1_000 * AUTHORITY_SECONDS:.0f} ms "
            f"({ONE_BY_ONE} invoices one by one; API and worker are two processes)",
            {"p50_overhead_milliseconds": half, "p99_overhead_milliseconds": most},
        )
    ]


async def measure_fairness(folder: Path) -> list[Line]:
    """Let 50 companies send one invoice each, in an idle system and beside one that has queued 5,000."""
    await furnish(folder, f"sqlite:///{folder / 'first.db'}", None, how_many=1)
    with postgres() as server, standing_in(folder / "device.pem", AUTHORITY_SECONDS) as authority:
        url = await new_database(server, "fairness")
        premises = await furnish(folder, url, authority, how_many=OTHERS + 1)
        settings = premises.settings.model_copy(
            update={"worker_concurrency": CONCURRENCY, "worker_concurrency_per_company": CONCURRENCY // 2}
        )
        premises = replace(premises, settings=settings)
        async with AsyncExitStack() as stack:
            worker = await start_worker(premises, stack)
            tell(worker, "serve")
            runtime = await stack.enter_async_context(opened(premises))
            await _others(runtime, premises, "WARM")
            idle = await _others(runtime, premises, "IDLE")
            await hand_in(runtime, premises.company_ids[:1], QUEUED, prefix="QUEUED")
            loaded = await _others(runtime, premises, "LOADED")
    alone, beside = at(0.95, idle), at(0.95, loaded)
    return [
        Line(
            "fairness",
            f"{OTHERS} companies with one invoice each: p95 {alone:.2f} s to the number when idle, {beside:.2f} s "
            f"after another has queued {QUEUED}: {beside / alone:.2f} times",
            {"p95_idle_seconds": alone, "p95_loaded_seconds": beside, "ratio": beside / alone},
        )
    ]


async def _others(runtime: Runtime, premises: Premises, prefix: str) -> list[float]:
    times = await asyncio.gather(
        *(
            _time(runtime, company_id, f"{prefix}-{number}")
            for number, company_id in enumerate(premises.company_ids[1:])
        )
    )
    return sorted(times)


async def _time(runtime: Runtime, company_id: str, reference: str) -> float:
    """Return the seconds from handing an invoice in until its number is here."""
    new = invoice(reference, runtime.clock.now())
    begun = time.perf_counter()
    accepted = await runtime.acceptance.accept(Handed(company_id, new, None, Priority.TILL))
    runtime.wake()
    settled = await runtime.wait_until_settled(company_id, accepted.invoice.id, PATIENCE, known=accepted.invoice)
    if settled.fdn is None:
        message = f"{reference} is {settled.state} after {PATIENCE} s"
        raise RuntimeError(message)
    return time.perf_counter() - begun
