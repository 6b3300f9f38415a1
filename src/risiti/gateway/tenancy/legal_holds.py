"""Legal hold: while a company is under it, nothing that is kept of the company goes, however old it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.tenancy.tables import Company

MAX_REASON: Final = 500
REASON: Final = r"[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*"
"""What a reason is made of, as a regular expression: no control character, and not only blanks."""
_REASON: Final = re.compile(REASON)
PLACED: Final = "company.legal_hold_placed"
LIFTED: Final = "company.legal_hold_lifted"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Whether a company is under legal hold."""

    company_id: str
    since: datetime | None
    """Since when; None: it is not."""
    reason: str | None
    """Why, in the words of who placed it."""


def read(session: Session, company_id: str) -> LegalHold:
    """Return how it stands.

    Raises:
        NotFound: there is no such company.
    """
    return _view(_company(session, company_id))


def page(session: Session, *, limit: int, after: str | None) -> Sequence[LegalHold]:
    """Return the companies under legal hold, by their ids."""
    held = select(Company).where(Company.legal_hold_since.is_not(None), Company.id > (after or ""))
    return [_view(company) for company in session.scalars(held.order_by(Company.id).limit(limit))]


def place(session: Session, ids: Ids, now: datetime, company_id: str, reason: str, *, by: str) -> LegalHold:
    """Place a company under legal hold; if it is already, it stays so since then, and another reason takes its place.

    What a batch of `retention` was removing at this moment is gone before this returns; nothing is from then on.

    Raises:
        Invalid: no reason, or too long a one.
        NotFound: there is no such company.
    """
    _check(reason)
    company = _company(session, company_id, for_change=True)
    if company.legal_hold_since is not None and company.legal_hold_reason == reason:
        return _view(company)  # asked again
    company.legal_hold_since = company.legal_hold_since or now
    company.legal_hold_reason = reason
    about = {"since": company.legal_hold_since, "reason": reason}
    events.record(session, ids, company_id, None, Happening(PLACED, now, about, by=by))
    return _view(company)


def lift(session: Session, ids: Ids, now: datetime, company_id: str, reason: str, *, by: str) -> LegalHold:
    """Lift a company's legal hold: what is older than its period goes from now on.

    Raises:
        Invalid: no reason, or too long a one.
        NotFound: there is no such company.
        Conflict: it is under none (`no_legal_hold`).
    """
    _check(reason)
    company = _company(session, company_id, for_change=True)
    if company.legal_hold_since is None:
        raise Conflict("The company is under no legal hold.", code="no_legal_hold")
    about = {"since": company.legal_hold_since, "reason": reason}
    company.legal_hold_since = company.legal_hold_reason = None
    events.record(session, ids, company_id, None, Happening(LIFTED, now, about, by=by))
    return _view(company)


def _check(reason: str) -> None:
    if len(reason) > MAX_REASON or _REASON.fullmatch(reason) is None:
        message = f"The reason has 1 to {MAX_REASON} characters, on one line."
        fix = "Say who asked for it and in which matter."
        raise Invalid(message, errors=[FieldError("/reason", "bad_reason", message, fix)])


def _company(session: Session, company_id: str, *, for_change: bool = False) -> Company:
    company = session.get(Company, company_id, with_for_update=for_change or None)
    if company is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    return company


def _view(company: Company) -> LegalHold:
    return LegalHold(company.id, company.legal_hold_since, company.legal_hold_reason)
