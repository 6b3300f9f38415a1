"""ASGI middleware: bounds the body of a request in bytes and in seconds, as it comes, whatever its head claims.

A declared length over the limit is refused before a byte is read. A body without a length, or with a false one, is
refused at the byte that passes the limit. In both cases the answer leaves first and what still comes is thrown away
for a moment before the connection is closed: closing at once would reset it, and the caller would lose the answer.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel.errors import FieldError, GatewayError, TooLarge

BODY_SECONDS: Final = 15.0
"""Time a caller has to send its body."""
LINGER_SECONDS: Final = 2.0
"""Time in which the rest of a refused body is thrown away before the connection is closed."""
KEPT_OPEN_BYTES: Final = 65_536
"""An unread rest of at most this many bytes does not cost the caller its connection."""
_LENGTH_DIGITS: Final = 20

Refuse = Callable[[GatewayError, Scope], ASGIApp]
"""Makes the answer to a request that is refused before anything else sees it."""


class TooSlow(GatewayError):
    """The body did not arrive in time."""

    status: ClassVar[int] = 408
    title: ClassVar[str] = "Too slow"
    default_code: ClassVar[str] = "body_timeout"


class BodyLimit:
    """Lets bodies of at most `limit` bytes through; `refuse` renders the refusal of a declared length over it.

    A longer stream makes `receive` raise `TooLarge`, a slower one `TooSlow`, in whatever reads the body.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, refuse: Refuse, seconds: float = BODY_SECONDS, linger: float = LINGER_SECONDS
    ) -> None:
        self._app = app
        self._limit = limit
        self._refuse = refuse
        self._seconds = seconds
        self._linger = linger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, send, limit=self._limit, seconds=self._seconds, linger=self._linger)
        app = self._refuse(body.too_large(), scope) if body.declared > self._limit else self._app
        await app(scope, body.receive, body.send)


class _Body:
    """One request's body on its way in, and what its state means for the answer on its way out."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, limit: int, seconds: float, linger: float
    ) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self.declared = int(length[:_LENGTH_DIGITS]) if length.isascii() and length.isdigit() else 0
        self._endless = "transfer-encoding" in headers
        self._awaits_consent = "expect" in headers
        self._receive = receive
        self._send = send
        self._limit = limit
        self._linger = linger
        self._received = 0
        self._complete = not self.declared and not self._endless
        self._broken = False
        self._closes = False
        self._until: float | None = None
        self._seconds = seconds

    def too_large(self) -> TooLarge:
        """Return the refusal, which names the limit."""
        message = f"The body is larger than {self._limit} bytes."
        fix = f"Send at most {self._limit} bytes; split a long document, or ask the operator about the limit."
        return TooLarge(message, code="body_too_large", errors=[FieldError("", "body_too_large", message, fix)])

    async def receive(self) -> Message:
        """Pass one message on, counted and within the time that is left."""
        if self._complete or self._broken:
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._until = self._until or loop.time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            self._broken = True
            detail = f"The body did not arrive within {self._seconds:g} seconds."
            fix = "Send the whole body at once, with the right Content-Length."
            raise TooSlow(detail, errors=[FieldError("", "body_timeout", detail, fix)]) from error
        if message["type"] != "http.request":
            self._complete = True
            return message
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._received > self._limit:
            self._broken = True
            raise self.too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass one message on; where a long body was left unread, say that the connection ends, and end it well."""
        if message["type"] == "http.response.start":
            refused = self._broken or self.declared > self._limit
            long = self._endless or self.declared - self._received > KEPT_OPEN_BYTES
            self._closes = not self._complete and (refused or long)
            if self._closes:
                MutableHeaders(scope=message)["connection"] = "close"
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (last and self._closes):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        if not self._awaits_consent:
            await self._throw_away()
        await self._send({"type": "http.response.body", "body": b""})

    async def _throw_away(self) -> None:
        try:
            async with asyncio.timeout(self._linger):
                while not self._complete:
                    message = await self._receive()
                    self._complete = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return
