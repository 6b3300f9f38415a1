"""The two steps of signing in: the password, then the second factor of whoever has one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from risiti.gateway.kernel.errors import NotFound
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import Secret, Vault
from risiti.gateway.tenancy import second_factors, sign_ins, users
from risiti.gateway.tenancy.sign_ins import InBrowser, Issued, Origin
from risiti.gateway.tenancy.user_tables import Purpose, User

_SECOND_STEP: Final = frozenset({Purpose.SECOND_STEP})


@dataclass(frozen=True, slots=True)
class NextStep:
    """The password was right; this token and a code of the second factor are the rest."""

    token: Secret
    seconds: int


def first_step(
    session: Session, ids: Ids, user: User, *, origin: Origin, now: datetime, in_browser: bool
) -> Issued | InBrowser | NextStep:
    """Sign a person in whose password was right, or ask for their second factor."""
    if second_factors.is_on(session, user.id):
        token, _ = users.one_time(session, user, Purpose.SECOND_STEP, now)
        return NextStep(token, int(users.SECOND_STEP_WITHIN.total_seconds()))
    return _begin(session, ids, user, origin, now, in_browser=in_browser)


def second_step(
    session: Session,
    ids: Ids,
    vault: Vault,
    *,
    token: str,
    code: str,
    origin: Origin,
    now: datetime,
    in_browser: bool,
) -> Issued | InBrowser | None:
    """Sign a person in who shows the second factor; None if the code was wrong.

    The caller commits in both cases, so that wrong codes are counted.

    Raises:
        Unauthenticated: the token of the first step does not hold.
        TooMany: too many wrong codes lately.
    """
    user = users.holder(session, token, _SECOND_STEP, now)
    try:
        is_right = second_factors.check(session, vault, user.id, code, now)
    except NotFound:  # it was removed between the steps
        raise sign_ins.signed_out() from None
    if user.disabled_at is not None:
        raise sign_ins.signed_out()
    if not is_right:
        return None
    users.use(session, token, _SECOND_STEP, now)
    return _begin(session, ids, user, origin, now, in_browser=in_browser, second_factor=True)


def _begin(
    session: Session,
    ids: Ids,
    user: User,
    origin: Origin,
    now: datetime,
    *,
    in_browser: bool,
    second_factor: bool = False,
) -> Issued | InBrowser:
    if in_browser:
        return sign_ins.begin_in_browser(session, ids, user, origin=origin, now=now, second_factor=second_factor)
    return sign_ins.begin(session, ids, user, origin=origin, now=now, second_factor=second_factor)
