"""create_app(runtime): read this to see what a request meets, in order."""

from collections.abc import Callable
from functools import cache
from typing import Final

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from risiti.gateway import api, web
from risiti.gateway.api import openapi, presented, problems
from risiti.gateway.api.dependencies import check_permissions
from risiti.gateway.api.gate import Gate
from risiti.gateway.api.health import Probes
from risiti.gateway.api.metrics import census_of
from risiti.gateway.api.rate_limits import Limiter, Quotas, RateLimits, quotas
from risiti.gateway.api.request_log import RequestLog
from risiti.gateway.api.request_metrics import RequestMetrics
from risiti.gateway.api.request_tracing import RequestTracing
from risiti.gateway.api.security_headers import SecurityHeaders
from risiti.gateway.api.worth import worth_of
from risiti.gateway.observability.metrics import Metrics
from risiti.gateway.resilience.body_limit import BodyLimit
from risiti.gateway.resilience.client_address import ClientAddresses
from risiti.gateway.resilience.compression import Compression
from risiti.gateway.resilience.concurrency_limit import ConcurrencyLimit
from risiti.gateway.resilience.decompression import Decompression
from risiti.gateway.resilience.load_shedding import LoadShedding, Worth
from risiti.gateway.resilience.time_limit import TimeLimit
from risiti.gateway.runtime import Runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import api_keys, tokens
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.web.docs import Documentation
from risiti.gateway.web.status import Board, Showcase


def create_app(runtime: Runtime, *, showcase: Showcase | None = None) -> FastAPI:
    """Return the ASGI app; `showcase` names the demo company whose documents the status page may show.

    Raises:
        UndeclaredPermissionError: a route does not say who may use it.
    """
    routes = [*api.ROUTES, *web.ROUTES]
    check_permissions(routes)
    limiter = Limiter(runtime.windows, _quotas(runtime.settings)) if runtime.settings.rate_limit_enabled else None
    metrics = runtime.metrics
    app = FastAPI(
        routes=routes,
        openapi_url=None,  # our own: api/openapi.py
        docs_url=None,  # our own: web/docs.py
        redoc_url=None,
        redirect_slashes=False,  # it would build an address from the caller's Host header
        middleware=_middleware(runtime, limiter, metrics, worth_of(routes)),
    )
    problems.install(app)
    app.state.runtime = runtime
    app.state.limiter = limiter
    app.state.metrics = metrics
    runtime.pressure.on_level = metrics.tell_pressure
    app.state.hashing = Hashing()
    app.state.census = census_of(runtime.database, runtime.clock, runtime.protection, runtime.rules)
    app.state.probes = Probes(runtime.database, runtime.situation)
    app.state.board = Board(runtime.database, showcase, runtime.protection)
    app.state.documentation = _documentation()
    return app


@cache
def _documentation() -> Documentation:
    """Write the API's documentation, once in a process: it depends on the routes alone."""
    return Documentation(openapi.build())


def _middleware(
    runtime: Runtime, limiter: Limiter | None, metrics: Metrics, worth: Callable[[Scope], Worth]
) -> list[Middleware]:
    """Return what a request passes on its way to a route, outermost first, and why each stands where it does."""
    settings = runtime.settings
    body = settings.max_request_body_size
    return [
        Middleware(ClientAddresses, trusted=settings.trusted_proxies),  # all others speak of the true caller
        Middleware(RequestLog, ids=runtime.ids, clock=runtime.clock),  # whatever refuses a request is logged
        Middleware(RequestTracing, tracing=runtime.tracing),  # its trace is on every line but the first
        Middleware(RequestMetrics, metrics=metrics, clock=runtime.clock),  # and counted
        Middleware(SecurityHeaders),  # refusals carry them too
        Middleware(
            CORSMiddleware,  # a page may read refusals
            allow_origins=settings.cors_origins,
            allow_methods=_METHODS,
            allow_headers=_TAKEN,
            expose_headers=_SHOWN,
        ),
        Middleware(Compression),
        Middleware(
            ConcurrencyLimit,
            most=settings.max_concurrent_requests,
            refuse=problems.answer,
            random=runtime.engine.random,
        ),
        Middleware(
            LoadShedding,  # what is refused here costs next to nothing
            pressure=runtime.pressure,
            worth=worth,
            refuse=problems.answer,
            random=runtime.engine.random,
            shed=metrics.shed,
        ),
        Middleware(RateLimits, limiter=limiter, has_key=_shows_key),  # before a byte of the body is read
        Middleware(TimeLimit, clock=runtime.clock, seconds=settings.request_timeout, refuse=problems.answer),
        Middleware(BodyLimit, limit=body, refuse=problems.answer),  # counts what comes over the wire
        Middleware(Decompression, limit=body, refuse=problems.answer),  # counts what it becomes
        Middleware(Gate),  # innermost: a defect of ours becomes an answer that the others still see
    ]


_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TAKEN: Final = ("Authorization", "Content-Type", "Idempotency-Key", "Prefer", "X-Request-Id")
_SHOWN: Final = ("Idempotency-Replayed", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id")


def _shows_key(request: Request) -> bool:
    token = presented.shown(request)
    return api_keys.well_formed(token) or tokens.is_of(tokens.ACCESS, token) or tokens.is_of(tokens.COOKIE, token)


def _quotas(settings: Settings) -> Quotas:
    return quotas(
        address=settings.rate_limit_per_minute,
        health=settings.rate_limit_health_per_minute,
        login=settings.rate_limit_login_per_minute,
        key=settings.rate_limit_key_per_minute,
        company=settings.rate_limit_company_per_minute,
    )
