"""A TCP link that can fail in the ways that networks do: cut, slow, one way only, or silent."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, Self

CHUNK: Final = 65_536
HOST: Final = "127.0.0.1"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    """Listens on a port of its own and passes every connection on. Use as an async context manager.

    With several targets it takes turns, and goes to the next one when a target takes no connection: a load balancer.

    Args:
        targets: Ports of this machine.
    """

    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = list(targets)
        self._turn = 0
        self._delay = 0.0
        self._is_cut = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._callers: set[asyncio.StreamWriter] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.heal()
        self._reset()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection, and every new one, until it is healed."""
        self._is_cut = True
        self._reset()

    def slow_down(self, seconds: float) -> None:
        """Keep every piece of data back for so long."""
        self._delay = seconds

    def hold(self) -> None:
        """Swallow everything in silence; what was swallowed is delivered, late, once it is healed."""
        self._flowing.clear()

    def lose_answers(self) -> None:
        """End the answering half of every connection there is: requests still arrive, answers do not."""
        for task in self._answering:
            task.cancel()

    def heal(self) -> None:
        """Work again."""
        self._is_cut = False
        self._delay = 0.0
        self._flowing.set()

    def _reset(self) -> None:
        for caller in self._callers:
            caller.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        target = None if self._is_cut else await self._connect()
        if target is None:
            caller.transport.abort()
            return
        self._callers.add(caller)
        asking = asyncio.create_task(self._pump(reader, target[1]))
        answering = asyncio.create_task(self._pump(target[0], caller))
        self._answering.add(answering)
        try:
            await asyncio.wait((asking, answering))
        finally:
            self._callers.discard(caller)
            self._answering.discard(answering)
            for task in (asking, answering):
                task.cancel()
            caller.transport.abort()
            target[1].transport.abort()

    async def _connect(self) -> Streams | None:
        for _ in self._targets:
            self._turn += 1
            port = self._targets[self._turn % len(self._targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(HOST, port)
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                await self._flowing.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                sink.write(data)
                await sink.drain()
        except OSError:
            sink.transport.abort()
            return
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                if sink.can_write_eof() and not sink.is_closing():
                    sink.write_eof()
