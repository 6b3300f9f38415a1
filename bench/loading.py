"""500 users at once on the production-like set: nginx, two API and two worker processes, PostgreSQL, Valkey, simulator.

Client, proxy, gateway, database and the authority's stand-in share this machine: the figures are those of all of them
together, and lower than what a gateway has that its callers do not share a machine with.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

import aiohttp

from bench.result import Line, at
from risiti.cli import persons
from risiti.cli.authority import Authority
from risiti.cli.console import CommandError
from risiti.cli.persons import NewUser
from risiti.cli.stage import Tempo
from risiti.efris import UPLOAD_INVOICE
from scripts.chaos.stage import Cast, Stage
from scripts.drills.front import Front
from scripts.drills.traffic import Call, Caller, Heard, invoice

USERS: Final = 500
COMPANIES: Final = 10
SECONDS: Final = 60.0
AUTHORITY_SECONDS: Final = 0.2
HANG_SECONDS: Final = 60
THINK_SECONDS: Final = 8.0
"""Pause of a user between an answer and its next request while the authority hangs: 500 users are about 60/s then."""
ONE_KIND_SECONDS: Final = 30.0
ONE_KIND_THINK_SECONDS: Final = 5.0
"""The same where all users ask for one thing: 500 users are about 100/s then."""
INTENDED: Final = (429, 503)
REST_SECONDS: Final = 1.0
"""What a user waits who was told to come back later."""
PASSWORD: Final = "lorry-mango-ledger-sunrise"  # noqa: S105 - of people who exist only here
MANY: Final = "1000000"
RAISED: Final = {
    "RATE_LIMIT_ENABLED": "true",
    "RATE_LIMIT_PER_MINUTE": MANY,
    "RATE_LIMIT_HEALTH_PER_MINUTE": MANY,
    "RATE_LIMIT_LOGIN_PER_MINUTE": MANY,
    "RATE_LIMIT_KEY_PER_MINUTE": MANY,
    "RATE_LIMIT_COMPANY_PER_MINUTE": MANY,
    "TRUSTED_PROXIES": "127.0.0.1",
    "EFRIS_TIMEOUT": str(HANG_SECONDS + 30),
    "EFRIS_SLOW_CALL": str(HANG_SECONDS + 30),
}
"""All users come from one address, so limits are counted and are never met."""


async def measure(folder: Path) -> list[Line]:
    """Let all users ask for one thing at a pace, for all without a pause, and at a pace while the authority hangs."""
    async with _set(folder) as (front, stage), Authority(stage.simulator_url) as authority:
        calls = await _calls(stage)
        await authority.set_faults([_fault("latency", AUTHORITY_SECONDS)])
        alone = [await _crowd(front, [kind], think=ONE_KIND_THINK_SECONDS, seconds=ONE_KIND_SECONDS) for kind in calls]
        full = await _crowd(front, calls, think=0.0)
        await authority.set_faults([_fault("hang", HANG_SECONDS)])
        hanging = await _crowd(front, calls, think=THINK_SECONDS)
    at_a_pace = f"{USERS} users who ask for nothing else, {ONE_KIND_THINK_SECONDS:g} s pause"
    return [
        *(line for heard in alone for line in _lines(at_a_pace, heard, ONE_KIND_SECONDS)),
        *_lines(f"{USERS} users, no pause, URA at {1_000 * AUTHORITY_SECONDS:.0f} ms", full),
        *_lines(f"{USERS} users, {THINK_SECONDS:g} s pause, URA hangs", hanging),
    ]


@asynccontextmanager
async def _set(folder: Path) -> AsyncIterator[tuple[Front, Stage]]:
    cast = Cast(companies=COMPANIES, workers=2, apis=2)
    async with Stage(folder, cast, Tempo(request_validity=300), RAISED) as stage:
        with Front(stage.ports) as front:
            yield front, stage


def _fault(name: str, seconds: float) -> dict[str, object]:
    return {"fault": name, "interface": UPLOAD_INVOICE.code, "seconds": seconds}


async def _calls(stage: Stage) -> Sequence[Sequence[Call]]:
    """Return what each kind of user asks, one for each company."""
    people = await _people(stage)
    own = [
        ({"Authorization": f"Bearer {one.key}"}, f"/api/companies/{one.company_id}/invoices") for one in stage.accounts
    ]
    return (
        [Call("health", "GET", "/health")],
        [Call("login", "POST", "/api/auth/login", body) for body in people],
        [Call("list", "GET", f"{path}?limit=20", headers=headers) for headers, path in own],
        [Call("create", "POST", path, invoice("LOAD"), headers) for headers, path in own],
    )


async def _people(stage: Stage) -> list[str]:
    """Add a person to each company; return the bodies with which they sign in."""
    bodies = []
    async with aiohttp.ClientSession(stage.url) as session:
        for number, account in enumerate(stage.accounts):
            email = f"owner{number}@shop.example"
            added = await persons.add_user(
                stage.gateway_settings,
                NewUser(email, "Owner", account.company_id, "owner", operator=False),
                mail=False,
            )
            chosen = {"token": str(added["token"]), "password": PASSWORD}
            async with session.post("/api/auth/set-password", json=chosen) as answer:
                if not answer.ok:
                    raise CommandError(f"no password for {email}: {await answer.text()}")
            bodies.append(f'{{"email": "{email}", "password": "{PASSWORD}"}}')
    return bodies


async def _crowd(front: Front, calls: Sequence[Sequence[Call]], *, think: float, seconds: float = SECONDS) -> Heard:
    """Let all users ask for as long as it is measured, each one after the other, as many of each kind."""
    heard, numbers, until = Heard(), count(), time.monotonic() + seconds
    offset = round(1_000 * time.time())

    async def user(place: int, caller: Caller) -> None:
        kind = calls[place % len(calls)]
        call = kind[place // len(calls) % len(kind)]
        await asyncio.sleep(think * place / USERS)
        while time.monotonic() < until:
            outcome = await caller.make(call, offset + next(numbers))
            await asyncio.sleep(max(think, REST_SECONDS) if outcome in map(str, INTENDED) else think)

    async with Caller(front.url, heard, front.trust) as caller:
        await asyncio.gather(*(user(place, caller) for place in range(USERS)))
    return heard


def _lines(what: str, heard: Heard, seconds: float = SECONDS) -> list[Line]:
    return [_line(what, name, heard, seconds) for name in heard.times]


def _line(what: str, name: str, heard: Heard, seconds: float) -> Line:
    times = sorted(heard.times[name])
    half, most, worst = (1_000 * at(share, times) for share in (0.5, 0.95, 0.99))
    answers = {outcome: number for (called, outcome), number in sorted(heard.answers.items()) if called == name}
    wrong = sum(number for call, number in heard.failed(*INTENDED).items() if call.startswith(f"{name} "))
    good = sum(number for outcome, number in answers.items() if outcome.startswith("2"))
    told = ", ".join(f"{outcome}: {number}" for outcome, number in answers.items())
    return Line(
        f"{name}, {what}",
        f"{good / seconds:.0f}/s; p50 {half:.0f}, p95 {most:.0f}, p99 {worst:.0f} ms; {wrong} errors ({told})",
        {"per_second": good / seconds, "p50_ms": half, "p95_ms": most, "p99_ms": worst, "errors": wrong},
    )
