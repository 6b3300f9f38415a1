"""The demo's day: post the invoices, break things meanwhile, wait until all is settled, compare the books."""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from rich.console import Console

from risiti.cli import doubts
from risiti.cli.authority import Authority
from risiti.cli.books import FINAL, FISCALISED, REFUSED, compare
from risiti.cli.demo_progress import Progress
from risiti.cli.demo_report import Rejection, Report
from risiti.cli.erp import Answer, Erp, JsonObject, NoAnswerError, entries
from risiti.cli.shop import SHOP
from risiti.cli.shop_day import Sale
from risiti.cli.stage import Stage
from risiti.efris import UPLOAD_INVOICE

TILLS: Final = 6
"""How many tills of the shop post at the same time."""
SETTLE_SECONDS: Final = 60.0
"""How long to wait for the last document after the last POST; longer is a failure."""
LOOK_SECONDS: Final = 0.5
_DROPPED_ANSWERS: Final = {"fault": "drop_after", "interface": UPLOAD_INVOICE.code, "probability": "0.1"}
MORNING: Final = (
    _DROPPED_ANSWERS,
    {"fault": "drop_before", "interface": UPLOAD_INVOICE.code, "probability": "0.1", "times": 3},
    {"fault": "hang", "interface": UPLOAD_INVOICE.code, "probability": "0.1", "times": 2, "seconds": 30},
)
"""Until the restart: one answer in ten is lost after processing; three requests are lost; two calls hang."""
AFTERNOON: Final = (_DROPPED_ANSWERS,)


@dataclass(frozen=True, slots=True)
class _Posted:
    sale: Sale
    answer: Answer | None
    """None: the gateway gave no answer in time."""


async def live_the_day(stage: Stage, sales: Sequence[Sale], console: Console) -> Report:
    """Play the day on a stage that is set."""
    begun = time.monotonic()
    async with Erp(stage.account) as erp, Authority(stage.simulator_url) as authority:
        await authority.set_faults(MORNING)
        with Progress(console, len(sales)) as progress:
            async with asyncio.TaskGroup() as tasks:
                posting = tasks.create_task(_post_all(erp, sales, progress))
                tasks.create_task(_restart_at_noon(stage, authority, progress, len(sales) // 2))
                tasks.create_task(_watch(erp, posting, progress))
        await authority.set_faults([])
        return await _compare(stage, erp, authority, posting.result(), begun=begun)


async def _post_all(erp: Erp, sales: Sequence[Sale], progress: Progress) -> list[_Posted]:
    waiting = iter(sales)
    posted: list[_Posted] = []

    async def till() -> None:
        for sale in waiting:
            answer: Answer | None
            try:
                answer = await erp.post_invoice(sale.document, idempotency_key=sale.key)
            except NoAnswerError:
                answer = None
            posted.append(_Posted(sale, answer))
            progress.posted(len(posted))

    await asyncio.gather(*(till() for _ in range(TILLS)))
    return posted


async def _restart_at_noon(stage: Stage, authority: Authority, progress: Progress, noon: int) -> None:
    """Kill the simulator when half of the day is settled, and start it again on the same state."""
    await progress.reached(noon)
    stage.simulator.kill()
    progress.say("the simulator was killed; it is started again on what it had written down")
    await stage.simulator.start()
    await authority.set_faults(AFTERNOON)


async def _watch(erp: Erp, posting: "asyncio.Task[list[_Posted]]", progress: Progress) -> None:
    """Show what is settled until everything is, or the time is over."""
    give_up = math.inf
    while time.monotonic() < give_up:
        all_posted = posting.done()
        if all_posted and give_up == math.inf:
            give_up = time.monotonic() + SETTLE_SECONDS
        books = entries(await erp.all_invoices())
        settled = sum(entry.state in FINAL for entry in books.values())
        await progress.settled(settled)
        if all_posted and settled == len(books):
            break
        await asyncio.sleep(LOOK_SECONDS)
    await progress.over()


async def _compare(stage: Stage, erp: Erp, authority: Authority, posted: Sequence[_Posted], *, begun: float) -> Report:
    invoices = [invoice for invoice in await erp.all_invoices() if invoice["reference"] != stage.probe_reference]
    ours = entries(invoices)
    accepted = {one.sale.reference for one in posted if one.answer is None or one.answer.accepted}
    references = {one.sale.reference for one in posted} | ours.keys() | (await authority.ledger()).keys()
    references.discard(stage.probe_reference)
    issued = {
        reference: numbers
        for reference in sorted(references)
        if (numbers := await authority.fiscal_numbers(reference, SHOP["tin"]))
    }
    return Report(
        posted=len(posted),
        books=compare(accepted, ours, issued),
        rejected=tuple(sorted(_rejections(posted), key=lambda rejection: rejection.reference)),
        refused=tuple(_refusals(invoices)),
        doubts=doubts.count([await erp.events(str(invoice["id"])) for invoice in invoices]),
        restarts=1,
        seconds=time.monotonic() - begun,
        receipt=await _write_receipt(stage, erp, invoices),
    )


def _rejections(posted: Sequence[_Posted]) -> Iterator[Rejection]:
    """Say why invoices were turned down at the door: the first fault of each."""
    for one in posted:
        if one.answer is None or one.answer.accepted:
            continue
        problem = one.answer.body
        faults = problem.get("errors")
        fault = faults[0] if isinstance(faults, list) and faults else {}
        where = f"{fault['path']}: " if fault.get("path") else ""
        reason = where + str(fault.get("message") or problem.get("detail"))
        yield Rejection(one.sale.reference, str(fault.get("code") or problem.get("code")), reason)


def _refusals(invoices: Sequence[JsonObject]) -> Iterator[Rejection]:
    for invoice in sorted(invoices, key=lambda invoice: str(invoice["reference"])):
        refusal = invoice.get("refusal")
        if invoice["state"] == REFUSED and isinstance(refusal, dict):
            yield Rejection(str(invoice["reference"]), str(refusal.get("code")), str(refusal.get("message")))


async def _write_receipt(stage: Stage, erp: Erp, invoices: Sequence[JsonObject]) -> Path | None:
    """Write the receipt of the document that has the most to show."""
    fiscalised = [invoice for invoice in invoices if invoice["state"] == FISCALISED]
    if not fiscalised:
        return None
    richest = max(fiscalised, key=lambda invoice: Decimal(str(_totals(invoice)["gross"])))
    path = stage.folder / "receipt.pdf"
    path.write_bytes(await erp.receipt_pdf(str(richest["id"])))
    return path


def _totals(invoice: JsonObject) -> JsonObject:
    totals = invoice["totals"]
    return totals if isinstance(totals, dict) else {"gross": "0"}
