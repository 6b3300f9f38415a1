"""Drills with figures: large bodies, a database and API processes that restart, and two hundred slow callers."""

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path
from ssl import SSLContext
from typing import Final

from bench.premises import new_database, postgres
from bench.result import Line, at
from scripts.drills import bodies, memory, restarts
from scripts.drills.front import Front
from scripts.drills.house import House
from scripts.drills.slow import slow_callers
from scripts.drills.traffic import Call, Caller, Heard, invoice, steadily
from scripts.servers.postgres import Postgres, Stop

RATE: Final = 100.0
ROUNDS: Final = 2
SLOW: Final = 200
SLOW_RATE: Final = 50.0
SLOW_SECONDS: Final = 10.0
MEGABYTE: Final = 1_000_000
SETTLE_SECONDS: Final = 3.0
BEHIND_NGINX: Final = {"TRUSTED_PROXIES": "127.0.0.1"}


async def measure_bodies(folder: Path) -> list[Line]:
    """Send every kind of far too large body to a real API process, one at a time, and look at its memory."""
    lines = []
    async with House(folder) as house:
        (url,), pid = house.urls, house.apis[0].pid or 0
        headers = ["Content-Type: text/csv", f"Authorization: {house.headers['Authorization']}"]
        for attack in bodies.attacks():  # what is loaded once is there before it counts
            await bodies.send(url, house.path("/imports"), attack, headers)
        for attack in bodies.attacks():
            before = memory.resident(pid)
            memory.forget_peak(pid)
            status = await bodies.send(url, house.path("/imports"), attack, headers)
            peak, grown = memory.peak(pid) - before, memory.resident(pid) - before
            lines.append(
                Line(
                    f"body {attack.name}",
                    f"{status}; the process had {peak / MEGABYTE:.1f} MB more at most, {grown / MEGABYTE:.1f} MB after",
                    {"status": status, "peak_bytes": peak, "grown_bytes": grown},
                )
            )
    return lines


async def measure_restarts(folder: Path) -> list[Line]:
    """Restart two API processes behind nginx, one after the other, under 100 requests a second."""
    with postgres() as server:
        url = await new_database(server, "restarts")
        async with House(folder, database_url=url, apis=2, settings=BEHIND_NGINX) as house:
            with Front(house.ports) as front:
                begun = time.monotonic()
                played = await restarts.play(house, front, rate=RATE, rounds=ROUNDS)
                seconds = time.monotonic() - begun
    failed = played.heard.failed()
    made = played.heard.total
    return [
        Line(
            "restart behind nginx",
            f"{sum(failed.values())} of {made} requests failed ({made / seconds:.0f}/s) while 2 API processes were "
            f"restarted {played.restarts} times{_listed(failed)}",
            {"failed": sum(failed.values()), "requests": made, "restarts": played.restarts, "rate": made / seconds},
        )
    ]


async def measure_database(folder: Path) -> list[Line]:
    """Restart PostgreSQL under load; how long after it is back does the first invoice get through?"""
    with postgres() as server:
        url = await new_database(server, "away")
        async with House(folder, database_url=url) as house:
            return [await _restarted(server, house, how) for how in (Stop.FAST, Stop.IMMEDIATE)]


async def _restarted(server: Postgres, house: House, how: Stop) -> Line:
    over, heard = asyncio.Event(), Heard()
    call = Call("create", "POST", house.path("/invoices"), invoice(f"AWAY-{how.name}"), house.headers)
    async with Caller(house.urls[0], heard) as caller:
        calling = asyncio.create_task(steadily(caller, [call], RATE / 5, over))
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            await asyncio.to_thread(server.stop, how)
            await asyncio.sleep(SETTLE_SECONDS)
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            while await caller.make(call, round(1_000 * time.monotonic())) != "202":
                pass
            first = time.monotonic() - back
        finally:
            over.set()
            await calling
    odd, accepted, turned_away = heard.failed(503), heard.answers["create", "202"], heard.answers["create", "503"]
    return Line(
        f"PostgreSQL restarted ({how.name.lower()})",
        f"first invoice accepted {first:.2f} s after it takes connections again, without a restart of ours; "
        f"{accepted} accepted, {turned_away} asked to come back (503){_listed(odd)}",
        {"seconds": first, "failed": sum(odd.values())},
    )


async def measure_slow(folder: Path) -> list[Line]:
    """Ask at a steady rate, alone and beside 200 callers who never end their requests: bare, and through nginx."""
    with postgres() as server:
        url = await new_database(server, "slow")
        async with House(folder, database_url=url, settings=BEHIND_NGINX) as house:
            with Front(house.ports) as front:
                return [
                    await _beside_slow(house, "bare", house.urls[0], None),
                    await _beside_slow(house, "nginx", front.url, front.trust),
                ]


async def _beside_slow(house: House, name: str, url: str, trust: SSLContext | None) -> Line:
    alone = await _p99(house, url, trust, 0)
    beside = await _p99(house, url, trust, SLOW)
    return Line(
        f"{SLOW} slow callers, {name}",
        f"p99 of others {1_000 * alone:.0f} ms alone, {1_000 * beside:.0f} ms beside them: {beside / alone:.2f} times",
        {"p99_alone_seconds": alone, "p99_beside_seconds": beside, "ratio": beside / alone},
    )


async def _p99(house: House, url: str, trust: SSLContext | None, slow: int) -> float:
    calls = [Call("list", "GET", house.path("/invoices"), headers=house.headers), Call("health", "GET", "/health")]
    heard, over = Heard(), asyncio.Event()
    async with slow_callers(url, slow, trust) if slow else nullcontext(), Caller(url, heard, trust) as caller:
        asyncio.get_running_loop().call_later(SLOW_SECONDS, over.set)
        await steadily(caller, calls, SLOW_RATE, over)
    return at(0.99, sorted(seconds for times in heard.times.values() for seconds in times))


def _listed(failed: dict[str, int]) -> str:
    return "".join(f"; {what}: {count}" for what, count in failed.items())
