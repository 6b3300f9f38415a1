"""What happened to a firm: written in the transaction in which it did, read by its owners."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.tenancy.firm_tables import FirmEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmEventView:
    """Something that happened to a firm."""

    id: str
    name: str
    at: datetime
    by: str
    """A person's id, or `operator`."""
    data: dict[str, object]


def record(session: Session, ids: Ids, firm_id: str, name: str, at: datetime, *, by: str, **about: object) -> None:
    """Write one event."""
    row = FirmEvent(id=ids.event(), firm_id=firm_id, name=name, at=at, actor=by, data=events.written(about))
    session.add(row)


def page(session: Session, firm_id: str, *, limit: int, after: str | None = None) -> list[FirmEventView]:
    """List what happened to a firm, newest first; `after` is the id of the last one seen."""
    query = select(FirmEvent).where(FirmEvent.firm_id == firm_id).order_by(FirmEvent.id.desc()).limit(limit)
    if after is not None:
        query = query.where(FirmEvent.id < after)
    return [
        FirmEventView(id=row.id, name=row.name, at=row.at, by=row.actor, data=json.loads(row.data))
        for row in session.scalars(query)
    ]
