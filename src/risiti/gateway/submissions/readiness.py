"""What a load balancer, or who looks after one, wants to know besides the database: workers, the authority."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions import standings
from risiti.gateway.submissions.gates import CallClass
from risiti.gateway.submissions.upstream_tables import LiveWorker
from risiti.gateway.submissions.upstreams import ALIVE, scope_of

_CALLS = (CallClass.SUBMIT, CallClass.QUERY)


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand around one process."""

    workers: int
    """Processes that send documents now."""
    worker_seen_at: datetime | None
    """When one of them last said that it lives."""
    authority: dict[str, Phase]
    """The breaker of each environment's address."""
    calls: dict[str, Phase]
    """The breakers of its classes of calls: `test:submit`, `test:query`."""
    limits: Mapping[str, standings.Limits]
    """What the workers of each environment may have on the wire and send, together."""


def situation(session: Session, urls: Mapping[str, str], now: datetime) -> Situation:
    """Look how things stand; a unit of work."""
    scopes = {name: scope_of(url) for name, url in urls.items()}
    of_calls = {f"{name}:{one}": scope_of(url, one) for name, url in urls.items() for one in _CALLS}
    learned = standings.learn(session, (*scopes.values(), *of_calls.values()), now, ALIVE)
    limits = standings.limits(session, now, ALIVE)
    seen_at = session.scalar(select(func.max(LiveWorker.seen_at)))

    def phases(named: Mapping[str, str]) -> dict[str, Phase]:
        return {name: learned.standings.get(scope, standings.NEW).phase for name, scope in named.items()}

    return Situation(
        workers(session, now),
        seen_at,
        phases(scopes),
        phases(of_calls),
        {name: limits[scope] for name, scope in scopes.items() if scope in limits},
    )


def workers(session: Session, now: datetime) -> int:
    """Return how many processes have lately said that they send documents."""
    alive = LiveWorker.seen_at > now - timedelta(seconds=ALIVE)
    return session.scalar(select(func.count()).select_from(LiveWorker).where(alive)) or 0
