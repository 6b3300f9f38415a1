"""What protects the authority from us and us from it: between processes on both databases, and for one message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest

from risiti.efris import (
    AsgiTransport,
    AsyncClient,
    AuthorityTime,
    ClockOffset,
    Effect,
    EfrisError,
    HeldBack,
    Interrupted,
    NotReady,
    Refused,
    SessionKey,
    TimedOut,
    Unreachable,
    Unreadable,
)
from risiti.efris.return_codes import HTTP_TOO_MANY_REQUESTS, lookup
from risiti.gateway.db.database import Database
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.resilience.breaker import Phase, Policy, Standing
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.device_sessions import DeviceSessions
from risiti.gateway.submissions.gates import Gate
from risiti.gateway.submissions.judgement import judge
from risiti.gateway.submissions.passing import Governor
from risiti.gateway.submissions.timing import Timing
from risiti.gateway.submissions.upstream import Rung
from risiti.gateway.submissions.upstreams import ALIVE, Protection, Upstreams, scope_of
from tests.clock import START, ManualClock
from tests.efris import known
from tests.efris.authority import ENDPOINT, Authority
from tests.gateway.submissions.world import World

pytestmark = pytest.mark.anyio

DEVICE = "dev_00000000000000000000000001"
AWAY = Unreachable("no connection")


class Office:
    """Two processes on one database and one clock, and an authority that can be switched off."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock()
        self.authority = Authority(self.clock)
        self.is_away = False
        self.processes = [self._process(name) for name in ("one", "two")]
        self.governors = [process.governor(DEVICE, "test", ENDPOINT)[0] for process in self.processes]
        self.clients = [self._client(number) for number in range(2)]
        self.authority.before = self._maybe_away

    def _process(self, name: str) -> Upstreams:
        return Upstreams(self.database, self.clock, Protection(rate=100_000.0), name, quiet=900.0)

    def _client(self, number: int) -> AsyncClient:
        return AsyncClient(
            ENDPOINT,
            known.credentials(),
            transport=AsgiTransport(self.authority),
            clock=self.clock,
            governor=self.governors[number],
            authority_time=AuthorityTime(),
        )

    async def _maybe_away(self, _interface: str) -> None:
        if self.is_away:
            raise ConnectionError

    async def fail(self, times: int, process: int = 0) -> None:
        """Have messages of a process fail."""
        for _ in range(times):
            (await self.governors[process].admit("T109", Effect.WRITE, 30.0)).ended(AWAY)

    async def refresh(self) -> None:
        """Have every process share and learn, a second later."""
        for _ in range(2):
            self.clock.advance(1)
            for process in self.processes:
                await process.refresh()

    def phases(self) -> list[Phase]:
        """Return how each process sees the breaker."""
        return [process.seen()[0].gate.standing.phase for process in self.processes]

    async def open(self) -> None:
        """Have the breaker opened."""
        await self.fail(5)
        await self.refresh()
        assert self.phases() == [Phase.OPEN, Phase.OPEN]


@asynccontextmanager
async def an_office(database_url: str) -> AsyncIterator[Office]:
    database = open_database(Settings(database_url=database_url))
    try:
        yield Office(database)
    finally:
        await database.close()


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with an_office(database_url) as made:
        yield made


async def admitted(governor: Governor, interface: str = "T109", effect: Effect = Effect.WRITE) -> bool:
    try:
        await governor.admit(interface, effect, 30.0)
    except HeldBack:
        return False
    return True


async def test_what_one_process_has_seen_closes_the_way_for_all_and_is_on_record(office: Office) -> None:
    await office.open()
    assert not await admitted(office.governors[1])
    assert not office.processes[1].is_through(DEVICE)
    turns = await office.database.read(standings.turns)
    assert [(turn.phase, turn.process) for turn in turns] == [(Phase.OPEN, "one")]
    assert "5 failures in a row" in turns[0].reason


async def test_failures_of_several_processes_add_up_and_a_success_of_any_ends_the_row(office: Office) -> None:
    await office.fail(3, process=0)
    await office.refresh()
    (await office.governors[1].admit("T109", Effect.WRITE, 30.0)).ended(None)
    await office.refresh()
    await office.fail(3, process=0)
    await office.refresh()
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]
    await office.fail(2, process=1)
    await office.refresh()
    assert office.phases() == [Phase.OPEN, Phase.OPEN]


async def test_of_two_processes_one_tries_and_the_ladder_is_climbed_before_work_goes_on(office: Office) -> None:
    await office.open()
    office.clock.advance(60)
    knocked = await asyncio.gather(
        *(process.knock(DEVICE, client) for process, client in zip(office.processes, office.clients, strict=True))
    )
    assert sorted(knocked) == [False, True]
    assert office.authority.calls == {"T101": 3}
    prober = knocked.index(True)
    ours, upstream = office.processes[prober], office.processes[prober].seen()[0]
    assert upstream.rung is Rung.ASK
    assert (ours.rooms([DEVICE]).of(DEVICE).to_send, ours.rooms([DEVICE]).of(DEVICE).to_ask) == (0, 1)
    assert not await admitted(office.governors[prober])  # a document comes last
    (await office.governors[prober].admit("T106", Effect.READ, 15.0)).ended(None)
    assert (ours.rooms([DEVICE]).of(DEVICE).to_send, ours.rooms([DEVICE]).of(DEVICE).to_ask) == (1, 0)
    (await office.governors[prober].admit("T109", Effect.WRITE, 30.0)).ended(None)
    await office.refresh()
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]
    assert [process.seen()[0].limit.limit for process in office.processes] == [2, 2]


