"""Looking at a document for who waits for it: as a whole at first, and after that only at what may have changed."""

from functools import partial
from typing import Final

from risiti.gateway.db.database import Database
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.submissions.deadlines import DeadlineRules
from risiti.gateway.submissions.sql.standing import standing
from risiti.gateway.submissions.states import SETTLED, DocumentState

_UNDER_WAY: Final = frozenset({DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT})


async def look_at(
    database: Database, company_id: str, document_id: str, rules: DeadlineRules, seen: InvoiceView | None
) -> InvoiceView:
    """Return a document; it is read as a whole only where more than its number has changed since it was `seen`.

    Raises:
        NotFound: the company has none with this id.
    """
    if seen is not None:
        now = await database.read_plain(partial(standing, company_id=company_id, document_id=document_id))
        if now is not None and now.revision == seen.revision:
            if now.state in _UNDER_WAY:
                return seen if now.state == seen.state else seen.model_copy(update={"state": now.state.value})
            if now.state is DocumentState.FISCALISED:
                return invoices.view_of_numbered(seen, now)
    return await database.read_as(company_id, partial(invoices.read, document_id=document_id, rules=rules))


def is_settled(view: InvoiceView) -> bool:
    """Tell whether there is nothing more to wait for."""
    return DocumentState(view.state) in SETTLED
