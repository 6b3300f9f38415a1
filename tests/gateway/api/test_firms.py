"""A company delegates a role to a firm: its people may as much and no more, and nothing any more once it has ended."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from risiti.gateway.events import OPERATOR, Event
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.tenancy import accounts, delegations, firms, users
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firm_tables import FirmMember
from risiti.gateway.tenancy.firms import Terms
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.tenancy.user_tables import Membership
from tests.gateway.api.door import OPERATOR_TOKEN, Door, open_door
from tests.gateway.api.persons import signed_in_at, someone
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()
NOBODY = f"usr_{'1' * 26}"


@dataclass(frozen=True)
class Person:
    user_id: str
    token: str


@dataclass
class Street:
    """A company with an owner, and a firm with an owner and a member; nothing is delegated yet."""

    door: Door
    firm_id: str
    shop_owner: Person
    owner: Person
    clerk: Person

    async def ask(self, who: Person | str, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - as the answer is
        """Ask as somebody; return what was answered, or status and code of the problem."""
        answer = await self.answer(who, method, path, body)
        if answer.status >= 400:
            return answer.status, (await answer.json())["code"]
        return answer.status if answer.status == 204 else await answer.json()

    async def answer(self, who: Person | str, method: str, path: str, body: Any = None) -> ClientResponse:  # noqa: ANN401 - as above
        headers = {"Authorization": f"Bearer {who if isinstance(who, str) else who.token}"}
        place = path if path.startswith("/api/") else self.door.firm.path(path)
        return await self.door.ask_bare(method, place, json=body or {}, headers=headers)

    async def delegate(self, role: Role, who: Person | None = None) -> Any:  # noqa: ANN401 - as `ask`
        return await self.ask(who or self.shop_owner, "PUT", "/firm", {"firm_id": self.firm_id, "role": role.value})

    async def in_firm(self, name: str, terms: Terms) -> Person:
        door = self.door

        def unit(session: Any) -> str:  # noqa: ANN401 - a session
            return firms.add(
                session,
                door.runtime.ids,
                door.clock,
                self.firm_id,
                email=f"{name}@ledger.invalid",
                name=name,
                terms=terms,
                by=OPERATOR,
                as_operator=True,
            ).id

        user_id = await door.runtime.database.write(unit)
        return Person(user_id, await signed_in_at(door, user_id, door.firm.id))

    async def hand_in(self, who: Person, reference: str) -> int:
        return (await self.answer(who, "POST", "/invoices", an_invoice(reference))).status

    async def status(self, who: Person, path: str = "/invoices") -> int:
        return (await self.answer(who, "GET", path)).status


async def a_street(door: Door) -> Street:
    body = {"name": "Ledger Lane (fictitious)", "owner": {"email": "owner@ledger.invalid", "name": "Beatrice"}}
    headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    opened = await (await door.ask_bare("POST", "/api/firms", json=body, headers=headers)).json()
    firm_id, owner_id = opened["firm"]["id"], opened["owner"]["user_id"]
    shop_owner = await someone(door, "shop-owner")
    signed_in = await signed_in_at(door, shop_owner.user_id, door.firm.id, Role.OWNER)
    street = Street(
        door,
        firm_id,
        Person(shop_owner.user_id, signed_in),
        Person(owner_id, await signed_in_at(door, owner_id, door.firm.id)),
        Person("", ""),
    )
    street.clerk = await street.in_firm("clerk", Terms(FirmRole.MEMBER, Role.VIEWER))
    return street


@pytest.fixture
async def street(database_url: str, tmp_path: Path) -> AsyncIterator[Street]:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as door:
        yield await a_street(door)


async def told(street: Street, names: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return what the company's journal says: name, actor and data."""
    found = await street.door.runtime.database.read_as(
        street.door.firm.id, lambda session: list(session.scalars(select(Event).order_by(Event.position)))
    )
    return [(event.name, event.actor, json.loads(event.data)) for event in found if event.name.startswith(names)]


