"""Until when a sale must be with the authority: the rules as one value, and the arithmetic; no I/O.

Where each rule comes from, and which are assumptions, stands in docs/deadlines.md.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from risiti.efris.clock import EAST_AFRICA_TIME


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """The law and the authority's switches, as far as they set a time."""

    marked_late_after: timedelta = timedelta(minutes=10)
    """A document that is uploaded later than this after its issue is taken, and kept in a record of exceptions."""
    backdating_days: int = 7
    """So many days after the day of sale the authority still takes it [assumption: whole days of Kampala]."""
    months_close: bool = True
    """A sale of a month that is over is refused (return code 2789) [assumption: at midnight, without grace]."""
    penalty_factor: Decimal = Decimal(2)
    """Penal tax for a sale without a fiscal document: so many times the tax due."""


RULES = DeadlineRules()


def deadline(issued_at: datetime, rules: DeadlineRules = RULES) -> datetime:
    """Return the moment from which on the authority may refuse a sale as back-dated."""
    local = issued_at.astimezone(EAST_AFRICA_TIME)
    by_days = _midnight(local) + timedelta(days=rules.backdating_days + 1)
    if not rules.months_close:
        return by_days
    first_of_next_month = (_midnight(local).replace(day=28) + timedelta(days=4)).replace(day=1)
    return min(by_days, first_of_next_month)


def sold_before(moment: datetime, rules: DeadlineRules = RULES) -> datetime:
    """Return the time before which exactly those sales were made whose deadline is at `moment` or earlier."""
    today = _midnight(moment.astimezone(EAST_AFRICA_TIME))
    by_days = today - timedelta(days=rules.backdating_days)
    return max(by_days, today.replace(day=1)) if rules.months_close else by_days


def _midnight(local: datetime) -> datetime:
    return datetime.combine(local.date(), time(), EAST_AFRICA_TIME)
