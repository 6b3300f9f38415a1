"""activity(): how many companies there are, and how many API keys were used lately; names nobody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.tenancy.tables import ApiKey, Company


@dataclass(frozen=True, slots=True)
class Activity:
    """Numbers of all companies together."""

    companies: int
    active_keys: int


def activity(session: Session, since: datetime) -> Activity:
    """Count companies, and API keys that were used since then."""
    return Activity(
        companies=session.scalar(select(func.count()).select_from(Company)) or 0,
        active_keys=session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.last_used_at >= since)) or 0,
    )
