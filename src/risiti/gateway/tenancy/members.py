"""Members of a company: listed, invited, given another role and removed by its owners and admins, within bounds.

Nobody gives a role above their own, touches who is above them, or changes their own role; and a company that has an
owner who can sign in keeps one. Who acts is looked up in the transaction that changes: who was removed a moment ago
changes nothing any more. A token carries no role, so every change holds from the next request on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, Forbidden, NotFound
from risiti.gateway.kernel.ids import Ids, UserId
from risiti.gateway.tenancy import users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.tenancy.user_tables import Membership, User

MAX_MEMBERS: Final = 500
"""Members of one company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A person who works in a company, as its owners and admins see them."""

    user_id: UserId
    email: str
    name: str
    role: Role
    since: datetime
    has_password: bool
    """The person has chosen one, so they can sign in."""
    disabled: bool
    """Those who run the gateway let them sign in no longer."""


def page(session: Session, company_id: str, *, limit: int, after: str | None = None) -> list[MemberView]:
    """List a company's members by their ids, which is the order in which they were added to the gateway."""
    query = _members(company_id).order_by(Membership.user_id).limit(limit)
    if after is not None:
        query = query.where(Membership.user_id > after)
    return [_view(membership, user) for membership, user in session.execute(query)]


def read(session: Session, company_id: str, user_id: str) -> MemberView:
    """Return a member.

    Raises:
        NotFound: the person does not work there.
    """
    found = session.execute(_members(company_id).where(Membership.user_id == user_id)).one_or_none()
    if found is None:
        raise _no_member()
    return _view(*found)


def invite(
    session: Session, ids: Ids, clock: Clock, company_id: str, *, email: str, name: str, role: Role, by: str
) -> User:
    """Let a person work in a company, who is added to the gateway if nobody has this address yet; return the person.

    Raises:
        Forbidden: the role is above that of who invites, or they may not invite any more.
        Conflict: the person works there already, or the company has as many members as it may have.
        Invalid: no e-mail address, or no name.
    """
    _require_within(_acting(session, company_id, by), role)
    count = select(func.count()).select_from(Membership).where(Membership.company_id == company_id)
    if (session.scalar(count) or 0) >= MAX_MEMBERS:
        raise Conflict(f"A company has at most {MAX_MEMBERS} members; remove one first.", code="too_many_members")
    user = users.find_or_add(session, ids, clock, email=email, name=name)
    if session.get(Membership, (company_id, user.id)) is not None:
        message = "This person works in the company already; change their role instead."
        raise Conflict(message, code="member_exists", about={"user_id": user.id})
    users.give_role(session, ids, clock, company_id, user.id, role=role, by=by)
    return user


def change_role(
    session: Session, ids: Ids, clock: Clock, company_id: str, user_id: str, *, role: Role, by: str
) -> MemberView:
    """Give a member another role.

    Raises:
        NotFound: the person does not work there.
        Forbidden: the old or the new role is above that of who acts, or it is their own.
        Conflict: they are the last owner.
    """
    acting = _acting(session, company_id, by)
    membership = _membership(session, company_id, user_id)
    if user_id == by:
        raise Forbidden("Nobody changes their own role; ask another owner.", code="own_role")
    _require_within(acting, Role(membership.role), role)
    if role is not Role.OWNER:
        _keep_an_owner(session, company_id, membership)
    users.give_role(session, ids, clock, company_id, user_id, role=role, by=by)
    return read(session, company_id, user_id)


def remove(session: Session, ids: Ids, clock: Clock, company_id: str, user_id: str, *, by: str) -> None:
    """Let a member work in a company no longer; owners and admins may remove themselves, too.

    Raises:
        NotFound: the person does not work there.
        Forbidden: their role is above that of who acts.
        Conflict: they are the last owner.
    """
    acting = _acting(session, company_id, by)
    membership = _membership(session, company_id, user_id)
    _require_within(acting, Role(membership.role))
    _keep_an_owner(session, company_id, membership)
    users.leave(session, ids, clock, company_id, user_id, by=by)


def _acting(session: Session, company_id: str, by: str) -> Role:
    """Return the role of who acts, as it is now; the company's members stay as they are until this has ended."""
    session.get(Company, company_id, with_for_update={"key_share": True})
    membership = session.get(Membership, (company_id, by))
    if membership is None or Role(membership.role).rank < Role.ADMIN.rank:
        raise Forbidden("You are no owner or admin of this company any more.", code="manager_only")
    return Role(membership.role)


def _membership(session: Session, company_id: str, user_id: str) -> Membership:
    membership = session.get(Membership, (company_id, user_id))
    if membership is None:
        raise _no_member()
    return membership


def _require_within(acting: Role, *roles: Role) -> None:
    if any(role.rank > acting.rank for role in roles):
        raise Forbidden(f"Your role here is {acting}: you may neither give nor take one above it.", code="role_too_low")


def _keep_an_owner(session: Session, company_id: str, leaving: Membership) -> None:
    if leaving.role != Role.OWNER:
        return
    others = (
        _members(company_id)
        .where(Membership.role == Role.OWNER, Membership.user_id != leaving.user_id, User.disabled_at.is_(None))
        .limit(1)
    )
    if session.execute(others).first() is None:
        message = "This is the company's last owner who can sign in; make somebody else an owner first."
        raise Conflict(message, code="last_owner")


def _members(company_id: str) -> Select[Membership, User]:
    return select(Membership, User).join(User, User.id == Membership.user_id).where(Membership.company_id == company_id)


def _no_member() -> NotFound:
    return NotFound("This person does not work in this company.", code="no_member")


def _view(membership: Membership, user: User) -> MemberView:
    return MemberView(
        user_id=UserId(user.id),
        email=user.email,
        name=user.name,
        role=Role(membership.role),
        since=membership.since,
        has_password=user.password_hash is not None,
        disabled=user.disabled_at is not None,
    )
