"""The reconciliation: compare the authority's books with ours, explain what differs, mend what proves to be ours."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, HeldBack, NotReady, Unreachable
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.models.codes import InvoiceType
from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.submissions import books, own_books, standings
from risiti.gateway.submissions.adopting import take
from risiti.gateway.submissions.books import Listed
from risiti.gateway.submissions.comparing import FindingKind, Ours, Suspicion, compare
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.findings import Finding, FindingState
from risiti.gateway.submissions.kind import Found, Sought
from risiti.gateway.submissions.own_books import Beside, Of
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.standings import Slowest
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, AttemptOutcome, Document, Revision
from risiti.gateway.tenancy.tables import Company, Device, DeviceState, Guard

_log = structlog.get_logger()

LIGHT, FULL, RECHECK = "reconciliation.light", "reconciliation.full", "reconciliation.recheck"
ROUTINES: Final = (
    Routine(LIGHT, every=3_600, spread=600),
    Routine(FULL, every=86_400, spread=3_600),
    Routine(RECHECK, every=1_200, spread=600),
)
DAYS: Final[Mapping[str, int]] = {LIGHT: 1, FULL: 7}
"""How many days before today are compared; today and tomorrow (a clock that is ahead) always are."""
RECHECK_AFTER: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))
"""When the authority is asked again about a reference that was refused or presumed absent."""
SUSPICIONS_AT_ONCE: Final = 50
"""So many are looked into in one run; the rest in the next one, at once."""
SLOWEST_MOST: Final = 14_400.0
"""What seems to have taken longer (seconds) is no measure of anything."""
HIDDEN_READ: Final = 5
"""So many documents that a list does not show are read by their number, the oldest first."""
OURS_MOST: Final = 20_000
"""So many numbers of one device are confirmed in a run."""
ABSENT_MOST: Final = 1_000
"""So many of our documents that are not shown are kept in mind; they are looked into a few at a time anyway."""
RECHECKED_AT_ONCE: Final = 50
WAIT_FOR_CONNECTION: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Explained:
    """A suspicion that was looked into."""

    suspicion: Suspicion
    is_true: bool
    content: dict[str, object]
    found: Found | None = None


def comparing_books(engine: Engine) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler of the light and the full comparison."""

    async def run(job: Job) -> Result:
        now = engine.clock.now()
        devices = await engine.database.read(partial(_devices, company_id=str(job.company_id)))
        client = _ready(engine, devices)
        if client is None:
            return Again(WAIT_FOR_CONNECTION) if devices else Done()
        try:
            return await _run(engine, client, job, devices, now)
        except (HeldBack, NotReady, Unreachable):
            return Again(WAIT_FOR_CONNECTION)

    return run


