"""What goes wrong, and when: drawn from one seed, so that a run's moments can be had again."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from risiti.cli.console import CommandError, complain
from risiti.cli.processes import Child
from risiti.efris import UPLOAD_INVOICE, UPLOAD_INVOICE_BATCH
from scripts.chaos.stage import Stage
from scripts.servers.postgres import Stop

SHORTEST_PAUSE: Final = 1.25
MOST_HARM: Final = 80
"""About so many misfortunes in a long run: a process that is started anew costs seconds of a core."""
STARTS: Final = 6
"""How often a process is started before the run gives up: a start fails while the database is away."""
AWAY_SECONDS: Final = (0.2, 2.0)
"""How long a server stays away."""
BAD_LINE_SECONDS: Final = (0.5, 5.0)
UPLOADS: Final = (UPLOAD_INVOICE.code, UPLOAD_INVOICE_BATCH.code)
QUERY: Final = "T106"

Fault = dict[str, object]


def authority_faults() -> list[Fault]:
    """Return what the simulator does wrong all the time: on uploads, on queries, on everything."""
    upload = {
        "drop_before": "0.01",
        "drop_after": "0.03",
        "truncated": "0.01",
        "http_500": "0.01",
        "http_503_after": "0.01",
        "error_99": "0.01",
        "error_99_after": "0.01",
        "garbage_after": "0.01",
        "html": "0.005",
        "empty_body_after": "0.005",
        "wrong_signature": "0.005",
        "other_exchange_id": "0.005",
        "key_expired": "0.01",
    }
    query = {"drop_before": "0.03", "http_503": "0.03", "garbage": "0.02", "error_99": "0.02"}
    slow_upload = {
        "latency": ("0.02", 1),
        "latency_after": ("0.02", 1),
        "hang": ("0.005", 4),
        "hang_after": ("0.01", 4),
        "late_delivery": ("0.01", 3),
        "duplicate_delivery": ("0.01", 2),
    }
    timed = {**dict.fromkeys(UPLOADS, slow_upload), QUERY: {"lag": ("0.2", 1), "latency": ("0.05", 1)}}
    plan = [_fault(name, interface, chance) for interface in UPLOADS for name, chance in upload.items()]
    plan += [_fault(name, QUERY, chance) for name, chance in query.items()]
    for interface, faults in timed.items():
        plan += [_fault(name, interface, chance) | {"seconds": seconds} for name, (chance, seconds) in faults.items()]
    return plan


def _fault(name: str, interface: str, chance: str) -> Fault:
    return {"fault": name, "interface": interface, "probability": chance}


@dataclass(slots=True)
class Monkey:
    """Does harm to a stage until it is told to stop; what it broke is whole again when `play` returns."""

    stage: Stage
    chance: Random
    seconds: float
    """How long it will play."""
    done: Counter[str] = field(default_factory=Counter)
    _busy: set[str] = field(default_factory=set)

    async def play(self, over: asyncio.Event) -> None:
        """Do harm until the event is set."""
        pause = max(SHORTEST_PAUSE, self.seconds / MOST_HARM)
        async with asyncio.TaskGroup() as tasks:
            while not over.is_set():
                name, target, harm = self._draw()
                if target not in self._busy:
                    self._busy.add(target)
                    self.done[name] += 1
                    complain(f"{sum(self.done.values())}: {name} ({target})")
                    tasks.create_task(self._and_back(target, harm))
                try:
                    async with asyncio.timeout(self.chance.uniform(0.4, 1.6) * pause):
                        await over.wait()
                except TimeoutError:
                    continue

    async def _and_back(self, target: str, harm: Callable[[], Awaitable[None]]) -> None:
        try:
            await harm()
        finally:
            self._busy.discard(target)

    def _draw(self) -> tuple[str, str, Callable[[], Awaitable[None]]]:
        """Choose what happens next: its name, whom it strikes, and how."""
        stage, chance = self.stage, self.chance
        worker, api = chance.choice(stage.workers), chance.choice(stage.apis)
        away, bad = chance.uniform(*AWAY_SECONDS), chance.uniform(*BAD_LINE_SECONDS)
        how = chance.choice([stop.name for stop in Stop])
        line = stage.line
        choices: list[tuple[int, str, str, Callable[[], Awaitable[None]]]] = [
            (6, "worker killed", worker.name, lambda: _kill(worker)),
            (3, "API killed", api.name, lambda: _kill(api)),
            (1, "worker asked to end", worker.name, lambda: _end(worker)),
            (2, "worker frozen beyond its lease", worker.name, lambda: self._freeze(worker)),
            (1, "simulator killed", stage.simulator.name, lambda: _kill(stage.simulator)),
            (1, "line cut", "line", lambda: self._bad_line(line.cut, bad)),
            (1, "line silent, then all of it late", "line", lambda: self._bad_line(line.hold, bad)),
            (1, "line slow", "line", lambda: self._bad_line(lambda: line.slow_down(away), bad)),
            (2, "answers lost on the line", "line", lambda: self._bad_line(line.lose_answers, 0)),
        ]
        if not stage.cast.sqlite:
            choices += [
                (
                    2,
                    f"PostgreSQL stopped ({how.lower()})",
                    "PostgreSQL",
                    lambda: stage.restart_database(Stop[how], away),
                ),
                (2, "Redis stopped", "Redis", lambda: stage.restart_redis(away)),
            ]
        (drawn,) = chance.choices(choices, weights=[choice[0] for choice in choices])
        return drawn[1:]

    async def _bad_line(self, harm: Callable[[], None], seconds: float) -> None:
        harm()
        await asyncio.sleep(seconds)
        self.stage.line.heal()

    async def _freeze(self, worker: Child) -> None:
        """Stop a worker's clock, as a machine that swaps or a paused guest does, until its leases are over."""
        pid = worker.pid
        if pid is None:
            return
        tempo = self.stage.tempo
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(tempo.send_window + tempo.timeout + tempo.lease_margin + 1)
        finally:
            os.kill(pid, signal.SIGCONT)


async def _kill(child: Child) -> None:
    child.kill()
    await _back(child)


async def _end(child: Child) -> None:
    await child.end()
    await _back(child)


async def _back(child: Child) -> None:
    """Start a process, and again if it ends, as a service manager does."""
    for last in (False,) * (STARTS - 1) + (True,):
        if not child.running:
            child.launch()
        try:
            await child.answers()
        except CommandError:
            if last:
                raise
        else:
            return
