"""One call without I/O: a request to bytes; the bytes received to the answer, or to the error that they mean."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from risiti.efris import clock, crypto
from risiti.efris.credentials import Credentials
from risiti.efris.envelope import (
    MAX_CONTENT_BYTES,
    MAX_ENVELOPE_BYTES,
    Envelope,
    EnvelopeError,
    GlobalInfo,
    empty,
    is_signed_by,
    open_content,
    seal,
    unpack_body,
)
from risiti.efris.errors import Fault, Malformed, NotReady, Refused, RefusedForGood, RefusedForNow, Unreadable
from risiti.efris.interface import Frozen, Interface
from risiti.efris.models.base import EfrisAnswer, EfrisRequest, read_answer
from risiti.efris.profiles import ONLINE, Profile
from risiti.efris.return_codes import HTTP_TOO_MANY_REQUESTS, SUCCESS, ReturnCode, Verdict, lookup
from risiti.efris.wirejson import JsonError, JsonValue, read_json

Req = TypeVar("Req", bound=EfrisRequest)
Res = TypeVar("Res", bound=EfrisAnswer)

_HTTP_OK = range(200, 300)
_HTTP_CLIENT_ERROR = range(400, 500)
_HTTP_TOO_MANY = 429
_MAX_MESSAGE = 500
_MAX_ROW = 30
"""Characters at the end of a message among which it names the row that it is about."""
_FOR_NOW = frozenset({Verdict.NOT_PROCESSED, Verdict.KEY_SUSPECT, Verdict.LANE})


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one call on the wire recognisable; made before the call, so that it can be recorded first.

    Attributes:
        exchange_id: `dataExchangeId`, 32 hexadecimal characters.
        request_time: By the authority's clock, aware, whole seconds.
    """

    exchange_id: str
    request_time: datetime


def prepare(
    interface: Interface[Req, Res],
    request: Frozen,
    *,
    credentials: Credentials,
    stamp: Stamp,
    session_key: bytes | None,
    profile: Profile = ONLINE,
) -> bytes:
    """Build the message to send.

    Args:
        interface: What is called.
        request: The content, from `Interface.freeze` or from where it was stored.
        credentials: Who calls.
        stamp: The call's identity and time.
        session_key: The AES key; used only where the content is encrypted.
        profile: What kind of service it goes to.

    Raises:
        Malformed: content where there must be none, or none where there must be.
        NotReady: there is content to encrypt but no session key, or nothing to sign with.
    """
    _check_presence(interface, request, stamp)
    encrypted = profile.secured and bool(request.content) and interface.encrypts_request
    if encrypted and session_key is None:
        raise NotReady("the session key has just been refused", interface=interface.code, exchange_id=stamp.exchange_id)
    info = GlobalInfo(
        interface_code=interface.code,
        data_exchange_id=stamp.exchange_id,
        request_time=clock.write_time(stamp.request_time),
        tin=credentials.tin,
        device_no=credentials.device_no,
        taxpayer_id=credentials.taxpayer_id,
        brn=credentials.brn,
    )
    if not request.content and not interface.signed_empty:
        return empty(info).to_bytes()
    sign = credentials.sign if profile.secured else None
    try:
        return seal(info, request.content, sign, session_key if encrypted else None).to_bytes()
    except NotReady as error:
        raise error.during(interface.code, stamp.exchange_id) from error.__cause__


def _check_presence(interface: Interface[Req, Res], request: Frozen, stamp: Stamp) -> None:
    if request.content and not interface.takes_content:
        problem = "takes no content"
    elif not request.content and interface.takes_content and not interface.content_optional:
        problem = "needs content"
    else:
        return
    raise Malformed((Fault("", "required", None, problem),), interface=interface.code, exchange_id=stamp.exchange_id)


@dataclass(frozen=True, slots=True)
class Reading:
    """How an answer is read.

    Attributes:
        exchange_id: The request's `dataExchangeId`, which the answer must repeat.
        session_key: The AES key, or None where none was agreed.
        max_answer_bytes: Most bytes of the message.
        max_content_bytes: Most bytes of its content after unpacking.
        authority_key: What the signature of every content must hold against; None does not look at signatures.
        other_keys: Tried after `session_key`: the key may have been renewed while the message was on its way.
    """

    exchange_id: str
    session_key: bytes | None
    max_answer_bytes: int = MAX_ENVELOPE_BYTES
    max_content_bytes: int = MAX_CONTENT_BYTES
    authority_key: crypto.PublicKey | None = None
    other_keys: tuple[bytes, ...] = ()