def rechecking(engine: Engine) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that asks again about references that were refused or presumed absent."""

    async def run(job: Job) -> Result:
        now = engine.clock.now()
        since = datetime.fromisoformat(str(job.payload["until"])) if "until" in job.payload else now
        devices = await engine.database.read(partial(_devices, company_id=str(job.company_id)))
        client = _ready(engine, devices)
        if client is None:
            return Again(WAIT_FOR_CONNECTION) if devices else Done()
        doubtful = await engine.database.read(
            partial(_to_recheck, company_id=str(job.company_id), since=since, until=now)
        )
        explained = []
        try:
            for document_id, fdn_free in doubtful.items():
                explained += await _ask(engine, client, document_id, fdn_free)
        except (HeldBack, NotReady, Unreachable):
            return Again(WAIT_FOR_CONNECTION)
        write = partial(_write, engine=engine, company_id=str(job.company_id), explained=explained, shown={})
        return Done(write, payload={"until": now.isoformat()})

    return run


async def _run(engine: Engine, client: AsyncClient, job: Job, devices: Mapping[str, str], now: datetime) -> Result:
    began = engine.clock.now()
    company_id = str(job.company_id)
    today = now.astimezone(EAST_AFRICA_TIME).date()
    first = today - timedelta(days=DAYS[job.kind])
    since = datetime.combine(first, datetime.min.time(), EAST_AFRICA_TIME)
    theirs = _Theirs(await engine.database.read(partial(_open_numbers, company_id=company_id)))
    async for page in books.pages_between(client, first, today + timedelta(days=1)):
        beside = partial(own_books.beside, engine=engine, company_id=company_id, page=page)
        theirs.add(page, await engine.database.read(beside))
    absent = await _absent(engine, company_id, since, theirs.numbers)
    scope = next(filter(None, map(engine.connections.upstreams.scope, devices)), "")
    slow = Slowest(await _lag(client, absent, began), theirs.processing)
    if await engine.database.write(partial(standings.note_slowest, scope=scope, seen=slow)):
        _log.info("authority.slower_than_ever", scope=scope, lag=slow.lag, processing=slow.processing)
    found = compare(
        theirs.strangers.values(),
        [*theirs.ours.values(), *absent],
        set(devices.values()),
        shown=theirs.numbers,
        settled_before=now - timedelta(seconds=engine.timing.query_lag),
    )
    if job.kind == FULL:
        found += await _unconfirmed(engine, company_id, devices, since, {one.fdn for one in found})
    done = await engine.database.read(partial(_known, company_id=company_id))
    fresh = [one for one in found if (one.kind, one.fdn) not in done]
    explained = [await _explain(engine, client, one) for one in fresh[:SUSPICIONS_AT_ONCE]]
    write = partial(_write, engine=engine, company_id=company_id, explained=explained, shown=theirs.looked_for)
    return Again(0.0, write) if len(fresh) > SUSPICIONS_AT_ONCE else Done(write)


class _Theirs:
    """What is kept of the authority's list, which may be long: the numbers, and what is not as plain as that."""

    def __init__(self, open_numbers: Collection[str]) -> None:
        self._open_numbers = open_numbers
        self.numbers: set[str] = set()
        self.strangers: dict[str, Listed] = {}
        """Documents whose number none of ours bears."""
        self.ours: dict[str, Ours] = {}
        """Our documents with the reference of a stranger."""
        self.looked_for: dict[str, Listed] = {}
        """Documents that an open finding is about."""
        self.processing = 0.0
        """The longest time (seconds) from a request to the upload that the list names."""

    def add(self, page: Sequence[Listed], beside: Beside) -> None:
        """Keep what matters of a page."""
        for one in page:
            self.numbers.add(one.fdn)
            if one.fdn not in beside.numbers:
                self.strangers[one.fdn] = one
            if one.fdn in self._open_numbers:
                self.looked_for[one.fdn] = one
            if one.uploaded_at is not None and one.fdn in beside.sent_at:
                worked = (one.uploaded_at - beside.sent_at[one.fdn]).total_seconds()
                if self.processing < worked <= SLOWEST_MOST:
                    self.processing = worked
        self.ours |= {one.document_id: one for one in beside.namesakes}


async def _absent(engine: Engine, company_id: str, since: datetime, shown: Collection[str]) -> list[Ours]:
    """Return our documents since a time that bear a number which is not shown, the oldest first."""
    absent: list[Ours] = []
    of, after = Of(company_id, since), ""
    while len(absent) < ABSENT_MOST:
        part = await engine.database.read(partial(own_books.numbered, engine=engine, of=of, after=after))
        absent += [one for one in part if one.fdn not in shown]
        if len(part) < own_books.AT_ONCE:
            break
        after = part[-1].document_id
    return absent[:ABSENT_MOST]


async def _lag(client: AsyncClient, absent: Sequence[Ours], began: datetime) -> float:
    """Return by how much the authority's list, begun to be read at `began`, lags at least (seconds).

    A document that had its number before, is not in the list and can be read by its number shows that.
    """
    hidden = sorted(
        ((began - one.fiscalised_at).total_seconds(), one.fdn)
        for one in absent
        if one.fdn is not None and one.fiscalised_at is not None
    )
    for age, fdn in [one for one in reversed(hidden) if 0 < one[0] <= SLOWEST_MOST][:HIDDEN_READ]:
        if await books.read(client, fdn) is not None:
            return age
    return 0.0


