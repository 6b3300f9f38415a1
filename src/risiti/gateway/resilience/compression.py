"""ASGI middleware: answers as br or gzip where the caller takes it and it saves something; nothing is held back.

An answer that comes in pieces leaves in pieces. What is compressed already (PDF, images) or small stays as it is.
"""

import zlib
from collections.abc import Callable
from typing import Final, Protocol

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_BYTES: Final = 1_024
"""Smaller answers fit into a packet anyway."""
GZIP_LEVEL: Final = 5
BROTLI_QUALITY: Final = 4
_TEXTS: Final = ("text/", "application/json", "application/problem+json", "application/xml", "image/svg+xml")


class _Deflater(Protocol):
    def add(self, data: bytes) -> bytes: ...
    def end(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def add(self, data: bytes) -> bytes:
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)

    def add(self, data: bytes) -> bytes:
        return bytes(self._stream.process(data) + self._stream.flush())

    def end(self) -> bytes:
        return bytes(self._stream.finish())


_DEFLATERS: Final[dict[str, Callable[[], _Deflater]]] = {"br": _Brotli, "gzip": _Gzip}
"""In the order in which we choose when the caller takes several."""


class Compression:
    """Compresses text answers of MIN_BYTES and more, or of unknown length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(
            send, _chosen(Headers(scope=scope).get("accept-encoding", "")), is_head=scope["method"] == "HEAD"
        )
        await self._app(scope, receive, answer.send)


class _Answer:
    """One answer on its way out."""

    def __init__(self, send: Send, encoding: str | None, *, is_head: bool) -> None:
        self._send = send
        self._encoding = encoding
        self._is_head = is_head
        self._start: Message | None = None
        self._deflater: _Deflater | None = None

    async def send(self, message: Message) -> None:
        """Pass one message on; the head waits for the first piece, which tells whether compressing pays."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(self._with_head(start, body, more=more))
        if self._deflater is not None:
            body = (self._deflater.add(body) if body else b"") + (b"" if more else self._deflater.end())
        await self._send({**message, "body": body})

    def _with_head(self, start: Message, body: bytes, *, more: bool) -> Message:
        headers = MutableHeaders(scope=start)
        kind = headers.get("content-type", "")
        if "content-encoding" in headers or not kind.startswith(_TEXTS):
            return start
        headers.add_vary_header("Accept-Encoding")
        if self._encoding is None or self._is_head or not (more or len(body) >= MIN_BYTES):
            return start
        self._deflater = _DEFLATERS[self._encoding]()
        headers["content-encoding"] = self._encoding
        if "etag" in headers and not headers["etag"].startswith("W/"):
            headers["etag"] = f"W/{headers['etag']}"
        del headers["content-length"]
        return start


def _chosen(accepted: str) -> str | None:
    """Return the best of our encodings that Accept-Encoding (RFC 9110, 12.5.3) allows; None: leave it plain."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip()] = _weight(parameters)
    usable = [(weights.get(name, weights.get("*", 0.0)), name) for name in _DEFLATERS]
    best = max(weight for weight, _ in usable)
    return next(name for weight, name in usable if weight == best) if best > 0 else None


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
