"""ASGI middleware: inflates compressed request bodies piece by piece, within the limit on bodies and a bound on ratio.

A kilobyte can inflate to a megabyte and more. Nothing is inflated further than the next piece that the reader takes,
and a body that swells beyond reason is refused long before the limit on bodies, so that it costs next to no memory.
Brotli is not read: its decoder fills a window of up to 16 MB before it hands out the first piece (decision 37).
"""

import zlib
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel.errors import BadRequest, FieldError, TooLarge, UnsupportedMediaType
from risiti.gateway.resilience.body_limit import Refuse

PIECE_BYTES: Final = 65_536
"""So much is inflated at a time."""
FED_BYTES: Final = 4_096
"""So much is fed to the inflater at a time: the ratio is known before more of a bomb goes off."""
MAX_RATIO: Final = 100
"""Times that a body may swell, once it is larger than SMALL_BYTES; documents swell ten- to thirtyfold."""
SMALL_BYTES: Final = 1_048_576


class _Inflater:
    """Gzip and deflate; what follows the end of the stream is not read as a second one, but refused."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self._full = False

    def feed(self, data: bytes) -> bytes:
        """Take compressed bytes (none: go on with what was fed) and return at most PIECE_BYTES inflated."""
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, PIECE_BYTES)
        if self._stream.unused_data:
            raise zlib.error
        self._full = len(piece) == PIECE_BYTES and not self._stream.eof
        return piece

    @property
    def hungry(self) -> bool:
        """Whether nothing is left to inflate of what was fed."""
        return not (self._full or self._stream.unconsumed_tail)

    @property
    def finished(self) -> bool:
        """Whether the compressed stream has come to its end."""
        return self._stream.eof


class Decompression:
    """Takes gzip and deflate; inflated, a body may have `limit` bytes. `refuse` renders refusals before reading."""

    def __init__(self, app: ASGIApp, *, limit: int, refuse: Refuse) -> None:
        self._app = app
        self._limit = limit
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        encoding = _encoding(scope)
        if encoding == "identity":
            await self._app(scope, receive, send)
            return
        if encoding not in _WINDOWS:
            await self._refuse(_not_read(encoding), scope)(scope, receive, send)
            return
        body = _Body(_Inflater(_WINDOWS[encoding]), receive, self._limit)
        plain = [pair for pair in scope["headers"] if pair[0] not in (b"content-encoding", b"content-length")]
        await self._app({**scope, "headers": plain}, body.receive, send)


class _Body:
    """One body on its way through the inflater."""

    def __init__(self, inflater: _Inflater, receive: Receive, limit: int) -> None:
        self._inflater = inflater
        self._receive = receive
        self._limit = limit
        self._more = True
        self._waiting = b""
        self._taken = self._given = 0
        self._done = False

    async def receive(self) -> Message:
        """Return the next inflated piece."""
        if self._done:
            return await self._receive()
        data = b""
        if self._inflater.hungry:
            if not self._waiting:
                message = await self._receive()
                if message["type"] != "http.request":
                    return message
                self._waiting, self._more = message.get("body", b""), message.get("more_body", False)
            data, self._waiting = self._waiting[:FED_BYTES], self._waiting[FED_BYTES:]
            self._taken += len(data)
        piece = self._inflate(data)
        self._given += len(piece)
        if self._given > self._limit:
            raise _too_large(f"The body is larger than {self._limit} bytes once it is inflated.")
        if self._given > SMALL_BYTES and self._given > MAX_RATIO * self._taken:
            raise _too_large(f"The body swells more than {MAX_RATIO} times.")
        self._done = self._inflater.hungry and not self._waiting and not self._more
        if self._done and not self._inflater.finished:
            raise _broken("It ends too early.")
        return {"type": "http.request", "body": piece, "more_body": not self._done}

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inflater.feed(data)
        except zlib.error as error:
            raise _broken("It is damaged, or not what Content-Encoding says.") from error


_WINDOWS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def _encoding(scope: Scope) -> str:
    if scope["type"] != "http":
        return "identity"
    given = ",".join(Headers(scope=scope).getlist("content-encoding")).strip().lower()
    return given or "identity"


def _not_read(encoding: str) -> UnsupportedMediaType:
    fix = "Send it plain, or as gzip or deflate."
    fault = FieldError("Content-Encoding:", "unknown_encoding", f"Bodies in {encoding[:40]} are not read.", fix)
    return UnsupportedMediaType(fault.message, code=fault.code, errors=[fault])


def _too_large(message: str) -> TooLarge:
    fix = "Send less at a time; split a long document, or ask the operator about the limit."
    return TooLarge(message, code="body_too_large", errors=[FieldError("", "body_too_large", message, fix)])


def _broken(what: str) -> BadRequest:
    message = f"The compressed body cannot be read. {what}"
    fault = FieldError("Content-Encoding:", "broken_compression", message, "Send it plain.")
    return BadRequest(message, code=fault.code, errors=[fault])
