"""Routes of health: is it up, is it alive, may it get work. None of them ever asks the authority."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib.metadata import version
from typing import Annotated, Final, Literal, cast

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api.dependencies import Running
from risiti.gateway.api.documentation import operation_id
from risiti.gateway.db.database import Database, DatabaseUnavailable
from risiti.gateway.db.probe import probe
from risiti.gateway.kernel.fresh import Fresh
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions.readiness import Situation

VERSION: Final = version("risiti")
DATABASE_SECONDS: Final = 1.0
"""How long the database may take to answer before it counts as away: a probe must not queue behind slow work."""
FRESH_SECONDS: Final = 1.0
"""How long one answer of the database stands for the next ones, so that probes cost nothing however many there are."""

_log = structlog.get_logger(__name__)

router = APIRouter(tags=["health"], generate_unique_id_function=operation_id)


class Health(BaseModel):
    """Whether the service can do its work."""

    model_config = ConfigDict(frozen=True)

    status: Literal["healthy", "unhealthy"]
    timestamp: datetime = Field(description="Now, in UTC.")
    database: Literal["connected", "unavailable"]
    version: str


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(frozen=True)

    status: Literal["alive"] = "alive"


class Ready(Health):
    """Whether the process may get work, and what was looked at."""

    draining: bool = Field(description="The process is about to end: send new work elsewhere.")
    tables: Literal["up_to_date", "older", "unknown"] = Field(
        description="Whether the database has the tables that this process was started with, or newer ones."
    )
    workers: int | None = Field(description="Processes that send documents now; null: not known.")
    worker_seen_seconds: float | None = Field(
        description="How long ago one of them last said that it lives; null: none has, within the hour. Without "
        "workers documents are accepted and wait, so that it never makes a process unready."
    )
    authority: dict[str, Phase] = Field(
        description="The circuit breaker of each environment; while the authority is away documents are accepted and "
        "wait, so that it never makes a process unready."
    )


class DatabaseProbe:
    """Asks the database for a sign of life: one question at a time, whoever asks, and never for longer than a bound."""

    def __init__(self, database: Database, *, write: bool = False) -> None:
        self._ask = database.write if write else database.read
        self._pool = None if write else database.pool
        self._asking: asyncio.Task[bool] | None = None
        self._answered = -FRESH_SECONDS

    async def answers(self) -> bool:
        """Tell whether the database answers."""
        now = asyncio.get_running_loop().time()
        worked = self._answered if self._pool is None else max(self._answered, self._pool().answered)
        if now - worked < FRESH_SECONDS:  # a database that others wait for is there: no probe need wait with them
            return True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._probe())
        return await asyncio.shield(self._asking)

    async def _probe(self) -> bool:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._ask(probe)
        except (DatabaseUnavailable, TimeoutError) as error:
            _log.warning("health.database_unavailable", reason=type(error).__name__)
            return False
        self._answered = loop.time()
        return True


class Probes:
    """The probes of one process."""

    def __init__(self, database: Database, look: Callable[[], Awaitable[tuple[str | None, Situation]]]) -> None:
        self.reading = DatabaseProbe(database)
        self.writing = DatabaseProbe(database, write=True)
        self._looking = Fresh(look, FRESH_SECONDS)

    async def situation(self) -> tuple[str | None, Situation | None]:
        """Return the version of the tables and how things stand; None: the database does not say in time."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._looking.get()
        except (DatabaseUnavailable, TimeoutError) as error:
            _log.warning("health.situation_unknown", reason=type(error).__name__)
            return None, None


async def _probes(request: Request) -> Probes:
    return cast("Probes", request.app.state.probes)


ProbesOfApp = Annotated[Probes, Depends(_probes)]


@router.get(
    "/health",
    summary="Is it up?",
    responses={503: {"model": Health, "description": "The database is away: documents cannot be accepted."}},
)
async def health(response: Response, running: Running, probes: ProbesOfApp) -> Health:
    """Say whether the database answers; that the authority is away is no illness of ours."""
    return _health(response, running.clock.now(), answers=await probes.reading.answers())


@router.get(
    "/health/ready",
    summary="May it get work?",
    responses={
        503: {"model": Ready, "description": "The database takes no writes or has older tables, or the process ends."}
    },
)
async def ready(response: Response, running: Running, probes: ProbesOfApp) -> Ready:
    """Say whether this process may get work: the database takes writes, its tables fit, and we are not about to end.

    How workers and the authority stand is told, and decides nothing: without either, documents are accepted.
    """
    now = running.clock.now()
    writes = await probes.writing.answers()
    schema, found = await probes.situation() if writes else (None, None)
    tables = _tables(schema, running.schema)
    is_ready = writes and not running.draining and tables != "older"
    if not is_ready:
        response.status_code = 503
    return Ready(
        status="healthy" if is_ready else "unhealthy",
        timestamp=now,
        database="connected" if writes else "unavailable",
        version=VERSION,
        draining=running.draining,
        tables=tables,
        workers=None if found is None else found.workers,
        worker_seen_seconds=_age(None if found is None else found.worker_seen_at, now),
        authority={} if found is None else dict(found.authority),
    )


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Alive:
    """Answer, and ask nobody: a process is not restarted because its database is."""
    return Alive()


def _tables(found: str | None, started_with: str | None) -> Literal["up_to_date", "older", "unknown"]:
    """Say how the tables stand; a newer release may have upgraded them meanwhile, and suits us (docs/operations.md)."""
    if found is None or started_with is None:
        return "unknown"
    return "up_to_date" if found >= started_with else "older"


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())


def _health(response: Response, now: datetime, *, answers: bool) -> Health:
    if answers:
        return Health(status="healthy", timestamp=now, database="connected", version=VERSION)
    response.status_code = 503
    return Health(status="unhealthy", timestamp=now, database="unavailable", version=VERSION)
