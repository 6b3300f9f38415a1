"""What a claim asks for and what it gets, on both databases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from risiti.gateway.submissions.lanes import Turn
from risiti.gateway.submissions.sql.look import DueDevice


@dataclass(frozen=True, slots=True)
class Plan:
    """How many messages of which device a worker wants to send."""

    turns: Sequence[Turn]
    devices: Mapping[str, DueDevice]
    caps: Mapping[str, int]
    """For each device the most messages that may be on the wire at once, over all processes."""
    request_times: Mapping[str, datetime]
    """For each device the time by the authority's clock, for requests that are sent now."""
    batches: Mapping[str, int]
    """For each device the most documents in one message."""
    batched_kinds: Sequence[str] = ()
    """Of which kinds several may share a message."""

    @property
    def most(self) -> int:
        """The most documents that can come of it."""
        return sum(most * self.batches[device] for turn in self.turns for device, most in turn.devices.items())

    @property
    def fits_one_statement(self) -> bool:
        """Whether one statement can carry it out.

        Every lane is there, all devices keep their order or none does, and no documents share a message.
        """
        served = [self.devices[device_id] for turn in self.turns for device_id in turn.devices]
        is_alike = len({one.in_order for one in served}) == 1 and all(one.has_lane for one in served)
        return is_alike and all(self.batches[one.id] == 1 for one in served)


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes one attempt recognisable: its row and its call on the wire."""

    attempt_id: str
    exchange_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker wants to claim."""

    plan: Plan
    marks: Sequence[Mark]
    """As many as documents can be claimed, or more. The documents of a message share the first one's call."""
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is now being sent by this worker."""

    document_id: str
    company_id: str
    device_id: str
    kind: str
    fence: int
    wire_reference: str
    priority: str
    payload: bytes
    content: str
    attempt_id: str
    exchange_id: str
    request_time: datetime


@dataclass(frozen=True, slots=True)
class TakenAtOnce:
    """What one statement could take."""

    taken: list[Taken]
    left: Sequence[Turn]
    """Turns that need `take`, in a transaction: others claim of these companies, or have while the statement ran."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one device."""

    device_id: str
    company_id: str
    most: int
    cap: int
    request_time: datetime
    batch: int
    in_order: bool


def wanted_of(asked: Asked, turns: Sequence[Turn]) -> list[Wanted]:
    """Return what is wanted of each device that has a turn."""
    return [
        Wanted(
            device_id,
            turn.company_id,
            most,
            asked.plan.caps[device_id],
            asked.plan.request_times[device_id],
            batch=asked.plan.batches[device_id],
            in_order=asked.plan.devices[device_id].in_order,
        )
        for turn in turns
        for device_id, most in turn.devices.items()
    ]