async def test_a_firms_people_may_what_is_delegated_and_each_at_most_what_the_firm_lets_them(street: Street) -> None:
    assert await street.status(street.owner) == 404
    assert (await street.delegate(Role.OPERATOR))["role"] == "operator"
    assert await street.hand_in(street.owner, "FIRM-1") == 202
    assert await street.status(street.clerk) == 200
    assert await street.hand_in(street.clerk, "FIRM-2") == 403  # a viewer, as the firm has it
    assert await street.ask(street.owner, "GET", "/api-keys") == (403, "role_too_low")
    await street.delegate(Role.VIEWER)
    assert await street.hand_in(street.owner, "FIRM-3") == 403
    await street.delegate(Role.ADMIN)
    assert await street.status(street.owner, "/api-keys") == 200
    assert await street.status(street.clerk, "/api-keys") == 403


async def test_what_has_ended_is_over_with_the_next_request_whichever_side_ended_it(street: Street) -> None:
    given_back = f"/api/firms/{street.firm_id}/companies/{street.door.firm.id}"
    for who, path in ((street.shop_owner, "/firm"), (street.owner, given_back)):
        await street.delegate(Role.ADMIN)
        assert await street.status(street.owner) == await street.status(street.clerk) == 200
        assert await street.ask(street.clerk, "DELETE", given_back) == (403, "role_too_low")
        assert await street.ask(who, "DELETE", path) == 204
        assert await street.ask(street.owner, "GET", "/invoices") == (404, "company_not_found")
        assert await street.ask(street.clerk, "GET", "/invoices") == (404, "company_not_found")
    assert await street.ask(street.owner, "DELETE", given_back) == (404, "company_not_found")


async def test_a_firm_that_is_closed_works_nowhere_any_more(street: Street) -> None:
    await street.delegate(Role.ADMIN)
    runtime = street.door.runtime
    ended = await runtime.database.write(
        lambda session: delegations.close(session, runtime.ids, runtime.clock, street.firm_id, by=OPERATOR)
    )
    assert ended == 1
    assert await street.status(street.owner) == await street.status(street.clerk) == 404
    assert await street.delegate(Role.ADMIN) == (422, "invalid")
    assert [name for name, _, _ in await told(street, "delegation")] == ["delegation.given", "delegation.ended"]


async def test_who_was_removed_from_a_firm_finds_its_companies_no_longer(street: Street) -> None:
    await street.delegate(Role.ADMIN)
    path = f"/api/firms/{street.firm_id}/members/{street.clerk.user_id}"
    assert await street.ask(street.owner, "DELETE", path) == 204
    assert await street.ask(street.clerk, "GET", "/invoices") == (404, "company_not_found")
    assert await street.ask(street.clerk, "GET", f"/api/firms/{street.firm_id}") == (404, "firm_not_found")
    assert await street.status(street.owner) == 200


async def test_a_firms_admin_neither_says_who_works_in_the_company_nor_to_whom_it_delegates(street: Street) -> None:
    await street.delegate(Role.ADMIN)
    own = {"email": "owner@ledger.invalid", "name": "Beatrice", "role": "admin"}
    assert await street.ask(street.owner, "POST", "/members", own) == (403, "manager_only")
    assert await street.ask(street.owner, "GET", "/members") == (403, "manager_only")
    assert await street.delegate(Role.ADMIN, street.owner) == (403, "owner_only")
    assert await street.ask(street.owner, "DELETE", "/firm") == (403, "owner_only")
    assert await street.ask(street.owner, "GET", "/export") == (403, "owner_only")
    assert await street.ask(street.door.firm.key, "DELETE", "/firm") == (403, "owner_only")


async def test_a_firm_never_owns_and_a_firm_that_is_none_is_named_as_a_fault(street: Street) -> None:
    for body, path in (
        ({"firm_id": street.firm_id, "role": "owner"}, "/role"),
        ({"firm_id": f"frm_{'1' * 26}", "role": "viewer"}, "/firm_id"),
    ):
        answer = await street.answer(street.shop_owner, "PUT", "/firm", body)
        assert (answer.status, [fault["path"] for fault in (await answer.json())["errors"]]) == (422, [path])
    assert await street.ask(street.shop_owner, "GET", "/firm") == (404, "no_delegation")
    assert await street.ask(street.shop_owner, "DELETE", "/firm") == (404, "no_delegation")


