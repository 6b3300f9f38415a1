"""Exports of a journal as they are written, from entries that a test makes up."""

import hashlib
from collections.abc import Sequence

from risiti.gateway.journal.chain import FORMAT, Entry, beginning, link, text_of

COMPANY = "com_mango"


def an_entry(number: int) -> Entry:
    return {
        "number": number,
        "event": f"evt_{number:06d}",
        "document": f"doc_{number}" if number % 3 else None,
        "name": "invoice.accepted",
        "at": f"2026-03-02T09:00:00.{number:06d}+00:00",
        "by": "key_1",
        "data": {"reference": f"INV-{number} \u00fc", "state": "waiting", "again_in_seconds": 2.5},
    }


def an_export(count: int, *, after: int = 0, company: str = COMPANY) -> list[bytes]:
    """Return the lines of an export of the entries behind `after`."""
    hashes = [beginning(company)]
    for number in range(1, after + count + 1):
        hashes.append(link(hashes[-1], an_entry(number)))
    rows = [{**an_entry(number), "hash": hashes[number].hex()} for number in range(after + 1, after + count + 1)]
    return closed(
        [
            text_of({"journal": FORMAT, "company": company, "after": after, "before": hashes[after].hex()}) + b"\n",
            *(text_of(row) + b"\n" for row in rows),
        ],
        count,
        hashes[-1].hex(),
    )


def closed(lines: Sequence[bytes], count: int, head: str) -> list[bytes]:
    """Return lines with the end that fits them."""
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    return [*lines, text_of({"entries": count, "head": head, "sha256": digest}) + b"\n"]