async def test_of_fifty_messages_in_half_open_one_gets_through(office: Office) -> None:
    await office.open()
    office.clock.advance(60)
    assert await office.processes[0].knock(DEVICE, office.clients[0])
    office.processes[0].seen()[0].rung = Rung.SEND
    assert sum(await asyncio.gather(*(admitted(office.governors[0]) for _ in range(50)))) == 1
    assert sum(await asyncio.gather(*(admitted(office.governors[1]) for _ in range(50)))) == 0


async def test_a_fruitless_try_closes_the_way_for_another_minute(office: Office) -> None:
    await office.open()
    office.is_away = True
    office.clock.advance(60)
    with pytest.raises(EfrisError):
        await office.processes[0].knock(DEVICE, office.clients[0])
    assert office.authority.calls == {"T101": 1}
    await office.refresh()
    assert office.phases() == [Phase.OPEN, Phase.OPEN]
    assert not office.processes[1].may_knock(DEVICE)


async def test_with_nothing_to_ask_or_send_a_sign_of_life_is_enough(office: Office) -> None:
    await office.open()
    office.clock.advance(60)
    assert await office.processes[0].knock(DEVICE, office.clients[0])
    for _ in range(3):
        office.processes[0].rooms([DEVICE]).of(DEVICE)
        await office.processes[0].refresh()
    assert office.processes[0].seen()[0].gate.standing.phase is Phase.CLOSED


async def test_a_direct_question_is_told_when_to_come_back_while_the_way_is_closed(office: Office) -> None:
    await office.processes[1].require("test", ENDPOINT)
    await office.open()
    with pytest.raises(Unavailable) as refused:
        await office.processes[1].require("test", ENDPOINT)
    assert refused.value.retry_after is not None
    assert 1 <= refused.value.retry_after <= 61


async def test_what_a_callers_time_no_longer_allows_is_not_begun_and_a_cut_call_counts_for_nothing(
    office: Office,
) -> None:
    with deadline.within(office.clock, 2):
        for _ in range(6):
            passed = await office.governors[0].admit("T106", Effect.READ, 15.0)
            assert passed.seconds == 2
            passed.ended(TimedOut("no answer in time"))
        office.clock.advance(2)
        assert not await admitted(office.governors[0], "T106", Effect.READ)
    await office.refresh()
    assert office.phases() == [Phase.CLOSED, Phase.CLOSED]


async def test_the_processes_share_the_limit_and_what_a_dead_one_had_is_taken_over(office: Office) -> None:
    await office.refresh()
    assert [process.rooms([DEVICE]).of(DEVICE).to_send for process in office.processes] == [4, 4]
    for _ in range(4):
        office.clock.advance(6)
        await office.processes[0].refresh()
    assert office.processes[0].rooms([DEVICE]).of(DEVICE).to_send == 8


async def test_what_all_processes_may_have_on_the_wire_together_is_known_to_each_and_dead_ones_do_not_count(
    office: Office,
) -> None:
    async def told() -> standings.Limits:
        look = partial(standings.limits, now=office.clock.now(), alive=ALIVE)
        return (await office.database.read(look)).get(scope_of(ENDPOINT), standings.Limits())

    await office.refresh()
    office.processes[0].began(DEVICE, asking=False)
    office.processes[1].began(DEVICE, asking=True)
    for _ in range(3):
        await office.refresh()
    assert await told() == standings.Limits(concurrency=8, rate=100_000.0, sending=1, asking=1)
    for _ in range(4):
        office.clock.advance(6)
        await office.processes[0].refresh()
    assert await told() == standings.Limits(concurrency=8, rate=100_000.0, sending=1, asking=0)
    await office.processes[0].leave()
    assert await told() == standings.Limits()


async def test_a_jump_of_their_clock_makes_everybody_more_patient_for_a_while(office: Office) -> None:
    timing = Timing()
    note = partial(standings.note_clock, scope="upstream:x", quiet=900.0)

    async def read(ahead: float, before: float | None = None) -> float:
        reading = standings.ClockReading(ahead, before, error=0.6)
        return await office.database.write(partial(note, reading=reading, now=office.clock.now()))

    await read(1.0)
    assert await read(100.0) == 0
    assert await read(700.0) == 600
    assert await read(5000.0, before=4990.0) == 0, "what a process measures for itself is compared with its own"
    assert await read(5000.0) == 0
    await office.refresh()
    assert [process.careful(timing).quiet for process in office.processes] == [1500, 1500]
    office.clock.advance(900 + 2 * 600)
    await office.refresh()
    assert office.processes[0].careful(timing) == timing


