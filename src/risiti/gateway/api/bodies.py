"""Reads JSON bodies: the content type, the bytes, and for the small ones the model."""

from email.message import Message
from tempfile import SpooledTemporaryFile
from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from risiti.gateway.fiscal import faults, strict_json
from risiti.gateway.kernel.errors import FieldError, Invalid, TooLarge, UnsupportedMediaType

JSON: Final = "application/json"
MAX_JSON_BYTES: Final = 2_097_152
"""Length of one JSON body, inflated: several times what a document of the most lines takes."""
KEPT_IN_MEMORY: Final = 131_072
"""Bytes of a body that are held in memory while it comes; what is longer waits in a file until all of it is there."""
_UTF_8: Final = frozenset({"utf-8", "utf8"})

Body = TypeVar("Body", bound=BaseModel)


class StrictBody(BaseModel):
    """Base of bodies: exact types, no unknown fields, and nothing of the caller's in an error or a repr."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


async def raw_json(request: Request) -> bytes:
    """Return the body of a request that says it is JSON in UTF-8.

    Raises:
        UnsupportedMediaType: it says something else, or nothing.
        TooLarge: more bytes than the limit on bodies, or than `MAX_JSON_BYTES`.
    """
    given = request.headers.getlist("content-type")
    if len(given) != 1 or not _is_utf8_json(given[0]):
        message = "The body must be JSON in UTF-8, and must say so."
        fault = FieldError("Content-Type:", "not_json", message, f"Send Content-Type: {JSON}.")
        raise UnsupportedMediaType(message, code=fault.code, errors=[fault])
    return await limited(request, MAX_JSON_BYTES, "A JSON body")


async def limited(request: Request, most: int, what: str) -> bytes:
    """Return the body, whatever it is, without keeping more of it than may be.

    Raises:
        TooLarge: more than `most` bytes.
    """
    size = 0
    with SpooledTemporaryFile(KEPT_IN_MEMORY) as kept:
        async for piece in request.stream():  # a body over the limit is not kept to its end
            size += len(piece)
            if size > most:
                message = f"{what} may have {most} bytes."
                fault = FieldError("", "body_too_large", message, "Split the document.")
                raise TooLarge(message, code=fault.code, errors=[fault])
            kept.write(piece)
        kept.seek(0)
        return kept.read()


def media_type(request: Request) -> tuple[str, str | None]:
    """Return the type that the request's body is said to have, in small letters, and its charset; empty if unclear."""
    given = request.headers.getlist("content-type")
    if len(given) != 1:
        return "", None
    message = Message()
    message["Content-Type"] = given[0]
    charset = message.get_param("charset")
    return message.get_content_type(), charset if isinstance(charset, str) else None


async def json_model(request: Request, model: type[Body]) -> Body:
    """Read the body as one strict JSON object of the given shape.

    Raises:
        UnsupportedMediaType, TooLarge: as `raw_json`.
        BadRequest: not strict JSON.
        Invalid: JSON of another shape; every fault is listed.
    """
    value = strict_json.parse_object(await raw_json(request))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = faults.faults_of(error, lambda place: model.model_fields if not place else (), ())
    raise Invalid("The request has faults; nothing was changed.", errors=found)


def _is_utf8_json(content_type: str) -> bool:
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_param("charset", "utf-8")
    return message.get_content_type() == JSON and isinstance(charset, str) and charset.lower() in _UTF_8
