"""Who may ask what: every route asked by every kind of caller, and with the ids of another company's things."""

from typing import Any

import pytest

from risiti.gateway.api.dependencies import Needs, NeedsManager
from risiti.gateway.submissions.comparing import FindingKind
from risiti.gateway.submissions.findings import Finding, FindingState
from risiti.gateway.tenancy.access import Role, Scope
from scripts.routes.matrix import Place, places, walk
from tests.gateway.api.door import Door, Firm
from tests.gateway.api.persons import signed_in_at, someone
from tests.make import a_private_key, an_invoice, as_pem

pytestmark = pytest.mark.anyio

FINDING = "fnd_" + "0" * 26


async def test_every_route_tells_every_caller_what_is_designed() -> None:
    rows = await walk()
    assert [row.place for row in rows] == places()
    wrong = [(row.place.method, row.place.path, answer) for row in rows for answer in row.answers if not answer.is_good]
    assert wrong == []


async def test_a_route_that_lets_the_wrong_ones_in_is_found() -> None:
    (row,) = await walk([Place("GET", "/health", Needs(Scope.ADMIN))])
    wrong = {answer.caller for answer in row.answers if not answer.is_good}
    assert {"anonymous", "revoked key", "other company's key", "viewer", "expired session"} <= wrong


BODIES: dict[str, Any] = {
    "/look-again": {"reason": "seen at the till"},
    "/decisions": {"action": "give_up", "reason": "seen", "decided_by": "A. Person"},
    "/close": {"reason": "booked by hand"},
    "/members/{user_id}": {"role": "viewer"},
    "/branch": {"branch_id": None},
    "/branches/{branch_id}": {"code": "WALK-2", "name": "Walk"},
    "/key": {"private_key": as_pem(a_private_key()).decode()},
}
"""What routes ask for in a body, by how their addresses end: without it they would look at the body only."""


def of_one_thing() -> list[Place]:
    """Every route that names a thing of a company, but one that makes it."""
    return [
        place
        for place in places()
        if isinstance(place.permission, Needs)
        and place.path.count("{") > 1
        and (place.method != "PUT" or place.path.endswith(("/key", "/branch", "{branch_id}")))
    ]


@pytest.fixture(scope="module")
async def things(door: Door) -> dict[str, str]:
    """The first company's things, one of each kind, by the names that addresses have for them."""
    invoice = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("WALK-1"))).json()
    item = {"name": "Exercise book", "goods_code": "EB", "category": "14111514", "unit": "101", "tax": "standard"}
    await door.ask("PUT", door.firm.path("/items/WALK"), json=item)
    listed = {
        kind: (await (await door.ask("GET", door.firm.path(f"/{kind}"))).json())["items"][0]["id"]
        for kind in ("devices", "api-keys")
    }
    found = Finding(
        id=FINDING,
        company_id=door.firm.id,
        kind=FindingKind.ORPHAN,
        fdn="1",
        reference="X",
        state=FindingState.OPEN,
        detail="{}",
        found_at=door.clock.now(),
    )
    await door.runtime.database.write(lambda session: session.add(found))
    opened = await door.ask("POST", door.firm.path("/branches"), json={"code": "WALK", "name": "Walk"})
    branch = await opened.json()
    clerk = await someone(door, "clerk-of-the-walk", Role.VIEWER)
    return {
        "document_id": invoice["id"],
        "item_code": "WALK",
        "device_id": listed["devices"],
        "api_key_id": listed["api-keys"],
        "finding_id": FINDING,
        "user_id": clerk.user_id,
        "branch_id": branch["id"],
    }


@pytest.fixture(scope="module")
async def owner_elsewhere(door: Door) -> Firm:
    """The other company, asked by its owner."""
    person = await someone(door, "owner-elsewhere")
    return Firm(door.other.id, await signed_in_at(door, person.user_id, door.other.id, Role.OWNER))


@pytest.mark.parametrize("place", of_one_thing(), ids=lambda place: f"{place.method} {place.path}")
async def test_another_companys_thing_is_not_there_whatever_is_asked_of_it(
    door: Door, things: dict[str, str], owner_elsewhere: Firm, place: Place
) -> None:
    asking = owner_elsewhere if isinstance(place.permission, NeedsManager) else door.other
    body: Any = next((body for end, body in BODIES.items() if place.path.endswith(end)), {})
    path = place.path.format(company_id=door.other.id, **things)
    answer = await door.ask(place.method, path, asking, json=body)
    assert answer.status == 404, await answer.text()
    as_unknown = {name: thing[:4] + "1" * 26 if "_" in thing else "UNKNOWN" for name, thing in things.items()}
    unknown = await door.ask(place.method, place.path.format(company_id=door.other.id, **as_unknown), asking, json=body)
    told, told_of_unknown = await answer.json(), await unknown.json()
    for one in (told, told_of_unknown):
        one.pop("instance", None)
        one.pop("request_id", None)
    assert told == told_of_unknown
