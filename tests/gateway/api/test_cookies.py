"""A browser's sign-in: its cookie, whose pages may use it, how long it lasts, and what ends it at once."""

from dataclasses import dataclass
from functools import partial
from http.cookies import Morsel, SimpleCookie

import pytest
from aiohttp import ClientResponse

from risiti.gateway.api.presented import COOKIE
from risiti.gateway.tenancy import sign_ins, users
from risiti.gateway.tenancy.access import Role
from tests.gateway.api.door import OPERATOR_TOKEN, Door
from tests.gateway.api.persons import (
    PASSWORD,
    code_at,
    first_step,
    get,
    post,
    tokens_of,
    with_password,
    with_second_factor,
)
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    door: Door
    token: str

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **rest: object) -> int:
        answer = await self.door.ask_bare(
            method, path, headers={"Cookie": f"{COOKIE}={self.token}", **(headers or {})}, **rest
        )
        return answer.status


def cookie_of(answer: ClientResponse) -> Morsel[str]:
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.getall("Set-Cookie"):
        jar.load(header)
    return jar[COOKIE]


async def signed_in(door: Door, email: str) -> Browser:
    body = {"email": email, "password": PASSWORD, "as_cookie": True}
    answer = await door.ask_bare("POST", "/api/auth/login", json=body, headers=OWN_PAGE)
    assert answer.status == 204
    return Browser(door, cookie_of(answer).value)


