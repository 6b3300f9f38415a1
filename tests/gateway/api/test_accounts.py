"""Operators close people's accounts and open them again; the companies they work in have it in their journals."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select

from risiti.gateway.events import OPERATOR, Event
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import OPERATOR_TOKEN, Door, open_door
from tests.gateway.api.persons import (
    OTHER_PASSWORD,
    PASSWORD,
    get,
    login,
    post,
    signed_in_at,
    someone,
    tokens_of,
    with_password,
)

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()
ME = "/api/auth/me"


@pytest.fixture
async def own_door(database_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as opened:
        yield opened


async def operate(door: Door, method: str, path: str, token: str = OPERATOR_TOKEN) -> ClientResponse:
    return await door.ask_bare(method, f"/api/users{path}", headers={"Authorization": f"Bearer {token}"})


async def told(door: Door, company_id: str, user_id: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return what a company's journal says of a person: name, actor and data."""
    found = await door.runtime.database.read_as(
        company_id, lambda session: list(session.scalars(select(Event).order_by(Event.position)))
    )
    read = [(event.name, event.actor, json.loads(event.data)) for event in found if user_id in event.data]
    return [(name, by, {key: data[key] for key in data if key != "user_id"}) for name, by, data in read]


async def test_who_is_disabled_is_out_at_once_and_wherever_they_work_it_is_told(own_door: Door) -> None:
    person = await with_password(own_door, "clerk", Role.OPERATOR)
    await signed_in_at(own_door, person.user_id, own_door.other.id, Role.VIEWER)
    issued = await tokens_of(own_door, person.email)
    for _ in range(2):  # the second time changes nothing
        disabled = await operate(own_door, "POST", f"/{person.user_id}/disable")
        assert (await disabled.json())["disabled_at"] is not None
    assert await get(own_door, ME, issued["access_token"]) == 401
    assert (await post(own_door, "/refresh", {"refresh_token": issued["refresh_token"]})).status == 401
    assert (await login(own_door, person.email)).status == 401
    enabled = await operate(own_door, "POST", f"/{person.user_id}/enable")
    assert (await enabled.json())["disabled_at"] is None
    assert await get(own_door, ME, issued["access_token"]) == 401  # what was ended stays ended
    assert (await login(own_door, person.email)).status == 200
    events = [("user.disabled", OPERATOR, {"sign_ins_ended": 2}), ("user.enabled", OPERATOR, {})]
    assert (await told(own_door, own_door.firm.id, person.user_id))[-2:] == events
    assert (await told(own_door, own_door.other.id, person.user_id))[1:] == events


async def test_a_new_password_and_signing_out_everywhere_are_told_to_the_companies(own_door: Door) -> None:
    person = await with_password(own_door, "clerk", Role.VIEWER)
    access = (await tokens_of(own_door, person.email))["access_token"]
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert (await post(own_door, "/password", change, access)).status == 204
    for _ in range(2):
        access = (await tokens_of(own_door, person.email, OTHER_PASSWORD))["access_token"]
    assert (await post(own_door, "/logout?everywhere=true", {}, access)).status == 204
    own = person.user_id
    assert (await told(own_door, own_door.firm.id, own))[1:] == [
        ("user.password_changed", own, {"by_way_of": "link"}),
        ("user.password_changed", own, {"by_way_of": "signed_in"}),
        ("user.signed_out", own, {"sign_ins_ended": 2}),
    ]
    assert await told(own_door, own_door.other.id, own) == []


async def test_an_operator_finds_a_person_by_address_and_sees_where_they_work(door: Door) -> None:
    person = await someone(door, "found", Role.ADMIN)
    listed = (await (await operate(door, "GET", f"?email={person.email.upper()}")).json())["items"]
    assert [account["id"] for account in listed] == [person.user_id]
    assert listed[0]["has_password"] is False
    found = await (await operate(door, "GET", f"/{person.user_id}")).json()
    assert found["person"]["companies"] == [{"company_id": door.firm.id, "role": "admin"}]
    assert (await operate(door, "GET", f"/usr_{'1' * 26}")).status == 404
    assert (await operate(door, "POST", f"/usr_{'1' * 26}/disable")).status == 404
    first = await (await operate(door, "GET", "?limit=1")).json()
    second = await (await operate(door, "GET", f"?limit=100&cursor={first['items'][0]['id']}")).json()
    assert first["items"][0] not in second["items"]


async def test_an_operator_signs_somebody_out_who_may_come_back(door: Door) -> None:
    person = await with_password(door, "left-on", Role.VIEWER)
    access = (await tokens_of(door, person.email))["access_token"]
    assert await (await operate(door, "POST", f"/{person.user_id}/sign-out")).json() == {"sign_ins": 1}
    assert await get(door, ME, access) == 401
    assert await (await operate(door, "POST", f"/{person.user_id}/sign-out")).json() == {"sign_ins": 0}
    assert (await login(door, person.email)).status == 200


async def test_nobody_disables_themselves_and_a_companys_owner_disables_nobody(door: Door) -> None:
    operator = await someone(door, "on-duty", operator=True)
    token = await signed_in_at(door, operator.user_id, door.firm.id)
    own = await operate(door, "POST", f"/{operator.user_id}/disable", token)
    assert (own.status, (await own.json())["code"]) == (409, "own_account")
    owner = await someone(door, "no-operator", Role.OWNER)
    as_owner = await signed_in_at(door, owner.user_id, door.firm.id)
    assert (await operate(door, "POST", f"/{operator.user_id}/disable", as_owner)).status == 401
    assert await get(door, ME, token) == 200
