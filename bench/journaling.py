"""How long it takes to chain, export and verify a journal of 100,000 entries."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.result import Line
from risiti.gateway import events
from risiti.gateway.db.database import Database
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.events import Event
from risiti.gateway.journal import exporting
from risiti.gateway.journal.chaining import PORTION, extend
from risiti.gateway.journal.verifying import verify
from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.migrations.run import upgrade
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company

ENTRIES = 100_000
COMPANY = "com_bench"
_CLOCK = SystemClock()
_IDS = Ids(_CLOCK)


async def measure(folder: Path) -> list[Line]:
    """Chain, export and verify ENTRIES entries on SQLite."""
    database = SqliteDatabase(folder / "journal.db")
    try:
        await upgrade(database)
        await _fill(database)
        with _Timed() as chaining:
            while (await database.write(partial(extend, now=_CLOCK.now(), settled=0))).events == PORTION:
                pass
        file = folder / "journal.jsonl"
        with _Timed() as exported, file.open("wb") as written:
            async for line in exporting.lines(database, COMPANY):
                written.write(line)
    finally:
        await database.close()
    with _Timed() as verified, file.open("rb") as read:
        report = verify(read)
    if not report.is_good or report.entries != ENTRIES:
        message = "the journal that was just written does not hold"
        raise RuntimeError(message)
    figures = {"chain": chaining.seconds, "export": exported.seconds, "verify": verified.seconds}
    sentence = (
        f"{ENTRIES:,} entries ({file.stat().st_size / 1e6:.0f} MB): chained in {chaining.seconds:.1f} s, exported in "
        f"{exported.seconds:.1f} s, verified in {verified.seconds:.1f} s ({verified.processor:.1f} s of one processor)"
    )
    return [Line("journal", sentence, {**figures, "verify_processor": verified.processor})]


class _Timed:
    seconds = 0.0
    processor = 0.0

    def __enter__(self) -> Self:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._begun[0]
        self.processor = time.process_time() - self._begun[1]


async def _fill(database: Database) -> None:
    now = _CLOCK.now()

    def company(session: Session) -> None:
        session.add(
            Company(
                id=COMPANY,
                environment=Environment.TEST,
                tin="1000000000",
                legal_name="Mango Street Grocers Ltd (fictitious)",
                business_name="Mango",
                email="till@example.com",
                phone="",
                address="",
                created_at=now,
            )
        )

    def rows(first: int) -> Iterator[dict[str, object]]:
        for number in range(first, first + PORTION):
            data = {"state": "waiting", "reference": f"INV-{number}", "revision": 1, "payload_sha256": "0" * 64}
            yield {
                "id": _IDS.event(),
                "company_id": COMPANY,
                "document_id": None,
                "name": "invoice.accepted",
                "at": now,
                "actor": "key_01HZZZZZZZZZZZZZZZZZZZZZZZ",
                "data": events.written(data),
            }

    await database.write(company)

    def add(session: Session, first: int) -> None:
        session.execute(insert(Event), list(rows(first)))

    for first in range(0, ENTRIES, PORTION):
        await database.write(partial(add, first=first))
