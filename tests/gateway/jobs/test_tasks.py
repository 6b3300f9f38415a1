"""Background work is done once for each time it is asked for, whoever dies, and is never asked for by halves."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial
from random import Random

import pytest
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.jobs import overview, queue, routines
from risiti.gateway.jobs.queue import Again, Done, Job, NewTask, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.jobs.runner import Handler, Runner
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.jobs.timing import TaskTiming
from risiti.gateway.kernel.ids import Ids
from tests.clock import ManualClock
from tests.gateway.db.rows import MANGO, PAPAYA, two_companies

pytestmark = pytest.mark.anyio

TIMING = TaskTiming(limit=20, margin=10, retry_first=4, retry_most=60)


class Bench:
    """A database with tasks, a clock, and what the handlers were asked to do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock()
        self.ids = Ids(self.clock)
        self.done: Counter[str] = Counter()

    def runner(self, handlers: Mapping[str, Handler] | None = None, concurrency: int = 4) -> Runner:
        return Runner(
            self.database,
            handlers or {"note.write": self.note},
            clock=self.clock,
            random=Random(3),  # noqa: S311 - repeatable on purpose
            timing=TIMING,
            concurrency=concurrency,
        )

    async def note(self, job: Job) -> Result:
        self.done[str(job.payload["name"])] += 1
        return Done()

    async def ask(self, name: str = "mango", **changes: object) -> str:
        new = NewTask(**{"kind": "note.write", "payload": {"name": name}, "company_id": MANGO, **changes})  # type: ignore[arg-type]  # by name
        return await self.database.write(
            lambda session: queue.enqueue(session, self.ids, self.clock.now(), new),
        )

    async def run(self, runner: Runner) -> bool:
        worked = await runner.turn()
        await runner.idle()
        return worked

    async def tasks(self, **of: object) -> list[overview.TaskView]:
        return await self.database.read(lambda session: overview.page(session, limit=100, **of))  # type: ignore[arg-type]  # by name


@pytest.fixture
async def bench(database: Database) -> Bench:
    await two_companies(database)
    return Bench(database)


async def test_what_a_transaction_asks_for_is_done_if_it_commits_and_only_then(bench: Bench) -> None:
    class OurMistake(Exception):
        pass

    def breaks_after_asking(session: Session) -> None:
        queue.enqueue(session, bench.ids, bench.clock.now(), NewTask("note.write", {"name": "never"}))
        raise OurMistake

    with pytest.raises(OurMistake):
        await bench.database.write(breaks_after_asking)
    runner = bench.runner()
    assert not await bench.run(runner)
    await bench.ask("mango")
    assert await bench.run(runner)
    assert bench.done == {"mango": 1}
    assert not await bench.run(runner)


async def test_a_company_sees_its_own_tasks_and_no_others(bench: Bench) -> None:
    await bench.ask("mango")
    await bench.ask("papaya", company_id=PAPAYA)
    await bench.ask("everybody", company_id=None)
    found = await bench.database.read_as(MANGO, lambda session: overview.page(session, limit=10))
    assert [task.company_id for task in found] == [MANGO]


async def test_one_key_is_one_live_task_and_may_come_again_when_it_is_done(bench: Bench) -> None:
    first = await bench.ask(key="daily")
    assert await bench.ask(key="daily") == first
    assert await bench.ask(key="daily", company_id=PAPAYA) != first
    runner = bench.runner()
    await bench.run(runner)
    assert bench.done == {"mango": 2}
    assert await bench.ask(key="daily") != first


async def test_a_race_for_one_key_has_one_winner(bench: Bench) -> None:
    found = await asyncio.gather(*(bench.ask(key="daily") for _ in range(5)))
    assert len(set(found)) == 1


async def test_two_runners_share_the_work_and_do_nothing_twice(bench: Bench) -> None:
    for number in range(24):
        await bench.ask(f"{number}")
    runners = [bench.runner(), bench.runner()]
    while any(await asyncio.gather(*(bench.run(runner) for runner in runners))):
        pass
    assert bench.done == {f"{number}": 1 for number in range(24)}


async def test_a_killed_runner_s_task_is_done_by_another_once_its_lease_is_over(bench: Bench) -> None:
    never = asyncio.Event()

    async def hang(job: Job) -> Result:
        del job
        await never.wait()
        return Done()

    await bench.ask("mango")
    killed, other = bench.runner({"note.write": hang}), bench.runner()
    await killed.turn()
    killed.kill()
    await killed.idle()
    bench.clock.advance(TIMING.lease - 1)
    assert not await bench.run(other)
    bench.clock.advance(2)
    assert await bench.run(other)
    assert bench.done == {"mango": 1}


