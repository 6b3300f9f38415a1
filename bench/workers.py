"""Worker processes for benchmarks: real ones, started as children, told when to begin and asked what they used."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import PIPE
from typing import Final

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.premises import Premises
from risiti.gateway.db.database import Database
from risiti.gateway.runtime import open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import SETTLED
from risiti.gateway.submissions.tables import Document
from risiti.gateway.worker.loop import Worker

POLL_SECONDS: Final = 0.1


async def start_worker(premises: Premises, stack: AsyncExitStack) -> asyncio.subprocess.Process:
    """Start a worker process over the premises; it stands ready, and waits to be told to begin."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.workers", stdin=PIPE, stdout=PIPE)
    stack.callback(process.kill)
    given = premises.settings
    tell(
        process,
        json.dumps(
            {
                "database_url": given.database_url.get_secret_value(),
                "risiti_kek": given.risiti_kek.get_secret_value() if given.risiti_kek else None,
                "efris_test_url": given.efris_test_url,
                "worker_concurrency": given.worker_concurrency,
                "worker_concurrency_per_company": given.worker_concurrency_per_company,
                "efris_rate": given.efris_rate,
            }
        ),
    )
    await hear(process)
    return process


def tell(process: asyncio.subprocess.Process, line: str) -> None:
    """Say a line to a child."""
    if process.stdin is not None:
        process.stdin.write(f"{line}\n".encode())


async def hear(process: asyncio.subprocess.Process) -> str:
    """Wait for a line of a child."""
    return (await process.stdout.readline()).decode() if process.stdout is not None else ""


async def cpu_seconds(workers: Sequence[asyncio.subprocess.Process]) -> float:
    """Return what workers have used of the processors since they began."""
    for worker in workers:
        tell(worker, "cpu?")
    return sum([float(await hear(worker)) for worker in workers])


async def until_left(database: Database, most: int) -> None:
    """Wait until no more than so many documents are not settled; looks from outside, so that no worker pays for it."""
    while await database.read(_unsettled) > most:  # noqa: ASYNC110 - other processes settle
        await asyncio.sleep(POLL_SECONDS)


async def _work() -> None:
    """Stand ready; once told to begin, work until killed, and answer each further line with the CPU seconds used.

    Documents only: background tasks (lists, audits), which are all due at once in a new database, are left out.
    """
    given = json.loads(sys.stdin.readline())
    given |= {name: SecretStr(given[name]) for name in ("database_url", "risiti_kek")}
    async with open_runtime(Settings(**given)) as runtime:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        settings = runtime.settings
        worker = Worker(runtime.engine, settings.worker_concurrency, settings.worker_concurrency_per_company)
        runtime.tell_of_work(worker.wake)
        working = asyncio.create_task(worker.run())
        while await asyncio.to_thread(sys.stdin.readline) and not working.done():
            print(time.process_time(), flush=True)


def _unsettled(session: Session) -> int:
    left = select(func.count()).select_from(Document).where(Document.state.not_in(SETTLED))
    return session.scalar(left) or 0


if __name__ == "__main__":
    import uvloop

    from risiti.cli.console import log_to

    log_to(Path(os.devnull))
    uvloop.run(_work())
