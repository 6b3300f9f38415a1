"""Letters to people: what each says, as plain text; the links in it come from configuration only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.tenancy.user_tables import Purpose

_SUBJECTS: Final = {
    Purpose.SET_PASSWORD: "Choose a password for Risiti",
    Purpose.RESET_PASSWORD: "Choose a new password for Risiti",
    Purpose.VERIFY_EMAIL: "Confirm your e-mail address for Risiti",
}
_REASONS: Final = {
    Purpose.SET_PASSWORD: "You were added as a user of Risiti. Choose a password here:",
    Purpose.RESET_PASSWORD: "Somebody, you we hope, asked for a new password for this address. Choose it here:",
    Purpose.VERIFY_EMAIL: "Confirm here that mail to this address reaches you:",
}
_IF_NOT_YOU: Final = {
    Purpose.SET_PASSWORD: "If you do not know why you get this, leave it: nothing happens.",
    Purpose.RESET_PASSWORD: "If it was not you, leave it: your password stays as it is.",
    Purpose.VERIFY_EMAIL: "If you do not know why you get this, leave it: nothing happens.",
}
_CHANGED_SUBJECT: Final = "Your password for Risiti was changed"
_CHANGED: Final = """Hello {name},

the password of this address was changed on {at:%Y-%m-%d at %H:%M} UTC, and all sign-ins were ended.

If it was not you, ask for a new password at once, and tell those who run this gateway:
{public_url}
"""
_ADDED_SUBJECT: Final = "You have another role in Risiti"
_ADDED: Final = """Hello {name},

{where} has made you {role} there. Sign in as always:
{public_url}

If you do not know why, ask them to take you out again: you need not do anything for them.
"""
_WITH_LINK: Final = """Hello {name},

{reason}

{link}

The link is good for one use, until {until:%Y-%m-%d %H:%M} UTC. A later letter replaces it.
{if_not_you}
"""


class Page(StrEnum):
    """The pages that links open."""

    PASSWORD = "/account/password"  # noqa: S105 - a path
    EMAIL = "/account/email"


_PAGES: Final = {
    Purpose.SET_PASSWORD: Page.PASSWORD,
    Purpose.RESET_PASSWORD: Page.PASSWORD,
    Purpose.VERIFY_EMAIL: Page.EMAIL,
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person."""

    to: str
    subject: str
    text: str = field(repr=False)
    """It may hold a token, so it shows itself nowhere."""


def link(public_url: str, purpose: Purpose, token: Secret) -> str:
    """Return the address that a person opens; the token stands behind `#`, which browsers send to nobody."""
    return f"{public_url}{_PAGES[purpose]}#{token.reveal()}"


def with_link(to: str, name: str, purpose: Purpose, address: str, until: datetime) -> Letter:
    """Return the letter that brings a link."""
    text = _WITH_LINK.format(
        name=name, reason=_REASONS[purpose], link=address, until=until, if_not_you=_IF_NOT_YOU[purpose]
    )
    return Letter(to, _SUBJECTS[purpose], text)


def password_changed(to: str, name: str, public_url: str, at: datetime) -> Letter:
    """Return the letter that tells of a new password, so that nobody else can choose one unnoticed."""
    return Letter(to, _CHANGED_SUBJECT, _CHANGED.format(name=name, public_url=public_url, at=at))


def role_given(to: str, name: str, public_url: str, where: str, role: str) -> Letter:
    """Return the letter that tells a person of a role in a company or firm."""
    article = "an" if role[:1] in "aeiou" else "a"
    text = _ADDED.format(name=name, public_url=public_url, where=where, role=f"{article} {role}")
    return Letter(to, _ADDED_SUBJECT, text)
