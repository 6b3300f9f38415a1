"""One simulation from one seed: processes, database, network, authority and people, until a promise breaks."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from random import Random

import structlog
from sqlalchemy.orm import Session

from proof.authority import UPLOADS, Authority
from proof.books import Books, Violation
from proof.loop import RUNNER, Runner, SimulatedLoop, Stalled
from proof.network import HARM_TO_OTHERS, Network
from proof.people import Door, People
from proof.processes import Process
from proof.sales import FOREIGN, Sale
from proof.store import KEK, Around, ProcessDatabase, Store, template
from proof.trace import Trace
from proof.weather import Check, Spell, Weather, forecast
from risiti.gateway.db.database import DatabaseUnavailable
from risiti.gateway.runtime import World as Outside
from risiti.gateway.runtime import open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.sql.look import DueDevice
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.tenancy.tables import Company, Guard
from risiti.gateway.worker.loop import Worker

CONCURRENCY = 8
DOORS = 2
MOST_STEPS = 400_000
"""A simulation with more steps than this has begun to run in circles."""
SHORTEST_REST, LONGEST_REST = 1.5, 240.0
"""Seconds between two looks of a worker that finds nothing to do although something is due."""
PAUSES = (2.0, 15.0, 95.0, 400.0, 1300.0)
"""Seconds for which a process stands still."""
SETTLES_WITHIN = 900.0 + 900.0 + 600.0
"""Seconds after the last fault within which everything is settled: quiet period, lag of lists, ten minutes."""
SEEN_SETTLES_WITHIN = 5.5 * 3600.0
"""The same for a document of which the authority says that it exists and does not show it; and where its lists break
the bound."""
ONE_MORE_DOUBT = 240.0 + 900.0 + 600.0
"""How much longer it may take where the authority works longer on a document than we wait, faults or none: what was
proved absent and is sent again is in doubt again, until the lists show it."""
PAUSED_DEVICE = 900.0 + 120.0
"""How much longer it may take when the authority had blocked the device."""


class Mode(StrEnum):
    """What a simulation is after."""

    SAFETY = "safety"
    """Faults for the whole time: nothing wrong may happen."""
    LIVENESS = "liveness"
    """Then the faults stop: everything must also come to an end."""


@dataclass(frozen=True, slots=True)
class Report:
    """How one simulation went."""

    seed: int
    mode: Mode
    violation: Violation | None
    digest: str
    steps: int
    simulated_seconds: float
    counts: Mapping[str, int]
    last: tuple[str, ...] = field(repr=False)
    """The last lines of the trace."""


def simulate(seed: int, mode: Mode | None = None, show: Callable[[str], None] | None = None) -> Report:
    """Run one simulation; without a mode, odd seeds are for liveness and even ones for safety."""
    chosen = mode or (Mode.LIVENESS if seed % 2 else Mode.SAFETY)
    with _collecting_no_garbage():
        return _Simulation(seed, chosen, show).run()


class _Worker(Worker):
    """A worker that the simulation turns, as `run` would: at once when it is woken, else when something is due."""

    def __init__(self, engine: Engine, concurrency: int, *, imports: bool) -> None:
        super().__init__(engine, concurrency)
        self.woken = asyncio.Event()
        self._imports = imports

    def _may_batch(self, device: DueDevice) -> bool:
        """Take a few documents of an import for a backlog: whether it is one is no matter of safety."""
        if self._imports:
            self._backlogs.add(device.id)
        return super()._may_batch(device)

    @property
    def probes(self) -> bool:
        """Whether this process is the one that tries what a breaker keeps shut."""
        return any(gate.is_ours for gate in self._engine.connections.upstreams._gates.values())  # noqa: SLF001

    def wake(self, device_id: str = "") -> None:
        """Say that there may be new work, of this device if it is known of which."""
        super().wake(device_id)
        self.woken.set()


class _Simulation(Around):
    """Everything of one simulation."""

    def __init__(self, seed: int, mode: Mode, show: Callable[[str], None] | None) -> None:
        self._seed = seed
        self._mode = mode
        self._weather: Weather = forecast(seed, (1.0, 3.0) if mode is Mode.SAFETY else (0.5, 2.0))
        self._stormy = True
        self._loop = SimulatedLoop(self._chance("order"), self._before_step)
        self._loop.set_exception_handler(self._lost)
        self._trace = Trace(self._loop.time, show)
        self._store = _store()
        self._template = template()
        self._store.begin(self._template.image)
        self._books = Books(
            self._store.raw,
            self._trace,
            self._loop.time,
            self._loop.stop,
            disagreement=self._weather.disagreement_of_clocks,
        )
        self._authority = Authority(self._loop, self._weather, self._chance("authority"), self._template.sellers)
        self._network = Network(
            self._loop, self._weather, self._chance("network"), self._authority, self._books, self._trace
        )
        self._network.strike = self._strike_at_wire
        self._disk = self._chance("database")
        self._fate = self._chance("fate")
        self._settings = Settings(
            database_url="sqlite:///simulated.db",
            risiti_kek=KEK,
            efris_test_url="http://authority.invalid/efrisws/ws/taapp/getInformation",
            efris_ask_schedule=(5.0, 15.0, 60.0, 240.0, 480.0),
        )
        self._lives: list[Process] = []
        self._workers: dict[str, Process] = {}
        self._doors: list[Door] = []
        self._running: set[asyncio.Task[None]] = set()

    def run(self) -> Report:
        """Run until a promise breaks or the end is reached."""
        asyncio.set_event_loop(None)
        with _listening(self._heard):
            try:
                play = self._loop.create_task(self._play())
                play.add_done_callback(lambda _: self._loop.stop())
                self._loop.run_forever()
                if play.done() and not play.cancelled() and (error := play.exception()) is not None:
                    raise error
            except Stalled:
                self._books.breach("L3", "nothing can run any more")
            finally:
                report = self._report()
                self._clear_away()
        return report

    async def _play(self) -> None:
        self._books.begin()
        self._store.run(lambda connection: self._set_up(Session(connection)))
        self._books.begin()
        people = self._people()
        for number in range(1, self._weather.workers + 1):
            self._start_worker(f"worker-{number}")
        for door in self._doors:
            self._open(door)
        chance = self._chance("callers")
        imported_at = self._chance("imports").uniform(0, 0.5 * self._weather.seconds)
        for sale in self._books.sales.values():
            if sale.is_taken:
                await self._take_reference(sale)
            begin = chance.uniform(0, 0.7 * self._weather.seconds) * chance.choice((0.0, 1.0, 1.0))
            begin = imported_at if sale.imported else begin
            self._outside(people.sell(sale, begin, self._weather.seconds - begin))
        self._outside(people.decide(tuple(seller.company_id for seller in self._template.sellers)))
        for moment, size in self._weather.authority_steps:
            self._loop.call_later(moment, self._step_authority, size)
        for moment, size in self._weather.process_steps:
            self._loop.call_later(moment, self._step_worker, size)
        await asyncio.sleep(self._weather.seconds)
        if self._mode is Mode.LIVENESS:
            await self._heal()
        self._books.close(healed=self._mode is Mode.LIVENESS)

    # the faults stop

    async def _heal(self) -> None:
        """End all faults and see to it that everything comes to an end in time (L1)."""
        self._trace.note("weather", "all faults are over")
        self._stormy = self._network.stormy = False
        for process in self._lives:
            process.clock.offset = 0.0
            if process.alive and process.paused:
                process.resume()
        extra = self._weather.lateness_of_clocks + (PAUSED_DEVICE if self._weather.device_blocked else 0.0)
        extra += ONE_MORE_DOUBT if self._weather.processing > Timing().answer else 0.0
        await self._until_settled(SETTLES_WITHIN + extra)
        late = self._books.unsettled()
        if late:
            excused = not self._weather.lag_is_bounded
            for row in late:
                if not (excused or row.seen):
                    text = f"{row.reference} is still {row.state}, {SETTLES_WITHIN + extra:.0f} s after the last fault"
                    self._books.breach("L1", text)
            await self._until_settled(SEEN_SETTLES_WITHIN)
            for row in self._books.unsettled():
                self._books.breach("L1", f"{row.reference} is still {row.state}, hours after the last fault")

    async def _until_settled(self, seconds: float) -> None:
        end = self._loop.time() + seconds
        while self._loop.time() < end:
            await asyncio.sleep(60.0)
            accepted = all(sale.told_id is not None for sale in self._books.sales.values())
            if accepted and not self._books.unsettled():
                return

    # processes

    def _start_worker(self, name: str) -> None:
        process = self._workers[name] = self._new_process(name)
        self._trace.note(name, "starts", count="message: process starts")
        process.run(self._work(process))

    async def _work(self, process: Process) -> None:
        """Live as a worker process does: open everything, then look for work again and again."""
        while True:
            try:
                async with open_runtime(self._settings, self._outside_of(process)) as runtime:
                    worker = _Worker(runtime.engine, CONCURRENCY, imports=self._weather.imports > 0)
                    await self._turns(worker, process)
            except DatabaseUnavailable:
                await asyncio.sleep(5.0)

    async def _turns(self, worker: "_Worker", process: Process) -> None:
        rest = 0.0
        while True:
            try:
                worked = await worker.turn()
            except DatabaseUnavailable:
                worked = False
            except Exception as error:  # noqa: BLE001 - a worker logs it and goes on; here it counts
                self._books.breach("E1", f"a turn of {process.name} failed: {error!r}")
                return
            # A real one looks ten times a second; one that probes goes on at every look, while its lease lasts.
            longest = SHORTEST_REST if worker.probes else LONGEST_REST
            rest = 0.0 if worked else min(longest, max(SHORTEST_REST, 3 * rest))
            await self._store.until_due(process.clock, rest, process.chance, worker.woken)
            worker.woken.clear()

    def _open(self, door: Door) -> None:
        self._trace.note(door.process.name, "starts", count="message: process starts")
        door.process.run(self._serve(door))

    async def _serve(self, door: Door) -> None:
        """Live as an API process does: open everything, and be there."""
        while True:
            try:
                async with open_runtime(self._settings, self._outside_of(door.process)) as runtime:
                    door.runtime = runtime
                    await asyncio.get_running_loop().create_future()
            except DatabaseUnavailable:
                await asyncio.sleep(5.0)

    def _new_process(self, name: str) -> Process:
        life = sum(one.name == name for one in self._lives)
        process = Process(self._loop, name, self._chance(f"{name}/{life}"))
        self._lives.append(process)
        return process

    def _outside_of(self, process: Process) -> Outside:
        return Outside(
            clock=process.clock,
            random=process.chance,
            transport=self._network.line(process),
            database=ProcessDatabase(self._store, process, self),
        )

    # harm

    def _before_step(self, runner: Runner) -> None:
        """Maybe pause or kill a process before its next step."""
        if not (self._stormy and isinstance(runner, Process) and runner.may_run()):
            return
        chance = self._fate.random()
        if chance < self._weather.crash:
            self._kill(runner, "at a step")
        elif chance < self._weather.crash + self._weather.pause:
            self._pause(runner)

    def _strike_at_wire(self, process: Process, interface: str) -> None:
        share = 1.0 if interface in UPLOADS else HARM_TO_OTHERS
        if self._stormy and self._fate.random() < self._weather.crash_at_wire * share:
            self._kill(process, "at the wire")
        elif self._stormy and process.may_run() and self._fate.random() < self._weather.pause_at_wire * share:
            self._pause(process)

    def _kill(self, process: Process, where: str) -> None:
        if not process.alive:
            return
        process.alive = False
        self._trace.note(process.name, f"dies {where}", count=f"fault: crash {where}")
        if self._books.is_sending(process):
            self._trace.counts["fault: crash with a document in hand"] += 1
        delay = self._fate.choice((0.5, 5.0, 60.0, 400.0)) * self._fate.random()
        self._loop.call_later(delay, self._restart, process.name, context=Context())

    def _restart(self, name: str) -> None:
        if name in self._workers:
            self._start_worker(name)
            return
        (door,) = (door for door in self._doors if door.process.name == name)
        door.process, door.runtime = self._new_process(name), None
        self._open(door)

    def _pause(self, process: Process) -> None:
        seconds = self._fate.choice(PAUSES) * self._fate.uniform(0.5, 1.0)
        process.paused = True
        self._trace.note(process.name, f"stands still for {seconds:.0f} s", count="fault: pause")
        if self._books.is_sending(process):
            self._trace.counts["fault: pause with a document in hand"] += 1
        self._loop.call_later(seconds, process.resume, context=Context())

    def _step_authority(self, seconds: float) -> None:
        self._authority.clock.offset += seconds
        self._trace.note("authority", f"its clock jumps by {seconds:.0f} s", count="fault: their clock jumps")

    def _step_worker(self, seconds: float) -> None:
        name = self._fate.choice(sorted(self._workers))
        self._workers[name].clock.offset += seconds
        self._trace.note(name, f"its clock jumps by {seconds:.0f} s", count="fault: our clock jumps")

    # around the database

    async def before_reading(self, process: Process) -> None:
        """See `Around`."""
        await asyncio.sleep(0)
        self._let_through(process)

    async def before_writing(self, process: Process, share: float) -> None:
        """See `Around`."""
        await asyncio.sleep(self._disk.choice((0.0, 0.0, 0.005, 0.05)))
        self._let_through(process)
        if self._stormy and self._disk.random() < self._weather.crash_at_commit * share:
            self._kill(process, "before a commit")
            await asyncio.sleep(0)
        if self._stormy and self._disk.random() < self._weather.commit_lost:
            self._trace.note(process.name, "a unit of work is lost", count="fault: unit of work lost")
            raise DatabaseUnavailable("lost before the commit: simulated")

    async def after_commit(self, process: Process, share: float) -> None:
        """See `Around`."""
        self._books.committed(process)
        self._store.committed()
        if self._stormy and self._disk.random() < self._weather.crash_at_commit * share:
            self._kill(process, "after a commit")
        await asyncio.sleep(self._disk.choice((0.0, 0.0, 0.005, 0.05)))
        if self._stormy and self._disk.random() < self._weather.commit_lost:
            self._trace.note(process.name, "the word of a commit is lost", count="fault: word of a commit lost")
            raise DatabaseUnavailable("lost after the commit: simulated")

    def _let_through(self, process: Process) -> None:
        if not process.alive:
            raise DatabaseUnavailable("the process is dead")
        if self._stormy and _covers(self._weather.database_away, self._loop.time()):
            raise DatabaseUnavailable("away: simulated")

    # setting up

    def _set_up(self, session: Session) -> None:
        """Tell the gateway what it has learnt about the authority's duplicate check."""
        with session:
            for seller in self._template.sellers:
                company = session.get_one(Company, seller.company_id)
                proven = self._weather.check in (Check.ATOMIC, Check.RACY)
                company.guard = Guard.PROVEN if proven else Guard.ABSENT
                company.auto_resend = self._weather.check is Check.OFF_SIGNED
            session.commit()

    def _people(self) -> People:
        chance = self._chance("sales")
        for number in range(1, self._weather.sales + 1):
            self._books.sales[number] = Sale(
                number=number,
                company_id=chance.choice(self._template.sellers).company_id,
                is_bad=chance.random() < self._weather.bad,
                is_taken=chance.random() < self._weather.foreign,
                keyed=chance.random() < 0.5,  # noqa: PLR2004 - half of them
            )
        for sale in list(self._books.sales.values())[: self._weather.imports]:
            sale.company_id, sale.is_bad, sale.imported = self._books.sales[1].company_id, False, True
        self._doors = [Door(self._new_process(f"api-{number}")) for number in range(1, DOORS + 1)]
        return People(self._doors, self._books, self._trace, self._chance("people"))

    async def _take_reference(self, sale: Sale) -> None:
        """Have another system issue something else under a sale's reference."""
        from proof.foreign import issue  # noqa: PLC0415

        (seller,) = (seller for seller in self._template.sellers if seller.company_id == sale.company_id)
        await issue(self._authority, seller, sale, FOREIGN)
        for document in self._authority.news():
            self._books.issued(document)

    def _outside(self, life: Coroutine[object, object, None]) -> None:
        """Run something that belongs to no process."""
        task = self._loop.create_task(life, context=Context())
        self._running.add(task)
        task.add_done_callback(self._has_ended)

    def _has_ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._books.breach("E2", f"the simulation itself failed: {error!r}")

    # what is heard, and the end

    def _heard(self, event: str, words: Mapping[str, object]) -> None:
        """Take down what the gateway logs; what it did not expect is a breach."""
        runner = RUNNER.get()
        who = runner.name if isinstance(runner, Process) else "outside"
        self._trace.note(who, f"logs {event}")
        reason = str(words.get("reason", ""))
        error = sys.exc_info()[1]
        failed = "exc_info" in words and not isinstance(error, DatabaseUnavailable)
        failed = failed or (event == "worker.task_failed" and "DatabaseUnavailable" not in reason)
        if failed:
            self._books.breach("E1", f"{who} logs {event}: {reason or repr(error)}")

    def _lost(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """Take down an error that nobody awaited; a database that is away is none of those."""
        del loop
        error = context.get("exception")
        if not isinstance(error, DatabaseUnavailable):
            self._books.breach("E1", f"{context.get('message')}: {error!r}")

    def _report(self) -> Report:
        return Report(
            seed=self._seed,
            mode=self._mode,
            violation=self._books.violation,
            digest=self._trace.digest(),
            steps=self._loop.steps,
            simulated_seconds=self._loop.time(),
            counts={**self._trace.counts, **self._books.counts()},
            last=tuple(self._trace.last),
        )

    def _clear_away(self) -> None:
        """Have everything that still runs end, so that nothing is left behind."""
        self._stormy = self._network.stormy = False
        self._books.violation = self._books.violation or Violation("-", "over")
        for process in self._lives:
            process.alive, process.paused = True, False
            process.release()
            process.alive = True
        everything = asyncio.all_tasks(self._loop)
        for task in everything:
            task.cancel()
        for ending in (_ended(everything), self._loop.shutdown_asyncgens()):
            ended = self._loop.create_task(ending)
            ended.add_done_callback(lambda _: self._loop.stop())
            while not ended.done():
                self._loop.run_forever()
        self._loop.close()
        self._authority.world.close()

    def _chance(self, what: str) -> Random:
        return Random(f"{self._seed}/{what}")


async def _ended(tasks: "set[asyncio.Task[object]]") -> None:
    if tasks:
        await asyncio.wait(tasks)


def _covers(spells: tuple[Spell, ...], moment: float) -> bool:
    return any(spell.covers(moment) for spell in spells)


@cache
def _store() -> Store:
    return Store()


@contextmanager
def _listening(heard: Callable[[str, Mapping[str, object]], None]) -> Iterator[None]:
    """Hear what the gateway logs while the block runs."""

    def hear(_: object, method: str, words: Mapping[str, object]) -> Mapping[str, object]:
        del method
        heard(str(words["event"]), words)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[hear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """Keep the collector still: when it runs must not decide what happens."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
