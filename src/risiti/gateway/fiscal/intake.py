"""From any shape to a checked document of our own, with warnings and faults that name the caller's own fields."""

from datetime import datetime

from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal import shapes
from risiti.gateway.fiscal.adapters.adapted import Adapted
from risiti.gateway.fiscal.adapters.ubl import uganda
from risiti.gateway.fiscal.shapes import NewInvoice
from risiti.gateway.fiscal.terms import ANYBODY, Terms
from risiti.gateway.fiscal.validation.known import NOTHING, Known
from risiti.gateway.kernel.errors import FieldError
from risiti.gateway.tenancy.tables import Company


def seller_tin(session: CompanySession) -> str:
    """Return the TIN of the session's company: whose documents may be filed."""
    return session.get_one(Company, session.company_id).tin


def adapted_from_ubl(body: bytes, *, seller_tin: str, charset: str | None = None) -> Adapted:
    """Read a UBL invoice of this seller; nothing of it is replaced.

    Raises:
        BadRequest, TooLarge: it is no XML that is read, or no UBL invoice.
        Invalid: every fault, with its place in the XML.
    """
    return uganda.read(body, seller_tin=seller_tin, charset=charset).adapted


def checked(
    adapted: Adapted, *, now: datetime, on: Terms | None = ANYBODY, known: Known = NOTHING
) -> tuple[NewInvoice, tuple[FieldError, ...]]:
    """Check a document that an adapter has read; return it with warnings. `on` and `known` are as in the checks.

    Raises:
        Invalid: every fault, at its place in the caller's own document.
    """
    with adapted.places.named():
        invoice = shapes.read_invoice(dict(adapted.document), now=now, on=on, known=known)
    return invoice, (*adapted.notes, *adapted.places.faults(shapes.warnings_of(adapted.document)))
