"""10,000 guesses at one account, in simulated time: none succeeds, and the owner signs in all the while."""

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from risiti.gateway.api.attempts import checked
from risiti.gateway.api.presented import BROWSER_COOKIE
from risiti.gateway.api.rate_limits import LOGINS_ANYWHERE, LOGINS_ANYWHERE_SECONDS
from risiti.gateway.kernel.errors import TooMany, Unauthenticated
from risiti.gateway.tenancy import sign_ins, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.sign_ins import Origin
from risiti.gateway.tenancy.user_tables import Purpose
from tests.gateway.api.door import Door, open_door
from tests.gateway.api.persons import PASSWORD, login, post, with_password

pytestmark = pytest.mark.anyio

GUESSES = 10_000
ADDRESSES = 1_000
LASTS = 6 * 3_600
"""Seconds that the attack takes."""
HOME = Origin("192.0.2.1")


async def attempt(door: Door, email: str, password: str, origin: Origin) -> str:
    """Do what a login does, and tell how it ended."""
    hashing, limiter = door.app.state.hashing, door.app.state.limiter
    try:
        user = await checked(door.runtime, hashing, limiter, email=email, password=password, origin=origin)
    except Unauthenticated:
        return "wrong"
    except TooMany as refusal:
        return "waits" if (refusal.retry_after or 0) <= LOGINS_ANYWHERE_SECONDS else "waits too long"
    await door.runtime.database.write(
        lambda session: sign_ins.begin(session, door.runtime.ids, user, origin=origin, now=door.clock.now())
    )
    return "in"


async def test_ten_thousand_guesses_from_many_addresses_hit_nothing_and_lock_nobody_out(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True) as door:
        person = await with_password(door, "attacked", Role.OWNER)
        assert await attempt(door, person.email, PASSWORD, HOME) == "in"
        ended: Counter[str] = Counter()
        at_home: Counter[str] = Counter()
        for number in range(GUESSES):
            door.clock.advance(LASTS / GUESSES)
            # the last one is even right: who gets that far has been turned away long before
            guess = PASSWORD if number == GUESSES - 1 else f"guess {number}"
            ended[await attempt(door, person.email, guess, Origin(f"198.51.{number % ADDRESSES}"))] += 1
            if number % 500 == 0:
                at_home[await attempt(door, person.email, PASSWORD, HOME)] += 1
        most = LOGINS_ANYWHERE * (LASTS // LOGINS_ANYWHERE_SECONDS + 1)
        assert ended["in"] == 0
        assert ended["wrong"] <= most
        assert ended["wrong"] + ended["waits"] == GUESSES
        assert at_home == {"in": GUESSES // 500}

        elsewhere = Origin("203.0.113.9")
        assert await attempt(door, person.email, PASSWORD, elsewhere) == "waits"
        door.clock.advance(LOGINS_ANYWHERE_SECONDS)  # the longest that the owner waits at a new place
        assert await attempt(door, person.email, PASSWORD, elsewhere) == "in"


async def besieged(door: Door, email: str) -> None:
    """Let others guess until new places have to wait."""
    for number in range(LOGINS_ANYWHERE):
        assert await attempt(door, email, "a guess", Origin(f"198.51.{number}")) == "wrong"
    assert await attempt(door, email, PASSWORD, Origin("203.0.113.9")) == "waits"


async def test_a_browser_that_was_signed_in_before_is_not_turned_away_at_a_new_address(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True, rate_limit_login_per_minute=1_000) as door:
        person = await with_password(door, "roaming", Role.OWNER)
        body = {"email": person.email, "password": PASSWORD, "as_cookie": True}
        answer = await door.ask_bare("POST", "/api/auth/login", json=body, headers={"Sec-Fetch-Site": "same-origin"})
        browser = answer.cookies[BROWSER_COOKIE].value
        await besieged(door, person.email)
        there = Origin("203.0.113.9", browser=browser)
        assert await attempt(door, person.email, PASSWORD, there) == "in"
        assert await attempt(door, person.email, PASSWORD, replace(there, browser="rbt_" + "A" * 43)) == "in"
        elsewhere = Origin("203.0.113.77", browser="rbt_" + "A" * 43)
        assert await attempt(door, person.email, PASSWORD, elsewhere) == "waits"


async def test_who_has_a_link_gets_in_although_others_guess(tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_limit_enabled=True, rate_limit_login_per_minute=1_000) as door:
        person = await with_password(door, "linked", Role.OWNER)
        door.clock.advance(sign_ins.KNOWN_FOR.total_seconds() + 1)  # their own address is forgotten
        await besieged(door, person.email)
        assert (await login(door, person.email)).status == 429
        user = await door.runtime.database.read(partial(users.find, email=person.email))
        assert user is not None
        token, _ = await door.runtime.database.write(
            lambda session: users.one_time(session, user, Purpose.RESET_PASSWORD, door.clock.now())
        )
        chosen = await post(door, "/set-password", {"token": token.reveal(), "password": PASSWORD})
        assert chosen.status == 204
        assert (await login(door, person.email)).status == 200
