"""The authority answers, but takes half a minute each time, for an hour: slow, not dead. In simulated time."""

import asyncio
from functools import partial
from random import Random

import pytest
from sqlalchemy import select

from risiti.efris import Reply, Transport
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.runtime import World, open_database, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome
from risiti.gateway.worker.loop import Worker
from tests.clock import ManualClock
from tests.gateway.submissions.standin import StandIn
from tests.gateway.submissions.test_outage import URL, BusyDatabase, a_company, count, fill, settled
from tests.make import a_private_key, an_invoice, as_body

pytestmark = pytest.mark.anyio

WAITING = 120
SLOW_SECONDS = 29.0
"""A little less than a call may take: each one is answered."""
STEP = 5.0
MINUTES = 60
LEAST = 2


class SlowLine:
    """The way to the stand-in: each message takes its time to be answered, and it is counted how many do at once."""

    def __init__(self, inner: Transport, clock: ManualClock) -> None:
        self._inner = inner
        self._clock = clock
        self.seconds = 0.0
        self.now = 0
        self.most = 0

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            reply = await self._inner.post(url, body, timeout=timeout, limit=limit)
            if self.seconds:
                await self._clock.sleep(self.seconds)
            return reply
        finally:
            self.now -= 1


async def let_pass(seconds: float, clock: ManualClock, database: BusyDatabase) -> None:
    """Let so much time pass, step by step."""
    while seconds > 0:
        await settled(database)
        clock.advance(STEP)
        seconds -= STEP
    await settled(database)


@pytest.mark.timeout(300)
async def test_an_authority_that_is_slow_for_an_hour_is_spared_and_nobody_notices_who_hands_in_a_document(
    database_url: str,
) -> None:
    clock = ManualClock()
    settings = Settings.model_validate(
        {"database_url": database_url, "risiti_kek": KeyEncryptionKey.generate().to_text(), "efris_test_url": URL}
    )
    database = BusyDatabase(open_database(settings))
    standin = StandIn(clock, a_private_key("seller"))
    line = SlowLine(standin, clock)
    async with open_runtime(settings, World(clock, Random(3), line, database)) as runtime:  # noqa: S311 - repeatable
        company_id = await a_company(runtime, clock, 0)
        worker = Worker(runtime.engine, concurrency=64)
        running = asyncio.create_task(worker.run())
        await fill(runtime, company_id, 0, 2)
        await let_pass(60, clock, database)  # the worker is connected
        assert await count(runtime, DocumentState.FISCALISED) == 2
        line.seconds = SLOW_SECONDS
        company_id = await a_company(runtime, clock, 1)
        await fill(runtime, company_id, 1, WAITING - 2)
        for minute in range(MINUTES):
            await settled(database)
            new = parse_invoice(as_body(an_invoice(f"HOUR-{minute}")), now=clock.now())
            taken = await runtime.acceptance.accept(Handed(company_id, new, None, Priority.SINGLE))
            assert taken.invoice.state == DocumentState.WAITING  # the clock stood still: nobody waited
            if minute == MINUTES // 2:
                line.most = line.now
            await let_pass(60, clock, database)
        turns = await database.read(partial(standings.turns, most=10_000))
        (upstream,) = runtime.engine.connections.upstreams.seen()
        most_at_once, limit = line.most, upstream.limit.limit
        in_doubt = await count(runtime, DocumentState.IN_DOUBT)

        line.seconds = 0.0
        while len(standin.documents) < WAITING + MINUTES:
            await let_pass(STEP, clock, database)
        worker.stop()
        await let_pass(60, clock, database)
        await running
        fiscalised = await count(runtime, DocumentState.FISCALISED)
        attempts = await database.read(
            lambda session: session.scalars(
                select(Attempt.outcome).where(Attempt.outcome != AttemptOutcome.FISCALISED)
            ).all()
        )

    opened = [turn for turn in turns if turn.phase is Phase.OPEN]
    assert {turn.scope.partition(":")[0] for turn in opened} == {"submit"}
    assert all("took longer" in turn.reason for turn in opened)
    assert limit == LEAST
    assert most_at_once <= LEAST + 1  # in the second half hour; a sign of life may be beside them
    assert in_doubt == 0
    assert set(attempts) <= {AttemptOutcome.NOT_SENT}
    assert fiscalised == WAITING + MINUTES == len(set(standin.documents)) == len(standin.documents)
