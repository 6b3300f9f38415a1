"""How entries are written and chained: pure, and all that somebody needs who checks an export on another machine.

The hash of an entry is SHA-256 over the hash of the entry before it and the entry's own text. The text is JSON with its
members in alphabetical order, without blanks, all in ASCII, so that there is one text for one entry.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

FORMAT: Final = "risiti-journal-1"

Entry = Mapping[str, object]


def text_of(entry: Entry) -> bytes:
    """Return the one text of an entry.

    Raises:
        ValueError: it holds what JSON cannot: an infinite number.
    """
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def beginning(company_id: str) -> bytes:
    """Return what stands for the hash before a company's first entry."""
    return hashlib.sha256(f"{FORMAT}\n{company_id}".encode()).digest()


def link(before: bytes, entry: Entry) -> bytes:
    """Return the hash of an entry that follows one with the hash `before`."""
    return hashlib.sha256(before + text_of(entry)).digest()