async def test_the_cookie_is_one_that_no_script_reads_and_no_other_host_sets(door: Door) -> None:
    person = await with_password(door, "cookie", Role.VIEWER)
    body = {"email": person.email, "password": PASSWORD, "as_cookie": True}
    answer = await door.ask_bare("POST", "/api/auth/login", json=body, headers=OWN_PAGE)
    cookie = cookie_of(answer)
    assert COOKIE.startswith("__Host-")
    assert (cookie["httponly"], cookie["secure"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
    assert cookie["samesite"].lower() == "lax"
    assert await answer.text() == ""


async def test_the_second_step_sets_the_cookie_too(door: Door) -> None:
    person = await with_second_factor(door, "cookie-two")
    body = {
        "token": await first_step(door, person.email),
        "code": code_at(person.secret, door.clock.now()),
        "as_cookie": True,
    }
    answer = await door.ask_bare("POST", "/api/auth/login/second-factor", json=body, headers=OWN_PAGE)
    assert answer.status == 204
    assert await Browser(door, cookie_of(answer).value).ask("GET", "/api/auth/me") == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "OWN"}, 403),
        ({"Origin": "OWN"}, 202),
        ({"Origin": "https://evil.invalid"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_only_our_own_pages_may_change_something_with_the_cookie(
    door: Door, headers: dict[str, str], status: int
) -> None:
    name = "-".join(headers.values()).encode().hex()[:40] + str(len(headers))
    person = await with_password(door, f"csrf-{name}", Role.OPERATOR)
    browser = await signed_in(door, person.email)
    own = door.address.url.rstrip("/")
    shown = {key: value.replace("OWN", own) for key, value in headers.items()}
    path = door.firm.path("/invoices")
    assert await browser.ask("POST", path, shown, json=an_invoice(f"CSRF-{name}")) == status
    assert await browser.ask("GET", path, shown) == 200


async def test_another_sites_page_cannot_sign_its_own_account_in(door: Door) -> None:
    person = await with_password(door, "login-csrf")
    body = {"email": person.email, "password": PASSWORD, "as_cookie": True}
    answer = await door.ask_bare("POST", "/api/auth/login", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


async def test_the_cookies_token_is_none_in_a_header_and_a_programs_is_none_in_the_cookie(door: Door) -> None:
    person = await with_password(door, "swapped")
    browser = await signed_in(door, person.email)
    assert await get(door, "/api/auth/me", browser.token) == 401
    access = (await tokens_of(door, person.email))["access_token"]
    assert await Browser(door, access).ask("GET", "/api/auth/me") == 401


async def test_a_browser_that_is_idle_is_signed_out_and_one_that_is_used_stays_for_twelve_hours(door: Door) -> None:
    person = await with_password(door, "idle")
    idle, used = await signed_in(door, person.email), await signed_in(door, person.email)
    almost = sign_ins.IDLE_FOR.total_seconds() - 60
    passed = 0.0
    while passed + almost < sign_ins.BROWSER_LASTS.total_seconds():
        door.clock.advance(almost)
        passed += almost
        assert await used.ask("GET", "/api/auth/me") == 200
    assert await idle.ask("GET", "/api/auth/me") == 401
    door.clock.advance(sign_ins.BROWSER_LASTS.total_seconds() - passed)
    assert await used.ask("GET", "/api/auth/me") == 401


async def test_signing_out_ends_it_and_clears_the_cookie(door: Door) -> None:
    person = await with_password(door, "browser-out")
    browser = await signed_in(door, person.email)
    headers = {"Cookie": f"{COOKIE}={browser.token}", **OWN_PAGE}
    out = await door.ask_bare("POST", "/api/auth/logout", headers=headers)
    assert (out.status, cookie_of(out).value) == (204, "")
    assert await browser.ask("GET", "/api/auth/me") == 401


async def test_people_see_where_they_are_signed_in_and_end_what_is_not_theirs(door: Door) -> None:
    person = await with_password(door, "looks")
    browser = await signed_in(door, person.email)
    access = (await tokens_of(door, person.email))["access_token"]
    answer = await door.ask_bare("GET", "/api/auth/sign-ins", headers={"Authorization": f"Bearer {access}"})
    items = (await answer.json())["items"]
    assert sorted((item["is_this"], item["in_browser"]) for item in items if "until" in item)[-2:] == [
        (False, True),
        (True, False),
    ]
    other = next(item["id"] for item in items if item["in_browser"])
    ended = await door.ask_bare("DELETE", f"/api/auth/sign-ins/{other}", headers={"Authorization": f"Bearer {access}"})
    assert ended.status == 204
    assert await browser.ask("GET", "/api/auth/me") == 401
    stranger = (await tokens_of(door, (await with_password(door, "stranger")).email))["access_token"]
    mine = next(item["id"] for item in items if item["is_this"])
    assert (
        await door.ask_bare("DELETE", f"/api/auth/sign-ins/{mine}", headers={"Authorization": f"Bearer {stranger}"})
    ).status == 404
    assert await get(door, "/api/auth/me", access) == 200


async def test_who_is_taken_out_of_a_company_is_out_with_the_next_request(door: Door) -> None:
    person = await with_password(door, "removed", Role.OPERATOR)
    browser = await signed_in(door, person.email)
    path = door.firm.path("/invoices")
    assert await browser.ask("GET", path) == 200
    await door.runtime.database.write(
        partial(users.leave, ids=door.runtime.ids, clock=door.clock, company_id=door.firm.id, user_id=person.user_id)
    )
    assert await browser.ask("GET", path) == 404  # the clock of the tests has not moved


@pytest.mark.parametrize("how", ["sign-out", "disable"])
async def test_operators_end_all_sign_ins_of_a_person_at_once(door: Door, how: str) -> None:
    person = await with_password(door, f"ended-{how}", Role.OPERATOR)
    browser = await signed_in(door, person.email)
    access = (await tokens_of(door, person.email))["access_token"]
    as_operator = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    done = await door.ask_bare("POST", f"/api/users/{person.user_id}/{how}", headers=as_operator)
    assert done.status == 200
    assert await browser.ask("GET", "/api/auth/me") == 401
    assert await get(door, "/api/auth/me", access) == 401
    assert (await post(door, "/login", {"email": person.email, "password": PASSWORD})).status == (
        401 if how == "disable" else 200
    )
