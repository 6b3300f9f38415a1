"""What callers and operators see while the authority is known to be away."""

from functools import partial

import pytest

from risiti.gateway.resilience.breaker import Policy, Report
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.upstreams import scope_of
from tests.gateway.api.door import OPERATOR_TOKEN, Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


async def open_the_breaker(door: Door) -> None:
    """Have another process find that the authority is away."""
    url = door.runtime.settings.efris_test_url
    assert url is not None
    report = Report(succeeded=False, failures=5, reason="no connection")
    now = door.clock.now()
    tell = partial(standings.tell, scope=scope_of(url), policy=Policy(), report=report, process="other", now=now)
    await door.runtime.database.write(tell)
    door.clock.advance(1)


async def test_at_first_every_breaker_is_closed(door: Door) -> None:
    shown = await (await door.ask_bare("GET", "/api/efris/status", headers=OPERATOR)).json()
    assert [one["breaker"] for one in shown["upstreams"]] == ["closed"]
    assert (shown["lanes"], shown["turns"]) == ([], [])


async def test_only_the_operator_sees_it(door: Door) -> None:
    assert (await door.ask("GET", "/api/efris/status")).status == 401
    assert (await door.ask_bare("GET", "/api/efris/status")).status == 401


async def test_while_the_authority_is_away_work_is_taken_and_nobody_waits_for_it(door: Door) -> None:
    await open_the_breaker(door)
    answer = await door.ask(
        "POST", door.firm.path("/invoices"), json=an_invoice("AWAY-1"), headers={"Prefer": "wait=30"}
    )
    assert answer.status == 202  # the clock stands still: had it waited, it would wait for ever
    assert (await answer.json())["state"] == "waiting"


async def test_the_operator_and_the_page_see_why(door: Door) -> None:
    shown = await (await door.ask_bare("GET", "/api/efris/status", headers=OPERATOR)).json()
    (upstream,) = shown["upstreams"]
    assert upstream["breaker"] == "open"
    assert "no connection" in upstream["reason"]
    assert upstream["retry_at"] > upstream["since"]
    assert [(turn["breaker"], turn["process"]) for turn in shown["turns"]] == [("open", "other")]
    door.app.state.board.forget()
    page = await (await door.ask_bare("GET", "/")).text()
    assert "The authority does not answer" in page
    assert "Circuit breaker (test)" in page


async def test_when_it_answers_again_the_waiting_documents_are_sent(door: Door) -> None:
    door.clock.advance(60)
    for _ in range(3):  # sign of life, nothing to ask about, one document: a look at the queue each
        await door.work()
    assert await door.state_of("AWAY-1") == "fiscalised"
    shown = await (await door.ask_bare("GET", "/api/efris/status", headers=OPERATOR)).json()
    assert [turn["breaker"] for turn in shown["turns"]] == ["closed", "half_open", "open"]
