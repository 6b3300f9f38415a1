"""Spans: what a document meets between the request and the authority, for OpenTelemetry; nothing at all when off.

Attributes are those of `Attribute` and no other: ids of ours and words of the protocol, never a body, a key or a name.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE: Final = "risiti"
TRACEPARENT_LENGTH: Final = 55
"""Characters of a trace's context as it is kept (W3C Trace Context, version 00)."""
CLOSE_SECONDS: Final = 5.0
"""How long a process that ends waits for its last spans to be taken."""
_TRACES: Final = "/v1/traces"
_HEADER: Final = "traceparent"

_carrier = TraceContextTextMapPropagator()


class Attribute(StrEnum):
    """Everything that a span may say."""

    METHOD = "http.request.method"
    ROUTE = "http.route"
    STATUS = "http.response.status_code"
    REQUEST = "risiti.request_id"
    COMPANY = "risiti.company_id"
    DOCUMENT = "risiti.document_id"
    DEVICE = "risiti.device_id"
    ATTEMPT = "risiti.attempt_id"
    FENCE = "risiti.fence"
    INTERFACE = "efris.interface"
    OUTCOME = "efris.outcome"
    CODE = "efris.return_code"


Told = Mapping[Attribute, str | int]


class Tracing:
    """Makes spans, or nothing if there is no provider."""

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        self._provider = provider
        self._tracer = trace.NoOpTracer() if provider is None else provider.get_tracer(SERVICE)
        self.on = provider is not None
        """Whether anything is recorded: what costs something to find out is found out only then."""

    @classmethod
    def to(cls, endpoint: str | None, version: str) -> Self:
        """Return what sends spans to an OTLP receiver (HTTP); to nowhere without an endpoint.

        Raises:
            ImportError: the extra `otel` is not installed.
        """
        if endpoint is None:
            return cls()
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

        name = os.environ.get("OTEL_SERVICE_NAME", SERVICE)
        provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
        address = endpoint if endpoint.endswith(_TRACES) else endpoint.rstrip("/") + _TRACES
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address)))
        return cls(provider)

    @contextmanager
    def span(
        self,
        name: str,
        told: Told,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str | None = None,
        link: str | None = None,
        alone: bool = False,
    ) -> Iterator[Span]:
        """Run the block within a span; what is logged in it names the trace.

        Args:
            name: What happens.
            told: What is known of it.
            kind: Its side of a call.
            parent: The context (`traceparent`) that it belongs under; else the present one.
            link: The context of something in another trace, or earlier in this one, that it follows from.
            alone: Begin a trace of its own.
        """
        context = _context_of(parent) if parent is not None else (Context() if alone else None)
        links = [Link(linked)] if link is not None and (linked := _span_context(link)).is_valid else []
        attributes = {name.value: value for name, value in told.items()}
        with (
            self._tracer.start_as_current_span(
                name, context=context, kind=kind, attributes=attributes, links=links, record_exception=False
            ) as span,
            _logged_as(span),
        ):
            yield span

    def past(self, name: str, told: Told, *, parent: str, since: datetime, until: datetime) -> None:
        """Record a span that is over: the time in which nothing was done."""
        attributes = {name.value: value for name, value in told.items()}
        span = self._tracer.start_span(
            name, context=_context_of(parent), attributes=attributes, start_time=_nanoseconds(since)
        )
        span.end(max(_nanoseconds(since), _nanoseconds(until)))

    def call(self, name: str, told: Told) -> "Call | None":
        """Begin the span of a call to somebody else, within the present one; None if there is none."""
        if not self.on or not trace.get_current_span().is_recording():
            return None
        attributes = {name.value: value for name, value in told.items()}
        return Call(self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes))

    async def close(self) -> None:
        """Send what is left, for a bounded time."""
        if self._provider is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.to_thread(self._provider.shutdown)
        except TimeoutError:
            structlog.get_logger(__name__).warning("tracing.last_spans_lost", seconds=CLOSE_SECONDS)


class Call:
    """The span of one call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, outcome: str, code: str | None, *, failed: bool) -> None:
        """Say how it ended."""
        self._span.set_attribute(Attribute.OUTCOME, outcome)
        if code is not None:
            self._span.set_attribute(Attribute.CODE, code)
        if failed:
            self._span.set_status(Status(StatusCode.ERROR, outcome))
        self._span.end()


OFF: Final = Tracing()


def context() -> str | None:
    """Return the present context as it can be kept (`traceparent`); None if nothing is recorded."""
    carrier: dict[str, str] = {}
    _carrier.inject(carrier)
    return carrier.get(_HEADER)


def _context_of(traceparent: str) -> Context:
    return _carrier.extract({_HEADER: traceparent}, context=Context())


def _span_context(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_context_of(traceparent)).get_span_context()


def keep_for_the_log(span: Span) -> None:
    """Have what is logged after a request's span, which is the line about the request, name its trace."""
    structlog.contextvars.bind_contextvars(**_names_of(span))


@contextmanager
def _logged_as(span: Span) -> Iterator[None]:
    with structlog.contextvars.bound_contextvars(**_names_of(span)):
        yield


def _names_of(span: Span) -> dict[str, str]:
    known = span.get_span_context()
    if not known.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(known.trace_id), "span_id": trace.format_span_id(known.span_id)}


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
