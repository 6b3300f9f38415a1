"""The database's clock, as every process that shares it sees it: leases and due times mean the same on each machine."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.kernel.clock import Clock

_log = structlog.get_logger()

MEASURED_EVERY = 30.0
"""Seconds between two readings; a machine's quartz does not drift by a millisecond in that time."""


class DatabaseClock:
    """Wall time by the database's clock; monotonic time and sleep are the machine's.

    A reading is wrong by at most half its round trip. Between readings time goes on by the monotonic clock, so that a
    machine whose wall clock is wrong or is set does not matter. Until the first reading it shows the machine's time.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._reading: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Wall time by the database's clock, aware, in UTC."""
        if self._reading is None:
            return self._machine.now()
        shown, at = self._reading
        return shown + timedelta(seconds=self._machine.monotonic() - at)

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations."""
        return self._machine.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        await self._machine.sleep(seconds)

    async def measure(self, database: Database) -> None:
        """Read the database's clock.

        Raises:
            DatabaseUnavailable: it did not answer.
        """
        asked = self._machine.monotonic()
        shown = await database.read(_clock)
        answered = self._machine.monotonic()
        self._reading = (shown, (asked + answered) / 2)

    async def keep_measuring(self, database: Database) -> None:
        """Read it again and again; ends when it is cancelled."""
        while True:
            await self.sleep(MEASURED_EVERY)
            try:
                await self.measure(database)
            except DatabaseUnavailable as error:
                _log.warning("database_clock.not_read", reason=str(error))


def _clock(session: Session) -> datetime:
    shown = session.scalar(select(func.clock_timestamp()))
    if not isinstance(shown, datetime):  # for the type checker: PostgreSQL always has a time
        raise TypeError
    return shown
