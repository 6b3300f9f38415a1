"""The callers: tills, and programs that import tables; all repeat each POST until it has an answer."""

import asyncio
import csv
import io
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from risiti.cli.console import CommandError
from risiti.cli.erp import Account, Answer, Erp, NoAnswerError

TILLS: Final = 2
POST_SECONDS: Final = 120.0
IMPORTER_EVERY: Final = 3
"""Of so many companies one hands its invoices in as tables: they may share messages to the authority."""
TABLE: Final = 40
"""Invoices of one table."""


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
            company = _importer if place % IMPORTER_EVERY == IMPORTER_EVERY - 1 else _company
            tasks.create_task(company(account, numbers, begun, seconds / documents, record))


def reference_of(number: int) -> str:
    """Return the reference of one number."""
    return f"CHAOS-{number:06d}"


def table(numbers: Sequence[int]) -> bytes:
    """Return a CSV file with the invoices of these numbers."""
    file = io.StringIO()
    columns = ("name", "code", "category", "quantity", "unit", "unit_price", "tax")
    rows = csv.writer(file)
    rows.writerow(("reference", "item", "item code", "category", "quantity", "unit", "unit price", "tax"))
    for number in numbers:
        rows.writerows((reference_of(number), *(line[name] for name in columns)) for line in lines(number))
    return file.getvalue().encode()


def invoice(number: int) -> dict[str, object]:
    """Return the invoice of one number: always the same one, so that a repeat is a repeat."""
    return {"reference": reference_of(number), "lines": lines(number)}


def lines(number: int) -> list[dict[str, str]]:
    """Return the lines of the invoice of one number."""
    return [
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


async def _importer(account: Account, numbers: Iterator[int], begun: float, pace: float, record: Record) -> None:
    async with Erp(account, connections=1) as erp:
        while several := list(itertools.islice(numbers, TABLE)):
            await asyncio.sleep(begun + several[-1] * pace - time.monotonic())
            try:
                answer = await erp.import_table(table(several), patience=POST_SECONDS)
            except NoAnswerError:
                record.unanswered += map(reference_of, several)
                continue
            _write_down(answer, several, record)


def _write_down(answer: Answer, numbers: Sequence[int], record: Record) -> None:
    documents = answer.body.get("documents") if answer.accepted else None
    if not isinstance(documents, list) or len(documents) != len(numbers):
        raise CommandError(f"a table was turned down ({answer.status}): {answer.body}")
    for document in documents:
        if not document["invoice"]:
            raise CommandError(f"{document['reference']} was turned down: {document['errors']}")
        record.ids[document["reference"]] = document["invoice"]["id"]
        record.posts["replayed"] += document["outcome"] == "known"
    record.posts["sent"] += answer.sent
    record.posts["repeated"] += answer.sent - 1
    record.posts["imported"] += len(documents)


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
