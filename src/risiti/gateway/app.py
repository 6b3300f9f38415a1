"""create_app(runtime): read this to see what a request meets, in order."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from risiti.gateway import api, web
from risiti.gateway.api import openapi, problems
from risiti.gateway.api.dependencies import check_permissions
from risiti.gateway.api.gate import Gate
from risiti.gateway.api.health import Probes
from risiti.gateway.api.request_log import RequestLog
from risiti.gateway.api.security_headers import SecurityHeaders
from risiti.gateway.resilience.body_limit import BodyLimit
from risiti.gateway.runtime import Runtime
from risiti.gateway.web.docs import Documentation
from risiti.gateway.web.status import Board, Showcase


def create_app(runtime: Runtime, *, showcase: Showcase | None = None) -> FastAPI:
    """Return the ASGI app; `showcase` names the demo company whose documents the status page may show.

    Raises:
        UndeclaredPermissionError: a route does not say who may use it.
    """
    routes = [*api.ROUTES, *web.ROUTES]
    check_permissions(routes)
    app = FastAPI(
        routes=routes,
        openapi_url=None,  # our own: api/openapi.py
        docs_url=None,  # our own: web/docs.py
        redoc_url=None,
        redirect_slashes=False,  # it would build an address from the caller's Host header
        middleware=[  # outermost first
            Middleware(RequestLog, ids=runtime.ids, clock=runtime.clock),
            Middleware(SecurityHeaders),
            Middleware(BodyLimit, limit=runtime.settings.max_request_body_size, refuse=problems.answer),
            Middleware(Gate),
        ],
    )
    problems.install(app)
    app.state.runtime = runtime
    app.state.probes = Probes(runtime.database)
    app.state.board = Board(runtime.database, showcase)
    app.state.documentation = Documentation(openapi.build())
    return app
