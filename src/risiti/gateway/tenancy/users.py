"""People: add one, give a role in a company, let them choose a password."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict, FieldError, Invalid, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import Ids, UserId
from risiti.gateway.kernel.secrets import RandomBytes, Secret
from risiti.gateway.tenancy import firm_events, second_factors, tokens
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firm_tables import Firm, FirmMember
from risiti.gateway.tenancy.user_tables import Membership, OneTimeToken, Purpose, SignIn, User

MAX_EMAIL: Final = 254
EMAIL: Final = r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+"
"""What an address is made of, as a regular expression."""
_EMAIL: Final = re.compile(EMAIL, re.ASCII)
"""Characters of an address (RFC 5321, 4.5.3.1)."""
MAX_NAME: Final = 100
MAX_COMPANIES: Final = 1_000
"""Companies listed with a person."""
SET_PASSWORD_WITHIN: Final = timedelta(days=3)
RESET_PASSWORD_WITHIN: Final = timedelta(minutes=30)
VERIFY_EMAIL_WITHIN: Final = timedelta(days=3)
SECOND_STEP_WITHIN: Final = timedelta(minutes=5)
"""Between the password and the second factor."""
_WITHIN: Final = {
    Purpose.SET_PASSWORD: SET_PASSWORD_WITHIN,
    Purpose.RESET_PASSWORD: RESET_PASSWORD_WITHIN,
    Purpose.VERIFY_EMAIL: VERIFY_EMAIL_WITHIN,
    Purpose.SECOND_STEP: SECOND_STEP_WITHIN,
}
PASSWORD_PURPOSES: Final = frozenset({Purpose.SET_PASSWORD, Purpose.RESET_PASSWORD})


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A company that a person works in."""

    company_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class FirmMembershipView:
    """A firm that a person works in."""

    firm_id: str
    name: str
    role: FirmRole


@dataclass(frozen=True, slots=True)
class UserView:
    """A person, as they see themselves."""

    id: UserId
    email: str
    name: str
    is_operator: bool
    email_verified: bool
    second_factor: bool
    """A second factor is asked for when this person signs in."""
    companies: tuple[MembershipView, ...]
    """Those of which the person is a member; those of a firm are listed with the firm."""
    firms: tuple[FirmMembershipView, ...] = ()


def canonical(email: str) -> str:
    """Return an address as it is compared: without blanks around it, in lower case."""
    return email.strip().casefold()


def add(session: Session, ids: Ids, clock: Clock, *, email: str, name: str, is_operator: bool = False) -> User:
    """Add a person, who has no password yet.

    Raises:
        Invalid: no e-mail address, or no name.
        Conflict: somebody has this address already.
    """
    address = canonical(email)
    faults = []
    if _EMAIL.fullmatch(address) is None or len(address) > MAX_EMAIL or not address.isprintable():
        faults.append(FieldError("/email", "bad_email", "This is no e-mail address.", "Send it as name@example.com."))
    faults += _faults_of_name(name)
    if faults:
        raise Invalid("The user cannot be added.", errors=faults)
    if find(session, address) is not None:
        raise Conflict("There is a user with this e-mail address already.", code="email_taken")
    user = User(id=ids.user(), email=address, name=name.strip(), is_operator=is_operator, created_at=clock.now())
    session.add(user)
    session.flush()
    return user


def find_or_add(session: Session, ids: Ids, clock: Clock, *, email: str, name: str) -> User:
    """Return the person with this address, who is added if there is none; two who add the same one get the same.

    The name of a person who is there already may be left empty; any other is held to what names are.

    Raises:
        Invalid: as `add`.
    """
    if name and (faults := _faults_of_name(name)):
        raise Invalid("The user cannot be added.", errors=faults)
    present = find(session, email)
    if present is not None:
        return present
    try:
        with session.begin_nested():
            return add(session, ids, clock, email=email, name=name)
    except IntegrityError:
        return known(session, email)


def _faults_of_name(name: str) -> list[FieldError]:
    if name.strip() and len(name) <= MAX_NAME and name.isprintable():
        return []
    message = f"A name has 1 to {MAX_NAME} printable characters."
    return [FieldError("/name", "bad_name", message, "Send the person's name.")]


