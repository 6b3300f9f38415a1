"""Worker processes for benchmarks: real ones, started as children, told when to begin and asked what they used."""

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

from bench.premises import Premises
from risiti.gateway.runtime import Runtime, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.states import SETTLED
from risiti.gateway.submissions.tables import Document
from risiti.gateway.worker.run import working

POLL_SECONDS: Final = 0.05
WARMING_UP: Final = 0.2
"""Share of a queue that is not measured: connections are opened and keys read, once for each device."""


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


async def _work() -> None:
    """Work until nothing is left ("drain") or for ever ("serve"); say how long it took and how much CPU."""
    given = json.loads(sys.stdin.readline())
    given |= {name: SecretStr(given[name]) for name in ("database_url", "risiti_kek")}
    async with open_runtime(Settings(**given)) as runtime:
        print("ready", flush=True)
        what = (await asyncio.to_thread(sys.stdin.readline)).strip()
        left = await runtime.database.read(_unsettled)
        async with working(runtime):
            if what == "serve":
                await asyncio.to_thread(sys.stdin.readline)
            await until_left(runtime, int((1 - WARMING_UP) * left))
            cpu, begun = time.process_time(), time.perf_counter()
            await until_left(runtime, 0)
            seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpu": spent}), flush=True)


async def until_left(runtime: Runtime, most: int) -> None:
    """Wait until no more than so many documents are not settled."""
    while await runtime.database.read(_unsettled) > most:  # noqa: ASYNC110 - other processes settle too
        await asyncio.sleep(POLL_SECONDS)


def _unsettled(session: Session) -> int:
    left = select(func.count()).select_from(Document).where(Document.state.not_in(SETTLED))
    return session.scalar(left) or 0


if __name__ == "__main__":
    import uvloop

    from risiti.cli.console import log_to

    log_to(Path(os.devnull))
    uvloop.run(_work())
