"""One document a message (T109) or several (T129): what each costs this side, and how fast it goes.

Protocol only, before the strict simulator: no database, no queue. The authority takes 200 ms for each message on top of
what the simulator needs; as many messages are under way as the gateway allows towards one upstream.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.premises import furnish, hand_in, opened
from bench.result import Line
from risiti.cli.authority import Authority
from risiti.cli.processes import Child, free_port
from risiti.cli.shop import SHOP, public_half
from risiti.efris import (
    UPLOAD_INVOICE,
    UPLOAD_INVOICE_BATCH,
    AsyncClient,
    Credentials,
    Frozen,
    read_outcome,
    sign_batch,
)
from risiti.efris.crypto import load_private_key
from risiti.efris.models.invoices import InvoiceUploaded
from risiti.gateway.submissions.tables import Revision
from risiti.simulator import PATH

TIN: Final = "1000000000"
DEVICE_NO: Final = f"{TIN}_01"
INVOICES: Final = 400
WARMING_UP: Final = 100
"""Invoices sent one by one before anything is measured: connections are opened, and the session key is fetched."""
SIZES: Final = (10, 50)
AT_ONCE: Final = 64
AUTHORITY_SECONDS: Final = 0.2

Send = Callable[[AsyncClient, Credentials, Sequence[bytes]], Awaitable[None]]


async def measure(folder: Path) -> list[Line]:
    """Send the same kind of invoices in messages of one, of ten and of fifty."""
    premises = await furnish(folder, f"sqlite:///{folder / 'batches.db'}", None, how_many=1)
    async with opened(premises) as runtime:
        await hand_in(runtime, premises.company_ids, INVOICES * (1 + len(SIZES)) + WARMING_UP, prefix="BATCH")
        payloads = await runtime.database.read(_payloads)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["simulator", "--port", str(port), "--state", str(folder / "simulator.db")]
    simulator = Child("the simulator", command, {}, folder / "simulator.log", ready=f"{url}/_control/calls")
    await simulator.start()
    try:
        pem = premises.key_file.read_bytes()
        async with Authority(url) as authority:
            await authority.register_device(TIN, DEVICE_NO, public_half(pem), {**SHOP, "tin": TIN})
            await authority.set_faults(
                [
                    {"fault": "latency_after", "interface": interface.code, "seconds": AUTHORITY_SECONDS}
                    for interface in (UPLOAD_INVOICE, UPLOAD_INVOICE_BATCH)
                ]
            )
        credentials = Credentials(TIN, DEVICE_NO, load_private_key(pem))
        async with AsyncClient(f"{url}{PATH}", credentials) as client:
            warm, payloads = payloads[:WARMING_UP], payloads[WARMING_UP:]
            await _line("warming up", 1, _one, client, credentials, warm)
            lines = [await _line("T109", 1, _one, client, credentials, payloads[:INVOICES])]
            for place, size in enumerate(SIZES, start=1):
                part = payloads[place * INVOICES : (place + 1) * INVOICES]
                lines.append(await _line(f"T129, {size} in a message", size, _several, client, credentials, part))
        return lines
    finally:
        await simulator.end()


async def _line(  # noqa: PLR0917
    name: str, size: int, send: Send, client: AsyncClient, credentials: Credentials, payloads: Sequence[bytes]
) -> Line:
    messages = iter([payloads[at : at + size] for at in range(0, len(payloads), size)])

    async def lane() -> None:
        for message in messages:
            await send(client, credentials, message)

    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    each = 1_000 * (time.process_time() - cpu) / len(payloads)
    rate = len(payloads) / (time.perf_counter() - begun)
    return Line(
        f"batches, {name}",
        f"{each:.2f} ms of CPU a document on our side, {rate:.0f} documents/s before the simulator",
        {"cpu_milliseconds_each": each, "documents_per_second": rate},
    )


async def _one(client: AsyncClient, credentials: Credentials, payloads: Sequence[bytes]) -> None:
    del credentials
    await client.call(UPLOAD_INVOICE, Frozen(payloads[0]))


async def _several(client: AsyncClient, credentials: Credentials, payloads: Sequence[bytes]) -> None:
    batch = sign_batch(map(Frozen, payloads), credentials)
    answer = await client.call(UPLOAD_INVOICE_BATCH, batch)
    if not all(isinstance(read_outcome(one, InvoiceUploaded), InvoiceUploaded) for one in answer.outcomes):
        message = "the simulator has not taken every document of a batch"
        raise RuntimeError(message)


def _payloads(session: Session) -> list[bytes]:
    return list(session.scalars(select(Revision.payload)))
