"""Invoices at a steady rate for a long time on the production-like set: does the memory of any process grow?

The first part of the run warms up and is not judged: caches fill, and the allocator finds its size. Both workers are
held up once meanwhile, as a busy machine does now and then: what they catch up with is the most that they ever hold.
"""

import asyncio
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from bench.result import Line, at
from risiti.cli.console import complain
from risiti.cli.processes import Child
from risiti.cli.stage import Tempo
from scripts.chaos.stage import Cast, Stage
from scripts.drills import memory
from scripts.drills.traffic import Call, Caller, Heard, invoice, steadily

RATE: Final = 50.0
MINUTES: Final = 30.0
COMPANIES: Final = 10
LOOK_SECONDS: Final = 10.0
TELL_EVERY: Final = 30
WARMING_UP: Final = 1 / 3
"""Share of the run that is not judged."""
HELD_UP_AT: Final = 1 / 10
HELD_UP_SECONDS: Final = 10.0
MEGABYTE: Final = 1_000_000
HOUR: Final = 3_600.0
_OBJECTS = re.compile(r"^risiti_python_objects(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


@dataclass(slots=True)
class Course:
    """What was seen of one process: when (seconds), how many bytes, and how many objects."""

    times: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    objects: list[float] = field(default_factory=list)


async def measure(folder: Path, *, minutes: float = MINUTES, rate: float = RATE) -> list[Line]:
    """Hand in so many invoices a second for so many minutes; report the slope of each process's memory."""
    courses: dict[str, Course] = defaultdict(Course)
    heard, over = Heard(), asyncio.Event()
    async with Stage(folder, Cast(companies=COMPANIES, workers=2, apis=2), Tempo(request_validity=300)) as stage:
        calls = [
            Call(
                "create",
                "POST",
                f"/api/companies/{one.company_id}/invoices",
                invoice("SOAK"),
                {"Authorization": f"Bearer {one.key}"},
            )
            for one in stage.accounts
        ]
        asyncio.get_running_loop().call_later(60 * minutes, over.set)
        async with Caller(stage.url, heard, connections=64) as caller, asyncio.TaskGroup() as tasks:
            tasks.create_task(steadily(caller, calls, rate, over))
            tasks.create_task(_watch(stage, courses, over))
            tasks.create_task(_hold_up(stage.workers, 60 * minutes * HELD_UP_AT))
    failed = heard.failed()
    times = sorted(heard.times["create"])
    accepted = heard.answers["create", "202"]
    first = Line(
        f"soak, {minutes:g} minutes",
        f"{accepted} accepted ({accepted / (60 * minutes):.1f}/s; p50 {1_000 * at(0.5, times):.0f} ms, p99 "
        f"{1_000 * at(0.99, times):.0f} ms), {sum(failed.values())} not {failed or ''}".rstrip(),
        {"accepted": accepted, "failed": sum(failed.values())},
    )
    return [first, *(_line(name, course) for name, course in courses.items())]


async def _watch(stage: Stage, courses: dict[str, Course], over: asyncio.Event) -> None:
    begun, looks = time.monotonic(), 0
    async with aiohttp.ClientSession() as session:
        while not over.is_set():
            now = time.monotonic() - begun
            for child in (*stage.apis, *stage.workers):
                if child.pid is not None:
                    courses[child.name].times.append(now)
                    courses[child.name].resident.append(memory.resident(child.pid))
            for child, port in zip(stage.apis, stage.ports, strict=True):
                await _count_objects(session, child, port, courses)
            for child in stage.workers:
                await _count_objects(session, child, stage.worker_ports[child.name], courses)
            if looks % TELL_EVERY == 0:
                told = ", ".join(f"{name} {course.resident[-1] / MEGABYTE:.1f} MB" for name, course in courses.items())
                complain(f"after {now / 60:.1f} min: {told}")
            looks += 1
            await asyncio.wait((asyncio.ensure_future(over.wait()),), timeout=LOOK_SECONDS)


async def _hold_up(workers: Sequence[Child], after: float) -> None:
    """Let the workers stand still for a while, all at once, so that they have a queue to catch up with."""
    await asyncio.sleep(after)
    pids = [child.pid for child in workers if child.pid is not None]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(HELD_UP_SECONDS)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def _count_objects(session: aiohttp.ClientSession, child: Child, port: int, courses: dict[str, Course]) -> None:
    async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        counted = _OBJECTS.findall(await answer.text())
    if counted:
        courses[child.name].objects.append(sum(map(float, counted)))


def _line(name: str, course: Course) -> Line:
    start = next(place for place, when in enumerate(course.times) if when >= WARMING_UP * course.times[-1])
    per_hour = HOUR * slope(course.times[start:], course.resident[start:])
    first, warm, last = (course.resident[place] / MEGABYTE for place in (0, start, -1))
    sentence = (
        f"{first:.1f} MB at the start, {warm:.1f} MB warm, {last:.1f} MB at the end; slope after warming up "
        f"{per_hour / MEGABYTE:+.2f} MB an hour"
    )
    figures = {"resident_bytes": course.resident[-1], "slope_bytes_per_hour": per_hour}
    if len(course.objects) == len(course.times):
        objects = HOUR * slope(course.times[start:], course.objects[start:])
        sentence += f"; {course.objects[-1]:.0f} objects, {objects:+.0f} an hour"
        figures |= {"objects": course.objects[-1], "slope_objects_per_hour": objects}
    return Line(f"memory of {name}", sentence, figures)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return how much the values grow a second: the line that fits them best (least squares)."""
    middle, level = sum(times) / len(times), sum(values) / len(values)
    spread = sum((when - middle) ** 2 for when in times)
    if not spread:
        return 0.0
    return sum((when - middle) * (value - level) for when, value in zip(times, values, strict=True)) / spread
