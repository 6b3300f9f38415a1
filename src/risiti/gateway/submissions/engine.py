"""Engine: what sending needs, as one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from risiti.gateway.db.database import Database, DatabaseUnavailable, SystemWork
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.observability.tracing import OFF, Tracing
from risiti.gateway.submissions.connections import Connections
from risiti.gateway.submissions.kind import Kind
from risiti.gateway.submissions.timing import Timing

T = TypeVar("T")

PATIENCE_WITH_THE_DATABASE = (0.1, 0.5, 2.0, 5.0)
"""Pauses (seconds) between the tries to write down what the authority has said."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that the engine's functions take from outside, so that it can be run in simulated time."""

    database: Database
    connections: Connections
    kinds: Mapping[str, Kind]
    timing: Timing
    clock: Clock
    ids: Ids
    random: Random
    announce: Callable[[str], None]
    """Called with the id of a document when its state has changed, after the commit."""
    tracing: Tracing = OFF

    async def write_down(self, work: SystemWork[T]) -> T:
        """Write what the authority has said; a database that is away for a moment must not put it in doubt.

        Trying again is harmless although a commit may have got through: what is written is fenced.

        Raises:
            DatabaseUnavailable: it stayed away; the lease runs out and the document is asked about.
        """
        for pause in PATIENCE_WITH_THE_DATABASE:
            try:
                return await self.database.write(work)
            except DatabaseUnavailable:
                await self.clock.sleep(pause)
        return await self.database.write(work)
