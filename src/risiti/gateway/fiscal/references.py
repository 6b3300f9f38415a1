"""The seller's own document number: how it is kept, compared and written on the wire.

Two spellings that a person would call the same number must be one number to us, for the reference is what keeps a
sale from being fiscalised twice. The wire takes 50 bytes; what does not fit is sent with a digest in its place.
"""

import base64
import hashlib
import re
import unicodedata
from typing import Final, LiteralString

MAX_REFERENCE_CHARACTERS: Final = 50
"""Characters of a reference after normalisation."""
MAX_WIRE_REFERENCE_BYTES: Final = 50
"""Bytes that the authority keeps of a reference."""
_DIGEST_CHARACTERS: Final = 16
_READABLE_CHARACTERS: Final = MAX_WIRE_REFERENCE_BYTES - 1 - _DIGEST_CHARACTERS

_PLAIN = re.compile(r"[A-Za-z0-9._/-]{1,50}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._/-]")
# Characters that show nothing but are letters or marks to Unicode: two numbers must not differ by what nobody sees.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Unicode's categories of control, format, surrogate, private and unassigned characters and of line and paragraph ends.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class BadReference(ValueError):
    """The text is no reference; `code` is for programs, the message says what is wrong with it."""

    def __init__(self, code: LiteralString, message: str) -> None:
        self.code = code
        super().__init__(message)


def normalise(text: str) -> str:
    """Return the reference as we keep and show it: NFKC, trimmed, inner blanks collapsed to one space.

    Raises:
        BadReference: nothing is left, more than 50 characters are, or a character controls, formats or has no meaning.
    """
    if _PLAIN.fullmatch(text):
        return text
    if _UNSEEN.search(text) or any(unicodedata.category(char) in _REFUSED for char in text):
        message = "A reference may not hold line breaks, control characters or characters that cannot be seen."
        raise BadReference("control_character", message)
    reference = " ".join(unicodedata.normalize("NFKC", text).split())
    if not reference:
        raise BadReference("empty", "The reference is empty.")
    if len(reference) > MAX_REFERENCE_CHARACTERS:
        message = f"The reference has {len(reference)} characters; at most {MAX_REFERENCE_CHARACTERS} fit."
        raise BadReference("too_long", message)
    return reference


def canonical(reference: str) -> str:
    """Return what two references are compared by: `INV-k`, `inv-K` and `INV-K ` are one document number.

    Raises:
        BadReference: as `normalise`.
    """
    return normalise(reference).casefold()


def on_the_wire(reference: str) -> str:
    """Return the reference as the authority gets it: the seller's own where it is plain, else readable plus digest.

    Always 1 to 50 bytes of letters, digits and `. _ / -`.

    Raises:
        BadReference: as `normalise`.
    """
    reference = normalise(reference)
    if _PLAIN.fullmatch(reference):
        return reference
    readable = _NOT_PLAIN.sub("", unicodedata.normalize("NFKD", reference))
    digest = base64.b32encode(hashlib.sha256(reference.casefold().encode()).digest()).decode()
    return f"{readable[:_READABLE_CHARACTERS]}-{digest[:_DIGEST_CHARACTERS]}"
