"""A real mail server on 127.0.0.1 that keeps what it gets, and says no when it is told to."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from random import Random
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from risiti.gateway.jobs.runner import Runner
from risiti.gateway.people.mailing import SEND
from risiti.gateway.runtime import Runtime

TOKEN = re.compile(r"#(rot_[A-Za-z0-9_-]{43})\s")


@dataclass
class MailBox:
    """What arrived, and what the server says next."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    """What the next recipients are told instead of 250."""
    data_answers: list[str] = field(default_factory=list)
    """The same for the next letters, which are lost."""
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and arguments
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802 - as above
        del server, session
        if self.data_answers:
            return self.data_answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = BytesParser(EmailMessage, policy=default).parsebytes(content)
        self.letters.append(letter)
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(self, server: object, session: object, envelope: object, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401 - as above
        del server, session, envelope, mechanism
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    def token(self, number: int = -1) -> str:
        """Return the token of a letter's link."""
        found = TOKEN.search(self.letters[number].get_content())
        assert found is not None
        return found[1]


@asynccontextmanager
async def mailbox(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, wants_user: bool = False
) -> AsyncIterator[MailBox]:
    """Serve a mail box: plain, with STARTTLS, or over TLS from the start."""
    box = MailBox()

    def protocol() -> SMTP:
        return SMTP(
            box,
            hostname="mail.invalid",
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=box.authenticate if wants_user else None,
            auth_required=wants_user and not implicit,
            auth_require_tls=not implicit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


def settings_of(box: MailBox) -> dict[str, Any]:
    """Return the settings of a gateway that sends its mail there."""
    return {
        "public_url": "https://risiti.invalid",
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_security": "none",
        "smtp_from": "risiti@shop.invalid",
    }


async def send_mail(runtime: Runtime) -> None:
    """Do the tasks of mail that are due, and no others."""
    runner = Runner(
        runtime.database,
        {SEND: runtime.handlers[SEND]},
        clock=runtime.clock,
        random=Random(3),  # noqa: S311 - repeatable on purpose
        timing=runtime.task_timing,
        concurrency=1,
    )
    while await runner.turn():
        await runner.idle()