async def _unconfirmed(
    engine: Engine, company_id: str, devices: Mapping[str, str], since: datetime, known: set[str]
) -> list[Suspicion]:
    """Ask each device's numbers to be confirmed; the list can hide what the authority lost, and the other way round."""
    found = []
    for device_id in devices:
        client = engine.connections.ready_to_ask(device_id)
        of, after, asked = Of(company_id, since, device_id), "", 0
        while client is not None and asked < OURS_MOST:
            part = await engine.database.read(partial(own_books.numbered, engine=engine, of=of, after=after))
            by_fdn = {one.fdn: one for one in part if one.fdn is not None}
            found += [
                _missing(by_fdn[fdn])
                for fdn in await books.not_confirmed(client, [(fdn, one.type) for fdn, one in by_fdn.items()])
                if fdn in by_fdn and fdn not in known
            ]
            asked += len(part)
            if len(part) < own_books.AT_ONCE:
                break
            after = part[-1].document_id
    return found


def _missing(one: Ours) -> Suspicion:
    return Suspicion(FindingKind.MISSING, one.fdn or "", one.wire_reference, one.document_id, one.type)


async def _explain(engine: Engine, client: AsyncClient, suspicion: Suspicion) -> _Explained:
    details = await books.read(client, suspicion.fdn)
    if suspicion.kind is FindingKind.MISSING:
        return _Explained(suspicion, details is None, {})
    if details is None:
        return _Explained(suspicion, False, {})
    content = books.content_of(details)
    if suspicion.kind is FindingKind.DOUBLED:
        return _Explained(suspicion, True, {"beside": suspicion.beside, **_way_out(suspicion, content)})
    found = None
    if suspicion.kind is FindingKind.RESURRECTED and suspicion.document_id is not None:
        row = await engine.database.read(partial(_payload, document_id=suspicion.document_id))
        found = await engine.kinds[row[0]].read(client, suspicion.fdn, row[1])
    return _Explained(suspicion, True, content, found)


def _way_out(suspicion: Suspicion, content: dict[str, object]) -> dict[str, object]:
    """Return the draft of what undoes the later of two: an invoice is credited, a note is cancelled."""
    reason = f"issued twice; {suspicion.beside} stands"
    if suspicion.type is InvoiceType.INVOICE:
        return {"credit_note_draft": {**content, "original_fdn": suspicion.fdn, "reason": reason}}
    return {"cancellation_draft": {**content, "reason": reason}}


async def _ask(engine: Engine, client: AsyncClient, document_id: str, reference: str) -> list[_Explained]:
    kind, payload = await engine.database.read(partial(_payload, document_id=document_id))
    shown = await engine.kinds[kind].find(client, Sought(reference, payload, ()))
    return [
        _Explained(
            Suspicion(FindingKind.RESURRECTED, one.original.fdn, reference, document_id, engine.kinds[kind].type),
            True,
            {"fdn": one.original.fdn, "reference": reference},
            one,
        )
        for one in shown
    ]


def _write(
    session: Session, engine: Engine, company_id: str, explained: Sequence[_Explained], shown: Mapping[str, Listed]
) -> None:
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
    for one in explained:
        if one.is_true:
            _keep(session, desk, company_id, one)
    _resolve(session, desk, company_id, shown)


def _keep(session: Session, desk: Desk, company_id: str, one: _Explained) -> None:
    suspicion = one.suspicion
    where = (Finding.company_id == company_id, Finding.kind == suspicion.kind, Finding.fdn == suspicion.fdn)
    if session.scalar(select(Finding.id).where(*where)) is not None:
        return
    outcome = _mend(session, desk, one) if suspicion.kind is FindingKind.RESURRECTED else None
    finding = Finding(
        id=desk.ids.finding(),
        company_id=company_id,
        document_id=suspicion.document_id,
        kind=suspicion.kind,
        fdn=suspicion.fdn,
        reference=suspicion.reference,
        state=FindingState.OPEN if outcome is None else FindingState.RESOLVED,
        detail=json.dumps(one.content, default=str, sort_keys=True),
        outcome=outcome,
        found_at=desk.now,
        ended_at=None if outcome is None else desk.now,
    )
    session.add(finding)
    if suspicion.kind is FindingKind.DOUBLED:
        session.get_one(Company, company_id).guard = Guard.ABSENT
    data = {
        "finding": finding.id,
        "kind": suspicion.kind,
        "fdn": suspicion.fdn,
        "reference": suspicion.reference,
        "outcome": outcome,
    }
    events.record(
        session, desk.ids, company_id, suspicion.document_id, Happening("reconciliation.found", desk.now, data)
    )
    _log.error("reconciliation.found", company_id=company_id, **{**data, "kind": suspicion.kind.value})