async def test_a_runner_that_lost_its_lease_writes_nothing(bench: Bench) -> None:
    go_on = asyncio.Event()

    def write_twice(session: Session, name: str) -> None:
        queue.enqueue(session, bench.ids, bench.clock.now(), NewTask("other.kind", {"by": name}))

    async def slow(job: Job) -> Result:
        del job
        await go_on.wait()
        return Done(partial(write_twice, name="slow"))

    async def quick(job: Job) -> Result:
        del job
        return Done(partial(write_twice, name="quick"))

    asked = await bench.ask()
    late, other = bench.runner({"note.write": slow}), bench.runner({"note.write": quick})
    await late.turn()
    bench.clock.advance(TIMING.lease + 1)
    await bench.run(other)
    go_on.set()
    await late.idle()
    tasks = await bench.tasks()
    assert [task.state for task in tasks if task.id == asked] == [TaskState.DONE]
    assert len([task for task in tasks if task.kind == "other.kind"]) == 1


async def test_what_fails_is_tried_again_less_and_less_often_and_ends_before_a_person(bench: Bench) -> None:
    broken = True

    async def sometimes(job: Job) -> Result:
        if broken:
            message = "the post office is closed"
            raise OSError(message)
        return await bench.note(job)

    asked = await bench.ask(most_attempts=3)
    runner = bench.runner({"note.write": sometimes})
    for _ in range(3):
        assert await bench.run(runner)
        assert not await bench.run(runner)
        bench.clock.advance(TIMING.retry_most)
    assert not await bench.run(runner)
    (task,) = await bench.tasks(state=TaskState.DEAD)
    assert (task.id, task.attempts, task.last_error) == (asked, 3, "OSError: the post office is closed")
    broken = False
    assert await bench.database.write(partial(queue.revive, now=bench.clock.now(), task_id=asked))
    assert await bench.run(runner)
    assert bench.done == {"mango": 1}
    assert not await bench.database.write(partial(queue.revive, now=bench.clock.now(), task_id=asked))


async def test_a_task_that_kills_every_runner_is_given_up(bench: Bench) -> None:
    never = asyncio.Event()

    async def deadly(job: Job) -> Result:
        del job
        await never.wait()
        return Done()

    await bench.ask(most_attempts=2)
    for _ in range(2):
        runner = bench.runner({"note.write": deadly})
        assert await runner.turn()
        runner.kill()
        await runner.idle()
        bench.clock.advance(TIMING.lease + 1)
    await bench.ask("next")  # it is found out when somebody claims
    await bench.run(bench.runner())
    assert [task.last_error for task in await bench.tasks(state=TaskState.DEAD)] == [queue.DISAPPEARED]
    assert bench.done == {"next": 1}


async def test_what_a_task_writes_is_kept_with_its_end_or_not_at_all(bench: Bench) -> None:
    def half(session: Session) -> None:
        queue.enqueue(session, bench.ids, bench.clock.now(), NewTask("other.kind"))
        message = "no more paper"
        raise ValueError(message)

    async def breaks(job: Job) -> Result:
        del job
        return Done(half)

    await bench.ask()
    await bench.run(bench.runner({"note.write": breaks}))
    (task,) = await bench.tasks()
    assert (task.state, task.last_error) == (TaskState.WAITING, "ValueError: no more paper")


async def test_a_long_task_goes_on_where_it_was(bench: Bench) -> None:
    pages: list[object] = []

    async def read_pages(job: Job) -> Result:
        page = int(str(job.payload.get("page", 1)))
        pages.append(page)
        return Done() if page == 3 else Again(0.0, payload={"page": page + 1})

    await bench.ask(most_attempts=1, payload={})
    runner = bench.runner({"note.write": read_pages})
    while await bench.run(runner):
        pass
    assert pages == [1, 2, 3]


async def test_a_routine_of_every_company_goes_on_for_ever_whatever_fails(bench: Bench) -> None:
    broken = True

    async def look(job: Job) -> Result:
        if broken:
            raise OSError("the authority is away")
        bench.done[str(job.company_id)] += 1
        return Done()

    def plan(session: Session) -> int:
        return routines.plan(
            session,
            bench.ids,
            bench.clock.now(),
            Random(1),  # noqa: S311 - repeatable on purpose
            routines=[Routine("books.compare", every=3_600)],
            company_ids=[MANGO, PAPAYA],
        )

    planned = await asyncio.gather(bench.database.write(plan), bench.database.write(plan))
    assert await bench.database.write(plan) == 0
    assert sum(planned) >= 2
    assert len(await bench.tasks()) == 2
    runner = bench.runner({"books.compare": look})
    for _ in range(5):
        await bench.run(runner)
        bench.clock.advance(3_600)
    assert {task.state for task in await bench.tasks()} == {TaskState.WAITING}
    broken = False
    for _ in range(3):
        assert await bench.run(runner)
        assert not await bench.run(runner)
        bench.clock.advance(3_600)
    assert bench.done == {MANGO: 3, PAPAYA: 3}


async def test_a_runner_that_is_told_to_stop_finishes_what_it_does(bench: Bench) -> None:
    await bench.ask()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(job: Job) -> Result:
        begun.set()
        await go_on.wait()
        return await bench.note(job)

    runner = bench.runner({"note.write": slow})
    running = asyncio.create_task(runner.run())
    await begun.wait()
    runner.stop()
    go_on.set()
    await running
    assert bench.done == {"mango": 1}
    assert [task.state for task in await bench.tasks()] == [TaskState.DONE]
