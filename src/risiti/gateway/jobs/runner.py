"""The runner: claims due tasks, has their handlers do them, and writes down what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from random import Random

import structlog

from risiti.gateway.db.database import Database, DatabaseUnavailable, SystemWork
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import Job, Result
from risiti.gateway.jobs.timing import TaskTiming
from risiti.gateway.kernel.clock import Clock

_log = structlog.get_logger()

PATIENCE_WITH_THE_DATABASE = (0.1, 0.5, 2.0)
"""Pauses (seconds) between the tries to write down a result; then the lease runs out and the task is done again."""
LOOK_EVERY = 0.2
"""Seconds between two looks that somebody asks for: whatever is accepted wakes everybody, tasks or not."""
PLAN_EVERY = 60.0
"""Seconds between two looks whether every periodic task is there."""

Handler = Callable[[Job], Awaitable[Result]]
"""Does one run of a task. It may be run again after a crash, so doing it twice must be the same as doing it once.

What it changes here goes into the result's `write`, which is committed together with the task's end or not at all.
"""


class Runner:
    """One process's background tasks."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        clock: Clock,
        random: Random,
        timing: TaskTiming,
        concurrency: int,
        plan: SystemWork[None] | None = None,
    ) -> None:
        """Run tasks of the kinds in `handlers`, at most `concurrency` at once.

        Args:
            database: Where the tasks are.
            handlers: Who does which kind; tasks of other kinds are left to other runners.
            clock: Time.
            random: Chance, for the pauses after failures.
            timing: Waiting times.
            concurrency: Most handlers at once.
            plan: Makes sure, in a transaction of its own, that every periodic task is there.
        """
        self._database = database
        self._handlers = handlers
        self._kinds = tuple(handlers)
        self._clock = clock
        self._random = random
        self._timing = timing
        self._concurrency = concurrency
        self._plan = plan
        self._plan_again = clock.monotonic()
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until `stop` is called; then finish what is being done."""
        while not self._stopping:
            try:
                worked = await self.turn()
            except DatabaseUnavailable as error:
                _log.warning("runner.database_unavailable", reason=str(error))
                worked = False
            except Exception:  # noqa: BLE001 - logged in full; a runner that ends leaves everything undone
                _log.exception("runner.turn_failed")
                worked = False
            if not worked:
                await self._rest()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._timing.margin)
        for task in self._tasks:  # its lease runs out, and somebody does it again
            task.cancel()

    async def turn(self) -> bool:
        """Look for tasks once; True if something was claimed."""
        if self._plan is not None and self._clock.monotonic() >= self._plan_again:
            await self._database.write(self._plan)
            self._plan_again = self._clock.monotonic() + PLAN_EVERY
        free = self._concurrency - len(self._tasks)
        now = self._clock.now()
        if free <= 0 or not await self._database.read(partial(queue.has_due, now=now, kinds=self._kinds)):
            return False
        jobs = await self._database.write(
            partial(queue.claim, now=now, kinds=self._kinds, most=free, timing=self._timing)
        )
        for job in jobs:
            task = asyncio.create_task(self._do(job))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return bool(jobs)

    async def idle(self) -> None:
        """Wait until nothing is being done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def wake(self) -> None:
        """Say that there may be new tasks."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    def kill(self) -> None:
        """Drop everything at once, as a crash does."""
        self.stop()
        for task in self._tasks:
            task.cancel()

    async def _do(self, job: Job) -> None:
        try:
            async with asyncio.timeout(self._timing.limit):
                result = await self._handlers[job.kind](job)
        except DatabaseUnavailable as error:
            await self._write_down(self._failed(job, str(error)))
        except TimeoutError:
            await self._write_down(self._failed(job, f"not done within {self._timing.limit:g} s"))
        except Exception as error:  # noqa: BLE001 - logged in full, and kept with the task
            _log.exception("task.failed", task=job.id, kind=job.kind, attempt=job.attempt)
            await self._write_down(self._failed(job, f"{type(error).__name__}: {error}"))
        else:
            await self._finish(job, result)

    async def _finish(self, job: Job, result: Result) -> None:
        try:
            await self._write_down(partial(queue.finish, now=self._clock.now(), job=job, result=result))
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what the handler wanted to write broke; nothing of it was kept
            _log.exception("task.failed", task=job.id, kind=job.kind, attempt=job.attempt)
            await self._write_down(self._failed(job, f"{type(error).__name__}: {error}"))

    def _failed(self, job: Job, why: str) -> SystemWork[bool]:
        return partial(queue.fail, now=self._clock.now(), job=job, why=why, timing=self._timing, random=self._random)

    async def _write_down(self, work: SystemWork[bool]) -> None:
        for pause in PATIENCE_WITH_THE_DATABASE:
            try:
                await self._database.write(work)
            except DatabaseUnavailable:
                await self._clock.sleep(pause)
            else:
                return
        await self._database.write(work)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("runner.task_failed", reason=repr(error))

    async def _rest(self) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(self._timing.poll))
        waking = asyncio.ensure_future(self._wake.wait())
        await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
        waking.cancel()
        if self._wake.is_set() and not self._stopping:
            await self._clock.sleep(LOOK_EVERY)
        self._wake.clear()
