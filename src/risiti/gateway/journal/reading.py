"""Read a company's journal: where it ends, and its entries in portions, each as it is hashed."""

import json
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.events import Event
from risiti.gateway.journal.chain import Entry, beginning
from risiti.gateway.journal.tables import JournalEntry
from risiti.gateway.kernel.errors import NotFound

ENGINE = "risiti"
"""Who did what nobody asked for: the service itself."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a journal: note it elsewhere, and nobody can cut off or rewrite what came before unnoticed."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry with the hash that is kept for it."""

    entry: Entry
    hash: bytes


def head(session: Session, company_id: str) -> Head:
    """Return where a company's journal ends; number 0 while it is empty."""
    last = session.scalar(
        select(JournalEntry).where(JournalEntry.company_id == company_id).order_by(JournalEntry.number.desc()).limit(1)
    )
    return Head(0, beginning(company_id).hex()) if last is None else Head(last.number, last.hash.hex())


def hash_at(session: Session, company_id: str, number: int) -> bytes:
    """Return the hash of an entry; of number 0, what stands for it.

    Raises:
        NotFound: the journal is not that long.
    """
    if number == 0:
        return beginning(company_id)
    kept = session.get(JournalEntry, (company_id, number))
    if kept is None:
        raise NotFound("The journal has no entry of this number.", code="journal_entry_not_found")
    return kept.hash


def portion(session: Session, company_id: str, *, after: int, most: int) -> list[Kept]:
    """Return up to `most` entries after that number; one whose event is gone says so, and no longer fits its hash."""
    entries = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.company_id == company_id, JournalEntry.number > after)
        .order_by(JournalEntry.number)
        .limit(most)
    ).all()
    found = session.scalars(
        select(Event).where(Event.company_id == company_id, Event.position.in_([kept.position for kept in entries]))
    )
    events = {event.position: event for event in found}
    return [
        Kept(
            entry_of(events[kept.position], kept.number)
            if kept.position in events
            else {"number": kept.number, "missing": True},
            kept.hash,
        )
        for kept in entries
    ]


def entry_of(event: Event, number: int) -> Entry:
    """Return an event as an entry of its company's journal."""
    return {
        "number": number,
        "event": event.id,
        "document": event.document_id,
        "name": event.name,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": event.actor or ENGINE,
        "data": _data(event.data),
    }


def _data(written: str) -> object:
    try:
        return json.loads(written, parse_constant=str)
    except ValueError:  # somebody changed it behind our back: it no longer fits its hash
        return written
