"""Accounts of people, as those who run the gateway see them: listed, closed and opened again, signed out.

What is done to an account stands in the journal of every company that the person works in.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids, UserId
from risiti.gateway.tenancy import sign_ins, users
from risiti.gateway.tenancy.user_tables import User
from risiti.gateway.tenancy.users import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """A person's account."""

    id: UserId
    email: str
    name: str
    is_operator: bool
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    """Since when they can sign in no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """An account, and what the person may do where."""

    account: AccountView
    person: UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was ended."""

    sign_ins: int


def page(session: Session, *, limit: int, after: str | None = None, email: str | None = None) -> list[AccountView]:
    """List accounts, oldest first; `email` finds the one with this address."""
    query = select(User).order_by(User.id).limit(limit)
    if after is not None:
        query = query.where(User.id > after)
    if email is not None:
        query = query.where(User.email == users.canonical(email))
    return [view(user) for user in session.scalars(query)]


def read(session: Session, user_id: str) -> AccountDetails:
    """Return an account.

    Raises:
        NotFound: there is none with this id.
    """
    user = users.get(session, user_id)
    return AccountDetails(account=view(user), person=users.view(session, user))


def disable(session: Session, ids: Ids, clock: Clock, user_id: str, *, by: str) -> AccountView:
    """Let a person sign in no longer, and end all their sign-ins; doing it again changes nothing.

    Raises:
        NotFound: there is no such person.
    """
    user, now = users.get(session, user_id, for_update=True), clock.now()
    if user.disabled_at is None:
        user.disabled_at = now
        ended = sign_ins.end_all(session, user_id, now)
        users.tell_companies(session, ids, now, user_id, "user.disabled", by=by, sign_ins_ended=ended)
    return view(user)


def enable(session: Session, ids: Ids, clock: Clock, user_id: str, *, by: str) -> AccountView:
    """Let a person sign in again; sign-ins that were ended stay so. Doing it again changes nothing.

    Raises:
        NotFound: there is no such person.
    """
    user = users.get(session, user_id, for_update=True)
    if user.disabled_at is not None:
        user.disabled_at = None
        users.tell_companies(session, ids, clock.now(), user_id, "user.enabled", by=by)
    return view(user)


def sign_out(session: Session, ids: Ids, clock: Clock, user_id: str, *, by: str) -> Ended:
    """End all sign-ins of a person, who may sign in again.

    Raises:
        NotFound: there is no such person.
    """
    users.get(session, user_id)
    now = clock.now()
    ended = sign_ins.end_all(session, user_id, now)
    if ended:
        users.tell_companies(session, ids, now, user_id, "user.signed_out", by=by, sign_ins_ended=ended)
    return Ended(sign_ins=ended)


def view(user: User) -> AccountView:
    """Return an account as it is shown."""
    return AccountView(
        id=UserId(user.id),
        email=user.email,
        name=user.name,
        is_operator=user.is_operator,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )
