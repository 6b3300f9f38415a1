"""What operators switch and set over HTTP: pausing the way to the authority, companies' shares, a device's order."""

import pytest

from tests.gateway.api.door import OPERATOR_TOKEN, Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


async def test_a_paused_authority_gets_nothing_and_everything_once_it_is_resumed(door: Door) -> None:
    paused = await door.ask_bare(
        "POST", "/api/efris/pause", headers=OPERATOR, json={"target": "test", "by": "Akello", "reason": "asked to"}
    )
    assert (paused.status, (await paused.json())["paused_by"]) == (200, "Akello")
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("P-1"))
    for _ in range(5):
        await door.work()
        door.clock.advance(600)
    assert await door.state_of("P-1") == "waiting"
    assert door.authority.documents("P-1") == []
    status = await (await door.ask_bare("GET", "/api/efris/status", headers=OPERATOR)).json()
    assert [(one["breaker"], one["paused_by"]) for one in status["upstreams"]] == [("open", "Akello")]
    assert (status["turns"][0]["process"], status["turns"][0]["reason"]) == ("Akello", "asked to")

    resumed = await door.ask_bare("POST", "/api/efris/resume", headers=OPERATOR, json={"target": "test", "by": "Okot"})
    assert (await resumed.json())["paused_by"] is None
    for _ in range(5):
        await door.work()
        door.clock.advance(5)
    assert await door.state_of("P-1") == "fiscalised"
    status = await (await door.ask_bare("GET", "/api/efris/status", headers=OPERATOR)).json()
    assert status["upstreams"][0]["breaker"] == "closed"


async def test_a_pause_needs_a_target_that_is_there_and_a_reason(door: Door) -> None:
    for body, expected in (
        ({"target": "moon", "by": "Akello", "reason": "x"}, 404),
        ({"target": "test", "by": "Akello"}, 422),
        ({"target": "test", "by": "Akello", "reason": " "}, 422),
    ):
        answer = await door.ask_bare("POST", "/api/efris/pause", headers=OPERATOR, json=body)
        assert answer.status == expected


async def test_documents_alone_can_be_paused_and_what_may_be_on_the_wire_is_told(door: Door) -> None:
    body = {"target": "test:submit", "by": "Akello", "reason": "asked to"}
    assert (await door.ask_bare("POST", "/api/efris/pause", headers=OPERATOR, json=body)).status == 200
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("P-2"))
    for _ in range(3):
        door.clock.advance(60)
        await door.work()
    assert await door.state_of("P-2") == "waiting"
    door.app.state.census.forget()
    told = (await (await door.ask_bare("GET", "/api/metrics")).json())["authority"]["test"]
    assert told["breakers"] == {"session": "closed", "submit": "open", "query": "closed"}
    assert (told["concurrency_limit"], told["sending"], told["asking"]) == (2, 0, 0)  # as after the pause before
    assert told["rate_limit"] > 0
    shown = await (await door.ask_bare("GET", "/metrics")).text()
    assert 'risiti_breaker_state{calls="submit",environment="test"} 2.0' in shown
    assert 'risiti_authority_documents{environment="test",of="limit"} 2.0' in shown
    assert f'risiti_authority_rate_limit{{environment="test"}} {told["rate_limit"]}' in shown
    await door.ask_bare("POST", "/api/efris/resume", headers=OPERATOR, json={"target": "test:submit", "by": "Okot"})
    for _ in range(5):
        await door.work()
        door.clock.advance(5)
    assert await door.state_of("P-2") == "fiscalised"
    elsewhere = {"target": "test:letters", "by": "Akello", "reason": "x"}
    assert (await door.ask_bare("POST", "/api/efris/pause", headers=OPERATOR, json=elsewhere)).status == 404


async def test_an_operator_sets_a_companys_share_and_nobody_else_does(door: Door) -> None:
    path = f"/api/lanes/{door.firm.id}"
    changed = await door.ask_bare("PUT", path, headers=OPERATOR, json={"weight": 3, "most_at_once": 2})
    assert await changed.json() == {"company_id": door.firm.id, "weight": 3, "most_at_once": 2}
    listed = await (await door.ask_bare("GET", "/api/lanes", headers=OPERATOR)).json()
    assert {one["company_id"]: one["weight"] for one in listed["items"]} == {door.firm.id: 3, door.other.id: 1}
    assert (await door.ask("PUT", path, json={"weight": 9})).status == 401
    for weight in (0, 1_001):
        assert (await door.ask_bare("PUT", path, headers=OPERATOR, json={"weight": weight})).status == 422
    for weight in (1, 1_000):
        assert (await door.ask_bare("PUT", path, headers=OPERATOR, json={"weight": weight})).status == 200


async def test_a_company_has_a_device_of_its_own_keep_the_order_and_no_other(door: Door) -> None:
    devices = await (await door.ask("GET", door.firm.path("/devices"))).json()
    path = door.firm.path(f"/devices/{devices['items'][0]['id']}/order")
    changed = await door.ask("PUT", path, json={"keep_order": True})
    assert (changed.status, (await changed.json())["keep_order"]) == (200, True)
    elsewhere = door.other.path(f"/devices/{devices['items'][0]['id']}/order")
    assert (await door.ask("PUT", elsewhere, door.other, json={"keep_order": True})).status == 404


async def test_metrics_tell_how_the_authority_stands_and_what_is_at_risk_and_name_no_company(door: Door) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("M-1"))
    await door.ask_bare(
        "POST", "/api/efris/pause", headers=OPERATOR, json={"target": "test", "by": "Akello", "reason": "asked to"}
    )
    door.app.state.census.forget()
    shown = await (await door.ask_bare("GET", "/metrics")).text()
    assert 'risiti_breaker_state{calls="session",environment="test"} 2.0' in shown
    assert 'risiti_deadline_documents{level="any"} 1.0' in shown
    assert "risiti_deadline_hours_left " in shown
    assert "risiti_deadline_tax_ugx 457.63" in shown
    assert door.firm.id not in shown
