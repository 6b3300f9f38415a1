"""How the doubts about documents were settled, read from their events."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

Event = Mapping[str, object]


class Settled(StrEnum):
    """What ended a document's doubt."""

    BY_QUERY = "found by asking for the reference"
    BY_DUPLICATE_ANSWER = "found after the answer that the reference exists"
    BY_RESENDING = "proved absent and sent again"
    NOT_YET = "not settled yet"


def how_settled(events: Sequence[Event]) -> Settled | None:
    """Return what ended the document's doubt, or None if it never was in doubt. Events are oldest first."""
    names = [event.get("event") for event in events]
    if "invoice.in_doubt" not in names:
        return None
    if not {"invoice.fiscalised", "invoice.refused"} & set(names):
        return Settled.NOT_YET
    if any("reference exists" in _cause(event) for event in events):
        return Settled.BY_DUPLICATE_ANSWER
    if "invoice.proved_absent" in names:
        return Settled.BY_RESENDING
    return Settled.BY_QUERY


def count(histories: Iterable[Sequence[Event]]) -> dict[str, int]:
    """Count the documents that were in doubt, by what ended it; what never happened is there with 0."""
    found = Counter(how for events in histories if (how := how_settled(events)) is not None)
    return {how.value: found[how] for how in Settled if how is not Settled.NOT_YET or found[how]}


def causes(histories: Iterable[Sequence[Event]]) -> dict[str, int]:
    """Count what put documents in doubt: our own sender that died, or an answer that did not come."""
    found = Counter(
        "the sender was killed" if "disappeared" in _cause(event) else "no answer came"
        for events in histories
        for event in events
        if event.get("event") == "invoice.in_doubt" and "reference exists" not in _cause(event)
    )
    return dict(found)


def _cause(event: Event) -> str:
    data = event.get("data")
    return str(data.get("cause", "")) if isinstance(data, dict) else ""
