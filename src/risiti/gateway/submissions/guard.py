"""Measures whether the authority refuses a repeated reference, by sending one fiscalised document a second time.

Only in the test environment: were the check absent, the second send would make a second fiscal document.
"""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import AsyncClient, Refused, Verdict
from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.kernel.errors import Conflict, NotFound
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.settle import Desk
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Guard


@dataclass(frozen=True, slots=True)
class _Sample:
    company_id: str
    kind: str
    payload: bytes


async def prove(engine: Engine, client: AsyncClient, document_id: str) -> Guard:
    """Send a fiscalised document of the test environment again and record what the authority does.

    Raises:
        NotFound: there is no such document.
        Conflict: it is not fiscalised, or belongs to the live environment.
        EfrisError: the authority did not give a clear answer; nothing is recorded.
    """
    sample = await engine.database.read(partial(_sample, document_id=document_id))
    await client.ready()
    try:
        await engine.kinds[sample.kind].send(client, sample.payload, client.stamp())
    except Refused as refusal:
        if refusal.verdict is not Verdict.SEEN:
            raise
        guard = Guard.PROVEN
    else:
        guard = Guard.ABSENT
    desk = Desk(engine.clock.now(), engine.timing, engine.ids, engine.random)
    await engine.database.write(partial(_record, desk=desk, sample=sample, guard=guard))
    return guard


def _sample(session: Session, document_id: str) -> _Sample:
    row = session.execute(
        select(Document, Revision.payload)
        .join(Revision, (Revision.document_id == Document.id) & (Revision.number == Document.revision))
        .where(Document.id == document_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such document.")
    document, payload = row
    if document.environment is not Environment.TEST:
        raise Conflict("The duplicate check is measured in the test environment only.", code="live_environment")
    if document.state is not DocumentState.FISCALISED:
        raise Conflict("Only a fiscalised document can be sent twice on purpose.", code="not_fiscalised")
    return _Sample(document.company_id, document.kind, payload)


def _record(session: Session, desk: Desk, sample: _Sample, guard: Guard) -> None:
    company = session.get_one(Company, sample.company_id)
    company.guard = guard
    happening = Happening("company.guard_measured", desk.now, {"guard": guard})
    events.record(session, desk.ids, sample.company_id, None, happening)
