"""Transport: bytes out and bytes in under a deadline; over HTTP with aiohttp, or in process to an ASGI application."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.connector import Connection

from risiti.efris.errors import Interrupted, TimedOut, Unreachable

if TYPE_CHECKING:
    from aiohttp.tracing import Trace

KEEP_ALIVE_SECONDS = 4.0
"""How long an idle connection is kept; short, so that one closed by the other side is rarely picked up again."""

CONNECT_SECONDS = 10.0
"""Longest wait for a name, a connection and its TLS handshake."""

_HEADERS = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the HTTP status and the body, not yet looked at."""

    status: int
    body: bytes = field(repr=False)


class Transport(Protocol):
    """Carries one message to the authority and one back. It never tries twice."""

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - a hard limit
        """Send a message.

        Args:
            url: Where to.
            body: The message.
            timeout: Seconds the whole exchange may take.
            limit: Most bytes the answer may have.

        Raises:
            Unreachable: it is certain that nothing of the message was sent.
            TimedOut: the time ran out after that.
            Interrupted: the connection broke after that, or the answer is too large.
        """
        ...


class AiohttpTransport:
    """HTTP over pooled connections. Redirects, cookies, proxies of the environment and compressed bodies are not used.

    Args:
        tls: Verification settings, e.g. with an own CA bundle; the system's by default.
        connections: Most connections open at once.
        connect_seconds: Longest wait for a connection from the pool or a new one.
    """

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, connections: int = 64, connect_seconds: float = CONNECT_SECONDS
    ) -> None:
        self._tls = tls
        self._connections = connections
        self._connect_seconds = connect_seconds
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - see Transport
        """Send a message; see `Transport.post`."""
        progress = _Progress()
        _under_way.set(progress)
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(url, body, limit)
        except TimeoutError as error:
            if progress.connected:
                raise TimedOut(f"no complete answer within {timeout:g} s") from error
            raise Unreachable("no connection in time") from error
        except (aiohttp.ClientError, OSError) as error:
            if progress.connected:
                raise Interrupted(f"the connection broke: {type(error).__name__}") from error
            raise Unreachable(f"no connection: {type(error).__name__}") from error

    async def _exchange(self, url: str, body: bytes, limit: int) -> Reply:
        async with self._open().post(url, data=body, headers=_HEADERS, allow_redirects=False) as response:
            try:
                return Reply(response.status, await _read_limited(response, limit))
            except BaseException:
                response.close()
                raise

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = _Connector(
                ssl=self._tls if self._tls is not None else True,
                limit=self._connections,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=self._connect_seconds, sock_connect=self._connect_seconds
                ),
                headers={"Accept-Encoding": "identity", "User-Agent": "risiti"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


@dataclass(slots=True)
class _Progress:
    """How far one request has come. From the moment it has a connection, bytes may have left."""

    connected: bool = False


_under_way: ContextVar[_Progress] = ContextVar("risiti_efris_under_way")


class _Connector(aiohttp.TCPConnector):
    """Notes that a request has got its connection; aiohttp's own tracing costs more than sending the message."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _under_way.get().connected = True
        return connection


async def _read_limited(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_READ_BYTES):
        body += chunk
        if len(body) > limit:
            raise Interrupted(f"the answer has more than {limit} bytes")
    return bytes(body)


_Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application, as the specification has it."""


class AsgiTransport:
    """Speaks to an ASGI application in this process, the way `AiohttpTransport` speaks to a server.

    As with a server, giving up on an answer does not stop the work on it: the application runs on.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._running: set[asyncio.Task[None]] = set()

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - see Transport
        """Send a message; see `Transport.post`."""
        call = _AsgiCall(url, body)
        task = asyncio.ensure_future(_run(self._app, call))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(task)
        except TimeoutError as error:
            raise TimedOut(f"no complete answer within {timeout:g} s") from error
        except Exception as error:
            raise Interrupted(f"the application broke off: {type(error).__name__}") from error
        finally:
            call.hung_up.set()
        if call.status is None or not call.complete:
            raise Interrupted("the connection broke before the answer was complete")
        if len(call.answer) > limit:
            raise Interrupted(f"the answer has more than {limit} bytes")
        return Reply(call.status, bytes(call.answer))

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen here, should nobody wait for it any more

    async def close(self) -> None:
        """Stop whatever the application still works on."""
        for task in list(self._running):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _run(app: AsgiApp, call: "_AsgiCall") -> None:
    await app(call.scope(), call.receive, call.send)


class _AsgiCall:
    """One request to an ASGI application."""

    def __init__(self, url: str, body: bytes) -> None:
        self.hung_up = asyncio.Event()
        self.status: int | None = None
        self.answer = bytearray()
        self.complete = False
        self._url = urlsplit(url)
        self._body: bytes | None = body

    def scope(self) -> _Message:
        path = self._url.path or "/"
        headers = [
            (b"host", self._url.netloc.encode("ascii")),
            (b"content-length", str(len(self._body or b"")).encode("ascii")),
            *((name.lower().encode("ascii"), value.encode("ascii")) for name, value in _HEADERS.items()),
        ]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": self._url.scheme,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": self._url.query.encode("ascii"),
            "root_path": "",
            "headers": headers,
            "server": (self._url.hostname or "localhost", self._url.port or 80),
            "client": ("127.0.0.1", 1),
            "state": {},
        }

    async def receive(self) -> _Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.answer += message.get("body", b"")
            self.complete = not message.get("more_body", False)
