"""Runs a worker and a runner of background tasks beside whatever else a process does, and stops it cleanly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from risiti.gateway.db.ownership import WorkerLock
from risiti.gateway.runtime import Runtime
from risiti.gateway.worker.loop import Worker


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[Worker]:
    """Work in the background until the block ends; then finish what is on the wire.

    Raises:
        AlreadyOwned: another process works on this SQLite file.
    """
    with ExitStack() as locks:
        file = runtime.settings.sqlite_file
        if file is not None:
            locks.enter_context(WorkerLock(file))
        worker = Worker(
            runtime.engine, runtime.settings.worker_concurrency, runtime.settings.worker_concurrency_per_company
        )
        runtime.tell_of_work(worker.wake)
        runner = runtime.runner()
        runtime.tell_of_work(lambda _: runner.wake())
        running = asyncio.gather(worker.run(), runner.run())
        try:
            yield worker
        finally:
            worker.stop()
            runner.stop()
            await running
