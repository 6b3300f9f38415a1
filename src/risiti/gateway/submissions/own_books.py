"""Our own books as the comparison reads them: beside a page of the authority's list, and in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from risiti.gateway.submissions.books import Listed
from risiti.gateway.submissions.comparing import Ours
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.tables import Attempt, Document

if TYPE_CHECKING:
    from risiti.gateway.submissions.states import DocumentState

AT_ONCE: Final = 400
"""Documents of one part."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What we have beside one page of the authority's list."""

    numbers: set[str]
    """Of the page, those that our documents bear."""
    sent_at: Mapping[str, datetime]
    """The request's time, by number, of documents that took one try: of those it is known which one it was."""
    namesakes: Sequence[Ours]
    """Our documents with the reference of one whose number none of ours bears."""


@dataclass(frozen=True, slots=True)
class Of:
    """Whose documents: a company's since a time of sale, of one device or of all."""

    company_id: str
    since: datetime
    device_id: str | None = None


def beside(session: Session, engine: Engine, company_id: str, page: Sequence[Listed]) -> Beside:
    """Return what a company has beside a page of the authority's list."""
    own = Document.company_id == company_id
    found = session.scalars(select(Document.fdn).where(own, Document.fdn.in_([one.fdn for one in page])))
    numbers = {str(fdn) for fdn in found}
    sent_at = session.execute(
        select(Document.fdn, func.min(Attempt.request_time))
        .join(Attempt, Attempt.document_id == Document.id)
        .where(own, Document.fdn.in_(numbers))
        .group_by(Document.id, Document.fdn)
        .having(func.count() == 1)
    )
    strange = [one.reference for one in page if one.fdn not in numbers]
    namesakes = _read(session, engine, _OURS.where(own, Document.wire_reference.in_(strange))) if strange else []
    return Beside(numbers, {str(fdn): request_time for fdn, request_time in sent_at}, namesakes)


def numbered(session: Session, engine: Engine, of: Of, after: str) -> list[Ours]:
    """Return a part of the documents that bear a number: those behind the id `after`, in the order of acceptance."""
    query = _OURS.where(
        Document.company_id == of.company_id,
        Document.issued_at >= of.since,
        Document.fdn.is_not(None),
        Document.id > after,
    )
    if of.device_id is not None:
        query = query.where(Document.device_id == of.device_id)
    return _read(session, engine, query.order_by(Document.id).limit(AT_ONCE))


_OURS: Final = select(
    Document.id, Document.wire_reference, Document.state, Document.fdn, Document.fiscalised_at, Document.kind
)


def _read(
    session: Session,
    engine: Engine,
    query: "Select[str, str, DocumentState, str | None, datetime | None, str]",
) -> list[Ours]:
    return [
        Ours(document_id, reference, state, fdn, fiscalised_at, engine.kinds[kind].type)
        for document_id, reference, state, fdn, fiscalised_at, kind in session.execute(query)
    ]
