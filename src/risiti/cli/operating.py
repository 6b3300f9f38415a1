"""What the commands for operators do over the database; each function returns what is printed."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from pydantic import TypeAdapter

from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.invoices import InvoiceQuery
from risiti.gateway.from_settings import rules_of
from risiti.gateway.jobs import operations, overview, queue
from risiti.gateway.jobs.queue import NewTask
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.gateway.submissions import (
    audit,
    case,
    decisions,
    findings,
    recovery,
    shares,
    switches,
    watchdog,
)
from risiti.gateway.submissions.choices import Action
from risiti.gateway.submissions.findings import FindingState
from risiti.gateway.submissions.shares import LaneTerms
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.switches import Switch
from risiti.gateway.tenancy import companies

LISTED: Final = 1_000
"""The most rows that a list prints."""


async def list_tasks(settings: Settings, state: str | None) -> list[Result]:
    """List background tasks, newest first."""
    wanted = None if state is None else TaskState(state)
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(overview.page, limit=LISTED, state=wanted))
        return [plain(task) for task in found]


async def retry_task(settings: Settings, task_id: str) -> Result:
    """Begin a dead task anew."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return plain(await runtime.database.write(partial(operations.retry, now=now, task_id=task_id)))


async def list_held(settings: Settings, company_id: str) -> list[Result]:
    """List a company's held documents, newest first."""
    query = InvoiceQuery(limit=LISTED, state=DocumentState.HELD)
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        page = await runtime.database.read_as(company_id, partial(invoices.page, query=query))
        return [{**item.model_dump(mode="json"), "gross": str(item.totals.gross)} for item in page.items]


async def show_case(settings: Settings, company_id: str, document_id: str) -> Result:
    """Return everything that is known of a document."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read_as(company_id, partial(case.case, document_id=document_id))
        return _json(found)


async def decide(
    settings: Settings,
    company_id: str,
    document_id: str,
    *,
    action: str,
    reason: str,
    by: str,
    fdn: str | None,
    accept_differences: str | None,
) -> Result:
    """Record a person's decision about a held document."""
    wish = decisions.Wish(Action(action), reason, fdn, accept_differences)
    person = decisions.Person(by, decisions.OPERATOR)
    async with opened_runtime(settings) as runtime:
        desk = runtime.desk(decisions.OPERATOR)
        return await runtime.database.write_as(
            company_id,
            lambda session: _json(case.view(decisions.decide(session, desk, document_id, wish, person))),
        )


def told(found: Result) -> Iterator[str]:
    """Put a case into lines for people."""
    reason = f" ({found['held_reason']})" if found["held_reason"] else ""
    yield f"{found['document_id']}  {found['reference']}  {found['state']}{reason}"
    for title, shown in (
        ("attempts", ("started_at", "outcome", "return_code", "detail")),
        ("evidence", ("at", "kind", "detail")),
        ("candidates", ("fdn", "differences")),
        ("decisions", ("decided_at", "decided_by", "action", "state", "reason", "outcome")),
    ):
        rows = found[title]
        yield f"{title}:" if rows else f"{title}: none"
        for row in rows if isinstance(rows, list) else ():
            yield "  " + "  ".join(str(row[name]) for name in shown if row[name] is not None)
    choices = found["choices"]
    if isinstance(choices, list) and choices:
        yield f"to decide: risiti held decide ... --action {' | '.join(choices)}"


def _json(view: object) -> Result:
    """Turn a view, whatever it holds, into what JSON can carry."""
    found: Result = TypeAdapter(type(view)).dump_python(view, mode="json")
    return found


async def deadlines(settings: Settings) -> Result:
    """Return what has no fiscal number yet, of all companies."""
    database = open_database(settings)
    try:
        return _json(await database.read(partial(watchdog.look, now=SystemClock().now(), rules=rules_of(settings))))
    finally:
        await database.close()


async def watch(settings: Settings) -> None:
    """Watch the deadlines until interrupted."""
    database, clock = open_database(settings), SystemClock()
    try:
        await watchdog.Watchdog(database, clock, Ids(clock), rules_of(settings)).run()
    finally:
        await database.close()


async def list_findings(settings: Settings, company_id: str, state: str | None) -> list[Result]:
    """List what differs between the authority's books and a company's, newest first."""
    wanted = None if state is None else FindingState(state)
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        found = await runtime.database.read_as(company_id, partial(findings.page, limit=LISTED, state=wanted))
        return [_json(one) for one in found]


async def close_finding(settings: Settings, company_id: str, finding_id: str, reason: str) -> Result:
    """Close a finding that a person has dealt with."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return _json(
            await runtime.database.write_as(
                company_id, lambda session: findings.close(session, now, finding_id, reason)
            )
        )


async def reconcile_now(settings: Settings, company_id: str, *, full: bool) -> Result:
    """Have a worker compare a company's books as soon as it can."""
    new = NewTask(audit.FULL if full else audit.LIGHT, company_id=company_id, key="by hand")
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        now = runtime.clock.now()
        task_id = await runtime.database.write(partial(queue.enqueue, ids=runtime.ids, now=now, new=new))
        return {"task": task_id}


async def list_dictionaries(settings: Settings) -> list[Result]:
    """List our copies of the authority's lists."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(keeping.copies, now=runtime.clock.now()))
        return [_json(one) for one in found]


async def list_lanes(settings: Settings) -> list[Result]:
    """List the companies' shares of the way to the authority."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(shares.page, limit=LISTED, after=None))
        return [_json(one) for one in found]


async def set_lane(settings: Settings, company_id: str, weight: int, most_at_once: int | None) -> Result:
    """Set a company's share."""
    terms = LaneTerms(company_id, weight, most_at_once)
    async with opened_runtime(settings) as runtime:
        change = partial(shares.change, ids=runtime.ids, now=runtime.clock.now(), wanted=terms)
        return _json(await runtime.database.write(change))


async def keep_order(settings: Settings, company_id: str, device_id: str, *, keep: bool) -> Result:
    """Have a device keep the order, or not."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return _json(
            await runtime.database.write_as(
                company_id, lambda session: shares.keep_order(session, runtime.ids, now, device_id, keep=keep)
            )
        )


async def switch_upstream(settings: Settings, switch: Switch, *, on: bool) -> Result:
    """Keep everything away from an upstream or a device, or let it go on."""
    turn = switches.resume if on else switches.pause
    async with opened_runtime(settings) as runtime:
        work = partial(turn, urls=runtime.urls, now=runtime.clock.now(), switch=switch)
        return _json(await runtime.database.write(work))


async def open_epoch(settings: Settings, reason: str, hours: float) -> Result:
    """Begin a recovery epoch."""
    async with opened_runtime(settings) as runtime:
        work = partial(recovery.open_epoch, now=runtime.clock.now(), reason=reason, hours=hours)
        return _json(await runtime.database.write(work))
