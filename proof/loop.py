"""An event loop in simulated time: a seed chooses what runs next, and the processes in it can be paused and killed."""

import asyncio
import heapq
from collections.abc import Callable
from contextvars import Context, ContextVar
from random import Random
from typing import TYPE_CHECKING, Protocol, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections import deque

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CHOICE = 8
"""So many of the steps that could run now are chosen among."""


class Runner(Protocol):
    """What a step belongs to: a simulated process."""

    def may_run(self) -> bool:
        """Whether its steps run; else they are handed to `hold`."""
        ...

    def hold(self, step: asyncio.Handle) -> None:
        """Keep a step for when it may run again."""
        ...


RUNNER: ContextVar[Runner | None] = ContextVar("RUNNER", default=None)
"""The process that the running step belongs to; None for the network, the authority and the callers."""


class Stalled(Exception):
    """Nothing can run any more, and nothing is scheduled: the simulation is broken."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Time passes only when nothing can run; then it jumps to the next timer.

    A step is one callback of the loop, that is, what a task does between two awaits. The context of a step says which
    process it belongs to. Work for threads is done at once, in the step that asks for it.
    """

    def __init__(self, chance: Random, before_step: Callable[[Runner], None]) -> None:
        super().__init__()
        self._ready: deque[asyncio.Handle]
        self._scheduled: list[asyncio.TimerHandle]
        self._chance = chance
        self._before_step = before_step
        self._present = 0.0
        self.steps = 0
        """Steps run so far."""

    def time(self) -> float:
        """Return the simulated time, in seconds from the start."""
        return self._present

    def run_in_executor(self, executor: object, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        """Do it at once: a thread would bring its own order of things."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits it
            future.set_exception(error)
        return future

    def give_back(self, held: list[asyncio.Handle]) -> None:
        """Have the steps run that a process held."""
        self._ready.extend(held)

    def _run_once(self) -> None:
        """Run one step, as the base class asks for; see `BaseEventLoop.run_forever`."""
        ready, scheduled = self._ready, self._scheduled
        while scheduled and (scheduled[0]._cancelled or scheduled[0].when() <= self._present):  # noqa: SLF001 - the base class does so
            timer = heapq.heappop(scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001 - not in the stub
            if not timer._cancelled:  # noqa: SLF001
                ready.append(timer)
        if not ready:
            if not scheduled:
                raise Stalled
            self._present = scheduled[0].when()
            return
        step = self._choose()
        if step._cancelled:  # noqa: SLF001
            return
        context: Context = step._context  # type: ignore[attr-defined]  # noqa: SLF001 - not in the stub
        runner = context.get(RUNNER)
        if runner is not None:
            self._before_step(runner)
            if not runner.may_run():
                runner.hold(step)
                return
        self.steps += 1
        step._run()  # noqa: SLF001

    def _choose(self) -> asyncio.Handle:
        """Take the oldest step half of the time, else any of the oldest few."""
        ready = self._ready
        if len(ready) == 1 or self._chance.random() < 0.5:  # noqa: PLR2004 - a half
            return ready.popleft()
        place = self._chance.randrange(min(CHOICE, len(ready)))
        step = ready[place]
        del ready[place]
        return step

    def _process_events(self, event_list: object) -> None:
        """There are no files and sockets here."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in a system call here."""