async def test_both_sides_keep_who_delegated_what_to_whom(street: Street) -> None:
    await street.delegate(Role.VIEWER)
    await street.delegate(Role.VIEWER)  # no change
    await street.delegate(Role.ADMIN)
    await street.ask(street.owner, "DELETE", f"/api/firms/{street.firm_id}/companies/{street.door.firm.id}")
    firm = {"firm_id": street.firm_id, "firm_name": "Ledger Lane (fictitious)"}
    owner, shop_owner = street.owner.user_id, street.shop_owner.user_id
    assert await told(street, "delegation") == [
        ("delegation.given", shop_owner, {**firm, "role": "viewer", "role_before": None}),
        ("delegation.given", shop_owner, {**firm, "role": "admin", "role_before": "viewer"}),
        ("delegation.ended", owner, {**firm, "role_before": "admin"}),
    ]
    events = f"/api/firms/{street.firm_id}/events"
    found = (await street.ask(street.owner, "GET", f"{events}?limit=100"))["items"]
    kept = [(event["name"], event["by"]) for event in found if event["name"].startswith("delegation")]
    assert sorted(kept) == [
        ("delegation.ended", owner),
        ("delegation.given", shop_owner),
        ("delegation.given", shop_owner),
    ]
    assert {event["name"] for event in found} >= {"firm.opened", "firm_member.added"}
    assert await street.ask(street.clerk, "GET", events) == (403, "role_too_low")


async def test_another_firm_takes_the_place_of_the_one_before(street: Street) -> None:
    await street.delegate(Role.ADMIN)
    door, opened = street.door, {"name": "Abacus (fictitious)", "owner": {"email": "a@abacus.invalid", "name": "A"}}
    other = (await street.ask(OPERATOR_TOKEN, "POST", "/api/firms", opened))["firm"]["id"]
    await street.ask(street.shop_owner, "PUT", "/firm", {"firm_id": other, "role": "viewer"})
    assert await street.status(street.owner) == 404
    names = [(name, data["firm_id"]) for name, _, data in await told(street, "delegation")]
    assert names[1:] == [("delegation.ended", street.firm_id), ("delegation.given", other)]
    listed = await street.ask(street.owner, "GET", f"/api/firms/{street.firm_id}/companies")
    assert listed["items"] == []
    assert door.firm.id not in str(listed)


async def test_both_see_each_other_as_far_as_they_have_to(street: Street) -> None:
    await street.delegate(Role.OPERATOR)
    seen = await street.ask(street.shop_owner, "GET", "/firm")
    assert seen["firm_name"] == "Ledger Lane (fictitious)"
    assert {(one["name"], one["role"]) for one in seen["people"]} == {("Beatrice", "operator"), ("clerk", "viewer")}
    assert "@" not in str(seen)  # names, no addresses
    listed = (await street.ask(street.clerk, "GET", f"/api/firms/{street.firm_id}/companies"))["items"]
    assert [(one["company_id"], one["role"]) for one in listed] == [(street.door.firm.id, "operator")]
    me = await street.ask(street.clerk, "GET", "/api/auth/me")
    assert me["firms"] == [{"firm_id": street.firm_id, "name": "Ledger Lane (fictitious)", "role": "member"}]
    assert me["companies"] == []
    assert await street.ask(street.shop_owner, "GET", f"/api/firms/{street.firm_id}") == (404, "firm_not_found")


async def test_a_firms_owners_say_who_works_in_it_and_one_stays(street: Street) -> None:
    path = f"/api/firms/{street.firm_id}/members"
    mate = {"email": "mate@ledger.invalid", "name": "Mate", "role": "owner", "at_most": "operator"}
    assert await street.ask(street.clerk, "POST", path, mate) == (403, "role_too_low")
    added = await street.ask(street.owner, "POST", path, mate)
    assert (added["at_most"], added["told"]) == ("operator", "by_operator")
    assert await street.ask(street.owner, "POST", path, mate) == (409, "member_exists")
    owner, own = f"{path}/{street.owner.user_id}", {"role": "member"}
    assert await street.ask(street.owner, "PUT", owner, own) == (403, "own_role")
    second = Person(added["user_id"], await signed_in_at(street.door, added["user_id"], street.door.firm.id))
    assert (await street.ask(second, "PUT", owner, own))["role"] == "member"
    assert await street.ask(street.owner, "DELETE", f"{path}/{second.user_id}") == (403, "role_too_low")
    assert await street.ask(second, "DELETE", f"{path}/{second.user_id}") == (409, "last_owner")
    assert await street.ask(second, "DELETE", f"{path}/{NOBODY}") == (404, "no_member")
    assert await street.ask(second, "PUT", f"{path}/{street.clerk.user_id}", {"role": "boss"}) == (422, "invalid")
    assert await street.ask(second, "DELETE", owner) == 204
    people = (await street.ask(second, "GET", path))["items"]
    assert {one["email"] for one in people} == {"mate@ledger.invalid", "clerk@ledger.invalid"}


