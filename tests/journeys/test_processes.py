"""Several real processes on one database: they share the work, outlive its restart, and end without leaving doubts."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from risiti.cli import doubts
from risiti.cli.authority import Authority
from risiti.cli.books import compare
from risiti.cli.console import CommandError
from risiti.cli.erp import Account, Erp, JsonObject, entries
from risiti.cli.processes import Child
from risiti.cli.service import WORKER_READY
from risiti.cli.shop import PROBE_REFERENCE
from risiti.cli.stage import Tempo
from risiti.efris import UPLOAD_INVOICE
from risiti.gateway.db.ownership import WorkerLock
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.migrations.run import upgrade
from scripts.chaos.callers import invoice, reference_of
from scripts.chaos.stage import Cast, Stage
from scripts.servers.postgres import Stop

pytestmark = pytest.mark.anyio

PATIENT = Tempo(timeout=6, request_validity=60)
"""No call may time out because a test machine is busy; nor may a lease be long, which is what a lost answer costs."""
SETTLE_SECONDS = 60
UPLOAD = UPLOAD_INVOICE.code


async def post(account: Account, numbers: Sequence[int]) -> list[JsonObject]:
    """Post the invoices of these numbers, each until it is accepted; return the answers."""
    async with Erp(account) as erp:
        answers = await asyncio.gather(
            *(erp.post_invoice(invoice(one), idempotency_key=reference_of(one)) for one in numbers)
        )
    assert all(answer.accepted for answer in answers)
    return [answer.body for answer in answers]


async def fiscalised(account: Account, posted: Sequence[JsonObject]) -> list[list[JsonObject]]:
    """Wait until all of them are fiscalised; return what happened to each."""
    async with Erp(account) as erp, asyncio.timeout(SETTLE_SECONDS):
        for one in posted:
            while (await erp.read(str(one["id"]), wait=10))["state"] != "fiscalised":
                pass
        return [await erp.events(str(one["id"])) for one in posted]


def freeze(child: Child, number: signal.Signals) -> None:
    assert child.pid is not None
    os.kill(child.pid, number)


async def the_other_worker_does_the_work(stage: Stage, frozen: Child, numbers: range) -> None:
    freeze(frozen, signal.SIGSTOP)
    try:
        posted = await post(stage.accounts[0], numbers)
        await fiscalised(stage.accounts[0], posted)
    finally:
        freeze(frozen, signal.SIGCONT)


async def a_restart_of_the_database_needs_no_restart_of_ours(stage: Stage, how: Stop, numbers: range) -> None:
    before = [child.pid for child in (*stage.apis, *stage.workers)]
    posting = asyncio.create_task(post(stage.accounts[0], numbers))
    await stage.restart_database(how, 0)
    await fiscalised(stage.accounts[0], await posting)
    assert [child.pid for child in (*stage.apis, *stage.workers)] == before


async def a_worker_that_is_asked_to_end_finishes_what_it_sends(stage: Stage, numbers: range) -> None:
    async with Authority(stage.simulator_url) as authority:
        before = await authority.calls()
        await authority.set_faults([{"fault": "latency_after", "interface": UPLOAD, "seconds": 1}])
        posted = await post(stage.accounts[0], numbers)
        async with asyncio.timeout(SETTLE_SECONDS):
            while (await authority.calls()).get(UPLOAD) == before.get(UPLOAD):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0)
        for worker in stage.workers:
            await worker.end()
        await authority.set_faults([])
    async with Erp(stage.accounts[0]) as erp:
        left = [await erp.read(str(one["id"])) for one in posted]
    assert {str(one["state"]) for one in left} <= {"fiscalised", "waiting"}
    assert "fiscalised" in {one["state"] for one in left}
    for worker in stage.workers:
        worker.launch()
    for worker in stage.workers:
        await worker.answers()
    histories = await fiscalised(stage.accounts[0], posted)
    assert [events for events in histories if doubts.how_settled(events) is not None] == []


async def test_two_workers_share_the_work_outlive_a_database_restart_and_leave_no_doubt_when_asked_to_end(
    tmp_path: Path,
) -> None:
    async with Stage(tmp_path, Cast(companies=1, workers=2, apis=1, durable=False), tempo=PATIENT) as stage:
        for place, worker in enumerate(stage.workers):
            await the_other_worker_does_the_work(stage, worker, range(place * 10, place * 10 + 4))
        for place, how in enumerate(Stop, 2):
            await a_restart_of_the_database_needs_no_restart_of_ours(stage, how, range(place * 10, place * 10 + 8))
        await a_worker_that_is_asked_to_end_finishes_what_it_sends(stage, range(40, 46))

        async with Erp(stage.accounts[0]) as erp, Authority(stage.simulator_url) as authority:
            ours, issued = entries(await erp.all_invoices()), await authority.ledger()
        books = compare({*ours} - {PROBE_REFERENCE}, ours, issued)
        assert books.agree
        assert books.fiscal_numbers == 4 + 4 + 8 + 8 + 6 + 1


async def test_a_second_worker_on_one_sqlite_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "risiti.db"
    database = SqliteDatabase(file)
    await upgrade(database)
    await database.close()
    with WorkerLock(file):
        second = Child(
            "a second worker",
            ["worker"],
            {"DATABASE_URL": f"sqlite:///{file}", "LOG_FORMAT": "json"},
            tmp_path / "second.log",
            ready=WORKER_READY,
        )
        with pytest.raises(CommandError, match="Another worker runs on this SQLite database"):
            await second.start()
        await second.end()
