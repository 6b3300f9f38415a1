"""Slow callers (slow loris): connections that send the head or the body of a request byte by byte, and never end it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

PAUSE_SECONDS: Final = 1.0
HEAD: Final = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST: Final = HEAD.replace(b"GET /health", b"POST /api/auth/login") + (
    b"Content-Type: application/json\r\nContent-Length: 4096\r\n\r\n"
)


@asynccontextmanager
async def slow_callers(url: str, how_many: int, trust: SSLContext | None = None) -> AsyncIterator[None]:
    """Keep so many connections open, half of them in the head and half in the body; whoever is cut off comes again."""
    ready = [asyncio.Event() for _ in range(how_many)]
    callers = [
        asyncio.create_task(_caller(url, trust, POST if place % 2 else HEAD, is_there))
        for place, is_there in enumerate(ready)
    ]
    try:
        await asyncio.gather(*(is_there.wait() for is_there in ready))
        yield
    finally:
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)


async def _caller(url: str, trust: SSLContext | None, first: bytes, is_there: asyncio.Event) -> None:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, port, ssl=trust)
            try:
                writer.write(first)
                is_there.set()
                while not writer.is_closing():
                    writer.write(b"X" if first is POST else b"X-A: b\r\n")
                    await writer.drain()
                    await asyncio.sleep(PAUSE_SECONDS)
            finally:
                writer.close()
        await asyncio.sleep(PAUSE_SECONDS)
