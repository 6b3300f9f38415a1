"""People: signing in, what their role lets them do, and what ends it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from risiti.gateway.api.rate_limits import LOGINS_ANYWHERE
from risiti.gateway.db.session import SystemSession
from risiti.gateway.tenancy import sign_ins, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.passwords import MAX_CHARACTERS, MIN_CHARACTERS, faults
from risiti.gateway.tenancy.user_tables import SignIn, User
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.persons import (
    OTHER_PASSWORD,
    PASSWORD,
    get,
    login,
    post,
    someone,
    tokens_of,
    with_password,
)
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


async def test_who_was_invited_chooses_a_password_signs_in_and_is_known(door: Door) -> None:
    person = await with_password(door, "amina", Role.OWNER)
    tokens = await tokens_of(door, "  AMINA@shop.invalid ")
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    me = await door.ask_bare("GET", "/api/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert await me.json() == {
        "id": person.user_id,
        "email": "amina@shop.invalid",
        "name": "amina",
        "is_operator": False,
        "email_verified": False,
        "second_factor": False,
        "companies": [{"company_id": door.firm.id, "role": "owner"}],
        "firms": [],
    }


@pytest.mark.parametrize("role", Role)
async def test_a_role_decides_what_a_person_may_do(door: Door, role: Role) -> None:
    person = await with_password(door, f"role-{role}", role)
    access = (await tokens_of(door, person.email))["access_token"]
    assert await get(door, door.firm.path("/invoices"), access) == 200
    written = await door.ask_bare(
        "POST",
        door.firm.path("/invoices"),
        json=an_invoice(f"ROLE-{role}"),
        headers={"Authorization": f"Bearer {access}"},
    )
    assert written.status == (403 if role is Role.VIEWER else 202)
    may_administer = role in (Role.OWNER, Role.ADMIN)
    assert await get(door, door.firm.path("/api-keys"), access) == (200 if may_administer else 403)
    assert await get(door, door.other.path("/invoices"), access) == 404
    opened = await door.ask_bare("POST", "/api/companies", json={}, headers={"Authorization": f"Bearer {access}"})
    assert opened.status == 401


async def test_an_operator_may_open_companies_and_sees_none_of_their_documents(door: Door) -> None:
    person = await with_password(door, "operator", operator=True)
    access = (await tokens_of(door, person.email))["access_token"]
    opened = await door.ask_bare("POST", "/api/companies", json={}, headers={"Authorization": f"Bearer {access}"})
    assert opened.status == 422
    assert await get(door, door.firm.path("/invoices"), access) == 404


async def test_wrong_credentials_get_one_answer_whatever_is_wrong(door: Door) -> None:
    person = await with_password(door, "answer", Role.VIEWER)
    uninvited = await someone(door, "no-password", Role.VIEWER)
    disabled = await with_password(door, "disabled", Role.VIEWER)
    await door.runtime.database.write(partial(_disable, user_id=disabled.user_id))
    answers = [
        await login(door, person.email, "not the password"),
        await login(door, "nobody@shop.invalid"),
        await login(door, uninvited.email),
        await login(door, disabled.email),
        await login(door, person.email, "x" * (MAX_CHARACTERS + 1)),
    ]
    problems = [await answer.json() for answer in answers]
    assert {answer.status for answer in answers} == {401}
    assert len({(problem["code"], problem["detail"]) for problem in problems}) == 1


def _disable(session: SystemSession, user_id: str) -> None:
    session.get_one(User, user_id).disabled_at = sign_ins_now(session, user_id)


def sign_ins_now(session: SystemSession, user_id: str) -> Any:  # noqa: ANN401 - a time that is there already
    return session.get_one(User, user_id).created_at


async def test_an_access_token_ends_after_its_time_and_a_refresh_token_gets_a_new_one(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        person = await with_password(door, "refresh", Role.VIEWER)
        first = await tokens_of(door, person.email)
        door.clock.advance(sign_ins.ACCESS_LASTS.total_seconds())
        assert await get(door, "/api/auth/me", first["access_token"]) == 401
        second = await (await post(door, "/refresh", {"refresh_token": first["refresh_token"]})).json()
        assert await get(door, "/api/auth/me", second["access_token"]) == 200
        door.clock.advance(sign_ins.REFRESH_LASTS.total_seconds())
        assert (await post(door, "/refresh", {"refresh_token": second["refresh_token"]})).status == 401


async def test_a_refresh_token_that_comes_a_second_time_ends_the_sign_in(door: Door) -> None:
    person = await with_password(door, "stolen", Role.VIEWER)
    first = await tokens_of(door, person.email)
    second = await (await post(door, "/refresh", {"refresh_token": first["refresh_token"]})).json()
    assert await get(door, "/api/auth/me", second["access_token"]) == 200
    assert (await post(door, "/refresh", {"refresh_token": first["refresh_token"]})).status == 401
    assert await get(door, "/api/auth/me", second["access_token"]) == 401
    assert (await post(door, "/refresh", {"refresh_token": second["refresh_token"]})).status == 401


@pytest.mark.parametrize("everywhere", [True, False])
async def test_signing_out_ends_tokens_at_once(door: Door, everywhere: bool) -> None:  # noqa: FBT001
    person = await with_password(door, f"out-{everywhere}", Role.VIEWER)
    here, there = await tokens_of(door, person.email), await tokens_of(door, person.email)
    out = await post(door, f"/logout?everywhere={str(everywhere).lower()}", {}, here["access_token"])
    assert out.status == 204
    assert await get(door, "/api/auth/me", here["access_token"]) == 401
    assert await get(door, "/api/auth/me", there["access_token"]) == (401 if everywhere else 200)


async def test_a_new_password_ends_every_sign_in_and_replaces_the_old_one(door: Door) -> None:
    person = await with_password(door, "changed", Role.VIEWER)
    access = (await tokens_of(door, person.email))["access_token"]
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    assert (await post(door, "/password", {**change, "current_password": "wrong"}, access)).status == 401
    assert (await post(door, "/password", change, access)).status == 204
    assert await get(door, "/api/auth/me", access) == 401
    assert (await login(door, person.email)).status == 401
    assert (await login(door, person.email, OTHER_PASSWORD)).status == 200


async def test_an_invitation_is_good_for_one_use_and_not_for_ever(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        used = await with_password(door, "used")
        assert (await post(door, "/set-password", {"token": used.invitation, "password": PASSWORD})).status == 401
        late = await someone(door, "late")
        door.clock.advance(users.SET_PASSWORD_WITHIN.total_seconds())
        assert (await post(door, "/set-password", {"token": late.invitation, "password": PASSWORD})).status == 401


@pytest.mark.parametrize("password", ["Password123!", "qwertyuiop", "kampala1234", "aaaaaaaaaaaa"])
async def test_a_password_that_is_easy_to_guess_is_refused_and_the_invitation_stays(door: Door, password: str) -> None:
    person = await someone(door, f"weak-{password.encode().hex()[:12]}")
    answer = await post(door, "/set-password", {"token": person.invitation, "password": password})
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["path"] == "/password"
    assert (await post(door, "/set-password", {"token": person.invitation, "password": PASSWORD})).status == 204


@pytest.mark.parametrize(("length", "is_right"), [(MIN_CHARACTERS - 1, False), (MIN_CHARACTERS, True)])
def test_how_long_a_password_must_be(length: int, is_right: bool) -> None:  # noqa: FBT001
    assert (not faults("xQ7#vK2!mZ9$"[:length], path="/password")) == is_right


@pytest.mark.parametrize(("length", "is_right"), [(MAX_CHARACTERS, True), (MAX_CHARACTERS + 1, False)])
def test_how_long_a_password_may_be(length: int, is_right: bool) -> None:  # noqa: FBT001
    long = (PASSWORD + OTHER_PASSWORD) * 3
    assert (not faults(long[:length], path="/password")) == is_right


async def test_guessing_from_one_address_ends_and_the_owner_elsewhere_does_not_notice(tmp_path: Path) -> None:
    settings = {"rate_limit_enabled": True, "rate_limit_login_per_minute": 3, "trusted_proxies": "127.0.0.0/8"}
    async with open_door(tmp_path, **settings) as door:
        person = await with_password(door, "guessed", Role.OWNER)

        async def attempt(address: str, password: str) -> int:
            body = json.dumps({"email": person.email, "password": password}).encode()
            headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
            return (await door.ask_bare("POST", "/api/auth/login", data=body, headers=headers)).status

        assert await attempt("192.0.2.1", PASSWORD) == 200
        guessed = [await attempt("198.51.100.7", f"guess {number}") for number in range(5)]
        assert guessed == [401] * 3 + [429] * 2
        assert await attempt("192.0.2.1", PASSWORD) == 200


async def test_guessing_from_many_addresses_ends_for_new_addresses_and_never_for_the_owner_s(tmp_path: Path) -> None:
    settings = {"rate_limit_enabled": True, "rate_limit_login_per_minute": 3, "trusted_proxies": "127.0.0.0/8"}
    async with open_door(tmp_path, **settings) as door:
        person = await with_password(door, "popular", Role.OWNER)
        limiter = door.app.state.limiter

        async def attempt(address: str, password: str = PASSWORD) -> int:
            headers = {"X-Forwarded-For": address}
            body = {"email": person.email, "password": password}
            return (await door.ask_bare("POST", "/api/auth/login", json=body, headers=headers)).status

        assert await attempt("192.0.2.1") == 200
        assert await attempt("198.51.100.7", "a guess") == 401
        account = next(key for name, key in limiter._windows._times if name == "login_account_anywhere")
        for _ in range(LOGINS_ANYWHERE - 1):  # as many other addresses have guessed
            await limiter.count(limiter.quotas.login_account_anywhere, account)
        assert await attempt("203.0.113.9") == 429
        assert await attempt("192.0.2.1") == 200
        door.clock.advance(limiter.quotas.login_account_anywhere.seconds)
        assert await attempt("203.0.113.9") == 200


async def test_no_token_and_no_password_is_kept_in_clear(door: Door) -> None:
    person = await with_password(door, "kept", Role.OWNER)
    tokens = await tokens_of(door, person.email)

    def unit(session: SystemSession) -> str:
        user = session.get_one(User, person.user_id)
        rows = session.query(SignIn).filter(SignIn.user_id == user.id).all()
        return repr([user.password_hash, *((row.access_hash, row.refresh_hash) for row in rows)])

    kept = await door.runtime.database.read(unit)
    assert "$argon2id$" in kept
    for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"], person.invitation):
        assert secret not in kept
