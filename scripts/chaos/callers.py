"""The callers: tills of every company, that post at a steady pace and repeat each POST until it has an answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from risiti.cli.console import CommandError
from risiti.cli.erp import Account, Erp, NoAnswerError

TILLS: Final = 2
POST_SECONDS: Final = 120.0


@dataclass(slots=True)
class Record:
    """What the callers wrote down: the gateway is held to it."""

    ids: dict[str, str] = field(default_factory=dict)
    """The document's id, by accepted reference."""
    posts: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)


async def post(accounts: list[Account], documents: int, seconds: float, record: Record) -> None:
    """Post so many documents, spread over the companies and over so many seconds.

    Raises:
        CommandError: an invoice was turned down.
    """
    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for place, account in enumerate(accounts):
            numbers = iter(range(place, documents, len(accounts)))
            tasks.create_task(_company(account, numbers, begun, seconds / documents, record))


def reference_of(number: int) -> str:
    """Return the reference of one number."""
    return f"CHAOS-{number:06d}"


def invoice(number: int) -> dict[str, object]:
    """Return the invoice of one number: always the same one, so that a repeat is a repeat."""
    lines = [
        {
            "name": f"Exercise book, {pages} pages",
            "code": f"STA-{pages}",
            "category": "14111514",
            "unit": "PCE",
            "quantity": str(1 + number % 7),
            "unit_price": str(pages * 20),
            "tax": "standard",
        }
        for pages in (32, 64, 96)[: 1 + number % 3]
    ]
    return {"reference": reference_of(number), "lines": lines}


async def _company(account: Account, numbers: Iterator[int], begun: float, pace: float, record: Record) -> None:
    async with Erp(account, connections=TILLS) as erp:
        await asyncio.gather(*(_till(erp, numbers, begun, pace, record) for _ in range(TILLS)))


async def _till(erp: Erp, numbers: Iterator[int], begun: float, pace: float, record: Record) -> None:
    for number in numbers:
        await asyncio.sleep(begun + number * pace - time.monotonic())
        reference = reference_of(number)
        try:
            answer = await erp.post_invoice(invoice(number), idempotency_key=reference, patience=POST_SECONDS)
        except NoAnswerError:
            record.unanswered.append(reference)
            continue
        if not answer.accepted:
            raise CommandError(f"{reference} was turned down ({answer.status}): {answer.body}")
        record.ids[reference] = str(answer.body["id"])
        record.posts["sent"] += answer.sent
        record.posts["repeated"] += answer.sent - 1
        record.posts["replayed"] += answer.replayed
