"""ASGI middleware: puts every request into a trace - the caller's own, if it names one - when tracing is on."""

from typing import Final

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.api.request_metrics import ROUTE
from risiti.gateway.observability.tracing import Attribute, Tracing, keep_for_the_log

TRACEPARENT: Final = "traceparent"
_UNTRACED: Final = ("/health", "/metrics", "/static")
_OUR_FAULT: Final = 500


class RequestTracing:
    """Begins a span for each request and names it by its route, never by its path, which callers choose."""

    def __init__(self, app: ASGIApp, *, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not self._tracing.on or scope["type"] != "http" or scope["path"].startswith(_UNTRACED):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        method = scope["method"]
        told: dict[Attribute, str | int] = {Attribute.METHOD: method, Attribute.REQUEST: state.get("request_id", "")}
        parent = Headers(scope=scope).get(TRACEPARENT)
        with self._tracing.span(method, told, kind=SpanKind.SERVER, parent=parent) as span:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute(Attribute.STATUS, message["status"])
                    if message["status"] >= _OUR_FAULT:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self._app(scope, receive, noted)
            finally:
                if route := state.get(ROUTE):
                    span.update_name(f"{method} {route}")
                    span.set_attribute(Attribute.ROUTE, route)
        keep_for_the_log(span)
