"""What can go wrong between a caller and the gateway, each with the HTTP answer it becomes.

    GatewayError
    |- BadRequest             400  the message cannot be read
    |- Unauthenticated        401  no key, or one that does not hold
    |- Forbidden              403  a key that may not do this
    |- NotFound               404  no such thing (also: another company's)
    |- Conflict               409  the thing is there already, or in a state that forbids it
    |- TooLarge               413
    |- UnsupportedMediaType   415
    |- Invalid                422  readable, but does not add up: every fault is listed
    |- TooMany                429
    `- Unavailable            503  try again later

A refusal by the authority is none of these: the request was accepted, the document ended `refused`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class Effect(StrEnum):
    """Whether the request can have had an effect at the authority; said in every error."""

    NONE = "none"
    """Nothing was sent: correct the request and send it again."""
    REFUSED = "refused"
    """The authority refused the document."""
    UNKNOWN = "unknown"
    """In doubt and being settled: do not send it again under another reference."""


class PatchOp(StrEnum):
    """What one step of a repair does (RFC 6902)."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Patch:
    """One step of a repair: an operation of a JSON Patch (RFC 6902) on the caller's own document."""

    op: PatchOp
    path: str
    value: str | int | None = None
    """Of `add` and `replace`."""
    source: str = ""
    """Of `move`: where the value is taken from (`from`)."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the caller's document.

    `path` is a JSON pointer (RFC 6901) into the caller's own document, `code` is stable and for programs,
    `message` is one plain sentence, `fix` a suggested value or action (empty when there is none to give).
    """

    path: str
    code: str
    message: str
    fix: str = ""
    authority_code: str = ""
    """The return code with which the authority would have refused it; empty where it has none for this."""
    suggestion: str | int | None = None
    """The value to send instead, where there is one to suggest; the repair, if there is one, puts it there."""
    repair: tuple[Patch, ...] = ()
    """What mends it and can change neither what is owed nor who the parties are; empty: a person has to decide."""


@dataclass(eq=False)
class GatewayError(Exception):
    """Base of all: becomes an RFC 9457 problem answer at the door."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    default_code: ClassVar[str] = "internal_error"

    detail: str
    code: str = ""
    errors: Sequence[FieldError] = ()
    effect: Effect = Effect.NONE
    retry_after: int | None = None
    """Seconds until it is worth trying again."""
    about: dict[str, str] = field(default_factory=dict)
    """Further members of the problem answer, such as the id of the document that stands in the way."""

    def __post_init__(self) -> None:
        self.code = self.code or self.default_code
        super().__init__(self.detail)

    def __str__(self) -> str:
        faults = "; ".join(f"{fault.path}: {fault.message}" for fault in self.errors)
        return f"{self.detail} ({faults})" if faults else self.detail


class BadRequest(GatewayError):
    """The message cannot be read."""

    status = 400
    title = "The request cannot be read"
    default_code = "bad_request"


class Unauthenticated(GatewayError):
    """No API key, or one that does not hold; the answer does not say which."""

    status = 401
    title = "Who are you?"
    default_code = "unauthenticated"


class Forbidden(GatewayError):
    """A valid key without the scope for this."""

    status = 403
    title = "This key may not do that"
    default_code = "forbidden"


class NotFound(GatewayError):
    """No such thing, or it belongs to another company: the caller cannot tell the two apart."""

    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(GatewayError):
    """The thing is there already, or is in a state that forbids this."""

    status = 409
    title = "In conflict with what is there"
    default_code = "conflict"


class TooLarge(GatewayError):
    """The body is larger than the limit."""

    status = 413
    title = "Too large"
    default_code = "too_large"


class UnsupportedMediaType(GatewayError):
    """Not a body we can read."""

    status = 415
    title = "Unsupported content"
    default_code = "unsupported_media_type"


class Invalid(GatewayError):
    """Readable, but does not add up; `errors` lists every fault."""

    status = 422
    title = "The document has faults"
    default_code = "invalid"


class TooMany(GatewayError):
    """The caller exceeded its own limit."""

    status = 429
    title = "Too many requests"
    default_code = "too_many"


class Unavailable(GatewayError):
    """We are short of something; the same request may succeed later."""

    status = 503
    title = "Not available now"
    default_code = "unavailable"
