"""Every metric the gateway has, declared here with its help text; each process tells its own.

No label ever names a company, a person or a document: what is counted is bounded by the code, not by the callers.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from enum import Enum
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
LAG_EVERY_SECONDS: Final = 0.25
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one process."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self._in_flight = 0
        ProcessCollector(registry=self.registry)  # resident memory, CPU, open files
        GCCollector(registry=self.registry)
        build = Gauge("risiti_build", "1; the label says which version runs.", ["version"], registry=self.registry)
        build.labels(version).set(1)
        self.requests = Counter(
            "risiti_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "risiti_http_request_seconds",
            "Time from a request's head to the end of its answer, in seconds; less what its caller wished to wait.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.wished_seconds = Histogram(
            "risiti_http_wished_wait_seconds",
            "Time for which callers wished to wait for a fiscal number and did (`Prefer: wait`, `?wait=`), in seconds.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.requests_in_flight = Gauge(
            "risiti_http_requests_in_flight", "Requests being worked on.", registry=self.registry
        )
        self.loop_lag = Gauge(
            "risiti_event_loop_lag_seconds",
            "How late the event loop came to a timer the last time, in seconds.",
            registry=self.registry,
        )
        self._pressure = Gauge(
            "risiti_pressure",
            "How much more this process has to do than it can: 0 calm, 1 strained, 2 overloaded.",
            registry=self.registry,
        )
        self._shed = Counter(
            "risiti_requests_shed",
            "Requests refused because the process had more to do than it could, by what they were worth.",
            ["worth"],
            registry=self.registry,
        )
        self._authority_seconds = Histogram(
            "risiti_efris_seconds",
            "Time of one message to the authority, by interface and how it ended, in seconds.",
            ["interface", "outcome"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._pool = Gauge(
            "risiti_database_connections",
            "Database connections of this process: most (size), running a unit of work (in_use), asked for (waiting).",
            ["of"],
            registry=self.registry,
        )
        self._pool_timed_out = Counter(
            "risiti_database_waits_timed_out",
            "Units of work that waited too long for a connection and were turned away.",
            registry=self.registry,
        )
        self._pool_told = 0
        objects = Gauge(
            "risiti_python_objects",
            "Objects that the garbage collector tracks, by age.",
            ["generation"],
            registry=self.registry,
        )
        for generation in range(3):
            objects.labels(str(generation)).set_function(partial(_count_objects, generation))
        self._removed = Counter(
            "risiti_retention_removed",
            "Rows that were removed because their period was over, by what they were.",
            ["what"],
            registry=self.registry,
        )
        self._workers = Gauge(
            "risiti_workers", "Processes that send documents, by what they told the database.", registry=self.registry
        )
        self._breaker = Gauge(
            "risiti_breaker_state",
            "The circuit breakers of an environment's address, by class of calls (session: the address itself; "
            "submit, query): 0 closed, 1 half open, 2 open.",
            ["environment", "calls"],
            registry=self.registry,
        )
        self._concurrency = Gauge(
            "risiti_authority_documents",
            "Documents that all workers together may have on the wire now (limit), have on it (sending), ask about "
            "(asking).",
            ["environment", "of"],
            registry=self.registry,
        )
        self._rate = Gauge(
            "risiti_authority_rate_limit",
            "Messages that all workers together may send in a second.",
            ["environment"],
            registry=self.registry,
        )
        self._clock_ahead = Gauge(
            "risiti_authority_clock_ahead_seconds",
            "How far the authority's clock is ahead of ours, as last read.",
            ["environment"],
            registry=self.registry,
        )
        self._slowest = Gauge(
            "risiti_authority_slowest_seconds",
            "The slowest that the authority was seen to be: until its lists show a document (lag), until it has taken "
            "one in (processing).",
            ["environment", "of"],
            registry=self.registry,
        )
        self._lanes_shut = Gauge(
            "risiti_device_breakers_open", "Devices whose own circuit breaker is not closed.", registry=self.registry
        )
        self._deadline_documents = Gauge(
            "risiti_deadline_documents",
            "Documents without a fiscal number: all, or those whose legal deadline is so near.",
            ["level"],
            registry=self.registry,
        )
        self._deadline_hours = Gauge(
            "risiti_deadline_hours_left",
            "Hours until the nearest legal deadline of a document without a number; infinite: there is none.",
            registry=self.registry,
        )
        self._deadline_age = Gauge(
            "risiti_deadline_oldest_hours",
            "Hours since the oldest sale without a fiscal number; 0: there is none.",
            registry=self.registry,
        )
        self._deadline_tax = Gauge(
            "risiti_deadline_tax_ugx", "Tax on documents in UGX without a fiscal number.", registry=self.registry
        )
        self._findings = Gauge(
            "risiti_findings_open",
            "Differences between the authority's books and ours, of all companies, that nobody has dealt with yet, by "
            "kind.",
            ["kind"],
            registry=self.registry,
        )
        self._documents = Gauge(
            "risiti_documents", "Documents of all companies, by state.", ["state"], registry=self.registry
        )
        self._oldest = Gauge(
            "risiti_oldest_document_age_seconds",
            "Age of the oldest document of a state, and of all that are not settled (unsettled); 0: there is none.",
            ["of"],
            registry=self.registry,
        )

    def tell_authority(self, breakers: Mapping[tuple[str, str], int], clocks: Mapping[str, float], lanes: int) -> None:
        """Set how the way to the authority stands: breakers by environment and class, clocks, and shut lanes."""
        for (environment, calls), phase in breakers.items():
            self._breaker.labels(environment, calls).set(phase)
        for environment, ahead in clocks.items():
            self._clock_ahead.labels(environment).set(ahead)
        self._lanes_shut.set(lanes)

    def tell_limits(self, environment: str, *, limit: int, sending: int, asking: int, rate: float) -> None:
        """Set what all workers together may have on the wire and send, and what they have on it."""
        for of, number in (("limit", limit), ("sending", sending), ("asking", asking)):
            self._concurrency.labels(environment, of).set(number)
        self._rate.labels(environment).set(rate)

    def tell_slowest(self, environment: str, *, lag: float, processing: float) -> None:
        """Set how slow the authority was seen to be."""
        self._slowest.labels(environment, "lag").set(lag)
        self._slowest.labels(environment, "processing").set(processing)

    def tell_deadlines(self, *, documents: Mapping[str, int], hours_left: float, age_hours: float, tax: float) -> None:
        """Set what has no fiscal number yet: documents by how near their deadline is, hours, and tax."""
        for level, number in documents.items():
            self._deadline_documents.labels(level).set(number)
        self._deadline_hours.set(hours_left)
        self._deadline_age.set(age_hours)
        self._deadline_tax.set(tax)

    def tell_findings(self, findings: Mapping[str, int]) -> None:
        """Set how many findings of the reconciliation are open, by kind."""
        for kind, number in findings.items():
            self._findings.labels(kind).set(number)

    def tell_queue(self, documents: Mapping[str, int], ages: Mapping[str, float]) -> None:
        """Set what was counted in the database: documents by state, and ages in seconds."""
        for state, count in documents.items():
            self._documents.labels(state).set(count)
        for of, age in ages.items():
            self._oldest.labels(of).set(age)

    def tell_pressure(self, level: int) -> None:
        """Set how high the pressure is."""
        self._pressure.set(level)

    def shed(self, worth: Enum) -> None:
        """Say that a request was refused because of it."""
        self._shed.labels(worth.name.lower()).inc()

    def tell_process(self, *, size: int, in_use: int, waiting: int, timed_out: int) -> None:
        """Set how this process stands: its database connections."""
        for of, value in (("size", size), ("in_use", in_use), ("waiting", waiting)):
            self._pool.labels(of).set(value)
        self._pool_timed_out.inc(timed_out - self._pool_told)
        self._pool_told = timed_out

    def removed(self, what: str, rows: int) -> None:
        """Say that rows went because their period was over."""
        self._removed.labels(what).inc(rows)

    def tell_workers(self, workers: int) -> None:
        """Set how many processes send documents."""
        self._workers.set(workers)

    def authority_answered(self, interface: str, outcome: str, seconds: float) -> None:
        """Say how one message to the authority ended."""
        self._authority_seconds.labels(interface, outcome).observe(seconds)

    def in_flight(self) -> int:
        """Return how many requests are being worked on."""
        return self._in_flight

    def begin_request(self) -> None:
        """Say that a request has come."""
        self._in_flight += 1
        self.requests_in_flight.set(self._in_flight)

    def end_request(self, *, method: str, route: str, status: int, seconds: float, waited: float = 0.0) -> None:
        """Say how a request ended: `seconds` from head to end, without what its caller wished to wait and `waited`."""
        self._in_flight -= 1
        self.requests_in_flight.set(self._in_flight)
        self.requests.labels(method, route, str(status)).inc()
        self.request_seconds.labels(method, route).observe(seconds)
        if waited > 0:
            self.wished_seconds.labels(route).observe(waited)

    def as_text(self) -> bytes:
        """Return all of them in the text format of Prometheus."""
        return generate_latest(self.registry)

    @asynccontextmanager
    async def watching_the_loop(self, lagged: Callable[[float], None]) -> AsyncIterator[None]:
        """Measure the event loop's lag until the block ends; `lagged` is told each time."""
        task = asyncio.create_task(self._watch(lagged))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, lagged: Callable[[float], None]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_SECONDS
            await asyncio.sleep(LAG_EVERY_SECONDS)
            late = max(0.0, loop.time() - due)
            self.loop_lag.set(late)
            lagged(late)


def _count_objects(generation: int) -> float:
    """Count when somebody asks: it takes some milliseconds."""
    return float(len(gc.get_objects(generation)))
