"""NotSent, NoAnswer, Refused: every failure says whether the authority may have acted."""

import re
from dataclasses import dataclass
from typing import Self

from risiti.efris.return_codes import ReturnCode, Verdict
from risiti.efris.wirejson import JsonValue

_ROW = re.compile(r"Collection index:\s*([0-9]{1,6})\s*$", re.ASCII)

MAX_RAW_BYTES = 64 * 1024
"""Most bytes of an unsettled answer that an error keeps for the archive."""


class EfrisError(Exception):
    """A call that did not give its answer.

    Attributes:
        interface: Code of the interface that was called, "" if none was reached.
        exchange_id: The call's `dataExchangeId`, "" if it had none yet.
        detail: One clear sentence without secrets and without content.
    """

    def __init__(self, detail: str, *, interface: str = "", exchange_id: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.interface = interface
        self.exchange_id = exchange_id

    def during(self, interface: str, exchange_id: str) -> Self:
        """Say which call it was, unless that is known already; for transports, which do not know."""
        self.interface = self.interface or interface
        self.exchange_id = self.exchange_id or exchange_id
        return self

    def __str__(self) -> str:
        return f"{self.interface}: {self.detail}" if self.interface else self.detail


class NotSent(EfrisError):
    """Nothing of this request left this machine; it may be tried again."""


class Unreachable(NotSent):
    """No connection: refused, name not found, TLS, or the transport's own gate is closed."""


class NotReady(NotSent):
    """No session key, no trustworthy time, or nothing to sign with, so nothing could be sent.

    Attributes:
        refusal: The authority's refusal of the key or the time, if that was the reason. Its verdict LANE means that
            the device or company is blocked.
    """

    def __init__(
        self, detail: str, *, interface: str = "", exchange_id: str = "", refusal: "Refused | None" = None
    ) -> None:
        super().__init__(detail, interface=interface, exchange_id=exchange_id)
        self.refusal = refusal


class HeldBack(NotSent):
    """The caller's own governor did not let the message leave: too many, too soon, or the service is known to be away.

    Attributes:
        retry_after: Seconds after which it is worth trying again.
    """

    def __init__(self, detail: str, *, interface: str = "", exchange_id: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, interface=interface, exchange_id=exchange_id)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fault:
    """One field of a request that breaks the wire's rules.

    Attributes:
        path: Dotted wire path with list positions from 0, e.g. `goodsDetails[2].item`.
        rule: Kind of check, in the words of the return-code catalogue: `required`, `max_length`, `max_digits`, ...
        code: Return code the authority would answer, or None where none is listed.
        message: What is wrong and what is allowed, as one sentence.
    """

    path: str
    rule: str
    code: str | None
    message: str


class Malformed(NotSent):
    """The request breaks the wire's own rules (lengths, digits, required fields) and will never succeed as it is.

    Attributes:
        faults: All of them, not only the first.
    """

    def __init__(self, faults: tuple[Fault, ...], *, interface: str = "", exchange_id: str = "") -> None:
        listed = "; ".join(f"{fault.path}: {fault.message}" for fault in faults[:3])
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""  # noqa: PLR2004 - the three listed
        super().__init__(listed + more, interface=interface, exchange_id=exchange_id)
        self.faults = faults


class NoAnswer(EfrisError):
    """The request may have reached the authority and may have been carried out: ask, never resend blindly.

    Attributes:
        raw: The answer's first `MAX_RAW_BYTES` bytes as received, still encrypted; b"" if nothing came.
        http_status: HTTP status of the answer, or None if none came.
    """

    def __init__(
        self,
        detail: str,
        *,
        interface: str = "",
        exchange_id: str = "",
        raw: bytes = b"",
        http_status: int | None = None,
    ) -> None:
        super().__init__(detail, interface=interface, exchange_id=exchange_id)
        self.raw = raw[:MAX_RAW_BYTES]
        self.http_status = http_status


class TimedOut(NoAnswer):
    """The time ran out after the request had begun to leave."""


class Interrupted(NoAnswer):
    """The connection was lost while the request or the answer was on its way."""


class Unreadable(NoAnswer):
    """An answer came that settles nothing: not an envelope, not ours, an HTTP error, or a code that may mean anything.

    Attributes:
        return_code: The catalogue's row if the answer carried a code, else None.
        return_message: The server's text beside the code, shortened; for people, never to be matched on.
        accepted_opaque: The authority said "00" but what it said cannot be read: the document was accepted.
    """

    def __init__(
        self,
        detail: str,
        *,
        interface: str = "",
        exchange_id: str = "",
        raw: bytes = b"",
        http_status: int | None = None,
        return_code: ReturnCode | None = None,
        return_message: str = "",
        accepted_opaque: bool = False,
    ) -> None:
        super().__init__(detail, interface=interface, exchange_id=exchange_id, raw=raw, http_status=http_status)
        self.return_code = return_code
        self.return_message = return_message
        self.accepted_opaque = accepted_opaque


class Refused(EfrisError):
    """The authority said no; nothing was stored by this request.

    Attributes:
        return_code: The catalogue's row.
        return_message: The server's text, shortened; for people, never to be matched on.
        content: The decoded content of the refusal, if it had one (2253 lists the existing document in it).
    """

    def __init__(
        self,
        return_code: ReturnCode,
        *,
        return_message: str = "",
        content: JsonValue = None,
        interface: str = "",
        exchange_id: str = "",
    ) -> None:
        super().__init__(
            f"refused with code {return_code.code}: {return_code.meaning}",
            interface=interface,
            exchange_id=exchange_id,
        )
        self.return_code = return_code
        self.return_message = return_message
        self.content = content

    @property
    def code(self) -> str:
        """The return code."""
        return self.return_code.code

    @property
    def field(self) -> str | None:
        """Dotted wire path the refusal speaks about, without list positions, or None."""
        return self.return_code.field

    @property
    def row(self) -> int | None:
        """Which row of the list it speaks about, from 0; None if the server named none."""
        named = _ROW.search(self.return_message)
        return int(named[1]) if named else None

    @property
    def verdict(self) -> Verdict:
        """What the code says about the request."""
        return self.return_code.verdict


class RefusedForNow(Refused):
    """Turned away for a reason that passes: session key, clock, device or company state, load."""


class RefusedForGood(Refused):
    """The document breaks a rule, is dated too far back, or is already there; sending it again changes nothing."""
