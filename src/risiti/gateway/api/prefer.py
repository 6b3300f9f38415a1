"""Reads the `Prefer` header (RFC 7240): how long a caller would like to wait for the fiscal number."""

import re
from collections.abc import Iterable
from typing import Final

MAX_WAIT_SECONDS: Final = 30
"""The longest wait; who asks for more gets this, and `Preference-Applied` says so."""
_SHOWN_DIGITS: Final = 9

# A preference up to the next comma outside quotes: name, optional value; parameters behind a semicolon are skipped.
_PREFERENCE = re.compile(
    r"""\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*
        (?:=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<token>[!#$%&'*+.^_`|~0-9A-Za-z-]*))\s*)?
        (?:;(?:"(?:[^"\\]|\\.)*+"|[^,"])*+)?(?:,|\Z)""",
    re.VERBOSE,
)


def wait_seconds(headers: Iterable[str]) -> int | None:
    """Return the whole seconds of the first `wait` preference, at most `MAX_WAIT_SECONDS`; None if there is none.

    What cannot be understood is passed over, as the RFC has it for preferences: a wish that is not granted is no error.
    """
    for header in headers:
        position = 0
        while position < len(header):
            match = _PREFERENCE.match(header, position)
            if match is None:
                position = _after_comma(header, position)
                continue
            position = match.end()
            if match["name"].lower() == "wait":
                return _seconds(match["quoted"] or match["token"] or "")
    return None


def _seconds(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    return min(
        int(text[-_SHOWN_DIGITS:]) if not text[:-_SHOWN_DIGITS].strip("0") else MAX_WAIT_SECONDS, MAX_WAIT_SECONDS
    )


def _after_comma(header: str, position: int) -> int:
    comma = header.find(",", position)
    return len(header) if comma < 0 else comma + 1
