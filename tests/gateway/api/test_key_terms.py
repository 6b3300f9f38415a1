"""A key reaches as far as its terms: until when, from where, through which device, how often, in which environment."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import ApiKey
from tests.gateway.api.door import Door, Firm
from tests.make import TIN, a_private_key, an_invoice, as_pem

pytestmark = pytest.mark.anyio


async def issued(door: Door, **terms: Any) -> tuple[Firm, dict[str, Any]]:  # noqa: ANN401 - any terms
    body = {"label": "till", "scopes": ["invoices:write", "invoices:read"], **terms}
    answer = await door.ask("POST", door.firm.path("/api-keys"), json=body)
    assert answer.status == 201, await answer.text()
    view = await answer.json()
    return Firm(door.firm.id, view["key"]), view


async def status_of(door: Door, key: Firm) -> int:
    return (await door.ask("GET", key.path("/invoices"), key)).status


async def test_a_key_ends_when_its_time_is_over(door: Door) -> None:
    until = (door.clock.now() + timedelta(hours=1)).isoformat()
    key, view = await issued(door, expires_at=until)
    assert view["expires_at"] is not None
    assert await status_of(door, key) == 200
    door.clock.advance(3_600)
    assert await status_of(door, key) == 401


async def test_a_rotated_key_holds_beside_the_new_one_for_the_overlap_and_no_longer(door: Door) -> None:
    old, view = await issued(door, per_minute=500)
    answer = await door.ask("POST", door.firm.path(f"/api-keys/{view['id']}/rotate"), json={"overlap_hours": 2})
    fresh = await answer.json()
    new = Firm(door.firm.id, fresh["key"])
    assert (fresh["scopes"], fresh["label"], fresh["per_minute"]) == (view["scopes"], view["label"], 500)
    assert (await status_of(door, old), await status_of(door, new)) == (200, 200)
    door.clock.advance(2 * 3_600)
    assert (await status_of(door, old), await status_of(door, new)) == (401, 200)
    again = await door.ask("POST", door.firm.path(f"/api-keys/{view['id']}/rotate"), json={})
    assert (again.status, (await again.json())["code"]) == (409, "key_ended")


async def test_a_key_is_used_from_its_own_addresses_only(door: Door) -> None:
    here, _ = await issued(door, addresses=["127.0.0.0/8"])
    elsewhere, _ = await issued(door, addresses=["192.0.2.0/24", "2001:db8::/48"])
    assert await status_of(door, here) == 200
    answer = await door.ask("GET", elsewhere.path("/invoices"), elsewhere)
    assert (answer.status, (await answer.json())["code"]) == (403, "address_not_allowed")


async def test_a_key_of_one_device_sends_through_that_device_only(door: Door) -> None:
    second = await door.ask(
        "POST",
        door.firm.path("/devices"),
        json={"device_no": "SECOND_02", "private_key": as_pem(a_private_key()).decode()},
    )
    device = (await second.json())["id"]
    key, _ = await issued(door, device_id=device)
    taken = await door.ask("POST", key.path("/invoices"), key, json=an_invoice("KT-1"))
    assert taken.status == 202, await taken.text()
    named = await door.ask("POST", key.path("/invoices"), key, json={**an_invoice("KT-2"), "device": "SECOND_02"})
    assert named.status == 202
    devices = (await (await door.ask("GET", door.firm.path("/devices"))).json())["items"]
    other = next(one["id"] for one in devices if one["id"] != device)
    refused = await door.ask("POST", key.path("/invoices"), key, json={**an_invoice("KT-3"), "device": other})
    assert (refused.status, (await refused.json())["code"]) == (403, "device_not_allowed")


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"device_id": "dev_" + "0" * 26}, "/device_id"),
        ({"addresses": ["192.0.2.1", "nowhere"]}, "/addresses/1"),
        ({"addresses": ["192.0.2.1/24"]}, "/addresses/0"),
        ({"per_minute": 0}, "/per_minute"),
    ],
)
async def test_terms_that_cannot_be_are_refused_with_their_place(door: Door, terms: dict[str, Any], path: str) -> None:
    body = {"label": "till", "scopes": ["invoices:read"], **terms}
    answer = await door.ask("POST", door.firm.path("/api-keys"), json=body)
    assert answer.status == 422
    assert [fault["path"] for fault in (await answer.json())["errors"]] == [path]


async def test_another_companys_device_is_none_of_the_companys(door: Door) -> None:
    theirs = (await (await door.ask("GET", door.other.path("/devices"), door.other)).json())["items"][0]["id"]
    body = {"label": "till", "scopes": ["invoices:read"], "device_id": theirs}
    assert (await door.ask("POST", door.firm.path("/api-keys"), json=body)).status == 422


async def test_a_test_key_before_its_taxpayers_live_company_is_told_that_it_is_for_the_other_environment(
    door: Door,
) -> None:
    live = {
        "environment": "live",
        "tin": TIN,
        "legal_name": "Firm (fictitious)",
        "email": "till@firm.invalid",
    }
    headers = {"Authorization": "Bearer operator-token-of-32-characters-or-more"}
    opened = await (await door.ask_bare("POST", "/api/companies", json=live, headers=headers)).json()
    answer = await door.ask("GET", f"/api/companies/{opened['id']}/invoices")
    assert (answer.status, (await answer.json())["code"]) == (401, "wrong_environment")
    own = Firm(opened["id"], opened["key"])
    back = await door.ask("GET", door.firm.path("/invoices"), own)
    assert (back.status, (await back.json())["code"]) == (401, "wrong_environment")
    stranger = await door.ask("GET", f"/api/companies/{opened['id']}/invoices", door.other)
    assert (stranger.status, (await stranger.json())["code"]) == (404, "company_not_found")


async def test_a_key_whose_company_is_of_the_other_environment_does_not_hold(door: Door) -> None:
    key, view = await issued(door)
    relabelled = update(ApiKey).where(ApiKey.id == view["id"]).values(environment=Environment.LIVE)
    await door.runtime.database.write(lambda session: session.execute(relabelled))
    answer = await door.ask("GET", key.path("/invoices"), key)
    assert (answer.status, (await answer.json())["code"]) == (401, "wrong_environment")


async def test_who_issued_rotated_and_revoked_a_key_is_in_the_journal(door: Door) -> None:
    _, view = await issued(door)
    await door.ask("POST", door.firm.path(f"/api-keys/{view['id']}/rotate"), json={})
    await door.ask("DELETE", door.firm.path(f"/api-keys/{view['id']}"))
    runner = door.runtime.runner()
    door.clock.advance(300)
    while await runner.turn():
        await runner.idle()
    door.clock.advance(300)
    while await runner.turn():
        await runner.idle()
    lines = (await (await door.ask("GET", door.firm.path("/journal"))).text()).splitlines()
    told = [line for line in lines if view["id"] in line]
    assert [name for line in told for name in ("issued", "rotated", "revoked") if f'"api_key.{name}"' in line] == [
        "issued",
        "rotated",
        "revoked",
    ]
    assert all('"by":"key_' in line for line in told)