async def test_a_wall_clock_of_ours_that_is_set_is_not_a_jump_of_theirs(office: Office) -> None:
    process, timing = office.processes[0], Timing()
    for step in (0.0, -3600.0, 660.0):
        office.clock.step_wall(step)
        present = office.clock.monotonic()
        theirs = START + timedelta(seconds=present)
        process._read_clock(scope_of(ENDPOINT), None, ClockOffset.measure(theirs, present, present))
        office.clock.advance(6)
        await process.refresh()
        assert process.careful(timing) == timing


async def test_a_device_that_alone_keeps_failing_is_shut_alone(office: Office) -> None:
    other = office.processes[0].governor("dev_other", "test", ENDPOINT)[0]
    opaque = Unreadable("cannot be opened", accepted_opaque=True)
    for _ in range(5):
        (await office.governors[0].admit("T109", Effect.WRITE, 30.0)).ended(opaque)
    await office.refresh()
    assert not await admitted(office.governors[0])
    assert await admitted(other)
    assert office.phases()[0] is Phase.CLOSED


@pytest.mark.parametrize(
    ("error", "upstream", "device"),
    [
        (None, 0, 0),
        (AWAY, 1, None),
        (TimedOut("x"), 1, 1),
        (Interrupted("x"), 1, 1),
        (Unreadable("x", http_status=502), 1, 1),
        (Unreadable("x", http_status=200), 1, 1),
        (Unreadable("x", accepted_opaque=True), 0, 1),
        (Unreadable("x", return_code=lookup("99", "T109")), 1, 1),
        (Unreadable("x", return_code=lookup("2125", "T109")), 0.5, None),
        (Refused(HTTP_TOO_MANY_REQUESTS), 1, None),
        *((Refused(lookup(code, "T109")), 0, 0) for code in ("2253", "1600", "28", "401", "402", "400", "403", "3088")),
        (NotReady("x"), None, None),
        (HeldBack("x"), None, None),
        (asyncio.CancelledError(), None, None),
    ],
)
async def test_what_counts_against_whom(
    error: BaseException | None, upstream: float | None, device: float | None
) -> None:
    found = judge(error)
    assert (found.upstream, found.device) == (upstream, device)


async def test_several_processes_fetch_one_session_key_and_refused_ones_are_replaced_within_limits(
    world: World,
) -> None:
    (device_id,) = await world.device_ids()
    runtime = world.runtime
    fetched: list[int] = []
    paused: list[tuple[str, str]] = []

    async def fetch() -> bytes:
        fetched.append(len(fetched))
        await asyncio.sleep(0)
        return bytes([len(fetched)]) * 16

    async def pause(device: str, why: str) -> None:
        paused.append((device, why))

    processes = [
        DeviceSessions(runtime.database, runtime.vault, world.clock, process=name, device_id=device_id, pause=pause)
        for name in ("one", "two")
    ]

    async def obtain(worn: SessionKey | None) -> list[SessionKey]:
        asleep = world.clock.asleep
        asking = asyncio.gather(*(process.obtain(worn, fetch) for process in processes))
        while not asking.done():
            waiting = asyncio.ensure_future(world.clock.until_asleep(asleep + 1))
            await asyncio.wait((asking, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            world.clock.advance(0.25)
        return await asking

    first = await obtain(None)
    assert len(fetched) == 1
    assert first[0].secret == first[1].secret
    second = await obtain(first[0])
    assert len(fetched) == 2
    assert second[0].previous == first[0].secret
    with pytest.raises(NotReady, match="soon after"):
        await processes[0].obtain(second[0], fetch)
    key = second[0]
    for _ in range(4):
        world.clock.advance(60)
        (key, _) = await obtain(key)
    world.clock.advance(60)
    with pytest.raises(NotReady, match="within an hour"):
        await processes[1].obtain(key, fetch)
    assert [device for device, _ in paused] == [device_id]
    assert len(fetched) == 6


def test_a_clock_reading_is_shared_by_all_who_hold_it() -> None:
    time = AuthorityTime()
    time.keep(ClockOffset.measure(ManualClock().now(), 0.0, 1.0))
    assert time.offset is not None
    time.doubt()
    assert time.offset is None


async def test_a_device_that_has_nothing_to_send_is_tried_with_a_question(office: Office) -> None:
    """Else its doubts would wait until somebody hands in a new document."""
    gate = office.processes[0]._lanes[DEVICE].gate
    gate.learn(Standing(phase=Phase.HALF_OPEN, turns=1, prober="one"))
    room = office.processes[0].rooms([DEVICE]).of(DEVICE)
    assert (room.to_send, room.to_ask) == (1, 1)


def test_a_probe_that_failed_because_the_upstream_went_away_goes_on_when_it_is_back() -> None:
    news: set[Gate] = set()
    gate = Gate("device:dev_1", Policy(), "process-1", news)
    gate.learn(Standing(phase=Phase.HALF_OPEN, turns=1, prober="process-1"))
    gate.conclude("no answer")
    assert not gate.lets_work_through
    gate.forget()  # the upstream's own breaker has opened meanwhile
    assert gate.lets_work_through
    assert news == set()
