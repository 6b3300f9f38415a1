"""Fair lanes: who is served next, as pure functions; no I/O.

A lane is one company's share of the way to the authority. Between companies the one that has had least, for its weight,
goes first. Inside a company's device tills go before single documents and those before bulk, until they have waited.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heapreplace


class Priority(StrEnum):
    """How urgent a document is, from how it was handed in."""

    TILL = "till"
    """Somebody waits for the number: the caller said `Prefer: wait`."""
    SINGLE = "single"
    """One document of a program that looks later."""
    BULK = "bulk"
    """One of many: an import."""


AGEING = timedelta(minutes=15)
"""A document that has waited this long stands level with a fresh one of the next higher priority."""

_STEPS = {Priority.TILL: 0, Priority.SINGLE: 1, Priority.BULK: 2}


def turn(accepted_at: datetime, priority: Priority, *, in_order: bool) -> datetime:
    """Return a document's place in its device's line: lower is sooner, and it never changes.

    Ageing needs no clock: what was accepted `AGEING` earlier stands level with one priority higher.
    """
    return accepted_at if in_order else accepted_at + _STEPS[priority] * AGEING


@dataclass(frozen=True, slots=True)
class Share:
    """What a company may have now."""

    company_id: str
    weight: int
    served: float
    """What it has had so far, divided by its weight; grows for ever."""
    most: int
    """Most messages of it that may be on the wire at once."""
    on_the_wire: int
    devices: Mapping[str, int]
    """For each device that has something due and is ready, how many more of it may be on the wire; the one whose
    document has waited longest first."""

    @property
    def room(self) -> int:
        """How many more of it may be on the wire."""
        return self.most - self.on_the_wire


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker may claim of one company: how many of which device."""

    company_id: str
    weight: int
    served: float
    """What the company's count begins from."""
    most: int
    """Most messages of the company on the wire at once, these included."""
    devices: Mapping[str, int]


class FairLine:
    """Hands out places on the wire: start-time fair queueing, with documents as the unit.

    A company that was idle does not save its turns up: it begins where the others are (`now_serving`).
    """

    def __init__(self) -> None:
        self._now_serving: float | None = None

    def hand_out(self, shares: Sequence[Share], places: int) -> list[Turn]:
        """Divide `places` among the companies, least served first; nobody gets more than there is room for."""
        able = [share for share in shares if share.room > 0 and any(most > 0 for most in share.devices.values())]
        if not able or places <= 0:
            return []
        least = min(share.served for share in able)
        if self._now_serving is None:  # a new process: those who wait now begin level
            least = max(share.served for share in able)
        self._now_serving = max(least, self._now_serving or least)
        begun = {share.company_id: max(share.served, self._now_serving) for share in able}
        given: dict[str, dict[str, int]] = {share.company_id: {} for share in able}
        line = [(begun[share.company_id], number) for number, share in enumerate(able)]
        heapify(line)
        while line and places > 0:
            at, number = line[0]
            share, had = able[number], given[able[number].company_id]
            device = _next_device(share, had)
            if device is None:
                heappop(line)
                continue
            had[device] = had.get(device, 0) + 1
            places -= 1
            heapreplace(line, (at + 1 / share.weight, number))
        return [
            Turn(share.company_id, share.weight, begun[share.company_id], share.most, given[share.company_id])
            for share in able
            if given[share.company_id]
        ]


def _next_device(share: Share, had: Mapping[str, int]) -> str | None:
    if sum(had.values()) >= share.room:
        return None
    able = [device for device, most in share.devices.items() if had.get(device, 0) < most]
    return min(able, key=lambda device: had.get(device, 0)) if able else None
