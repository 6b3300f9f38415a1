"""ASGI middleware: under pressure it leaves undone what can come later, before it is begun.

What is refused here has had no effect, and whoever is refused knows when to come back. What was accepted is never
touched: it is in the database, and the workers go on.
"""

from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from risiti.gateway.kernel.errors import Unavailable
from risiti.gateway.resilience.body_limit import Refuse
from risiti.gateway.resilience.pressure import Level, Pressure

RETRY_SECONDS: Final = (2, 6)
"""Those who are refused come back spread over this many seconds."""


class Worth(Enum):
    """Up to which pressure a request is served."""

    LATER = Level.STRAINED
    """Lists, imports, exports: refused first."""
    NEW = Level.OVERLOADED
    """What changes something: refused next."""
    ALWAYS = None
    """One document, health, metrics, pages: how else would anybody see what is going on?"""


class LoadShedding:
    """Refuses by `worth` while `pressure` is high; `refuse` renders the answer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        pressure: Pressure,
        worth: Callable[[Scope], Worth],
        refuse: Refuse,
        random: Random,
        shed: Callable[[Worth], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._pressure = pressure
        self._worth = worth
        self._refuse = refuse
        self._random = random
        self._shed = shed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or (level := self._pressure.level) is Level.CALM:
            await self._app(scope, receive, send)
            return
        worth = self._worth(scope)
        if worth.value is None or level < worth.value:
            await self._app(scope, receive, send)
            return
        self._shed(worth)
        await self._refuse(self._overloaded(), scope)(scope, receive, send)

    def _overloaded(self) -> Unavailable:
        return Unavailable(
            "The service has more to do than it can do in time; nothing was done with this request.",
            code="overloaded",
            retry_after=self._random.randint(*RETRY_SECONDS),
        )
