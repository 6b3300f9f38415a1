"""Waiting for a document: its caller gets it as soon as it is settled, or as it stands when the time is over."""

from functools import partial

from risiti.gateway.db.database import Database
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.submissions.deadlines import DeadlineRules
from risiti.gateway.submissions.settlements import Settlements
from risiti.gateway.submissions.sql.standing import standing
from risiti.gateway.submissions.states import SETTLED, DocumentState

_UNDER_WAY = frozenset({DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT})


async def until_settled(
    database: Database,
    settlements: Settlements,
    company_id: str,
    document_id: str,
    seconds: float,
    *,
    rules: DeadlineRules,
    known: InvoiceView | None = None,
) -> InvoiceView:
    """Return a document as soon as it is settled, or as it stands when the time (seconds) is over.

    It is read as a whole once, unless the caller has just done so (`known`), and then only when something has become of
    it that changes more than its number.

    Raises:
        NotFound: the company has none with this id.
    """

    async def look(seen: InvoiceView | None) -> InvoiceView:
        if seen is not None:
            now = await database.read_plain(partial(standing, company_id=company_id, document_id=document_id))
            if now is not None and now.revision == seen.revision:
                if now.state in _UNDER_WAY:
                    return seen if now.state == seen.state else seen.model_copy(update={"state": now.state.value})
                if now.state is DocumentState.FISCALISED:
                    return invoices.view_of_numbered(seen, now)
        return await database.read_as(company_id, partial(invoices.read, document_id=document_id, rules=rules))

    return await settlements.wait(
        document_id, look, lambda view: DocumentState(view.state) in SETTLED, seconds, seen=known
    )
