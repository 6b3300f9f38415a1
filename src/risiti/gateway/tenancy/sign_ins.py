"""Sign-ins: tokens for a password, new tokens for a refresh token, and the end of it; all of it revocable at once.

A refresh token is good for one use. One that comes a second time was stolen from its owner, or its owner from the
thief: we cannot tell, so the whole sign-in ends.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import Forbidden, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import CompanyId, Ids, UserId
from risiti.gateway.kernel.secrets import RandomBytes, Secret
from risiti.gateway.tenancy import delegations, tokens, users
from risiti.gateway.tenancy.access import Caller, Role, scopes_of
from risiti.gateway.tenancy.tables import Company
from risiti.gateway.tenancy.user_tables import SignIn, User

ACCESS_LASTS: Final = timedelta(minutes=15)
REFRESH_LASTS: Final = timedelta(days=30)
MAX_SIGN_INS: Final = 50
"""Sign-ins of one person at a time; the oldest end when there are more."""
KNOWN_FOR: Final = timedelta(days=90)
"""How long an address from which a person signed in counts as theirs."""
IDLE_FOR: Final = timedelta(minutes=30)
"""A browser's sign-in that is not used for so long ends."""
BROWSER_LASTS: Final = timedelta(hours=12)
"""A browser's sign-in ends then, however much it is used."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the use of a browser's sign-in is noted."""
MAX_AGENT: Final = 200

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
    second_factor: bool
    """It was shown when signing in."""
    is_worth_noting: bool
    """The use of a browser's sign-in was not noted lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """A sign-in, as the person sees it who looks through theirs."""

    id: str
    is_this: bool
    """The one with which the question was asked."""
    in_browser: bool
    second_factor: bool
    address: str
    agent: str
    began_at: datetime
    seen_at: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody signs in."""

    address: str
    """As requests are counted: in IPv6 the /64."""
    agent: str = ""
    browser: str = ""
    """The token by which a browser is known again, if it showed one."""


@dataclass(frozen=True, slots=True)
class InBrowser:
    """A browser is signed in."""

    token: Secret
    """Of this sign-in."""
    browser: Secret
    """By which the browser is known again at the next one."""


