"""ASGI middleware: bounds how many requests a process works on at once; beyond it, it says so before it does anything.

A process that takes more than it can work on answers everybody late. Refusing at once costs a fraction of a
millisecond, and whoever is refused knows when to come back.
"""

from random import Random
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.resilience.body_limit import Refuse

RETRY_SECONDS: Final = (1, 4)
"""Those who are refused come back spread over this many seconds."""
ALWAYS_ANSWERED: Final = "/health"


class ConcurrencyLimit:
    """Lets `most` requests through at the same time, health not counted; `refuse` renders the answer to the others."""

    def __init__(self, app: ASGIApp, *, most: int, refuse: Refuse, random: Random) -> None:
        self._app = app
        self._most = most
        self._refuse = refuse
        self._random = random
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS_ANSWERED):
            await self._app(scope, receive, send)
            return
        if self._running >= self._most:
            await self._refuse(self._overloaded(), scope)(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1

    def _overloaded(self) -> Unavailable:
        return Unavailable(
            "More requests are running than this process works on at once; nothing was done with this one.",
            code="overloaded",
            retry_after=self._random.randint(*RETRY_SECONDS),
        )
