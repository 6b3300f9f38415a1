"""Owners and admins say who works in their company, within bounds; what they change holds from the next request on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select

from risiti.gateway.events import Event
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.tenancy import accounts, members, users
from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.persons import get, signed_in_at, someone
from tests.gateway.people.mailbox import mailbox, send_mail, settings_of
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

KEK = KeyEncryptionKey.generate().to_text()


@dataclass(frozen=True)
class Person:
    user_id: str
    token: str


@dataclass
class Shop:
    """A company with one member in each role, all signed in."""

    door: Door
    people: dict[Role, Person]

    async def ask(self, who: Role | str, method: str, rest: str = "", body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - as the answer is
        """Ask as somebody; return the status, or the code of the problem."""
        answer = await self.answer(who, method, rest, body)
        return answer.status if answer.status < 400 else (answer.status, (await answer.json())["code"])

    async def answer(
        self, who: Role | str, method: str, rest: str = "", body: dict[str, Any] | None = None
    ) -> ClientResponse:
        token = self.people[who].token if isinstance(who, Role) else who
        headers = {"Authorization": f"Bearer {token}"}
        path = self.door.firm.path(f"/members{rest}")
        return await self.door.ask_bare(method, path, json=body or {}, headers=headers)

    async def roles(self) -> dict[str, str]:
        found = (await (await self.answer(Role.OWNER, "GET")).json())["items"]
        return {member["user_id"]: member["role"] for member in found}

    async def another(self, name: str, role: Role) -> Person:
        person = await someone(self.door, name)
        return Person(person.user_id, await signed_in_at(self.door, person.user_id, self.door.firm.id, role))


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as door:
        opened = Shop(door, {})
        for role in Role:
            opened.people[role] = await opened.another(role.value, role)
        yield opened


async def test_who_is_made_less_may_less_with_the_same_token_and_who_is_removed_finds_nothing(shop: Shop) -> None:
    clerk, path = await shop.another("clerk", Role.OPERATOR), shop.door.firm.path("/invoices")
    as_clerk = {"Authorization": f"Bearer {clerk.token}"}
    handed_in = await shop.door.ask_bare("POST", path, json=an_invoice("CLERK-1"), headers=as_clerk)
    assert handed_in.status == 202
    assert await shop.ask(Role.ADMIN, "PATCH", f"/{clerk.user_id}", {"role": "viewer"}) == 200
    refused = await shop.door.ask_bare("POST", path, json=an_invoice("CLERK-2"), headers=as_clerk)
    assert (refused.status, (await refused.json())["code"]) == (403, "role_too_low")
    assert await get(shop.door, path, clerk.token) == 200
    assert await shop.ask(Role.ADMIN, "DELETE", f"/{clerk.user_id}") == 204
    assert await get(shop.door, path, clerk.token) == 404
    assert await get(shop.door, "/api/auth/me", clerk.token) == 200  # a person still, only not here


async def test_nobody_gives_a_role_above_their_own(shop: Shop) -> None:
    clerk = await shop.another("clerk", Role.VIEWER)
    for role in Role:
        mate = {"email": f"mate-{role}@shop.invalid", "name": "Mate", "role": role.value}
        invited = {who: await shop.ask(who, "POST", body=mate) for who in (Role.VIEWER, Role.OPERATOR)}
        assert set(invited.values()) == {(403, "role_too_low")}
        is_above = role is Role.OWNER
        assert await shop.ask(Role.ADMIN, "POST", body=mate) == ((403, "role_too_low") if is_above else 201)
        raised = await shop.ask(Role.ADMIN, "PATCH", f"/{clerk.user_id}", {"role": role.value})
        assert raised == ((403, "role_too_low") if is_above else 200)
        assert await shop.ask(Role.OWNER, "PATCH", f"/{clerk.user_id}", {"role": role.value}) == 200
        assert await shop.ask(Role.OWNER, "PATCH", f"/{clerk.user_id}", {"role": "viewer"}) == 200


async def test_a_name_is_held_to_what_names_are_even_where_the_person_is_known(shop: Shop) -> None:
    await shop.another("clerk", Role.VIEWER)
    known = {"email": "clerk@shop.invalid", "role": "viewer"}
    longest = {**known, "name": "c" * users.MAX_NAME}
    assert await shop.ask(Role.OWNER, "POST", body=longest) == (409, "member_exists")
    assert await shop.ask(Role.OWNER, "POST", body={**known, "name": longest["name"] + "c"}) == (422, "invalid")


async def test_an_admin_neither_lowers_nor_removes_an_owner(shop: Shop) -> None:
    owner = shop.people[Role.OWNER].user_id
    await shop.another("second-owner", Role.OWNER)
    assert await shop.ask(Role.ADMIN, "PATCH", f"/{owner}", {"role": "viewer"}) == (403, "role_too_low")
    assert await shop.ask(Role.ADMIN, "DELETE", f"/{owner}") == (403, "role_too_low")
    assert (await shop.roles())[owner] == "owner"


async def test_nobody_changes_their_own_role_but_may_go(shop: Shop) -> None:
    for who, role in ((Role.ADMIN, "operator"), (Role.OWNER, "owner"), (Role.OWNER, "viewer")):
        own = shop.people[who].user_id
        assert await shop.ask(who, "PATCH", f"/{own}", {"role": role}) == (403, "own_role")
    assert await shop.ask(Role.ADMIN, "DELETE", f"/{shop.people[Role.ADMIN].user_id}") == 204
    assert await shop.ask(Role.ADMIN, "GET") == (404, "company_not_found")


async def test_the_last_owner_who_can_sign_in_stays_one(shop: Shop) -> None:
    owner = shop.people[Role.OWNER].user_id
    assert await shop.ask(Role.OWNER, "DELETE", f"/{owner}") == (409, "last_owner")
    second = await shop.another("second-owner", Role.OWNER)
    account: Any = {"ids": shop.door.runtime.ids, "clock": shop.door.clock, "user_id": second.user_id, "by": "operator"}
    await shop.door.runtime.database.write(partial(accounts.disable, **account))
    assert await shop.ask(Role.OWNER, "DELETE", f"/{owner}") == (409, "last_owner")  # the other one cannot sign in
    await shop.door.runtime.database.write(partial(accounts.enable, **account))
    assert await shop.ask(Role.OWNER, "DELETE", f"/{owner}") == 204
    token = await signed_in_at(shop.door, second.user_id, shop.door.firm.id)
    assert await shop.ask(token, "DELETE", f"/{second.user_id}") == (409, "last_owner")


async def test_who_was_removed_a_moment_ago_changes_nothing_any_more(shop: Shop) -> None:
    door, clerk = shop.door, shop.people[Role.VIEWER].user_id
    admin = shop.people[Role.ADMIN].user_id
    await door.runtime.database.write(
        lambda session: users.leave(session, door.runtime.ids, door.clock, door.firm.id, admin)
    )
    with pytest.raises(Exception, match="no owner or admin of this company any more"):
        await door.runtime.database.write_as(
            door.firm.id,
            lambda session: members.remove(session, door.runtime.ids, door.clock, door.firm.id, clerk, by=admin),
        )
    assert clerk in await shop.roles()


async def test_an_api_key_administers_nobody(shop: Shop) -> None:
    clerk = shop.people[Role.VIEWER].user_id
    assert await shop.ask(shop.door.firm.key, "GET") == (403, "manager_only")
    assert await shop.ask(shop.door.firm.key, "PATCH", f"/{clerk}", {"role": "admin"}) == (403, "manager_only")


async def test_what_was_done_to_members_stands_in_the_journal_with_who_did_it(shop: Shop) -> None:
    mate = {"email": "mate@shop.invalid", "name": "Mate", "role": "viewer"}
    user_id = (await (await shop.answer(Role.ADMIN, "POST", body=mate)).json())["user_id"]
    await shop.ask(Role.OWNER, "PATCH", f"/{user_id}", {"role": "admin"})
    await shop.ask(Role.OWNER, "DELETE", f"/{user_id}")
    found = await shop.door.runtime.database.read_as(
        shop.door.firm.id, lambda session: list(session.scalars(select(Event).order_by(Event.position)))
    )
    admin, owner = shop.people[Role.ADMIN].user_id, shop.people[Role.OWNER].user_id
    told = [(event.name, event.actor) for event in found if user_id in event.data]
    assert told == [("role.given", admin), ("role.given", owner), ("role.taken", owner)]


async def test_an_invitation_of_who_is_here_already_is_told_and_so_is_nonsense(shop: Shop) -> None:
    mate = {"email": "Mate@Shop.invalid ", "name": "Mate", "role": "viewer"}
    invited = await shop.answer(Role.OWNER, "POST", body=mate)
    told = await invited.json()
    assert (told["email"], told["has_password"], told["told"]) == ("mate@shop.invalid", False, "by_operator")
    assert invited.headers["Location"].endswith(told["user_id"])
    assert await shop.ask(Role.OWNER, "POST", body=mate) == (409, "member_exists")
    nonsense = await shop.answer(Role.OWNER, "POST", body={**mate, "email": "mate", "name": ""})
    assert [fault["path"] for fault in (await nonsense.json())["errors"]] == ["/email", "/name"]
    for body in ({**mate, "role": "operator "}, {**mate, "role": "platform"}, {"email": "a@b.invalid"}):
        assert (await shop.ask(Role.OWNER, "POST", body=body))[0] == 422


async def test_a_company_has_at_most_so_many_members(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MAX_MEMBERS", len(Role) + 1)
    mate = {"email": "mate@shop.invalid", "name": "Mate", "role": "viewer"}
    assert await shop.ask(Role.OWNER, "POST", body=mate) == 201
    one_more = {**mate, "email": "one-more@shop.invalid"}
    assert await shop.ask(Role.OWNER, "POST", body=one_more) == (409, "too_many_members")


async def test_somebody_new_gets_the_link_by_mail_and_somebody_known_is_told_of_the_role(
    database_url: str, tmp_path: Path
) -> None:
    async with (
        mailbox() as box,
        open_door(tmp_path, database_url=database_url, risiti_kek=KEK, **settings_of(box)) as door,
    ):
        shop = Shop(door, {})
        shop.people[Role.OWNER] = await shop.another("owner", Role.OWNER)
        mate = {"email": "mate@shop.invalid", "name": "Mate", "role": "viewer"}
        invited = await (await shop.answer(Role.OWNER, "POST", body=mate)).json()
        assert invited["told"] == "mailed"
        assert "rot_" not in str(invited)  # the link is for its owner alone
        await send_mail(door.runtime)
        assert box.letters.pop()["To"] == "mate@shop.invalid"

        def with_password(session: Any) -> None:  # noqa: ANN401 - a session
            users.set_password(session, door.runtime.ids, invited["user_id"], "hash", door.clock.now())

        await door.runtime.database.write(with_password)
        assert await shop.ask(Role.OWNER, "DELETE", f"/{invited['user_id']}") == 204
        assert (await (await shop.answer(Role.OWNER, "POST", body=mate)).json())["told"] == "mailed"
        await send_mail(door.runtime)
        letter = box.letters.pop().get_content()
        assert "a viewer" in letter
        assert "rot_" not in letter
