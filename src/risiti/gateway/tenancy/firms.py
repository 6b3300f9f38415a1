"""Firms and who works in them: opened by those who run the gateway, staffed by their owners."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from risiti.gateway.kernel.ids import FirmId, Ids, UserId
from risiti.gateway.tenancy import firm_events, users
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firm_tables import Firm, FirmMember
from risiti.gateway.tenancy.user_tables import User

MAX_NAME: Final = 256
MAX_PEOPLE: Final = 500
"""People of one firm."""


@dataclass(frozen=True, slots=True)
class FirmView:
    """A firm."""

    id: FirmId
    name: str
    created_at: datetime
    closed_at: datetime | None
    """Since when it is no firm any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmMemberView:
    """A person who works in a firm, as the firm sees them."""

    user_id: UserId
    email: str
    name: str
    role: FirmRole
    at_most: Role | None
    """The most that they may do in a company; empty: what the firm may there."""
    since: datetime
    has_password: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person may do in a firm."""

    role: FirmRole
    at_most: Role | None = None


@dataclass(frozen=True, slots=True)
class FirmCaller:
    """A person who has signed in and works in the firm of the request."""

    firm_id: FirmId
    user_id: UserId
    role: FirmRole

    def require_owner(self) -> None:
        """Let pass an owner of the firm.

        Raises:
            Forbidden: they are none.
        """
        if self.role is not FirmRole.OWNER:
            raise Forbidden("Only an owner of the firm may do this.", code="role_too_low")


def open_firm(session: Session, ids: Ids, clock: Clock, *, name: str, by: str) -> FirmView:
    """Open a firm, in which nobody works yet.

    Raises:
        Invalid: no name.
    """
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        message = f"A firm's name has 1 to {MAX_NAME} printable characters."
        raise Invalid("The firm cannot be opened.", errors=[FieldError("/name", "bad_name", message, "Send its name.")])
    firm = Firm(id=ids.firm(), name=name.strip(), created_at=clock.now())
    session.add(firm)
    session.flush()
    firm_events.record(session, ids, firm.id, "firm.opened", firm.created_at, by=by, firm_name=firm.name)
    session.flush()
    return _view(firm)


def page(session: Session, *, limit: int, after: str | None = None) -> list[FirmView]:
    """List firms, oldest first."""
    query = select(Firm).order_by(Firm.id).limit(limit)
    if after is not None:
        query = query.where(Firm.id > after)
    return [_view(firm) for firm in session.scalars(query)]


def read(session: Session, firm_id: str) -> FirmView:
    """Return a firm.

    Raises:
        NotFound: there is none of this id.
    """
    firm = session.get(Firm, firm_id)
    if firm is None:
        raise not_there()
    return _view(firm)


def locked(session: Session, firm_id: str) -> Firm:
    """Return a firm that is open; its people stay as they are until this transaction has ended.

    Raises:
        NotFound: there is none of this id, or it was closed.
    """
    firm = session.get(Firm, firm_id, with_for_update={"key_share": True})
    if firm is None or firm.closed_at is not None:
        raise not_there()
    return firm


def as_member(session: Session, user_id: str, firm_id: str) -> FirmCaller:
    """Return a person as one who works in a firm.

    Raises:
        NotFound: they do not, or there is no such firm: they cannot tell the two apart.
    """
    found = session.get(FirmMember, (firm_id, user_id))
    if found is None:
        raise not_there()
    return FirmCaller(FirmId(firm_id), UserId(user_id), FirmRole(found.role))


def people(session: Session, firm_id: str, *, limit: int, after: str | None = None) -> list[FirmMemberView]:
    """List who works in a firm, by their ids."""
    query = _people(firm_id).order_by(FirmMember.user_id).limit(limit)
    if after is not None:
        query = query.where(FirmMember.user_id > after)
    return [_member_view(member, user) for member, user in session.execute(query)]


def person(session: Session, firm_id: str, user_id: str) -> FirmMemberView:
    """Return somebody who works in a firm.

    Raises:
        NotFound: they do not.
    """
    found = session.execute(_people(firm_id).where(FirmMember.user_id == user_id)).one_or_none()
    if found is None:
        raise _no_member()
    return _member_view(*found)


def add(
    session: Session,
    ids: Ids,
    clock: Clock,
    firm_id: str,
    *,
    email: str,
    name: str,
    terms: Terms,
    by: str,
    as_operator: bool = False,
) -> User:
    """Let a person work in a firm, who is added to the gateway if nobody has this address yet; return the person.

    With `as_operator` those who run the gateway act, who need not work there; so in the next two.

    Raises:
        NotFound: there is no such firm.
        Conflict: they work there already, or there are as many people as there may be.
        Invalid: no e-mail address, no name, or a limit that is none.
        Forbidden: who acts owns the firm no longer.
    """
    _require_limit(terms)
    _lock(session, firm_id, None if as_operator else by)
    count = select(func.count()).select_from(FirmMember).where(FirmMember.firm_id == firm_id)
    if (session.scalar(count) or 0) >= MAX_PEOPLE:
        raise Conflict(f"A firm has at most {MAX_PEOPLE} people; remove one first.", code="too_many_members")
    user, now = users.find_or_add(session, ids, clock, email=email, name=name), clock.now()
    if session.get(FirmMember, (firm_id, user.id)) is not None:
        message = "This person works in the firm already; change what they may do instead."
        raise Conflict(message, code="member_exists", about={"user_id": user.id})
    session.add(FirmMember(firm_id=firm_id, user_id=user.id, role=terms.role, at_most=terms.at_most, since=now))
    session.flush()
    about = {"user_id": user.id, "role": terms.role, "at_most": terms.at_most}
    firm_events.record(session, ids, firm_id, "firm_member.added", now, by=by, **about)
    session.flush()
    return user


def change(
    session: Session,
    ids: Ids,
    clock: Clock,
    firm_id: str,
    user_id: str,
    *,
    terms: Terms,
    by: str,
    as_operator: bool = False,
) -> FirmMemberView:
    """Change what a person may do in a firm; it holds from their next request on.

    Raises:
        NotFound: they do not work there.
        Conflict: they are its last owner.
        Invalid: a limit that is none.
        Forbidden: it is who acts, or who acts owns the firm no longer.
    """
    _require_limit(terms)
    _lock(session, firm_id, None if as_operator else by)
    member = _member(session, firm_id, user_id)
    if user_id == by:
        raise Forbidden("Nobody changes their own role; ask another owner.", code="own_role")
    if terms.role is not FirmRole.OWNER and not as_operator:
        _keep_an_owner(session, firm_id, member)
    before = Terms(FirmRole(member.role), member.at_most)
    if before != terms:
        member.role, member.at_most = terms.role, terms.at_most
        about = {"user_id": user_id, "role": terms.role, "role_before": before.role}
        limits = {"at_most": terms.at_most, "at_most_before": before.at_most}
        firm_events.record(session, ids, firm_id, "firm_member.changed", clock.now(), by=by, **about, **limits)
    session.flush()
    return person(session, firm_id, user_id)


def remove(
    session: Session, ids: Ids, clock: Clock, firm_id: str, user_id: str, *, by: str, as_operator: bool = False
) -> None:
    """Let a person work in a firm no longer: their next request finds none of its companies.

    Raises:
        NotFound: they do not work there.
        Conflict: they are its last owner.
        Forbidden: who acts owns the firm no longer.
    """
    _lock(session, firm_id, None if as_operator else by)
    member = _member(session, firm_id, user_id)
    if not as_operator:
        _keep_an_owner(session, firm_id, member)
    before = FirmRole(member.role)
    session.delete(member)
    firm_events.record(
        session, ids, firm_id, "firm_member.removed", clock.now(), by=by, user_id=user_id, role_before=before
    )
    session.flush()


def not_there() -> NotFound:
    """Return the one answer to the id of another firm and to one that nobody has."""
    return NotFound("There is no such firm, or you do not work there.", code="firm_not_found")


def _lock(session: Session, firm_id: str, acting: str | None) -> None:
    """Hold a firm's people as they are, and make sure that who acts owns it still."""
    locked(session, firm_id)
    if acting is None:
        return
    member = session.get(FirmMember, (firm_id, acting))
    if member is None or member.role != FirmRole.OWNER:
        raise Forbidden("You are no owner of this firm any more.", code="role_too_low")


