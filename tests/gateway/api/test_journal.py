"""A company gets its journal over the API: who handed in what, the digest of what was sent, and what came of it."""

import hashlib
import json

import pytest
from sqlalchemy import select

from risiti.gateway.journal.verifying import verify
from risiti.gateway.submissions.tables import Revision
from tests.gateway.api.door import Door
from tests.make import an_invoice

pytestmark = pytest.mark.anyio


async def chained(door: Door) -> None:
    """Let the runner do what comes due within two minutes."""
    runner = door.runtime.runner()
    await runner.turn()
    await runner.idle()
    door.clock.advance(120)
    while await runner.turn():
        await runner.idle()


async def test_the_journal_names_who_did_what_and_the_bytes_that_were_sent(door: Door) -> None:
    taken = await (await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("JRN-1"))).json()
    await door.work()
    await chained(door)
    answer = await door.ask("GET", door.firm.path("/journal"))
    lines = (await answer.read()).splitlines(keepends=True)
    report = verify(lines)
    assert (answer.headers["content-type"], report.is_good) == ("application/x-ndjson", True)
    entries = [entry for entry in map(json.loads, lines) if entry.get("document") == taken["id"]]
    assert [entry["name"] for entry in entries] == ["invoice.accepted", "invoice.fiscalised"]
    assert entries[0]["by"].startswith("key_")
    assert entries[1]["by"] == "risiti"
    payload = await door.runtime.database.read(
        lambda session: session.scalar(select(Revision.payload).where(Revision.document_id == taken["id"]))
    )
    assert entries[0]["data"]["payload_sha256"] == hashlib.sha256(payload or b"").hexdigest()
    head = await (await door.ask("GET", door.firm.path("/journal/head"))).json()
    assert (head["number"], head["hash"]) == (report.number, report.head)


async def test_it_comes_in_parts(door: Door) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("JRN-2"))
    await door.work()
    await chained(door)
    first = await door.ask("GET", door.firm.path("/journal"), params={"limit": "1"})
    rest = await door.ask("GET", door.firm.path("/journal"), params={"after": "1"})
    assert verify((await first.read()).splitlines(keepends=True)).number == 1
    assert verify((await rest.read()).splitlines(keepends=True)).is_good


@pytest.mark.parametrize(
    ("query", "status"), [("limit=0", 422), ("limit=1001", 422), ("after=-1", 422), ("after=9999", 404)]
)
async def test_a_part_that_cannot_be_is_refused(door: Door, query: str, status: int) -> None:
    assert (await door.ask("GET", door.firm.path(f"/journal?{query}"))).status == status
