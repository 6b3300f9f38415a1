"""Routes of metrics: a few numbers as JSON, all of them as Prometheus text; none is about any one company."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api.dependencies import Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.db.database import Database, SystemWork
from risiti.gateway.kernel.clock import Clock
from risiti.gateway.kernel.fresh import Fresh
from risiti.gateway.observability.metrics import CONTENT_TYPE, Metrics
from risiti.gateway.resilience.breaker import Phase
from risiti.gateway.submissions import findings, watchdog
from risiti.gateway.submissions.comparing import FindingKind
from risiti.gateway.submissions.deadlines import RULES, DeadlineRules
from risiti.gateway.submissions.gates import CallClass
from risiti.gateway.submissions.overview import Overview, overview
from risiti.gateway.submissions.protection import ProtectionView
from risiti.gateway.submissions.readiness import workers
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.watchdog import Sum
from risiti.gateway.tenancy.activity import Activity, activity

FRESH_SECONDS: Final = 2.0
"""How long one count serves everybody who asks."""
ACTIVE_WITHIN: Final = timedelta(minutes=15)
"""Who was here that lately counts as active."""

OPEN_STATES: Final = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT, DocumentState.HELD)
_PHASES: Final = {Phase.CLOSED: 0, Phase.HALF_OPEN: 1, Phase.OPEN: 2}

router = APIRouter(tags=["metrics"], generate_unique_id_function=operation_id)


class Authority(BaseModel):
    """How the way to the authority stands, of all workers together."""

    model_config = ConfigDict(frozen=True)

    breakers: dict[CallClass, Phase] = Field(
        description="The circuit breakers: of the address (`session`), of documents (`submit`), of questions (`query`)."
    )
    concurrency_limit: int = Field(description="Documents that may be on the wire now; 0: no worker has said.")
    sending: int
    asking: int
    rate_limit: float = Field(description="Messages that may be sent in a second; 0: no worker has said.")


class Numbers(BaseModel):
    """How the service stands, in numbers of all companies together."""

    model_config = ConfigDict(frozen=True)

    active_users: int = Field(description="API keys used in the last 15 minutes.")
    total_companies: int
    timestamp: datetime = Field(description="Now, in UTC.")
    documents: dict[str, int] = Field(description="Documents by state.")
    oldest_unsettled_seconds: float = Field(description="Age of the oldest document that is not settled; 0: none.")
    requests_in_flight: int = Field(description="Requests that this process works on.")
    workers: int = Field(description="Processes that send documents now.")
    authority: dict[str, Authority] = Field(description="The way to the authority, by environment.")


@dataclass(frozen=True, slots=True)
class Census:
    """What was counted in the database, and when."""

    overview: Overview
    activity: Activity
    workers: int
    protection: ProtectionView
    at_risk: Sum
    findings: Mapping[FindingKind, int]
    """Those of the reconciliation that are open; every kind is there."""
    at: datetime


def census_of(
    database: Database, clock: Clock, look_up: SystemWork[ProtectionView], rules: DeadlineRules = RULES
) -> Fresh[Census]:
    """Return what counts: at most every `FRESH_SECONDS`, however often it is asked."""

    async def look() -> Census:
        now = clock.now()
        lately = await database.read(partial(activity, since=now - ACTIVE_WITHIN))
        return Census(
            await database.read(overview),
            lately,
            await database.read(partial(workers, now=now)),
            await database.read(look_up),
            watchdog.total(await database.read(partial(watchdog.look, now=now, rules=rules))),
            await database.read(findings.count_open),
            now,
        )

    return Fresh(look, FRESH_SECONDS)


async def _census(request: Request) -> Census:
    return await cast("Fresh[Census]", request.app.state.census).get()


CensusOfApp = Annotated[Census, Depends(_census)]


async def _metrics(request: Request) -> Metrics:
    return cast("Metrics", request.app.state.metrics)


MetricsOfApp = Annotated[Metrics, Depends(_metrics)]


@router.get("/api/metrics", summary="How does the service stand?", responses=problems_of(503))
async def numbers(metrics: MetricsOfApp, census: CensusOfApp) -> Numbers:
    """Tell the numbers of companies and documents, and of those who were here lately."""
    return Numbers(
        active_users=census.activity.active_keys,
        total_companies=census.activity.companies,
        timestamp=census.at,
        documents={state.value: count for state, count in census.overview.documents.items()},
        oldest_unsettled_seconds=_age(census.overview.oldest_unsettled, census.at),
        requests_in_flight=metrics.in_flight(),
        workers=census.workers,
        authority={
            one.environment: Authority(
                breakers=dict(one.breakers),
                concurrency_limit=one.concurrency_limit,
                sending=one.sending,
                asking=one.asking,
                rate_limit=one.rate_limit,
            )
            for one in census.protection.upstreams
        },
    )


@router.get(
    "/metrics",
    summary="Everything, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problems_of(503)},
)
async def prometheus(running: Running, metrics: MetricsOfApp, census: CensusOfApp) -> Response:
    """Return all metrics of this process, and what the database holds, in the text format of Prometheus."""
    counted = census.overview
    unsettled = {"unsettled": _age(counted.oldest_unsettled, census.at)}
    metrics.tell_queue(
        {state.value: count for state, count in counted.documents.items()},
        {state.value: _age(counted.oldest.get(state), census.at) for state in OPEN_STATES} | unsettled,
    )
    pool = running.database.pool()
    metrics.tell_process(size=pool.size, in_use=pool.in_use, waiting=pool.waiting, timed_out=pool.timed_out)
    metrics.tell_workers(census.workers)
    way, risk = census.protection, census.at_risk
    metrics.tell_authority(
        {(one.environment, calls): _PHASES[phase] for one in way.upstreams for calls, phase in one.breakers.items()},
        {one.environment: one.clock_ahead_seconds for one in way.upstreams if one.clock_ahead_seconds is not None},
        lanes=len(way.lanes),
    )
    for one in way.upstreams:
        metrics.tell_slowest(one.environment, lag=one.longest_lag_seconds, processing=one.longest_processing_seconds)
        metrics.tell_limits(
            one.environment,
            limit=one.concurrency_limit,
            sending=one.sending,
            asking=one.asking,
            rate=one.rate_limit,
        )
    metrics.tell_deadlines(
        documents=risk.documents, hours_left=risk.hours_left, age_hours=risk.age_hours, tax=risk.tax_ugx
    )
    metrics.tell_findings({kind.value: number for kind, number in census.findings.items()})
    return Response(metrics.as_text(), headers={"Content-Type": CONTENT_TYPE})


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
