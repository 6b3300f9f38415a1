"""Requests that fail inside a transaction leave nothing behind: no row, no connection, and one line that says who."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.events import Event
from risiti.gateway.fiscal import invoices
from tests.gateway.api.door import Door, open_door
from tests.gateway.observability.lines import logged
from tests.make import an_invoice
from tests.on import KEK

pytestmark = pytest.mark.anyio

REQUESTS = 1_000
AT_ONCE = 20
BUSY = 503


class _DefectError(Exception):
    """A bug of ours, planted."""


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Event)) or 0


async def failures(door: Door, document_id: str) -> Counter[int]:
    """Send requests of which every second fails while it reads and every other after it has written."""
    path = door.firm.path(f"/invoices/{document_id}")
    some = [("GET", path), ("POST", f"{path}/withdraw")] * (AT_ONCE // 2)
    statuses: Counter[int] = Counter()
    for _ in range(REQUESTS // AT_ONCE):
        statuses.update(await asyncio.gather(*(status_of(door, method, where) for method, where in some)))
    return statuses


async def status_of(door: Door, method: str, path: str) -> int:
    """Send a request, again if a busy machine made it come back later; return its status."""
    while (answer := await door.ask(method, path)).status == BUSY:
        pass
    return answer.status


async def test_after_a_thousand_requests_that_fail_in_a_transaction_the_pool_is_as_full_as_before(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_door(tmp_path, database_url=database_url, risiti_kek=KEK) as door:
        accepted = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("F-1"))).json()
        before = await door.runtime.database.read(count)

        def reading(session: Session, **_: object) -> None:
            count(session)
            raise _DefectError

        def writing(session: Session, *_: object) -> None:
            session.add(Event(id=door.runtime.ids.event(), name="planted", at=door.clock.now(), data="{}"))
            session.flush()
            raise _DefectError

        monkeypatch.setattr(invoices, "read", reading)
        monkeypatch.setattr(invoices, "withdraw", writing)
        with logged() as lines:
            assert await failures(door, accepted["id"]) == {500: REQUESTS}
        monkeypatch.undo()

        pool = door.runtime.database.pool()
        assert (pool.in_use, pool.waiting) == (0, 0)
        assert await door.runtime.database.read(count) == before
        assert (await door.ask("GET", door.firm.path(f"/invoices/{accepted['id']}"))).status == 200

        told = [line for line in lines() if line["event"] == "database.unit_rolled_back"]
        told = [line for line in told if line["error"] == _DefectError.__name__]
        assert len(told) == REQUESTS
        assert len({line["request_id"] for line in told}) == REQUESTS
        assert {line["company_id"] for line in told} == {door.firm.id}
        route = "/api/companies/{company_id}/invoices/{document_id}"
        assert {line["route"] for line in told} == {route, f"{route}/withdraw"}
        assert door.firm.key not in json.dumps(told)


async def test_that_a_unit_turns_a_caller_down_is_not_logged_as_a_failure(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        with logged() as lines:
            assert (await door.ask("GET", door.firm.path(f"/invoices/doc_{'0' * 26}"))).status == 404
        assert [line for line in lines() if line["event"] == "database.unit_rolled_back"] == []