def _require_limit(terms: Terms) -> None:
    if terms.at_most is Role.OWNER:
        message = "A firm never owns a company, so nobody in it may do as much."
        fault = FieldError("/at_most", "bad_limit", message, "One of: admin, operator, viewer; or leave it out.")
        raise Invalid("The request has faults; nothing was changed.", errors=[fault])


def _member(session: Session, firm_id: str, user_id: str) -> FirmMember:
    member = session.get(FirmMember, (firm_id, user_id))
    if member is None:
        raise _no_member()
    return member


def _keep_an_owner(session: Session, firm_id: str, leaving: FirmMember) -> None:
    if leaving.role != FirmRole.OWNER:
        return
    others = (
        _people(firm_id)
        .where(FirmMember.role == FirmRole.OWNER, FirmMember.user_id != leaving.user_id, User.disabled_at.is_(None))
        .limit(1)
    )
    if session.execute(others).first() is None:
        message = "This is the firm's last owner who can sign in; make somebody else an owner first."
        raise Conflict(message, code="last_owner")


def _people(firm_id: str) -> Select[FirmMember, User]:
    return select(FirmMember, User).join(User, User.id == FirmMember.user_id).where(FirmMember.firm_id == firm_id)


def _no_member() -> NotFound:
    return NotFound("This person does not work in this firm.", code="no_member")


def _view(firm: Firm) -> FirmView:
    return FirmView(FirmId(firm.id), firm.name, firm.created_at, firm.closed_at)


def _member_view(member: FirmMember, user: User) -> FirmMemberView:
    return FirmMemberView(
        user_id=UserId(user.id),
        email=user.email,
        name=user.name,
        role=FirmRole(member.role),
        at_most=member.at_most,
        since=member.since,
        has_password=user.password_hash is not None,
        disabled=user.disabled_at is not None,
    )
