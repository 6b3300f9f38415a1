"""Write a journal out, line by line: a head line, a line for each entry, a last line that closes it."""

import hashlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from risiti.gateway.db.database import Database
from risiti.gateway.journal import reading
from risiti.gateway.journal.chain import FORMAT, text_of

PORTION: Final = 500
"""Entries that are read at once: an export needs memory for so many, however long it is."""


async def lines(
    database: Database, company_id: str, *, after: int = 0, most: int | None = None
) -> AsyncIterator[bytes]:
    """Yield a company's journal from the entry behind `after` on, at most `most` entries.

    Raises:
        NotFound: the journal is not that long.
    """
    before = await database.read_as(company_id, partial(reading.hash_at, company_id=company_id, number=after))
    whole = hashlib.sha256()

    def line(content: dict[str, object]) -> bytes:
        written = text_of(content) + b"\n"
        whole.update(written)
        return written

    yield line({"journal": FORMAT, "company": company_id, "after": after, "before": before.hex()})
    number, last = after, before.hex()
    left = most
    while left is None or left > 0:
        wanted = PORTION if left is None else min(PORTION, left)
        found = await database.read_as(
            company_id, partial(reading.portion, company_id=company_id, after=number, most=wanted)
        )
        for kept in found:
            number, last = number + 1, kept.hash.hex()
            yield line({**kept.entry, "hash": last})
        if len(found) < wanted:
            break
        left = None if left is None else left - len(found)
    yield text_of({"entries": number - after, "head": last, "sha256": whole.hexdigest()}) + b"\n"
