"""One append-only row for each thing that happened, written in the transaction in which it did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from risiti.gateway.db.base import ID_LENGTH, Base, CompanyOwned
from risiti.gateway.db.types import UtcDateTime
from risiti.gateway.kernel.ids import Ids

OPERATOR = "operator"
"""Who did what was done with the operator's token, or from the server's command line."""
EVENTS_OF_A_DOCUMENT = 1_000
"""The most events that are read for one document."""


class Event(Base, CompanyOwned):
    """Something that happened; `position` orders events, `id` names one outside."""

    __tablename__ = "events"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    document_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(64))
    """`noun.verb` in the past tense: `invoice.fiscalised`."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    """Who did it: the id of an API key or of a person, or `operator`; empty: the service itself."""
    data: Mapped[str] = mapped_column(Text)
    """JSON: cause and evidence; never a secret, never a key."""

    __table_args__ = (
        ForeignKeyConstraint(["company_id", "document_id"], ["documents.company_id", "documents.id"]),
        Index("ix_events_of_document", "document_id", "position"),
    )


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be recorded: its name, when, and the words that explain it."""

    name: str
    at: datetime
    data: Mapping[str, object]
    by: str | None = None
    """Who did it; None: the service itself."""


def written(data: Mapping[str, object]) -> str:
    """Return what an event's data is kept as."""
    return json.dumps(data, default=str, sort_keys=True)


def record(session: Session, ids: Ids, company_id: str, document_id: str | None, happening: Happening) -> None:
    """Write one event in the transaction of what it tells."""
    session.add(
        Event(
            id=ids.event(),
            company_id=company_id,
            document_id=document_id,
            name=happening.name,
            at=happening.at,
            actor=happening.by,
            data=written(happening.data),
        )
    )


def of_document(session: Session, document_id: str) -> list[Event]:
    """Return the events of one document, oldest first; at most EVENTS_OF_A_DOCUMENT."""
    found = select(Event).where(Event.document_id == document_id).order_by(Event.position).limit(EVENTS_OF_A_DOCUMENT)
    return list(session.scalars(found))
