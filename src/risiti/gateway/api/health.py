"""Routes of health: is it up, is it alive, may it get work. None of them ever asks the authority."""

import asyncio
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

    def __init__(self, database: Database) -> None:
        self.reading = DatabaseProbe(database)
        self.writing = DatabaseProbe(database, write=True)


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
    responses={503: {"model": Health, "description": "The database takes no writes."}},
)
async def ready(response: Response, running: Running, probes: ProbesOfApp) -> Health:
    """Say whether the database takes writes: without them nothing can be accepted."""
    return _health(response, running.clock.now(), answers=await probes.writing.answers())


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Alive:
    """Answer, and ask nobody: a process is not restarted because its database is."""
    return Alive()


def _health(response: Response, now: datetime, *, answers: bool) -> Health:
    if answers:
        return Health(status="healthy", timestamp=now, database="connected", version=VERSION)
    response.status_code = 503
    return Health(status="unhealthy", timestamp=now, database="unavailable", version=VERSION)
