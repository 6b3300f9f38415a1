"""Mail to people: a task, enqueued in the transaction that causes it, makes the token, writes the letter and sends it.

The task holds no token: it is made when the letter is written, and kept as a hash. A letter that is written again
brings a new one, and the one before no longer holds. Who asks for a new password names an address: the task looks
whether there is such a person, so that the request does the same in both cases.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database
from risiti.gateway.jobs import queue
from risiti.gateway.jobs.queue import Done, Job, NewTask, Result
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.errors import Conflict
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.people import letters
from risiti.gateway.people.letters import Letter
from risiti.gateway.people.smtp import NotSent, Post, RefusedForGood
from risiti.gateway.tenancy import users
from risiti.gateway.tenancy.user_tables import Purpose, User

SEND: Final = "mail.send"
MOST_ATTEMPTS: Final = 10
"""Tries of one letter, with growing pauses: about an hour and a half at most; then an operator has to look."""
_CHANGED: Final = "password_changed"
_ROLE_GIVEN: Final = "role_given"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Mailing:
    """How this gateway writes to people."""

    post: Post
    public_url: str


def required(mailing: Mailing | None) -> Mailing:
    """Return how mail is sent.

    Raises:
        Conflict: this gateway sends none (`no_mail`).
    """
    if mailing is None:
        message = "This gateway sends no mail; those who run it hand out links: `risiti user reset-password EMAIL`."
        raise Conflict(message, code="no_mail")
    return mailing


def send_link(session: Session, ids: Ids, now: datetime, email: str, purpose: Purpose) -> str:
    """Have a link sent to an address, if a person has it who may sign in; return the task's id."""
    return _enqueue(session, ids, now, email, purpose)


def tell_of_change(session: Session, ids: Ids, now: datetime, user: User) -> None:
    """Tell a person that their password was changed; and have the address confirmed, if it is not yet."""
    _enqueue(session, ids, now, user.email, _CHANGED)
    if user.email_verified_at is None:
        _enqueue(session, ids, now, user.email, Purpose.VERIFY_EMAIL)


def tell_of_role(session: Session, ids: Ids, now: datetime, user: User, *, where: str, role: str) -> None:
    """Tell a person that they may work in a company or firm (by its name), and in which role."""
    _enqueue(session, ids, now, user.email, _ROLE_GIVEN, where=where, role=role)


def sending(database: Database, clock: Clock, mailing: Mailing | None) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that writes and sends a letter."""

    async def send(job: Job) -> Result:
        if mailing is None:
            raise NotSent("no mail server is set: SMTP_HOST")
        now = clock.now()
        letter = await database.write(partial(write, now=now, job=job, public_url=mailing.public_url))
        if letter is None:
            return Done()
        try:
            await mailing.post(letter, f"{job.id}.{job.attempt}", now)
        except RefusedForGood as refusal:
            _log.warning("mail.refused", task=job.id, reason=str(refusal))
        else:
            _log.info("mail.sent", task=job.id, about=str(job.payload["about"]))
        return Done()

    return send


def write(session: Session, now: datetime, job: Job, public_url: str) -> Letter | None:
    """Write the letter of a task, with a new token if it brings a link; None if nobody is to get it."""
    user, about = users.find(session, str(job.payload["email"])), str(job.payload["about"])
    if user is None or user.disabled_at is not None:
        return None
    if about == _CHANGED:
        at = datetime.fromisoformat(str(job.payload["at"]))
        return letters.password_changed(user.email, user.name, public_url, at)
    if about == _ROLE_GIVEN:
        where, role = str(job.payload["where"]), str(job.payload["role"])
        return letters.role_given(user.email, user.name, public_url, where, role)
    purpose = Purpose(about)
    if purpose is Purpose.VERIFY_EMAIL and user.email_verified_at is not None:
        return None
    token, until = users.one_time(session, user, purpose, now)
    return letters.with_link(user.email, user.name, purpose, letters.link(public_url, purpose, token), until)


def _enqueue(session: Session, ids: Ids, now: datetime, email: str, about: str, **words: str) -> str:
    payload = {"email": users.canonical(email), "about": str(about), "at": now.isoformat(), **words}
    return queue.enqueue(session, ids, now, NewTask(SEND, payload, most_attempts=MOST_ATTEMPTS))
