"""Who may place a company under legal hold, who may lift it, and that both stand in its journal."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.events import Event
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.legal_holds import MAX_REASON
from tests.gateway.api.door import OPERATOR_TOKEN, Door, Firm, open_door
from tests.gateway.api.persons import tokens_of, with_password

pytestmark = pytest.mark.anyio

OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
WHY = {"reason": "Audit of 2026, letter of 3 March"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """One for each test: they leave holds behind."""
    async with open_door(tmp_path) as opened:
        yield opened


async def signed_in(door: Door, name: str, role: Role) -> Firm:
    person = await with_password(door, name, role)
    return Firm(door.firm.id, (await tokens_of(door, person.email))["access_token"])


async def events_of(door: Door, company_id: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    def unit(session: Session) -> list[tuple[str, str | None, dict[str, Any]]]:
        found = session.scalars(select(Event).where(Event.company_id == company_id).order_by(Event.position))
        return [(one.name, one.actor, json.loads(one.data)) for one in found if "legal_hold" in one.name]

    return await door.runtime.database.read(unit)


async def test_an_owner_places_a_hold_and_only_an_operator_lifts_it(door: Door) -> None:
    owner = await signed_in(door, "owner", Role.OWNER)
    placed = await door.ask("PUT", door.firm.path("/legal-hold"), owner, json=WHY)
    assert placed.status == 200
    assert (await placed.json())["since"] is not None
    company = await (await door.ask("GET", door.firm.path())).json()
    assert company["legal_hold_since"] == (await placed.json())["since"]

    lifting = f"/api/legal-holds/{door.firm.id}/lift"
    assert (await door.ask("POST", lifting, owner, json=WHY)).status == 401
    lifted = await door.ask_bare("POST", lifting, headers=OPERATOR, json={"reason": "closed"})
    assert (lifted.status, (await lifted.json())["since"]) == (200, None)
    told = await events_of(door, door.firm.id)
    assert [(name, data["reason"]) for name, _, data in told] == [
        ("company.legal_hold_placed", WHY["reason"]),
        ("company.legal_hold_lifted", "closed"),
    ]
    assert str(told[0][1]).startswith("usr_")
    assert told[1][1] == "operator"
    again = await door.ask_bare("POST", lifting, headers=OPERATOR, json=WHY)
    assert (again.status, (await again.json())["code"]) == (409, "no_legal_hold")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
async def test_no_lower_role_and_no_key_places_one(door: Door, role: Role) -> None:
    for caller in (await signed_in(door, f"some-{role}", role), door.firm):
        assert (await door.ask("PUT", door.firm.path("/legal-hold"), caller, json=WHY)).status == 403


async def test_an_operator_places_one_and_sees_all_that_are_held(door: Door) -> None:
    path = f"/api/legal-holds/{door.other.id}"
    placed = await (await door.ask_bare("PUT", path, headers=OPERATOR, json=WHY)).json()
    listed = await (await door.ask_bare("GET", "/api/legal-holds", headers=OPERATOR)).json()
    assert listed["items"] == [placed]
    assert (await door.ask("GET", "/api/legal-holds")).status == 401
    nobody = await door.ask_bare("PUT", f"/api/legal-holds/com_{'0' * 26}", headers=OPERATOR, json=WHY)
    assert (nobody.status, (await nobody.json())["code"]) == (404, "company_not_found")


async def test_asked_again_it_stays_as_it_is_and_another_matter_is_told_of_too(door: Door) -> None:
    path = f"/api/legal-holds/{door.firm.id}"
    first = await (await door.ask_bare("PUT", path, headers=OPERATOR, json=WHY)).json()
    door.clock.advance(86_400)
    again = await (await door.ask_bare("PUT", path, headers=OPERATOR, json=WHY)).json()
    assert again == first
    other = await (await door.ask_bare("PUT", path, headers=OPERATOR, json={"reason": "Court order 7"})).json()
    assert (other["since"], other["reason"]) == (first["since"], "Court order 7")
    told = [data["reason"] for _, _, data in await events_of(door, door.firm.id)]
    assert told == [WHY["reason"], "Court order 7"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * (MAX_REASON + 1), "two\nlines"])
async def test_a_hold_needs_a_reason_that_can_be_read(door: Door, reason: str) -> None:
    path = f"/api/legal-holds/{door.firm.id}"
    answer = await door.ask_bare("PUT", path, headers=OPERATOR, json={"reason": reason})
    problem = await answer.json()
    assert (answer.status, problem["errors"][0]["path"]) == (422, "/reason")
    assert await events_of(door, door.firm.id) == []


async def test_the_longest_reason_is_taken(door: Door) -> None:
    path = f"/api/legal-holds/{door.firm.id}"
    answer = await door.ask_bare("PUT", path, headers=OPERATOR, json={"reason": "x" * MAX_REASON})
    assert answer.status == 200
