"""Many callers at the same moment: each gets an answer that is right, and nothing is lost."""

import asyncio
from collections import Counter

import pytest

from tests.gateway.api.door import Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio

CALLERS = 500
LOGINS_ARE_DEAR = 10
"""A password costs some 50 ms of CPU on purpose: every tenth of those callers signs in."""
HONEST = {429, 503}
"""What may be answered instead of the real thing: come back later."""


async def test_five_hundred_at_once_are_all_answered_and_nothing_is_lost(door: Door) -> None:
    path = door.firm.path("/invoices")

    async def one(number: int) -> tuple[str, int]:
        match number % 4:
            case 0:
                return "health", (await door.ask_bare("GET", "/health")).status
            case 1 | 2 if number % LOGINS_ARE_DEAR:
                return "list", (await door.ask("GET", path, params={"limit": "10"})).status
            case 1 | 2:
                login = {"email": f"nobody-{number}@firm.invalid", "password": "no such person here"}
                return "login", (await door.ask_bare("POST", "/api/auth/login", json=login)).status
            case _:
                return "create", (await door.ask("POST", path, json=an_invoice(f"MANY-{number}"))).status

    answers = Counter(await asyncio.gather(*(one(number) for number in range(CALLERS))))
    right = {"health": 200, "list": 200, "login": 401, "create": 202}
    assert {(what, status) for what, status in answers if status not in HONEST} <= set(right.items())
    assert sum(answers.values()) == CALLERS
    kept = [await door.state_of(f"MANY-{number}") for number in range(3, CALLERS, 4)]
    assert sum(state != "" for state in kept) == answers["create", 202]
