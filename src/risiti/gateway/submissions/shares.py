"""What operators and sellers set about lanes: a company's weight and cap, and whether a device keeps the order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway import events
from risiti.gateway.db.session import CompanySession
from risiti.gateway.events import Happening
from risiti.gateway.kernel.errors import NotFound
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.submissions.tables import Lane
from risiti.gateway.tenancy.tables import Company, Device

MOST_WEIGHT: Final = 1_000
MOST_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class LaneTerms:
    """A company's share of the way to the authority."""

    company_id: str
    weight: int
    """While several companies wait, one of weight 2 gets twice as many turns as one of weight 1."""
    most_at_once: int | None
    """Most messages of the company on the wire at once; empty: WORKER_CONCURRENCY_PER_COMPANY."""


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """Whether a device's documents reach the authority in the order in which they were accepted."""

    device_id: str
    device_no: str
    keep_order: bool


def page(session: Session, *, limit: int, after: str | None) -> Sequence[LaneTerms]:
    """Return the lanes of all companies, by company."""
    rows = session.execute(
        select(Company.id, Lane.weight, Lane.most_at_once)
        .outerjoin(Lane, Lane.company_id == Company.id)
        .where(Company.id > (after or ""))
        .order_by(Company.id)
        .limit(limit)
    )
    return [LaneTerms(company_id, weight or 1, most) for company_id, weight, most in rows]


def change(session: Session, ids: Ids, now: datetime, wanted: LaneTerms) -> LaneTerms:
    """Set a company's share; kept among its events.

    Raises:
        NotFound: there is no such company.
    """
    if session.get(Company, wanted.company_id) is None:
        raise NotFound("There is no such company.", code="company_not_found")
    lane = session.get(Lane, wanted.company_id, with_for_update=True)
    if lane is None:
        lane = Lane(company_id=wanted.company_id, served=0.0)
        session.add(lane)
    lane.weight, lane.most_at_once = wanted.weight, wanted.most_at_once
    data = {"weight": wanted.weight, "most_at_once": wanted.most_at_once}
    events.record(session, ids, wanted.company_id, None, Happening("lane.changed", now, data))
    return wanted


def keep_order(session: CompanySession, ids: Ids, now: datetime, device_id: str, *, keep: bool) -> DeviceOrder:
    """Have a device send one document after another, or not; it holds for what is accepted from now on.

    Raises:
        NotFound: the company has no such device.
    """
    device = session.scalar(select(Device).where(Device.id == device_id))
    if device is None:
        raise NotFound("There is no such device.", code="device_not_found")
    device.keep_order = keep
    data = {"device": device_id, "keep_order": keep}
    events.record(session, ids, session.company_id, None, Happening("device.order_changed", now, data))
    return DeviceOrder(device.id, device.device_no, device.keep_order)
