"""Invoices fiscalised a second with 1, 2 and 4 worker processes, beside what one core can sign."""

import asyncio
import json
import os
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import PIPE
from typing import Final

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.authority import standing_in
from bench.premises import furnish, hand_in, new_database, opened, postgres
from bench.result import Line
from bench.signing import signatures_per_second
from risiti.gateway.runtime import Runtime, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import SETTLED
from risiti.gateway.submissions.tables import Document
from risiti.gateway.worker.run import working

COMPANIES: Final = 32
INVOICES: Final = 3_000
PROCESSES: Final = (1, 2, 4)
POLL_SECONDS: Final = 0.05


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
    secrets = {
        "url": url,
        "kek": premises.settings.risiti_kek.get_secret_value() if premises.settings.risiti_kek else "",
        "authority": authority,
        "companies": COMPANIES,
    }
    async with AsyncExitStack() as stack:
        workers = [await _start(secrets, stack) for _ in range(processes)]
        for worker in workers:
            await _line(worker)  # it stands ready
        for worker in workers:
            _say(worker, "go")
        found = [json.loads(await _line(worker)) for worker in workers]
        seconds = max(one["seconds"] for one in found)
    cpu = sum(one["cpu"] for one in found)
    rate, per_core = INVOICES / seconds, INVOICES / cpu
    return Line(
        f"fiscalise, {on}, {processes} process{'es' if processes > 1 else ''}",
        f"{rate:.0f} invoices/s; {1000 * cpu / INVOICES:.2f} ms of CPU in the workers for each, so {per_core:.0f}/s a "
        f"core: {per_core / signing:.2f} of the {signing:.0f} signatures/s of one core",
        {
            "fiscalised_per_second": rate,
            "cpu_milliseconds_each": 1000 * cpu / INVOICES,
            "per_core_of_signing": per_core / signing,
            "signatures_per_second": signing,
        },
    )


async def _start(secrets: dict[str, object], stack: AsyncExitStack) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.fiscalising", stdin=PIPE, stdout=PIPE)
    stack.callback(process.kill)
    _say(process, json.dumps(secrets))
    return process


def _say(process: asyncio.subprocess.Process, line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(f"{line}\n".encode())


async def _line(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.readline() if process.stdout is not None else b""


def _unsettled(session: Session) -> int:
    waiting = select(func.count()).select_from(Document).where(Document.state.not_in(SETTLED))
    return session.scalar(waiting) or 0


async def _work() -> None:
    """Be a worker process: work until nothing is left, and say how long it took and how much of the processor."""
    given = json.loads(sys.stdin.readline())
    settings = Settings(
        database_url=SecretStr(given["url"]),
        risiti_kek=SecretStr(given["kek"]),
        efris_test_url=given["authority"],
        worker_concurrency=128,
        worker_concurrency_per_company=32,
    )
    async with open_runtime(settings) as runtime:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        cpu, begun = time.process_time(), time.perf_counter()
        async with working(runtime):
            await _until_done(runtime)
            seconds = time.perf_counter() - begun
            spent = time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpu": spent}), flush=True)
    os._exit(0)


async def _until_done(runtime: Runtime) -> None:
    while await runtime.database.read(_unsettled):  # noqa: ASYNC110 - other processes settle too
        await asyncio.sleep(POLL_SECONDS)


if __name__ == "__main__":
    import uvloop

    from risiti.cli.console import log_to

    log_to(Path(os.devnull))
    uvloop.run(_work())
