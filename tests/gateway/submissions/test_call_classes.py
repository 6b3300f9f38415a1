"""Documents may fail while questions are answered, and the other way round: neither is stopped by the other."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris import AuthorityTime, Effect, EfrisError, HeldBack, TimedOut, Unreachable
from risiti.efris.interfaces import SERVER_TIME
from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.resilience import breaker
from risiti.gateway.resilience.breaker import Phase, Policy, Standing
from risiti.gateway.resilience.concurrency import AdaptiveLimit, Bounds
from risiti.gateway.resilience.pacing import Pacer
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.gates import Calls, Gate
from risiti.gateway.submissions.passing import Governor, Pass
from risiti.gateway.submissions.upstream import Lane, Rung, Upstream
from risiti.simulator import Fault
from tests.clock import ManualClock
from tests.efris.authority import ENDPOINT
from tests.gateway.submissions.test_upstreams import DEVICE, Office, an_office
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

SILENT = TimedOut("no answer")
DOCUMENT: Final = ("T109", Effect.WRITE)
QUESTION: Final = ("T106", Effect.READ)
Message = tuple[str, Effect]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with an_office(database_url) as made:
        yield made


async def ends(office: Office, message: Message, error: EfrisError | None, process: int = 0) -> None:
    (await office.governors[process].admit(*message, 15.0)).ended(error)


async def leaves(office: Office, message: Message, process: int = 0) -> bool:
    try:
        passed = await office.governors[process].admit(*message, 15.0)
    except HeldBack:
        return False
    passed.leave()
    return True


async def have_fail(office: Office, failing: Message, answered: Message) -> None:
    """Have one class of calls fail while the other is answered, for many devices, and both processes know it."""
    for number in range(5):
        governor, _ = office.processes[0].governor(f"dev_{number}", "test", ENDPOINT)
        (await governor.admit(*failing, 15.0)).ended(SILENT)
        (await governor.admit(*answered, 15.0)).ended(None)
    await office.refresh()


async def test_documents_that_fail_stop_no_question_in_any_process(office: Office) -> None:
    await have_fail(office, DOCUMENT, QUESTION)
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]
    assert [await leaves(office, DOCUMENT, process) for process in (0, 1)] == [False, False]
    assert [await leaves(office, QUESTION, process) for process in (0, 1)] == [True, True]
    for process in office.processes:
        assert (process.rooms([DEVICE]).of(DEVICE).to_send, process.rooms([DEVICE]).of(DEVICE).to_ask) == (0, 1)
        assert process.is_through(DEVICE)
        assert await process.is_away("test", ENDPOINT)  # nobody is made to wait for a number
        await process.require("test", ENDPOINT)  # and a question is worth asking
    (turn,) = await office.database.read(standings.turns)
    assert (turn.scope, turn.phase) == (f"submit:{ENDPOINT}", Phase.OPEN)


async def test_questions_that_fail_stop_no_document_in_any_process(office: Office) -> None:
    await have_fail(office, QUESTION, DOCUMENT)
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]
    assert [await leaves(office, DOCUMENT, process) for process in (0, 1)] == [True, True]
    assert [await leaves(office, QUESTION, process) for process in (0, 1)] == [False, False]
    for process in office.processes:
        room = process.rooms([DEVICE]).of(DEVICE)
        assert (room.to_send > 0, room.to_ask) == (True, 0)
        assert not process.may_ask(DEVICE)
        assert not await process.is_away("test", ENDPOINT)
        with pytest.raises(Unavailable):
            await process.require("test", ENDPOINT)


async def test_without_a_connection_the_address_is_shut_and_neither_class_is_blamed(office: Office) -> None:
    for message in (DOCUMENT, QUESTION, DOCUMENT, QUESTION, DOCUMENT):
        await ends(office, message, Unreachable("no connection"))
    await office.refresh()
    assert office.phases() == [Phase.OPEN, Phase.OPEN]
    assert [turn.scope for turn in await office.database.read(standings.turns)] == [f"upstream:{ENDPOINT}"]


async def test_what_fails_is_tried_by_one_process_with_signs_of_life_and_one_document(office: Office) -> None:
    await have_fail(office, DOCUMENT, QUESTION)
    assert not office.processes[0].has_calls_to_try(DEVICE)
    office.clock.advance(60)
    assert all(process.has_calls_to_try(DEVICE) for process in office.processes)
    knocked = await asyncio.gather(
        *(process.knock(DEVICE, client) for process, client in zip(office.processes, office.clients, strict=True))
    )
    assert knocked == [True, True]  # questions went on all the time
    assert office.authority.calls == {"T101": 3}
    (ours,) = [number for number, process in enumerate(office.processes) if process.rooms([DEVICE]).of(DEVICE).to_send]
    assert office.processes[ours].rooms([DEVICE]).of(DEVICE).to_send == 1
    assert await leaves(office, QUESTION, ours)
    assert [await leaves(office, DOCUMENT, process) for process in (0, 1)] == [ours == 0, ours == 1]
    await ends(office, DOCUMENT, None, ours)
    await office.refresh()
    upstreams = [process.seen()[0] for process in office.processes]
    assert [upstream.submit.gate.standing.phase for upstream in upstreams] == [Phase.CLOSED, Phase.CLOSED]
    assert [upstream.limit.limit for upstream in upstreams] == [2, 2]  # it begins carefully again


async def test_a_try_without_a_sign_of_life_or_with_a_document_that_fails_leaves_it_shut(office: Office) -> None:
    await have_fail(office, DOCUMENT, QUESTION)
    process = office.processes[0]
    office.is_away = True
    office.clock.advance(60)
    assert await process.knock(DEVICE, office.clients[0])  # not raised: the connection is as good as it was
    assert process.seen()[0].submit.gate.standing.phase is Phase.OPEN
    assert await leaves(office, QUESTION)
    office.is_away = False
    office.clock.advance(60)
    assert await process.knock(DEVICE, office.clients[0])
    await ends(office, DOCUMENT, SILENT)
    await office.refresh()
    assert process.seen()[0].submit.gate.standing.phase is Phase.OPEN
    assert office.phases()[0] is Phase.CLOSED


@pytest.mark.parametrize("failing", [QUESTION, DOCUMENT])
async def test_an_address_that_is_back_but_for_one_class_is_open_for_the_other(
    office: Office, failing: Message
) -> None:
    await office.open()
    office.clock.advance(60)
    assert await office.processes[0].knock(DEVICE, office.clients[0])
    assert office.processes[0].seen()[0].rung is Rung.ASK
    await ends(office, QUESTION, SILENT if failing is QUESTION else None)
    assert not await leaves(office, QUESTION) or failing is not QUESTION
    await ends(office, DOCUMENT, SILENT if failing is DOCUMENT else None)
    await office.refresh()
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]
    answered = QUESTION if failing is DOCUMENT else DOCUMENT
    assert [await leaves(office, answered, process) for process in (0, 1)] == [True, True]
    assert [await leaves(office, failing, process) for process in (0, 1)] == [False, False]


async def test_a_device_whose_documents_fail_may_ask_all_the_same_unless_a_person_stops_it(office: Office) -> None:
    for _ in range(3):
        await ends(office, DOCUMENT, SILENT)
        if await leaves(office, DOCUMENT):
            await ends(office, QUESTION, None)
    await office.refresh()
    process = office.processes[0]
    assert [turn.scope for turn in await office.database.read(standings.turns)] == [f"device:{DEVICE}"]
    assert (await leaves(office, DOCUMENT), await leaves(office, QUESTION)) == (False, True)
    assert (process.rooms([DEVICE]).of(DEVICE).to_send, process.rooms([DEVICE]).of(DEVICE).to_ask) == (0, 1)
    office.clock.advance(30)
    assert process.has_calls_to_try(DEVICE)
    assert await process.knock(DEVICE, office.clients[0])
    assert (process.rooms([DEVICE]).of(DEVICE).to_send, process.rooms([DEVICE]).of(DEVICE).to_ask) == (1, 1)
    pause = partial(standings.pause, scope=f"device:{DEVICE}", by="Akello", reason="asked to", now=office.clock.now())
    await office.database.write(pause)
    await office.refresh()
    assert (await leaves(office, DOCUMENT), await leaves(office, QUESTION)) == (False, False)
    assert not process.is_through(DEVICE)


async def test_a_device_whose_questions_fail_may_send_all_the_same(office: Office) -> None:
    for _ in range(4):
        await ends(office, QUESTION, SILENT)
    await office.refresh()
    assert await leaves(office, DOCUMENT)
    assert await office.database.read(standings.turns) == []


async def test_doubts_are_settled_while_documents_are_known_to_fail(world: World) -> None:
    """The authority takes documents in and never says so; its answers to questions come."""
    world.break_authority(Fault("drop_after", "T109"))
    accepted = [(await world.post(f"INV-{number}")).invoice for number in range(5)]
    await world.work()
    accepted += [(await world.post(f"INV-{number}")).invoice for number in range(5, 8)]
    await world.work(20, step=5)
    states = [(await world.look(one.id)).state for one in accepted]
    (upstream,) = world.runtime.engine.connections.upstreams.seen()
    assert (upstream.submit.gate.standing.phase, upstream.gate.standing.phase) == (Phase.OPEN, Phase.CLOSED)
    assert world.authority.calls()["T109"] == 5 == states.count("fiscalised")
    assert states.count("waiting") == 3

    world.break_authority()
    await world.work(120, step=5)
    assert {(await world.look(one.id)).state for one in accepted} == {"fiscalised"}
    assert [len(world.numbers(f"INV-{number}")) for number in range(8)] == [1] * 8


NEVER = Policy(failures=10**9, failed_share=2, slow_share=2)
"""A breaker that never opens."""


class House:
    """Two processes' gates over shared standings in memory, and an authority whose classes work or do not."""

    POLICY = Policy()

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rows: dict[str, Standing] = {}
        self.news: list[set[Gate]] = [set(), set()]
        self.upstreams = [self._upstream(number) for number in range(2)]
        self.governors = [
            Governor(Lane(one, Gate("device:1", NEVER, str(number), set())), self.clock)
            for number, one in enumerate(self.upstreams)
        ]
        self.fails: set[str] = set()
        self.passes: list[tuple[int, Message, Pass]] = []

    def _upstream(self, number: int) -> Upstream:
        gate, submit, query = (
            Gate(name, self.POLICY, str(number), self.news[number]) for name in ("upstream", "submit", "query")
        )
        made = Upstream(
            "test", gate, Calls(submit), Calls(query), AdaptiveLimit(Bounds()), Pacer("x", 1e9, None), AuthorityTime()
        )
        gate.on_probing = made.begin_to_probe
        return made

    async def begin(self, process: int, message: Message) -> bool:
        try:
            passed = await self.governors[process].admit(*message, 15.0)
        except HeldBack:
            return False
        self.passes.append((process, message, passed))
        return True

    def end(self, place: int) -> None:
        _, (name, _), passed = self.passes.pop(place % len(self.passes))
        if "connection" in self.fails:
            passed.ended(Unreachable("no connection"))
        else:
            passed.ended(SILENT if name in self.fails else None)

    def share(self) -> None:
        """Tell and learn, as `Upstreams.refresh` does."""
        for upstream, news in zip(self.upstreams, self.news, strict=True):
            upstream.next_turn()
            for gate in sorted(news, key=lambda gate: gate.scope, reverse=True):
                now, row = self.clock.now(), self.rows.get(gate.scope, Standing())
                if gate.conclusion is not None:
                    who, failure = gate.process, gate.conclusion or None
                    self.rows[gate.scope] = breaker.end_probe(row, gate.policy, who, failure, now) or row
                    gate.conclusion = None
                else:
                    self.rows[gate.scope] = breaker.told(row, gate.policy, gate.tally.report(), now)
                    gate.tally.reported()
                news.discard(gate)
                gate.learn(self.rows[gate.scope])
        for upstream in self.upstreams:
            for gate in upstream.gates:
                gate.learn(self.rows.get(gate.scope, Standing()))

    async def knock(self, process: int) -> None:
        """Try what is shut, with signs of life, as `Upstreams.knock` does."""
        upstream = self.upstreams[process]
        for gate in (upstream.gate,) if not upstream.gate.is_closed else upstream.gates[1:]:
            row = self.rows.get(gate.scope, Standing())
            self.rows[gate.scope] = breaker.begin_probe(row, gate.policy, gate.process, self.clock.now()) or row
            gate.learn(self.rows[gate.scope])
            if gate.is_ours and self.rows[gate.scope] != row:
                gate.on_probing()
        for _ in range(3):
            if await self.begin(process, (SERVER_TIME.code, Effect.READ)):
                self.end(-1)

    async def step(self, kind: str, number: int, message: Message, fallible: tuple[str, ...]) -> None:
        """Make one step; in a turn something begins to fail, or ends to."""
        match kind:
            case "call":
                if await self.begin(number % 2, message):
                    self.end(-1)
            case "begin":
                await self.begin(number % 2, message)
            case "end" if self.passes:
                self.end(number)
            case "share":
                self.share()
            case "knock":
                await self.knock(number % 2)
            case "wait":
                self.clock.advance(number)
            case "turn":
                self.fails ^= {fallible[number % len(fallible)]}
            case _:
                pass

    async def recover(self) -> None:
        """Let work go on for a while with nothing failing."""
        self.fails.clear()
        while self.passes:
            self.end(0)
        for _ in range(12):
            self.clock.advance(121)
            self.share()
            for process, upstream in enumerate(self.upstreams):
                await self.knock(process)
                for _ in range(2):
                    upstream.room()
                    for message in (QUESTION, DOCUMENT):
                        if await self.begin(process, message):
                            self.end(-1)
                    self.share()


