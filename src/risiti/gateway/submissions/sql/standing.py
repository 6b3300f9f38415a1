"""How one document stands, in one short statement: for who waits for it, and looks again and again."""

from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.db.raw import Statements, is_postgresql, moment, run
from risiti.gateway.submissions.states import DocumentState


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands, and what the authority has called it."""

    state: DocumentState
    revision: int
    fiscalised_at: datetime | None
    fdn: str | None
    verification_code: str | None
    qr: str | None
    authority_document_id: str | None


def standing(session: Statements, *, company_id: str, document_id: str) -> Standing | None:
    """Return how a company's document stands; None if it has none with this id."""
    found = run(session, _STANDING[is_postgresql(session)], (document_id, company_id))
    if not found:
        return None
    state, revision, fiscalised_at, *numbers = found[0]
    return Standing(DocumentState(state), revision, moment(fiscalised_at), *numbers)


_OF_DOCUMENT = """
SELECT state, revision, fiscalised_at, fdn, verification_code, qr, authority_document_id
FROM documents WHERE id = {} AND company_id = {}
"""
_STANDING = {True: _OF_DOCUMENT.format("$1", "$2"), False: _OF_DOCUMENT.format("?", "?")}
"""For PostgreSQL (True) and SQLite (False)."""