def read(interface: Interface[Req, Res], http_status: int, body: bytes, reading: Reading) -> Res:
    """Read an answer.

    Raises:
        Refused: the authority said no, with a listed code (RefusedForNow, RefusedForGood).
        Unreadable: the answer settles nothing; the authority may have acted.
    """

    def unreadable(
        detail: str, *, code: ReturnCode | None = None, message: str = "", accepted: bool = False
    ) -> Unreadable:
        return Unreadable(
            detail,
            interface=interface.code,
            exchange_id=reading.exchange_id,
            raw=body,
            http_status=http_status,
            return_code=code,
            return_message=message,
            accepted_opaque=accepted,
        )

    if http_status == _HTTP_TOO_MANY:
        raise refusal(HTTP_TOO_MANY_REQUESTS, "", None, interface.code, reading.exchange_id)
    if http_status not in _HTTP_OK and http_status not in _HTTP_CLIENT_ERROR:
        raise unreadable(f"the service answered with HTTP status {http_status}")
    envelope = _envelope(interface.code, body, reading, unreadable)
    code, message = envelope.return_code.strip(), shortened(envelope.return_message.strip())
    if not code:
        raise unreadable("the answer has no return code")
    row = lookup(code, interface.code)
    if code in interface.answer_codes and http_status in _HTTP_OK:
        try:
            return read_answer(interface.answer, _content(envelope, reading))
        except (EnvelopeError, crypto.DecryptionFailed, JsonError) as error:
            detail = f"the answer carries code {code}, but its content cannot be read: {error}"
        except ValidationError as error:
            detail = f"the answer carries code {code}, but {_what_is_missing(error)}"
        raise unreadable(detail, code=row, message=message, accepted=code == SUCCESS)
    if row.verdict in {Verdict.AMBIGUOUS, Verdict.DONE}:
        detail = f"code {code} (HTTP {http_status}) does not say whether the request was carried out: {row.meaning}"
        raise unreadable(detail, code=row, message=message)
    raise refusal(row, message, _content_if_readable(envelope, reading), interface.code, reading.exchange_id)


def _envelope(interface: str, body: bytes, reading: Reading, unreadable: Callable[[str], Unreadable]) -> Envelope:
    """Read the outer message and make sure that it answers this very call."""
    try:
        envelope = Envelope.from_bytes(unpack_body(body, reading.max_answer_bytes), limit=reading.max_answer_bytes)
    except EnvelopeError as error:
        raise unreadable(f"the answer is not an EFRIS message: {error}") from error
    if envelope.global_text("interfaceCode") != interface:
        raise unreadable("the answer is to another interface")
    if envelope.global_text("dataExchangeId") != reading.exchange_id:
        raise unreadable("the answer is to another request")
    if reading.authority_key is not None and envelope.content and not is_signed_by(reading.authority_key, envelope):
        raise unreadable("the answer's content does not carry the authority's signature")
    return envelope


def _content(envelope: Envelope, reading: Reading) -> JsonValue:
    try:
        return _opened(envelope, reading, reading.session_key)
    except (EnvelopeError, crypto.DecryptionFailed, JsonError):
        for key in reading.other_keys:
            with suppress(EnvelopeError, crypto.DecryptionFailed, JsonError):
                return _opened(envelope, reading, key)
        raise


def _opened(envelope: Envelope, reading: Reading, key: bytes | None) -> JsonValue:
    data = open_content(envelope, key, limit=reading.max_content_bytes)
    return read_json(data) if data.strip() else None


def _content_if_readable(envelope: Envelope, reading: Reading) -> JsonValue:
    try:
        return _content(envelope, reading)
    except (EnvelopeError, crypto.DecryptionFailed, JsonError):
        return None


def _what_is_missing(error: ValidationError) -> str:
    """Name the fields, never their values."""
    paths = sorted({".".join(str(step) for step in detail["loc"]) for detail in error.errors(include_input=False)})
    return f"these fields are missing or have the wrong shape: {', '.join(paths[:5]) or 'the whole content'}"


def shortened(message: str) -> str:
    """Cut a message; the row that it names at its end is kept."""
    if len(message) <= _MAX_MESSAGE:
        return message
    row = message[-_MAX_ROW:]
    at = row.find("Collection index:")
    return message[:_MAX_MESSAGE] if at < 0 else f"{message[: _MAX_MESSAGE - _MAX_ROW]}... {row[at:]}"


def refusal(row: ReturnCode, message: str, content: JsonValue, interface: str, exchange_id: str) -> Refused:
    """Make the error for a return code that says no."""
    kind: type[Refused] = RefusedForNow if row.verdict in _FOR_NOW else RefusedForGood
    return kind(row, return_message=message, content=content, interface=interface, exchange_id=exchange_id)