def find(session: Session, email: str) -> User | None:
    """Return the person with this address."""
    return session.scalar(select(User).where(User.email == canonical(email)))


def known(session: Session, email: str) -> User:
    """Return the person with this address.

    Raises:
        NotFound: there is none.
    """
    user = find(session, email)
    if user is None:
        raise NotFound("There is no user with this e-mail address; `risiti user add` adds one.")
    return user


def give_role(
    session: Session, ids: Ids, clock: Clock, company_id: str, user_id: str, *, role: Role, by: str | None = None
) -> None:
    """Let a person work in a company in a role, instead of the one they may have there."""
    membership, now = session.get(Membership, (company_id, user_id)), clock.now()
    before = None if membership is None else membership.role
    if membership is None:
        session.add(Membership(company_id=company_id, user_id=user_id, role=role, since=now))
    else:
        membership.role = role
    if before != role:
        about = {"user_id": user_id, "role": role, "role_before": before}
        events.record(session, ids, company_id, None, Happening("role.given", now, about, by=by))
    session.flush()


def get(session: Session, user_id: str, *, for_update: bool = False) -> User:
    """Return a person, with `for_update` as nobody else changes them until this transaction has ended.

    Raises:
        NotFound: there is none with this id.
    """
    user = session.get(User, user_id, with_for_update=for_update)
    if user is None:
        raise NotFound("There is no such user.", code="user_not_found")
    return user


def read(session: Session, user_id: str) -> UserView:
    """Return a person and the companies they work in.

    Raises:
        NotFound: there is none with this id.
    """
    return view(session, get(session, user_id))


def view(session: Session, user: User) -> UserView:
    """Return a person and the companies they work in."""
    found = session.scalars(
        select(Membership).where(Membership.user_id == user.id).order_by(Membership.company_id).limit(MAX_COMPANIES)
    )
    companies = tuple(MembershipView(row.company_id, row.role) for row in found)
    works_in = session.execute(
        select(FirmMember, Firm)
        .join(Firm, Firm.id == FirmMember.firm_id)
        .where(FirmMember.user_id == user.id, Firm.closed_at.is_(None))
        .order_by(Firm.id)
        .limit(MAX_COMPANIES)
    )
    return UserView(
        id=UserId(user.id),
        email=user.email,
        name=user.name,
        is_operator=user.is_operator,
        email_verified=user.email_verified_at is not None,
        second_factor=second_factors.is_on(session, user.id),
        companies=companies,
        firms=tuple(FirmMembershipView(firm.id, firm.name, FirmRole(member.role)) for member, firm in works_in),
    )


def leave(session: Session, ids: Ids, clock: Clock, company_id: str, user_id: str, *, by: str | None = None) -> None:
    """Let a person work in a company no longer; what they hold of it ends with their next request.

    Raises:
        NotFound: they did not work there.
    """
    membership = session.get(Membership, (company_id, user_id), with_for_update=True)
    if membership is None:
        raise NotFound("This person does not work in this company.", code="no_member")
    about = {"user_id": user_id, "role_before": membership.role}
    session.delete(membership)
    events.record(session, ids, company_id, None, Happening("role.taken", clock.now(), about, by=by))
    session.flush()


def remove_second_factor(session: Session, ids: Ids, clock: Clock, user_id: str, *, by: str) -> bool:
    """Ask a person no more for a second factor, for somebody else; every company that they work in is told.

    Returns:
        False if there was none.
    """
    if not second_factors.remove(session, user_id):
        return False
    tell_companies(session, ids, clock.now(), user_id, "user.second_factor_removed", by=by)
    return True


def tell_companies(
    session: Session, ids: Ids, now: datetime, user_id: str, what: str, *, by: str, **about: object
) -> None:
    """Write what happened to a person into the journal of every company that they work in, and tell their firms."""
    for firm_id in session.scalars(select(FirmMember.firm_id).where(FirmMember.user_id == user_id)).all():
        firm_events.record(session, ids, firm_id, what, now, by=by, user_id=user_id, **about)
    for company_id in session.scalars(select(Membership.company_id).where(Membership.user_id == user_id)).all():
        events.record(session, ids, company_id, None, Happening(what, now, {"user_id": user_id, **about}, by=by))
    session.flush()


