import asyncio
from random import Random

import pytest
from aiohttp import ClientSession
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.resilience.concurrency_limit import RETRY_SECONDS, ConcurrencyLimit
from risiti.gateway.resilience.time_limit import TimeLimit
from tests.gateway.api.serving import served

pytestmark = pytest.mark.anyio


def refuse(error: GatewayError, scope: Scope) -> ASGIApp:  # noqa: ARG001 - the signature that is asked for
    return PlainTextResponse(error.code, error.status, {"Retry-After": str(error.retry_after)})


class Held:
    """Holds every request until it is told to let go; notes which were stopped."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.may_go = asyncio.Event()
        self.running = 0
        self.stopped = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.running += 1
        self.arrived.set()
        try:
            if Request(scope).url.path != "/health":
                await self.may_go.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        await PlainTextResponse("done")(scope, receive, send)


async def status_of(http: ClientSession, path: str) -> int:
    async with http.get(path) as answer:
        await answer.read()
        return answer.status


async def test_a_process_refuses_at_once_what_is_more_than_it_works_on_and_still_tells_its_health() -> None:
    held = Held()
    app = ConcurrencyLimit(held, most=1, refuse=refuse, random=Random(3))  # noqa: S311 - repeatable on purpose
    async with served(app) as address, ClientSession(address.url) as http:
        first = asyncio.create_task(status_of(http, "/"))
        await held.arrived.wait()
        refused = await http.get("/")
        assert (refused.status, await refused.text()) == (503, "overloaded")
        assert RETRY_SECONDS[0] <= int(refused.headers["Retry-After"]) <= RETRY_SECONDS[1]
        assert await status_of(http, "/health") == 200
        held.may_go.set()
        assert await first == 200
        assert await status_of(http, "/") == 200


async def test_a_request_that_takes_too_long_is_stopped_and_answered() -> None:
    held = Held()
    async with (
        served(TimeLimit(held, clock=SystemClock(), seconds=0.05, refuse=refuse)) as address,
        ClientSession(address.url) as http,
    ):
        answer = await http.get("/")
        assert (answer.status, await answer.text()) == (503, "request_timeout")
        assert held.stopped == 1
        assert await status_of(http, "/health") == 200


async def test_a_time_out_of_the_application_itself_is_not_taken_for_the_limit() -> None:
    async def impatient(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an application
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await TimeLimit(impatient, clock=SystemClock(), seconds=5, refuse=refuse)({"type": "http"}, _nothing, _nowhere)


async def _nothing() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(message: object) -> None:
    del message