def begin(
    session: Session,
    ids: Ids,
    user: User,
    *,
    origin: Origin,
    now: datetime,
    second_factor: bool = False,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Issued:
    """Sign a person in who has shown who they are: a program, which keeps two tokens."""
    issued = _issue(random_bytes)
    row = _new(ids, user, origin, now, second_factor=second_factor)
    _hand_out(row, issued, now)
    _keep(session, row, now)
    return issued


def begin_in_browser(
    session: Session,
    ids: Ids,
    user: User,
    *,
    origin: Origin,
    now: datetime,
    second_factor: bool = False,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> InBrowser:
    """Sign a person in who has shown who they are: a browser, which keeps one token in a cookie."""
    token, browser = tokens.new(tokens.COOKIE, random_bytes), tokens.new(tokens.BROWSER, random_bytes)
    row = _new(ids, user, origin, now, second_factor=second_factor)
    row.access_hash, row.access_until = tokens.digest(token.reveal()), now + IDLE_FOR
    row.refresh_until = now + BROWSER_LASTS
    row.browser_hash = tokens.digest(browser.reveal())
    _keep(session, row, now)
    return InBrowser(token, browser)


def note_place(session: Session, ids: Ids, user_id: str, origin: Origin, now: datetime) -> None:
    """Note that a person was at this address without signing in there: they came by a link that was sent to them."""
    row = SignIn(
        id=ids.sign_in(),
        user_id=user_id,
        address=origin.address,
        access_hash=tokens.digest(tokens.new(tokens.ACCESS).reveal()),
        access_until=now,
        refresh_until=now,
        began_at=now,
        ended_at=now,
    )
    session.add(row)
    session.flush()


def _new(ids: Ids, user: User, origin: Origin, now: datetime, *, second_factor: bool) -> SignIn:
    return SignIn(
        id=ids.sign_in(),
        user_id=user.id,
        address=origin.address,
        agent="".join(letter for letter in origin.agent if letter.isprintable())[:MAX_AGENT],
        second_factor=second_factor,
        began_at=now,
        seen_at=now,
    )


def _keep(session: Session, row: SignIn, now: datetime) -> None:
    session.add(row)
    session.flush()
    open_ones = session.scalars(
        select(SignIn)
        .where(SignIn.user_id == row.user_id, SignIn.ended_at.is_(None))
        .order_by(SignIn.began_at.desc(), SignIn.id)
        .offset(MAX_SIGN_INS)
    )
    for old in open_ones:
        old.ended_at = now
    session.flush()


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
    row.seen_at = now
    _hand_out(row, issued, now)
    session.flush()
    return issued


def end(session: Session, sign_in_id: str, now: datetime) -> None:
    """Sign a person out."""
    row = session.get_one(SignIn, sign_in_id)
    row.ended_at = row.ended_at or now


def who(session: Session, token: str, now: datetime) -> SignedIn:
    """Return who presents an access token, or a browser's.

    Raises:
        Unauthenticated: it is unknown, too old, or its sign-in has ended.
    """
    in_browser = tokens.is_of(tokens.COOKIE, token)
    digest = tokens.digest(token) if in_browser or tokens.is_of(tokens.ACCESS, token) else b""
    found = session.execute(
        select(SignIn, User).join(User, User.id == SignIn.user_id).where(SignIn.access_hash == digest)
    ).one_or_none()
    if found is None:
        raise signed_out()
    row, user = found
    if row.ended_at is not None or row.access_until <= now or user.disabled_at is not None:
        raise signed_out()
    is_worth_noting = in_browser and (row.seen_at is None or now - row.seen_at >= SEEN_EVERY)
    return SignedIn(row.id, UserId(user.id), user.is_operator, row.second_factor, is_worth_noting)


def note_use(session: Session, sign_in_id: str, now: datetime) -> None:
    """Note that a browser's sign-in was used, which puts off its end."""
    row = session.get_one(SignIn, sign_in_id, with_for_update=True)
    row.seen_at = now
    row.access_until = min(now + IDLE_FOR, row.refresh_until)


def as_caller(session: Session, signed_in: SignedIn, company_id: str, *, second_factor_required: bool) -> Caller | None:
    """Return a signed-in person as a caller of a company, as its member or by its firm; None if they are neither.

    Raises:
        Forbidden: an owner, of the company or of its firm, has to show a second factor, and has not.
    """
    company = session.get(Company, company_id)
    standing = None if company is None else delegations.standing(session, company, signed_in.user_id)
    if company is None or standing is None:
        return None
    if second_factor_required and (standing.role is Role.OWNER or standing.owns_firm):
        require_second_factor(signed_in)
    return Caller(
        CompanyId(company.id),
        company.environment,
        scopes_of(standing.role),
        user_id=signed_in.user_id,
        role=standing.role,
        via_firm=standing.via_firm,
    )


def require_second_factor(signed_in: SignedIn) -> None:
    """Let pass who has shown a second factor when signing in.

    Raises:
        Forbidden: they have not.
    """
    if not signed_in.second_factor:
        message = "Owners and operators sign in with a second factor here: POST /api/auth/second-factor begins one."
        raise Forbidden(message, code="second_factor_required")


def of_user(session: Session, user_id: str, now: datetime, *, present: str | None = None) -> list[SignInView]:
    """List a person's sign-ins that hold, newest first; `present` is the one that asks."""
    found = session.scalars(
        select(SignIn)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.refresh_until > now)
        .order_by(SignIn.began_at.desc(), SignIn.id)
        .limit(MAX_SIGN_INS)
    )
    return [_view(row, present) for row in found if row.refresh_hash is not None or row.access_until > now]


def end_one(session: Session, user_id: str, sign_in_id: str, now: datetime) -> None:
    """End one of a person's sign-ins.

    Raises:
        NotFound: they have none with this id.
    """
    row = session.get(SignIn, sign_in_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such sign-in.", code="sign_in_not_found")
    row.ended_at = row.ended_at or now


def end_all(session: Session, user_id: str, now: datetime, *, but: str | None = None) -> int:
    """End a person's sign-ins, all `but` one; return how many."""
    found = select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.id != (but or ""))
    ending = list(session.scalars(found))
    for row in ending:
        row.ended_at = now
    return len(ending)


def has_shown_second_factor(session: Session, sign_in_id: str) -> None:
    """Note that a second factor was shown in a sign-in that began without one."""
    session.get_one(SignIn, sign_in_id).second_factor = True


def known_at(session: Session, email: str, origin: Origin, now: datetime) -> tuple[User | None, bool]:
    """Return the person with this e-mail address, and whether they signed in lately from this address or browser.

    The same is looked up whether there is such a person or not.
    """
    user = users.find(session, email)
    known_browser = tokens.digest(origin.browser) if tokens.is_of(tokens.BROWSER, origin.browser) else b""
    found = select(SignIn.id).where(
        SignIn.user_id == ("" if user is None else user.id),
        or_(SignIn.address == origin.address, SignIn.browser_hash == known_browser),
        SignIn.began_at > now - KNOWN_FOR,
    )
    return user, session.scalar(found.limit(1)) is not None


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


def _view(row: SignIn, present: str | None) -> SignInView:
    return SignInView(
        id=row.id,
        is_this=row.id == present,
        in_browser=row.refresh_hash is None,
        second_factor=row.second_factor,
        address=row.address,
        agent=row.agent,
        began_at=row.began_at,
        seen_at=row.seen_at,
        until=row.access_until if row.refresh_hash is None else row.refresh_until,
    )