async def test_a_firm_has_at_most_so_many_people(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firms, "MAX_PEOPLE", 3)
    path = f"/api/firms/{street.firm_id}/members"
    mate = {"email": "mate@ledger.invalid", "name": "Mate", "role": "member"}
    assert (await street.ask(street.owner, "POST", path, mate))["role"] == "member"
    one_more = {**mate, "email": "one-more@ledger.invalid"}
    assert await street.ask(street.owner, "POST", path, one_more) == (409, "too_many_members")


async def test_who_is_disabled_works_by_no_firm_either_and_the_firm_is_told(street: Street) -> None:
    await street.delegate(Role.ADMIN)
    runtime = street.door.runtime
    await runtime.database.write(
        lambda session: accounts.disable(session, runtime.ids, runtime.clock, street.clerk.user_id, by=OPERATOR)
    )
    assert await street.status(street.clerk) == 401
    found = (await street.ask(street.owner, "GET", f"/api/firms/{street.firm_id}/events?limit=100"))["items"]
    assert ("user.disabled", OPERATOR) in {(event["name"], event["by"]) for event in found}


async def test_a_firms_owners_show_a_second_factor_where_owners_have_to(database_url: str, tmp_path: Path) -> None:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK, require_second_factor=True) as door:
        street = await a_street(door)
        await door.runtime.database.write(
            lambda session: delegations.delegate(
                session,
                door.runtime.ids,
                door.clock,
                door.firm.id,
                firm_id=street.firm_id,
                role=Role.VIEWER,
                by=OPERATOR,
                as_operator=True,
            )
        )
        for path in ("/invoices", f"/api/firms/{street.firm_id}"):
            assert await street.ask(street.owner, "GET", path) == (403, "second_factor_required")
        assert await street.status(street.clerk) == 200


class Rows:
    """Stands for a session that holds a membership and a firm's member, or neither."""

    def __init__(self, *rows: object) -> None:
        self.rows = {type(row): row for row in rows if row is not None}

    def get(self, kind: type[object], key: object) -> object:
        del key
        return self.rows.get(kind)


ROLES = st.none() | st.sampled_from(Role)


@given(own=ROLES, delegated=st.none() | st.sampled_from(delegations.DELEGATED), at_most=ROLES, is_in_firm=st.booleans())
def test_nobody_may_more_than_their_own_role_and_the_least_of_what_is_delegated_and_what_the_firm_lets_them(
    own: Role | None, delegated: Role | None, at_most: Role | None, *, is_in_firm: bool
) -> None:
    company = Company(id="com_1", firm_id=None if delegated is None else "frm_1", firm_role=delegated)
    membership = None if own is None else Membership(role=own)
    member = FirmMember(role=FirmRole.MEMBER, at_most=at_most) if is_in_firm else None
    found = delegations.standing(Rows(membership, member), company, "usr_1")  # type: ignore[arg-type]  # all it asks
    by_firm = [role.rank for role in (delegated, at_most or Role.OWNER) if role and delegated and is_in_firm]
    expected = max(-1 if own is None else own.rank, min(by_firm, default=-1))
    assert (-1 if found is None else found.role.rank) == expected
    if found is not None and found.via_firm is not None:
        assert found.role is not Role.OWNER
    if own is Role.OWNER:
        assert found == delegations.Standing(Role.OWNER, None)


async def test_who_is_a_member_too_keeps_what_they_may_as_a_member(street: Street) -> None:
    await street.delegate(Role.VIEWER)
    door = street.door
    await door.runtime.database.write(
        lambda session: users.give_role(
            session, door.runtime.ids, door.clock, door.firm.id, street.clerk.user_id, role=Role.ADMIN
        )
    )
    assert await street.status(street.clerk, "/members") == 200
    await street.ask(street.shop_owner, "DELETE", "/firm")
    assert await street.status(street.clerk, "/members") == 200
