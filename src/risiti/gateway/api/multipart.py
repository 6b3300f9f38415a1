"""Reads a form with files (multipart/form-data, RFC 7578) from a body that is held in memory already."""

import re
from email.message import Message
from typing import Final

from risiti.gateway.kernel.errors import BadRequest, FieldError

FORM: Final = "multipart/form-data"
MAX_PARTS: Final = 10
MAX_PART_HEAD: Final = 4_096
"""Bytes of one part's own headers."""
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", re.ASCII)


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a form by their names.

    Raises:
        BadRequest: it is no form as RFC 7578 writes it, a name occurs twice, or there are too many parts.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise _broken("The form has no boundary.")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"))
    if len(pieces) - 2 > MAX_PARTS:
        raise _broken(f"The form has more than {MAX_PARTS} parts.")
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - what is before, one part, the end
        raise _broken("The form does not end as it must.")
    found: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        name, content = _part(piece)
        if name in found:
            raise _broken(f'The form has two parts called "{name[:60]}".')
        found[name] = content
    return found


def _part(piece: bytes) -> tuple[str, bytes]:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator or len(head) > MAX_PART_HEAD:
        raise _broken("A part of the form has no headers, or too long ones.")
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            message = Message()
            message["Content-Disposition"] = value.strip()
            name = message.get_param("name", header="content-disposition")
            if isinstance(name, str) and name.isprintable():
                return name, content
    raise _broken("A part of the form has no name.")


def _broken(message: str) -> BadRequest:
    fault = FieldError(
        "", "broken_form", message, 'Send it as in: curl -F "file=@sales.csv" -F "mapping=@mapping.toml".'
    )
    return BadRequest(message, code=fault.code, errors=[fault])
