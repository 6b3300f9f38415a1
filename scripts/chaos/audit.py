"""Compares three sets of books after a run: the callers' record, the gateway's documents, the authority's ledger."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from risiti.cli import doubts
from risiti.cli.authority import Authority
from risiti.cli.books import FINAL, Books, Entry, compare
from risiti.cli.erp import Account, Erp, JsonObject, entries
from scripts.chaos.callers import Record

LOOK_SECONDS: Final = 0.5
AT_FIRST: Final = "answered at the first sending"
NEVER_SENT: Final = "not sent yet"


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome of a comparison."""

    books: Books
    strangers: tuple[str, ...]
    """References whose document has another id than the caller was told."""
    states: dict[tuple[str, str], int]
    """How many documents are in a state, and why."""
    causes: dict[str, int]
    """What put documents in doubt, and how often."""

    @property
    def agrees(self) -> bool:
        """Whether all three say the same."""
        return self.books.agree and not self.strangers

    def as_json(self) -> dict[str, object]:
        """Return the audit as plain values."""
        return {
            **self.books.as_json(),
            "other_ids": list(self.strangers),
            "explained": [
                {"state": state, "why": why, "count": count} for (state, why), count in sorted(self.states.items())
            ],
            "in_doubt_causes": self.causes,
        }


async def until_settled(accounts: list[Account], seconds: float) -> bool:
    """Wait until every document of every company is in a final state; False if the time is over first."""
    deadline = time.monotonic() + seconds
    for account in accounts:
        async with Erp(account) as erp:
            while not all(entry.state in FINAL for entry in entries(await erp.all_invoices()).values()):
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(LOOK_SECONDS)
    return True


async def audit(
    accounts: list[Account],
    authority: Authority,
    record: Record,
    happened: Mapping[str, list[JsonObject]],
    probe: str,
) -> Audit:
    """Compare.

    Args:
        accounts: Of all companies.
        authority: The simulator.
        record: What the callers wrote down.
        happened: The events of each document, by its id.
        probe: The reference that proved the duplicate check; it counts nowhere.
    """
    ours: dict[str, Entry] = {}
    ids: dict[str, str] = {}
    states: Counter[tuple[str, str]] = Counter()
    for account in accounts:
        async with Erp(account) as erp:
            documents = [one for one in await erp.all_invoices() if one["reference"] != probe]
        ours |= entries(documents)
        ids |= {str(one["reference"]): str(one["id"]) for one in documents}
        states.update((str(one["state"]), why(one, happened.get(str(one["id"]), []))) for one in documents)
    issued = await authority.ledger()
    issued.pop(probe, None)
    return Audit(
        books=compare(record.ids.keys(), ours, issued),
        strangers=tuple(sorted(one for one, told in record.ids.items() if ids.get(one) != told)),
        states=dict(states),
        causes=doubts.causes(happened[one] for one in ids.values() if one in happened),
    )


def why(document: JsonObject, events: list[JsonObject]) -> str:
    """Say in a few words how a document came to its state."""
    settled = doubts.how_settled(events)
    if document["state"] == "fiscalised":
        return AT_FIRST if settled is None else f"in doubt, {settled.value}"
    if document["state"] == "refused":
        return f"refused: {document.get('refusal')}"
    if document["state"] == "held":
        return f"held: {document.get('held_reason')}"
    return "in doubt still" if settled is not None else NEVER_SENT
