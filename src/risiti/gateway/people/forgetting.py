"""Forgets sign-ins and one-time tokens that ended so long ago that they count for nothing any more."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from risiti.gateway.db.database import Database
from risiti.gateway.jobs.queue import Again, Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.tenancy import sign_ins

FORGET: Final = "sign_ins.purge"
ROUTINES: Final = (Routine(FORGET, every=3_600, of_each_company=False),)


def forgetting(database: Database, clock: Clock) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that forgets them, a bounded number in each transaction."""

    async def forget(job: Job) -> Result:
        del job  # there is nothing in it
        gone = await database.write(partial(sign_ins.purge, now=clock.now()))
        return Again(0.0) if gone >= sign_ins.PURGED_AT_ONCE else Done()

    return forget
