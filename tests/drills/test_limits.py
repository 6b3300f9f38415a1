"""Two API processes that count in one Redis, asked in turn and at once: a limit holds for both together."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from ssl import SSLContext

import aiohttp
import pytest
import redis

from risiti.cli.console import CommandError
from scripts.drills.front import Front
from scripts.drills.house import House
from scripts.up import nginx

pytestmark = pytest.mark.anyio
LIMIT = 20
TRIES = 3
LOST_REDIS = "rate_limit.redis_away"
FORGED = ("203.0.113.7", "198.51.100.1, 203.0.113.8", "2001:db8::1", "127.0.0.1", "10.0.0.1, 127.0.0.1", "nonsense")


class Callers:
    """Everybody who asks the house; each way of asking is one window."""

    def __init__(self, urls: Sequence[str], http: aiohttp.ClientSession) -> None:
        self._urls = urls
        self._http = http

    async def ask(self, times: int, path: str, headers: list[dict[str, str]], method: str = "GET") -> Counter[int]:
        """Ask so many times, at each address in turn, with the headers in turn, eight at once."""
        places = asyncio.Semaphore(8)

        async def one(number: int) -> int:
            url = self._urls[number % len(self._urls)] + path
            async with places, self._http.request(method, url, headers=headers[number % len(headers)]) as answer:
                await answer.read()
                return answer.status

        return Counter(await asyncio.gather(*(one(number) for number in range(times))))


async def passed(house: House, urls: Sequence[str], trust: SSLContext | None = None) -> list[Counter[int]]:
    """Return how the requests to each window were answered, three times as many as may pass."""
    forged = [{"X-Forwarded-For": address} for address in FORGED]
    signed_in = [{**house.headers, **one} for one in forged]
    connector = aiohttp.TCPConnector(ssl=True if trust is None else trust)
    async with aiohttp.ClientSession(connector=connector) as http:
        callers = Callers(urls, http)
        return [
            await callers.ask(3 * LIMIT, "/docs", [{}, *forged]),
            await callers.ask(3 * LIMIT, "/health", forged),
            await callers.ask(3 * LIMIT, "/api/auth/login", forged, "POST"),
            await callers.ask(3 * LIMIT, house.path("/invoices"), signed_in),
            await callers.ask(LIMIT, "/docs", [{"X-Forwarded-For": "192.0.2.99"}]),
        ]


EXPECTED = [
    {200: LIMIT, 429: 2 * LIMIT},
    {200: LIMIT, 429: 2 * LIMIT},
    {415: LIMIT, 429: 2 * LIMIT},
    {200: LIMIT, 429: 2 * LIMIT},
    {429: LIMIT},
]


def settings_with(redis_url: str) -> dict[str, str]:
    names = ("RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_HEALTH_PER_MINUTE", "RATE_LIMIT_LOGIN_PER_MINUTE")
    limits = dict.fromkeys((*names, "RATE_LIMIT_KEY_PER_MINUTE"), str(LIMIT))
    return {"REDIS_URL": redis_url, "RATE_LIMIT_ENABLED": "true", **limits}


async def exactly_the_limit_passes(
    house: House, redis_url: str, urls: Sequence[str], trust: SSLContext | None = None
) -> None:
    for _ in range(TRIES):
        with closing(redis.Redis.from_url(redis_url)) as windows:
            windows.flushdb()
        answered = await passed(house, urls, trust)
        if not any(LOST_REDIS in log.read_text(encoding="utf-8") for log in house.logs):
            break
        for place, log in enumerate(house.logs):  # starved, it counted by itself for a while: nothing was shown
            log.unlink()
            await house.restart(place)
    assert answered == EXPECTED


async def test_exactly_the_limit_passes_two_processes_and_a_forged_address_gains_nothing(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    async with House(tmp_path, database_url=postgres_url, apis=2, settings=settings_with(redis_url)) as house:
        await exactly_the_limit_passes(house, redis_url, house.urls)


async def test_behind_a_trusted_nginx_a_forged_address_gains_nothing_either(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    try:
        nginx.find()
    except CommandError as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    settings = {**settings_with(redis_url), "TRUSTED_PROXIES": "127.0.0.1"}
    async with House(tmp_path, database_url=postgres_url, apis=2, settings=settings) as house:
        with Front(house.ports) as front:
            await exactly_the_limit_passes(house, redis_url, [front.url], front.trust)
