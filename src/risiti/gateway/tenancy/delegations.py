"""A company delegates a role to a firm, and takes it back; both sides have it in what they keep of themselves.

A delegation is a few columns of the company's row, looked up with every request of the firm's people: it ends with the
next one. A firm is never an owner, and its people never administer a company's members.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import FieldError, Forbidden, Invalid, NotFound
from risiti.gateway.kernel.ids import CompanyId, FirmId, Ids, UserId
from risiti.gateway.tenancy import firm_events, firms
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.firm_tables import Firm, FirmMember
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.tenancy.user_tables import Membership, User


@dataclass(frozen=True, slots=True)
class FirmPerson:
    """Somebody of a firm, as a company sees them that delegates to it: so it knows who acts in its journal."""

    user_id: UserId
    name: str
    role: Role
    """The most that they may do in this company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationView:
    """What a company has delegated to whom."""

    firm_id: FirmId
    firm_name: str
    role: Role
    since: datetime
    people: tuple[FirmPerson, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedCompany:
    """A company, as a firm sees it that may work there."""

    company_id: CompanyId
    environment: Environment
    tin: str
    legal_name: str
    role: Role
    """What the firm may do there."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person may do in a company."""

    role: Role
    via_firm: FirmId | None
    """The firm by which they may; none: they are a member of the company."""
    owns_firm: bool = False


DELEGATED: Final = (Role.ADMIN, Role.OPERATOR, Role.VIEWER)
"""What can be delegated."""


def standing(session: Session, company: Company, user_id: str) -> Standing | None:
    """Return what a person may do in a company, as its member or by its firm, whichever is more; None: nothing."""
    membership = session.get(Membership, (company.id, user_id))
    member = session.get(FirmMember, (company.firm_id, user_id)) if company.firm_id is not None else None
    own = None if membership is None else Role(membership.role)
    if member is None or company.firm_id is None or company.firm_role is None:
        return None if own is None else Standing(own, None)
    by_firm = _held_to(Role(company.firm_role), member.at_most)
    if own is not None and own.rank >= by_firm.rank:
        return Standing(own, None)
    return Standing(by_firm, FirmId(company.firm_id), owns_firm=member.role == FirmRole.OWNER)


def read(session: Session, company_id: str) -> DelegationView:
    """Return what a company has delegated, and to whom.

    Raises:
        NotFound: nothing.
    """
    company = session.get_one(Company, company_id)
    if company.firm_id is None or company.firm_role is None or company.firm_since is None:
        raise NotFound("This company delegates nothing to a firm.", code="no_delegation")
    firm = session.get_one(Firm, company.firm_id)
    people = session.execute(
        select(FirmMember, User)
        .join(User, User.id == FirmMember.user_id)
        .where(FirmMember.firm_id == firm.id, User.disabled_at.is_(None))
        .order_by(FirmMember.user_id)
        .limit(firms.MAX_PEOPLE)
    )
    role = Role(company.firm_role)
    return DelegationView(
        firm_id=FirmId(firm.id),
        firm_name=firm.name,
        role=role,
        since=company.firm_since,
        people=tuple(FirmPerson(UserId(user.id), user.name, _held_to(role, member.at_most)) for member, user in people),
    )


def delegate(
    session: Session,
    ids: Ids,
    clock: Clock,
    company_id: str,
    *,
    firm_id: str,
    role: Role,
    by: str,
    as_operator: bool = False,
) -> DelegationView:
    """Let a firm's people work in a company, in this role at most, instead of the firm that may have done so.

    With `as_operator` those who run the gateway act, else an owner; so in `end`.

    Raises:
        Invalid: there is no such firm, or the role is none that can be delegated.
        Forbidden: who acts owns the company no longer.
    """
    company = _locked(session, company_id, None if as_operator else by)
    if role not in DELEGATED:
        message = "A firm never owns a company."
        raise _wrong(FieldError("/role", "bad_role", message, f"One of: {', '.join(DELEGATED)}."))
    try:
        firm = firms.locked(session, firm_id)
    except NotFound:
        message = "There is no such firm."
        raise _wrong(FieldError("/firm_id", "firm_not_found", message, "Ask the firm for its id.")) from None
    if company.firm_id not in (None, firm_id):
        _end(session, ids, clock, company, by=by)
    before = company.firm_role
    if before != role:
        now = clock.now()
        company.firm_id, company.firm_role = firm.id, role
        company.firm_since = company.firm_since if before is not None else now
        about = {"role": role, "role_before": before}
        _tell(session, ids, company, firm, "delegation.given", at=now, by=by, **about)
    session.flush()
    return read(session, company_id)


def end(session: Session, ids: Ids, clock: Clock, company_id: str, *, by: str, as_operator: bool = False) -> None:
    """Let a company's firm work there no longer.

    Raises:
        NotFound: it delegates nothing.
        Forbidden: who acts owns the company no longer.
    """
    company = _locked(session, company_id, None if as_operator else by)
    if company.firm_id is None:
        raise NotFound("This company delegates nothing to a firm.", code="no_delegation")
    _end(session, ids, clock, company, by=by)


def give_back(session: Session, ids: Ids, clock: Clock, firm_id: str, company_id: str, *, by: str) -> None:
    """Let a firm work in one of its companies no longer, as its owner wishes.

    Raises:
        NotFound: the company delegates nothing to this firm.
        Forbidden: who acts owns the firm no longer.
    """
    if firms.as_member(session, by, firm_id).role is not FirmRole.OWNER:
        raise Forbidden("You are no owner of this firm any more.", code="role_too_low")
    company = session.get(Company, company_id, with_for_update={"key_share": True})
    if company is None or company.firm_id != firm_id:
        raise NotFound("This company delegates nothing to this firm.", code="company_not_found")
    _end(session, ids, clock, company, by=by)


def close(session: Session, ids: Ids, clock: Clock, firm_id: str, *, by: str) -> int:
    """Close a firm: all that was delegated to it ends; return in how many companies.

    Raises:
        NotFound: there is no such firm, or it was closed.
    """
    firm, now = firms.locked(session, firm_id), clock.now()
    found = session.scalars(select(Company).where(Company.firm_id == firm_id).with_for_update(key_share=True)).all()
    for company in found:
        _end(session, ids, clock, company, by=by)
    firm.closed_at = now
    firm_events.record(session, ids, firm_id, "firm.closed", now, by=by, companies=len(found))
    session.flush()
    return len(found)


def companies(session: Session, firm_id: str, *, limit: int, after: str | None = None) -> list[DelegatedCompany]:
    """List the companies that delegate a role to a firm, by their ids."""
    query = select(Company).where(Company.firm_id == firm_id).order_by(Company.id).limit(limit)
    found = session.scalars(query if after is None else query.where(Company.id > after))
    return [
        DelegatedCompany(
            company_id=CompanyId(company.id),
            environment=company.environment,
            tin=company.tin,
            legal_name=company.legal_name,
            role=Role(company.firm_role),
            since=company.firm_since,
        )
        for company in found
        if company.firm_role is not None and company.firm_since is not None  # for the type checker: all have both
    ]


def _locked(session: Session, company_id: str, acting: str | None) -> Company:
    """Return a company whose delegation stays as it is until this has ended, and make sure that who acts owns it."""
    company = session.get(Company, company_id, with_for_update={"key_share": True})
    if company is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    if acting is not None:
        membership = session.get(Membership, (company_id, acting))
        if membership is None or membership.role != Role.OWNER:
            raise Forbidden("You are no owner of this company any more.", code="owner_only")
    return company


def _end(session: Session, ids: Ids, clock: Clock, company: Company, *, by: str) -> None:
    firm = session.get_one(Firm, company.firm_id)
    before, now = company.firm_role, clock.now()
    company.firm_id = company.firm_role = company.firm_since = None
    _tell(session, ids, company, firm, "delegation.ended", at=now, by=by, role_before=before)
    session.flush()


def _tell(
    session: Session, ids: Ids, company: Company, firm: Firm, what: str, *, at: datetime, by: str, **about: object
) -> None:
    """Write it down on both sides."""
    to_company = {"firm_id": firm.id, "firm_name": firm.name, **about}
    events.record(session, ids, company.id, None, Happening(what, at, to_company, by=by))
    to_firm = {"company_id": company.id, "legal_name": company.legal_name, **about}
    firm_events.record(session, ids, firm.id, what, at, by=by, **to_firm)


def _held_to(role: Role, at_most: Role | None) -> Role:
    return role if at_most is None else min(role, Role(at_most), key=lambda one: one.rank)


def _wrong(fault: FieldError) -> Invalid:
    return Invalid("Nothing was delegated.", errors=[fault])
