"""Signatures a second against invoices fiscalised a second: how much of the time goes into what cannot be saved?"""

import asyncio
import time
from pathlib import Path
from typing import Final

from bench.result import Line
from risiti.cli.books import FINAL
from risiti.cli.erp import Erp, entries
from risiti.cli.shop import new_key_pem
from risiti.cli.stage import Stage
from risiti.efris.crypto import load_private_key, sign

SIGNATURES: Final = 2_000
CONTENT_BYTES: Final = 4_000
"""Base64 of a typical invoice's content."""
INVOICES: Final = 300
TILLS: Final = 8
PATIENCE_SECONDS: Final = 120.0


async def measure(folder: Path) -> list[Line]:
    """Sign on one core; then post invoices to a real gateway before a simulator, both on this machine, and wait."""
    signatures = await asyncio.to_thread(signatures_per_second)
    async with Stage(folder) as stage, Erp(stage.account, connections=TILLS) as erp:
        fiscalised = await _fiscalised_per_second(erp)
    return [
        Line(
            "sign",
            f"{signatures:.0f} signatures/s on one core, {fiscalised:.0f} invoices fiscalised/s by API, worker and "
            f"simulator together on this machine: {signatures / fiscalised:.0f} signatures in the time of an invoice",
            {
                "signatures_per_second": signatures,
                "fiscalised_per_second": fiscalised,
                "signatures_per_invoice": signatures / fiscalised,
            },
        )
    ]


def signatures_per_second() -> float:
    """Return how often in a second of its time one core signs a typical invoice."""
    key = load_private_key(new_key_pem())
    content = b"x" * CONTENT_BYTES
    begun = time.thread_time()
    for _ in range(SIGNATURES):
        sign(key, content)
    return SIGNATURES / (time.thread_time() - begun)


async def _fiscalised_per_second(erp: Erp) -> float:
    """Return the rate from the first POST until the last invoice is settled; the probe of the stage is not counted."""
    numbers = iter(range(INVOICES))

    async def till() -> None:
        for number in numbers:
            await erp.post_invoice(_invoice(number), idempotency_key=f"bench-{number}")

    begun = time.perf_counter()
    await asyncio.gather(*(till() for _ in range(TILLS)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        for invoice in await erp.all_invoices():
            while entries([await erp.read(str(invoice["id"]), wait=20)])[str(invoice["reference"])].state not in FINAL:
                pass
    return INVOICES / (time.perf_counter() - begun)


def _invoice(number: int) -> dict[str, object]:
    line = {
        "name": "Exercise book, 96 pages",
        "category": "14111514",
        "unit": "PCE",
        "quantity": "3",
        "unit_price": "1800",
        "tax": "standard",
    }
    return {"reference": f"BENCH-{number:06d}", "lines": [{**line, "code": f"STA-{row}"} for row in range(3)]}
