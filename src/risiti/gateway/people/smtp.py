"""Hands letters to a mail server, over TLS; what comes of it is sent, refused for good, or not sent this time."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib

from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.people.letters import Letter

SECONDS: Final = 30.0
"""Longest time for one exchange with the mail server."""
_PERMANENT: Final = range(500, 600)


class Security(StrEnum):
    """How the way to the mail server is kept from others."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class RefusedForGood(Exception):
    """The mail server takes no letter to this address, now or later."""


class NotSent(Exception):
    """The letter was not taken this time. The text names only the kind of failure: a server's words may say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed in."""

    host: str
    port: int
    security: Security
    sender: str
    public_url: str
    """Of this gateway: where links lead, and the name by which it greets the mail server."""
    user: str | None = None
    password: Secret | None = None
    tls: ssl.SSLContext | None = None
    """None: what the system trusts."""


Post = Callable[[Letter, str, datetime], Awaitable[None]]
"""Sends a letter under an id and a date."""


def posting(server: MailServer) -> Post:
    """Return what hands letters to a mail server."""

    async def post(letter: Letter, letter_id: str, at: datetime) -> None:
        try:
            message = _message(server, letter, letter_id, at)
        except (ValueError, MessageError):
            raise RefusedForGood("this is no address that mail can be sent to") from None
        try:
            await aiosmtplib.send(
                message,
                sender=server.sender,
                recipients=[letter.to],
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=None if server.password is None else server.password.reveal(),
                use_tls=server.security is Security.TLS,
                start_tls=server.security is Security.STARTTLS,
                tls_context=server.tls,
                local_hostname=_own_host(server),
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            codes = [one.code for one in refusal.recipients]
            if all(code in _PERMANENT for code in codes):
                raise RefusedForGood(f"the mail server refuses the address ({codes[0]})") from None
            raise NotSent(f"the mail server does not take the address now ({codes[0]})") from None
        except aiosmtplib.SMTPResponseException as refusal:
            raise NotSent(f"the mail server answers {refusal.code}") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(f"the mail server cannot be used ({type(error).__name__})") from None

    return post


def _message(server: MailServer, letter: Letter, letter_id: str, at: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name="Risiti", addr_spec=server.sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter_id}@{_own_host(server)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _own_host(server: MailServer) -> str:
    return urlsplit(server.public_url).hostname or "localhost"
