"""ASGI middleware: bounds the time of one request; a handler that is stopped gives its connection back."""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Effect, Unavailable
from risiti.gateway.resilience.body_limit import Refuse

RETRY_SECONDS: Final = 5


class TimeLimit:
    """Gives a request `seconds` in all; `refuse` renders the answer where none has begun by then."""

    def __init__(self, app: ASGIApp, *, clock: Clock, seconds: float, refuse: Refuse) -> None:
        self._app = app
        self._clock = clock
        self._seconds = seconds
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as limit:
                with deadline.within(self._clock, self._seconds):  # nothing is begun for it after that
                    await self._app(scope, receive, noted)
        except TimeoutError:
            if not limit.expired() or started:
                raise  # half an answer must not look like a whole one: the server cuts the connection
            await self._refuse(_too_long(self._seconds), scope)(scope, receive, noted)


def _too_long(seconds: float) -> Unavailable:
    return Unavailable(
        f"This took longer than {seconds:g} s. If it was a document, send it again under the same reference: that "
        "never makes a second one.",
        code="request_timeout",
        effect=Effect.UNKNOWN,
        retry_after=RETRY_SECONDS,
    )