def one_time(
    session: Session, user: User, purpose: Purpose, now: datetime, random_bytes: RandomBytes = secrets.token_bytes
) -> tuple[Secret, datetime]:
    """Return a token with which a person may do one thing, once; earlier ones for the same no longer hold."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user.id, OneTimeToken.purpose == purpose))
    token, until = tokens.new(tokens.ONE_TIME, random_bytes), now + _WITHIN[purpose]
    session.add(OneTimeToken(token_hash=tokens.digest(token.reveal()), user_id=user.id, purpose=purpose, until=until))
    session.flush()
    return token, until


def invite(
    session: Session, clock: Clock, user: User, random_bytes: RandomBytes = secrets.token_bytes
) -> tuple[Secret, datetime]:
    """Return a token with which the person may choose a password, once; earlier ones no longer hold."""
    return one_time(session, user, Purpose.SET_PASSWORD, clock.now(), random_bytes)


def holder(session: Session, token: str, purposes: frozenset[Purpose], now: datetime) -> User:
    """Return whom a token allows one of these things; it stays unused.

    Raises:
        Unauthenticated: it is unknown, used, too old, or for something else.
    """
    row = session.get(OneTimeToken, tokens.digest(token)) if tokens.is_of(tokens.ONE_TIME, token) else None
    if row is None or row.used_at is not None or row.until <= now or row.purpose not in purposes:
        raise Unauthenticated("This link does not hold: it was used, or is too old. Ask for a new one.")
    return session.get_one(User, row.user_id)


def use(session: Session, token: str, purposes: frozenset[Purpose], now: datetime) -> User:
    """Use a token up, and return whose it was.

    Raises:
        Unauthenticated: as `holder`.
    """
    session.get(OneTimeToken, tokens.digest(token), with_for_update=True)
    user = holder(session, token, purposes, now)
    session.get_one(OneTimeToken, tokens.digest(token)).used_at = now
    session.flush()
    return user


def invited(session: Session, token: str, now: datetime) -> User:
    """Return whom a token allows to choose a password; it stays unused.

    Raises:
        Unauthenticated: it is unknown, used or too old.
    """
    return holder(session, token, PASSWORD_PURPOSES, now)


def verify_email(session: Session, token: str, now: datetime) -> None:
    """Note that mail to a person's address reaches them.

    Raises:
        Unauthenticated: the token is unknown, used or too old.
    """
    use(session, token, frozenset({Purpose.VERIFY_EMAIL}), now).email_verified_at = now


def unverified(session: Session, user_id: str) -> str:
    """Return a person's address, of which nobody knows yet whether mail reaches it.

    Raises:
        NotFound: there is no such person.
        Conflict: it does.
    """
    user = get(session, user_id)
    if user.email_verified_at is not None:
        raise Conflict("This address is confirmed already.", code="email_verified")
    return user.email


def set_password(
    session: Session, ids: Ids, user_id: str, password_hash: str, now: datetime, *, token: str | None = None
) -> User:
    """Keep a person's new password, use up the token that allowed it, and end all their sign-ins; return the person.

    Every company that they work in is told.

    Raises:
        NotFound: there is no such person.
        Unauthenticated: the token was used meanwhile.
    """
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("There is no such user.")
    if token is not None:
        use(session, token, PASSWORD_PURPOSES, now)
    user.password_hash = password_hash
    session.execute(
        delete(OneTimeToken).where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose != Purpose.VERIFY_EMAIL,
            OneTimeToken.used_at.is_(None),
        )
    )
    _end_sign_ins(session, user_id, now)
    way = "signed_in" if token is None else "link"
    tell_companies(session, ids, now, user_id, "user.password_changed", by=user_id, by_way_of=way)
    return user


def _end_sign_ins(session: Session, user_id: str, now: datetime) -> None:
    for row in session.scalars(select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))):
        row.ended_at = now
