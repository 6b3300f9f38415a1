"""Callers at a steady rate, whoever answers or not: each request begins at its own time (an open model)."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Final, Self

import aiohttp

SECONDS: Final = 60.0
"""No caller waits longer for an answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is made over and over.

    Attributes:
        name: What is reported under.
        method: HTTP method.
        path: Where.
        body: What is sent, with `{number}` where each request has its own number.
        headers: What it carries.
    """

    name: str
    method: str
    path: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Heard:
    """What came back.

    Attributes:
        answers: How many answers, by name of the call and status; a request without one under its error's name.
        times: Seconds from the moment a request was due until its answer was there, by name of the call.
    """

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many requests were made."""
        return self.answers.total()

    def failed(self, *intended: int) -> dict[str, int]:
        """Return what is neither a success nor one of the statuses that may be."""
        fine = {str(status) for status in intended}
        return {
            f"{name} {outcome}": count
            for (name, outcome), count in sorted(self.answers.items())
            if not outcome.startswith("2") and outcome not in fine
        }

    def note(self, name: str, outcome: str, seconds: float) -> None:
        """Write one request down."""
        self.answers[name, outcome] += 1
        self.times.setdefault(name, []).append(seconds)


class Caller:
    """Makes requests over pooled connections. Use as an async context manager."""

    def __init__(self, url: str, heard: Heard, trust: SSLContext | None = None, *, connections: int = 0) -> None:
        connector = aiohttp.TCPConnector(limit=connections, ssl=trust if trust is not None else True)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        self._session = aiohttp.ClientSession(url, connector=connector, timeout=timeout)
        self._heard = heard

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def make(self, call: Call, number: int, *, due: float | None = None) -> str:
        """Make one request and write down what became of it; return that, too."""
        begun = due if due is not None else time.monotonic()
        headers = dict(call.headers)
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        body = None if call.body is None else call.body.replace("{number}", str(number)).encode()
        try:
            async with self._session.request(call.method, call.path, data=body, headers=headers) as answer:
                await answer.read()
                outcome = str(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            outcome = type(error).__name__
        self._heard.note(call.name, outcome, time.monotonic() - begun)
        return outcome


async def steadily(caller: Caller, calls: Sequence[Call], rate: float, over: asyncio.Event) -> None:
    """Make so many requests a second, the calls in turn, until the event is set; return when all are answered."""
    begun, number = time.monotonic(), 0
    async with asyncio.TaskGroup() as tasks:
        while not over.is_set():
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.create_task(caller.make(calls[number % len(calls)], number, due=due))
            number += 1


def invoice(prefix: str, *, lines: int = 3) -> str:
    """Return an invoice as a till sends it, with a place for its number."""
    row = {
        "name": "Exercise book, 96 pages",
        "category": "14111514",
        "unit": "PCE",
        "quantity": "3",
        "unit_price": "1800",
        "tax": "standard",
    }
    rows = [{**row, "code": f"STA-{place}"} for place in range(lines)]
    return json.dumps({"reference": f"{prefix}-{{number}}", "lines": rows})
