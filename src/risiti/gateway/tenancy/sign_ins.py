"""Sign-ins: tokens for a password, new tokens for a refresh token, and the end of it; all of it revocable at once.

A refresh token is good for one use. One that comes a second time was stolen from its owner, or its owner from the
thief: we cannot tell, so the whole sign-in ends.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import Unauthenticated
from risiti.gateway.kernel.ids import CompanyId, Ids, UserId
from risiti.gateway.kernel.secrets import RandomBytes, Secret
from risiti.gateway.tenancy import tokens
from risiti.gateway.tenancy.access import Caller, Role, scopes_of
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.tenancy.user_tables import Membership, SignIn, User

ACCESS_LASTS: Final = timedelta(minutes=15)
REFRESH_LASTS: Final = timedelta(days=30)
MAX_SIGN_INS: Final = 50
"""Sign-ins of one person at a time; the oldest end when there are more."""
KNOWN_FOR: Final = timedelta(days=90)
"""How long an address from which a person signed in counts as theirs."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Issued:
    """New tokens, which are shown this once."""

    access: Secret
    refresh: Secret
    access_seconds: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who presents a valid access token."""

    sign_in_id: str
    user_id: UserId
    is_operator: bool


def begin(
    session: Session,
    ids: Ids,
    user: User,
    *,
    address: str,
    now: datetime,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Issued:
    """Sign a person in whose password was right."""
    issued = _issue(random_bytes)
    row = SignIn(id=ids.sign_in(), user_id=user.id, address=address, began_at=now)
    _hand_out(row, issued, now)
    session.add(row)
    open_ones = session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .order_by(SignIn.began_at.desc(), SignIn.id)
        .offset(MAX_SIGN_INS)
    )
    for old in open_ones:
        old.ended_at = now
    session.flush()
    return issued


def refresh(
    session: Session, token: str, now: datetime, random_bytes: RandomBytes = secrets.token_bytes
) -> Issued | None:
    """Exchange a refresh token for new tokens; None if it was spent before, which ends its sign-in.

    The caller commits in both cases, so that the end is kept.

    Raises:
        Unauthenticated: it is unknown, too old, or its sign-in has ended.
    """
    digest = tokens.digest(token) if tokens.is_of(tokens.REFRESH, token) else b""
    stolen = session.scalar(select(SignIn).where(SignIn.spent_refresh_hash == digest).with_for_update())
    if stolen is not None:
        if stolen.ended_at is None:
            stolen.ended_at = now
            _log.warning("sign_in.refresh_token_reused", user=stolen.user_id)
        return None
    row = session.scalar(select(SignIn).where(SignIn.refresh_hash == digest).with_for_update())
    if row is None or row.ended_at is not None or row.refresh_until <= now or not _is_enabled(session, row.user_id):
        raise signed_out()
    issued = _issue(random_bytes)
    row.spent_refresh_hash = row.refresh_hash
    _hand_out(row, issued, now)
    session.flush()
    return issued


def end(session: Session, sign_in_id: str, now: datetime, *, everywhere: bool = False) -> None:
    """Sign a person out, with `everywhere` from all their sign-ins."""
    row = session.get_one(SignIn, sign_in_id)
    ending = [row]
    if everywhere:
        found = select(SignIn).where(SignIn.user_id == row.user_id, SignIn.ended_at.is_(None))
        ending = list(session.scalars(found))
    for one in ending:
        one.ended_at = one.ended_at or now


def who(session: Session, token: str, now: datetime) -> SignedIn:
    """Return who presents an access token.

    Raises:
        Unauthenticated: it is unknown, too old, or its sign-in has ended.
    """
    digest = tokens.digest(token) if tokens.is_of(tokens.ACCESS, token) else b""
    found = session.execute(
        select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.access_hash == digest)
    ).one_or_none()
    if found is None:
        raise signed_out()
    row, user = found
    if row.ended_at is not None or row.access_until <= now or user.disabled_at is not None:
        raise signed_out()
    return SignedIn(row.id, UserId(user.id), user.is_operator)


def caller(session: Session, token: str, company_id: str, now: datetime) -> Caller | None:
    """Return a signed-in person as a caller of a company; None if they do not work there.

    Raises:
        Unauthenticated: as `who`.
    """
    signed_in = who(session, token, now)
    membership = session.get(Membership, (company_id, signed_in.user_id))
    if membership is None:
        return None
    company = session.get_one(Company, company_id)
    return Caller(
        CompanyId(company.id), company.environment, scopes_of(Role(membership.role)), user_id=signed_in.user_id
    )


def is_known(session: Session, user_id: str, address: str, now: datetime) -> bool:
    """Tell whether a person signed in from this address lately."""
    found = select(SignIn.id).where(
        SignIn.user_id == user_id, SignIn.address == address, SignIn.began_at > now - KNOWN_FOR
    )
    return session.scalar(found.limit(1)) is not None


def signed_out() -> Unauthenticated:
    """Return the one answer to every token that does not hold, whatever is wrong with it."""
    return Unauthenticated("This token does not hold, or no longer: sign in again.")


def _issue(random_bytes: RandomBytes) -> Issued:
    return Issued(
        tokens.new(tokens.ACCESS, random_bytes),
        tokens.new(tokens.REFRESH, random_bytes),
        int(ACCESS_LASTS.total_seconds()),
    )


def _hand_out(row: SignIn, issued: Issued, now: datetime) -> None:
    row.access_hash, row.access_until = tokens.digest(issued.access.reveal()), now + ACCESS_LASTS
    row.refresh_hash, row.refresh_until = tokens.digest(issued.refresh.reveal()), now + REFRESH_LASTS


def _is_enabled(session: Session, user_id: str) -> bool:
    return session.get_one(User, user_id).disabled_at is None
