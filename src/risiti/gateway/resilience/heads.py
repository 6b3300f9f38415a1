"""A connection of uvicorn's, with bounds on the head of a request, in seconds and in bytes.

uvicorn waits for ever for the end of a head and keeps whatever comes of it. So a few hundred callers that send a byte
now and then, or one that sends headers without end, would cost connections or memory for as long as they like. nginx in
front has such bounds of its own; these are for processes that are reached directly.
"""

import asyncio
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
"""Time from the opening of a connection, or from the first byte of a later request, to the end of the head."""
MAX_HEAD_BYTES: Final = 65_536
"""What may have come of a head that is not at its end; one piece more is read before it is looked at."""


class BoundedHeads(HttpToolsProtocol):
    """Ends connections whose request does not begin, or whose head does not end, within the bounds."""

    _in_head = True
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what belongs to a head is counted."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        if self._in_head or not self._is_busy():
            self._wait()

    def on_message_begin(self) -> None:
        """Begin with the head of a request."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """End with it."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def _is_busy(self) -> bool:
        if self.cycle is None:  # before the first request
            return False
        return not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._is_busy():  # the head of a later request: the answer to the earlier one goes first
            self._wait()
            return
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        self._stop_waiting()
        if not self._is_busy():
            said = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.transport.write(said.encode("ascii"))
        self.transport.close()
