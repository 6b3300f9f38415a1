"""ASGI middleware: gives every request an id, every answer that id, and the log one line about both."""

import re
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids

REQUEST_ID_HEADER: Final = "X-Request-Id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_MAX_LOGGED_PATH: Final = 200
_PROBES: Final = "/health"
_NO_ANSWER: Final = 499
"""Logged as the status of a request whose caller was gone before there was an answer."""

_log = structlog.get_logger(__name__)


class RequestLog:
    """Takes the caller's own `X-Request-Id` if it is 8 to 64 plain characters, else makes one; never logs a query."""

    def __init__(self, app: ASGIApp, *, ids: Ids, clock: Clock) -> None:
        self._app = app
        self._ids = ids
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else self._ids.request()
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = self._clock.monotonic(), _NO_ANSWER

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            path = scope["path"][:_MAX_LOGGED_PATH]
            log = _log.debug if path.startswith(_PROBES) else _log.info
            milliseconds = round((self._clock.monotonic() - started) * 1000, 1)
            log("request.answered", method=scope["method"], path=path, status=status, milliseconds=milliseconds)
