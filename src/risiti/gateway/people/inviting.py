"""Tell a person that they may work somewhere: with a link to choose a password if they have none yet."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from risiti.gateway.kernel.ids import Ids
from risiti.gateway.people import mailing
from risiti.gateway.people.mailing import Mailing
from risiti.gateway.tenancy.user_tables import Purpose, User


class Told(StrEnum):
    """How the person learns of it."""

    MAILED = "mailed"
    """A letter is on its way, with a link to choose a password for who has none yet."""
    BY_OPERATOR = "by_operator"
    """This gateway sends no mail: those who run it hand the link out (`risiti user invite EMAIL`)."""
    BY_YOU = "by_you"
    """This gateway sends no mail, and the person has a password already: tell them."""


def tell(session: Session, ids: Ids, now: datetime, post: Mailing | None, user: User, *, where: str, role: str) -> Told:
    """Have a person told of their role in a company or firm (`where`, by its name)."""
    is_new = user.password_hash is None
    if post is None:
        return Told.BY_OPERATOR if is_new else Told.BY_YOU
    if is_new:
        mailing.send_link(session, ids, now, user.email, Purpose.SET_PASSWORD)
    else:
        mailing.tell_of_role(session, ids, now, user, where=where, role=role)
    return Told.MAILED
