"""ASGI middleware: counts every request and its time under its route - never under its path, which callers choose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.observability.metrics import Metrics

ROUTE: Final = "route"
"""Where the innermost middleware leaves the route that a request came to (its template)."""
WAITED: Final = "waited"
"""Where a route leaves the seconds for which its caller wished to wait, and did."""
_NO_ROUTE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ANSWER: Final = 499


class RequestMetrics:
    """Counts requests, their statuses and their seconds by route."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, clock: Clock) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = self._clock.monotonic(), _NO_ANSWER

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        state = scope.setdefault("state", {})
        self._metrics.begin_request()
        try:
            await self._app(scope, receive, noted)
        finally:
            waited = state.get(WAITED, 0.0)
            self._metrics.end_request(
                method=scope["method"] if scope["method"] in _METHODS else "other",
                route=state.get(ROUTE) or _NO_ROUTE,
                status=status,
                seconds=self._clock.monotonic() - started - waited,
                waited=waited,
            )


@contextmanager
def wished(request: Request, monotonic: Callable[[], float]) -> Iterator[None]:
    """Have the time that the block takes count as what the caller wished to wait, not as what we took."""
    began = monotonic()
    try:
        yield
    finally:
        request.scope["state"][WAITED] = monotonic() - began
