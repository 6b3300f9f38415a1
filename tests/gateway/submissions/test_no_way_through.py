"""No way to the authority, for four reasons, over real sockets, with a worker: all wait, nothing is in doubt."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from risiti.efris import AiohttpTransport, Reply, Transport
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document
from tests.efris.test_no_connection import a_full_line, write_certificate
from tests.gateway.submissions.world import World, open_world

pytestmark = pytest.mark.anyio

FAULTS = ["closed_port", "unknown_name", "certificate_expired", "black_hole"]
CONNECT_SECONDS = 0.2


class Way:
    """The way to the authority: through, until it is given another address to go to over real sockets."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._outside: Transport | None = None
        self._address = ""

    def lead_to(self, outside: Transport | None, address: str = "") -> None:
        self._outside, self._address = outside, address

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        if self._outside is None:
            return await self._inner.post(url, body, timeout=timeout, limit=limit)
        return await self._outside.post(self._address, body, timeout=timeout, limit=limit)


@asynccontextmanager
async def no_way(fault: str, folder: Path, received: bytearray) -> AsyncIterator[tuple[Transport, str]]:
    """Make a transport, and an address to which it finds no way; `received` gets what arrives there after all."""
    certificate, key = write_certificate(folder, "expired")
    inside = ssl.create_default_context(cafile=str(certificate))
    transport = AiohttpTransport(tls=inside, connect_seconds=CONNECT_SECONDS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())
        writer.close()

    outside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    outside.load_cert_chain(certificate, key)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=outside)
    port = server.sockets[0].getsockname()[1]
    try:
        if fault == "certificate_expired":
            yield transport, f"https://localhost:{port}/efris"
        elif fault == "black_hole":
            with a_full_line() as full:
                yield transport, f"http://127.0.0.1:{full}/efris"
        elif fault == "unknown_name":
            yield transport, "http://authority.invalid/efris"
        else:
            server.close()
            await server.wait_closed()
            yield transport, f"http://127.0.0.1:{port}/efris"
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


async def outcomes(world: World) -> set[AttemptOutcome]:
    """Return how attempts have ended that did not make a document."""
    found = await world.runtime.database.read(
        lambda session: session.scalars(
            select(Attempt.outcome).where(Attempt.outcome != AttemptOutcome.FISCALISED)
        ).all()
    )
    return set(found)


async def states(world: World) -> set[DocumentState]:
    found = await world.runtime.database.read(lambda session: session.scalars(select(Document.state)).all())
    return set(found)


async def breaker_is_open(world: World) -> bool:
    turns = await world.runtime.database.read(partial(standings.turns, most=1))
    return bool(turns) and turns[0].phase is Phase.OPEN


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_a_way_to_the_authority_documents_are_taken_and_wait_and_none_is_in_doubt(
    database_url: str, fault: str, tmp_path: Path
) -> None:
    ways: list[Way] = []

    def a_way(inner: Transport) -> Way:
        ways.append(Way(inner))
        return ways[0]

    received = bytearray()
    async with (
        open_world(database_url, through=a_way) as world,
        no_way(fault, tmp_path, received) as (transport, address),
    ):
        first = await world.post("INV-FIRST")
        await world.work()
        assert (await world.look(first.invoice.id)).state == "fiscalised"  # the worker is connected
        ways[0].lead_to(transport, address)
        accepted = [await world.post(f"INV-{number}") for number in range(3)]
        assert {one.invoice.state for one in accepted} == {"waiting"}
        await world.work()  # they are claimed, and find no way
        assert await states(world) == {DocumentState.FISCALISED, DocumentState.WAITING}
        await world.work_until(partial(breaker_is_open, world))
        late = await world.post("INV-LATE")
        assert late.invoice.state == "waiting"  # its acceptance does not depend on any of this
        assert await states(world) == {DocumentState.FISCALISED, DocumentState.WAITING}
        assert await outcomes(world) == {AttemptOutcome.NOT_SENT}
        assert bytes(received) == b""

        ways[0].lead_to(None)
        for one in (*accepted, late):
            await world.work_until(partial(is_fiscalised, world, one.invoice.id))
        assert [len(world.numbers(f"INV-{number}")) for number in range(3)] == [1, 1, 1]
        assert await outcomes(world) == {AttemptOutcome.NOT_SENT}


async def is_fiscalised(world: World, document_id: str) -> bool:
    return (await world.look(document_id)).state == "fiscalised"