EVERYTHING = ("T109", "T106", "T101", "connection")
WHAT_FAILS = st.sampled_from((("T109",), ("T106",), ("T109", "T106"), ("T101",), EVERYTHING))
"""What may fail in one example: where everything may, the promises about what never fails say nothing."""
KINDS = ("call", "call", "begin", "end", "share", "knock", "wait", "turn")
STEP = st.tuples(st.sampled_from(KINDS), st.sampled_from((0, 1, 30, 61, 121)), st.sampled_from((DOCUMENT, QUESTION)))
STEPS = st.lists(STEP, min_size=30, max_size=120)


@given(WHAT_FAILS, STEPS)
def test_whatever_fails_each_class_keeps_its_promises_and_all_is_open_once_nothing_fails(
    fallible: tuple[str, ...], steps: list[tuple[str, int, Message]]
) -> None:
    async def run() -> None:
        house = House()
        house.fails = set(fallible)
        for kind, first, second in steps:
            await house.step(kind, first, second, fallible)
            holds(house, set(fallible))
        await house.recover()
        assert all(gate.is_closed for upstream in house.upstreams for gate in upstream.gates)

    asyncio.run(run())


def holds(house: House, fallible: set[str]) -> None:
    """Check what must hold at any time; `fallible` is what may have failed."""
    for upstream in house.upstreams:
        if not fallible & {"T101", "connection"}:
            assert upstream.gate.is_closed, "an address that answers signs of life was shut"
            if "T106" not in fallible:
                assert upstream.query.gate.is_closed, "questions were shut, and none had failed"
            if "T109" not in fallible:
                assert upstream.submit.gate.is_closed, "documents were shut, and none had failed"
    for place in range(3):
        ours = [upstream.gates[place] for upstream in house.upstreams if upstream.gates[place].is_ours]
        assert len([gate for gate in ours if house.rows[gate.scope].prober == gate.process]) <= 1
