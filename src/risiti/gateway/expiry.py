"""Warns before the certificates of devices' keys expire: 60, 30, 7 and 1 days before, and when they have.

A warning is an event of the company and a line in the log; each is given once for each key, also when a worker was down
on the day.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.events import Happening
from risiti.gateway.jobs.queue import Done, Job, Result
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.tenancy.tables import Device

DAYS: Final = (60, 30, 7, 1, 0)
"""So many days before the end there is a warning; 0: it has come."""
WARN: Final = "keys.warn"
AT_ONCE: Final = 500
"""Devices warned about in one run; the rest an hour later."""

ROUTINES: Final = (Routine(WARN, every=3_600, of_each_company=False),)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Warned:
    """A device whose key ends soon, or has ended."""

    device_id: str
    days: int
    """The stage that was reached."""


def stage(until: datetime, now: datetime) -> int | None:
    """Return the last stage that was reached: 60, 30, 7, 1 or 0 days; None: it is longer than that."""
    return min((days for days in DAYS if until - now <= timedelta(days=days)), default=None)


def warn(session: Session, ids: Ids, now: datetime) -> list[Warned]:
    """Warn about every device whose key has reached a stage that nobody was warned of yet; a unit of work."""
    soon = select(Device).where(
        Device.key_until <= now + timedelta(days=DAYS[0]),
        or_(Device.warned_days.is_(None), Device.warned_days > 0),
    )
    given = []
    for device in session.scalars(soon.order_by(Device.key_until, Device.id).limit(AT_ONCE).with_for_update()):
        reached = None if device.key_until is None else stage(device.key_until, now)
        if reached is None or (device.warned_days is not None and device.warned_days <= reached):
            continue
        device.warned_days = reached
        about = {"device_id": device.id, "device_no": device.device_no, "until": device.key_until, "days": reached}
        name = "device.key_expired" if reached == 0 else "device.key_expires"
        events.record(session, ids, device.company_id, None, Happening(name, now, about))
        _log.warning(name, device=device.id, company_id=device.company_id, days=reached)
        given.append(Warned(device.id, reached))
    return given


def expiring(session: Session, now: datetime) -> dict[int, int]:
    """Return how many devices have reached each stage, and no later one: for gauges, without any company's name."""
    ends = session.scalars(select(Device.key_until).where(Device.key_until <= now + timedelta(days=DAYS[0])))
    counts = dict.fromkeys(DAYS, 0)
    for until in ends:
        reached = None if until is None else stage(until, now)
        if reached is not None:
            counts[reached] += 1
    return counts


def warning(clock: Clock, ids: Ids) -> Callable[[Job], Awaitable[Result]]:
    """Return the handler that does it."""

    async def handle(job: Job) -> Result:
        del job  # there is nothing in it
        return Done(partial(warn, ids=ids, now=clock.now()))

    return handle
