"""Engine: what sending needs, as one frozen value."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar

from risiti.gateway.db.database import Database, DatabaseUnavailable, PlainWork, SystemWork
from risiti.gateway.db.signals import NoSignals, Signals
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.observability.tracing import OFF, Tracing
from risiti.gateway.submissions.connections import Connections
from risiti.gateway.submissions.kind import Kind
from risiti.gateway.submissions.timing import Timing

T = TypeVar("T")

SILENCE = NoSignals()
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
    signals: Signals = SILENCE
    """Where a transaction says by itself that it has moved a document, if little is going on."""
    tracing: Tracing = OFF

    async def write_down(self, work: SystemWork[T]) -> T:
        """Write what the authority has said; a database that is away for a moment must not put it in doubt.

        Trying again is harmless although a commit may have got through: what is written is fenced.

        Raises:
            DatabaseUnavailable: it stayed away; the lease runs out and the document is asked about.
        """
        return await self._patiently(partial(self.database.write, work))

    async def write_down_at_once(self, work: PlainWork[T]) -> T:
        """Do the same with a unit of work that is one statement and needs no mapped classes.

        Raises:
            DatabaseUnavailable: see `write_down`.
        """
        return await self._patiently(partial(self.database.write_at_once, work))

    async def _patiently(self, write: Callable[[], Awaitable[T]]) -> T:
        for pause in PATIENCE_WITH_THE_DATABASE:
            try:
                return await write()
            except DatabaseUnavailable:
                await self.clock.sleep(pause)
        return await write()
