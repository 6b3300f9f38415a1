"""A server on 127.0.0.1 that does to one HTTP request whatever a test wants done to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Deed = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What happens after the request has arrived in full."""


class Wire:
    """A running server and what it has seen."""

    def __init__(self, deed: Deed) -> None:
        self.deed = deed
        self.url = ""
        self.connections = 0
        self.requests: list[bytes] = []
        self.arrived = asyncio.Event()
        self._open: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection; requests follow one another on it while the deed leaves it open."""
        self.connections += 1
        self._open[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
                self.requests.append(head + await reader.readexactly(length))
                self.arrived.set()
                await self.deed(reader, writer)
        writer.close()

    async def close(self) -> None:
        """Hang up on everyone."""
        for task, writer in self._open.items():
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def wire(deed: Deed) -> AsyncIterator[Wire]:
    """Run a server for the length of a test."""
    running = Wire(deed)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    running.url = f"http://127.0.0.1:{port}/efrisws/ws/taapp/getInformation"
    try:
        yield running
    finally:
        server.close()
        await running.close()


def answering(body: bytes, status: str = "200 OK", *headers: str) -> Deed:
    """Answer and keep the connection."""

    async def deed(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return deed


async def closing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection without a word."""
    writer.close()


async def cutting_short(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promise more than comes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()


async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other side hangs up."""
    await reader.read()
    writer.close()


async def dripping(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send one byte after the other for ever, each in time for any limit between two bytes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def flooding(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()
