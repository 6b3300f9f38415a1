"""A simulated process: its own clock, its own chance, and a life that can be paused or ended between any two steps."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from proof.loop import RUNNER, SimulatedLoop

T = TypeVar("T")

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""When every simulation begins: a Monday morning."""


class SteppedClock:
    """Wall time that can be stepped, and monotonic time that cannot, both moved by the loop."""

    def __init__(self, loop: SimulatedLoop, since: float = 0.0) -> None:
        """Count monotonic seconds from `since`, which differs from machine to machine."""
        self._loop = loop
        self._since = since
        self.offset = 0.0
        """Seconds by which the wall clock is wrong."""

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""
        return START + timedelta(seconds=self._loop.time() + self.offset)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self._since + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await asyncio.sleep(seconds)


class Process:
    """One life of a process; after its end a new one begins under the same name."""

    def __init__(self, loop: SimulatedLoop, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance
        self.clock = SteppedClock(loop, since=chance.uniform(0, 1e6))
        self.alive = True
        self.paused = False
        self._loop = loop
        self._held: list[asyncio.Handle] = []
        self._context: Context = copy_context()
        self._context.run(RUNNER.set, self)

    def run(self, life: Coroutine[object, object, T]) -> "asyncio.Task[T]":
        """Run something in this process."""
        return self._loop.create_task(life, context=self._context)

    def may_run(self) -> bool:
        """Whether it is alive and not paused."""
        return self.alive and not self.paused

    def hold(self, step: asyncio.Handle) -> None:
        """Keep a step of this process that may not run now; those of a dead one are kept for ever."""
        self._held.append(step)

    def resume(self) -> None:
        """Go on after a pause: what came due meanwhile happens now."""
        self.paused = False
        if self.alive:
            self.release()

    def release(self) -> None:
        """Give back what is held."""
        held, self._held = self._held, []
        self._loop.give_back(held)