def _mend(session: Session, desk: Desk, one: _Explained) -> str | None:
    """Give a document its number after all, if what was found is it; return what was done, or None."""
    document = session.get(Document, one.suspicion.document_id, with_for_update=True)
    if document is None or one.found is None or one.found.differences:
        return None
    if document.state not in (DocumentState.REFUSED, DocumentState.HELD):
        return None
    why_not = take(session, desk, document, one.found, cause="found by the reconciliation")
    return None if why_not else "it has its number now"


def _resolve(session: Session, desk: Desk, company_id: str, shown: Mapping[str, Listed]) -> None:
    """Close what has come right: a missing one that is shown, an orphan that we know by now, what was cancelled."""
    for finding in session.scalars(
        select(Finding).where(Finding.company_id == company_id, Finding.state == FindingState.OPEN)
    ):
        if finding.kind is FindingKind.MISSING and finding.fdn in shown:
            outcome = "the authority shows it again"
        elif finding.kind is not FindingKind.MISSING and _is_known(session, finding):
            outcome = "it is one of our documents by now"
        elif finding.kind is not FindingKind.MISSING and finding.fdn in shown and shown[finding.fdn].is_cancelled:
            outcome = "it was cancelled at the authority"
        else:
            continue
        finding.state, finding.outcome, finding.ended_at = FindingState.RESOLVED, outcome, desk.now


def _is_known(session: Session, finding: Finding) -> bool:
    known = select(Document.id).where(Document.company_id == finding.company_id, Document.fdn == finding.fdn)
    return session.scalar(known) is not None


def _devices(session: Session, company_id: str) -> dict[str, str]:
    rows = session.execute(
        select(Device.id, Device.device_no).where(Device.company_id == company_id, Device.state == DeviceState.ACTIVE)
    )
    return {device_id: number for device_id, number in rows}  # noqa: C416 - rows are no tuples to mypy


def _ready(engine: Engine, devices: Mapping[str, str]) -> AsyncClient | None:
    ready = [client for device_id in devices if (client := engine.connections.ready_to_ask(device_id)) is not None]
    for device_id in devices:
        engine.connections.want(device_id, lambda: None)
    return ready[0] if ready else None


def _open_numbers(session: Session, company_id: str) -> frozenset[str]:
    return frozenset(
        session.scalars(select(Finding.fdn).where(Finding.company_id == company_id, Finding.state == FindingState.OPEN))
    )


def _known(session: Session, company_id: str) -> set[tuple[FindingKind, str]]:
    return {(kind, fdn) for kind, fdn in session.execute(
        select(Finding.kind, Finding.fdn).where(Finding.company_id == company_id)
    )}  # fmt: skip


def _payload(session: Session, document_id: str) -> tuple[str, bytes]:
    kind, payload = session.execute(
        select(Document.kind, Revision.payload)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(Document.id == document_id)
    ).one()
    return kind, payload


def _to_recheck(session: Session, company_id: str, since: datetime, until: datetime) -> dict[str, str]:
    """Return the documents, and their references, one of whose rechecks came due in this time."""
    came_due = [(Attempt.ended_at > since - after) & (Attempt.ended_at <= until - after) for after in RECHECK_AFTER]
    rows = session.execute(
        select(Document.id, Document.wire_reference)
        .join(Attempt, Attempt.document_id == Document.id)
        .where(
            Document.company_id == company_id,
            Document.state.in_((DocumentState.REFUSED, DocumentState.HELD)),
            Attempt.outcome.in_((AttemptOutcome.REFUSED, AttemptOutcome.PRESUMED_ABSENT)),
            or_(*came_due),
        )
        .distinct()
        .limit(RECHECKED_AT_ONCE)
    )
    return {document_id: reference for document_id, reference in rows}  # noqa: C416 - as above
