"""Builds every long-lived thing of a process once, and closes it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random, SystemRandom

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.efris import AiohttpTransport, AsyncClient, Refused, Transport
from risiti.gateway import expiry, retention
from risiti.gateway.db.clock import DatabaseClock
from risiti.gateway.db.database import Database
from risiti.gateway.db.places import Waited, nobody
from risiti.gateway.db.postgresql import PostgresDatabase
from risiti.gateway.db.signals import Channel, Heard, NoSignals, Signals
from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.db.version import schema_version
from risiti.gateway.fiscal.accepting import Acceptance
from risiti.gateway.fiscal.catalogues import fetching
from risiti.gateway.fiscal.catalogues.remembering import RememberedLists
from risiti.gateway.fiscal.kinds import KINDS
from risiti.gateway.fiscal.knowledge import Knowledge
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.fiscal.waiting import is_settled, look_at
from risiti.gateway.from_settings import keys_given, mailing_of, periods_of, protection_of, rules_of, timing_of, url_of
from risiti.gateway.jobs import routines
from risiti.gateway.jobs.routines import Routine
from risiti.gateway.jobs.runner import Handler, Runner
from risiti.gateway.jobs.timing import TaskTiming
from risiti.gateway.journal import chaining
from risiti.gateway.kernel import deadline
from risiti.gateway.kernel.clock import Clock, SystemClock
from risiti.gateway.kernel.ids import Ids
from risiti.gateway.kernel.secrets import Secret, Vault
from risiti.gateway.observability.metrics import Metrics
from risiti.gateway.observability.tracing import Tracing
from risiti.gateway.people import mailing
from risiti.gateway.people.mailing import Mailing
from risiti.gateway.resilience.pressure import Pressure
from risiti.gateway.resilience.rate_limit import MemoryWindows, RedisWindows, SharedWindows, Windows
from risiti.gateway.resilience.shared_state import RedisState
from risiti.gateway.settings import Settings
from risiti.gateway.submissions import audit
from risiti.gateway.submissions.adopting import adopting
from risiti.gateway.submissions.connections import Connections
from risiti.gateway.submissions.deadlines import DeadlineRules
from risiti.gateway.submissions.decisions import ADOPT_TASK
from risiti.gateway.submissions.device_sessions import DeviceSessions
from risiti.gateway.submissions.engine import Engine
from risiti.gateway.submissions.observing import ObservedGovernor
from risiti.gateway.submissions.protection import ProtectionView, protection
from risiti.gateway.submissions.readiness import Situation, situation
from risiti.gateway.submissions.settle import Desk, pause_device
from risiti.gateway.submissions.settlements import Settlements
from risiti.gateway.submissions.upstreams import Upstreams
from risiti.gateway.tenancy import companies, custody, devices
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.external_signer import ExternalSigner
from risiti.gateway.tenancy.tables import Company, Device

_log = structlog.get_logger()

VERSION = "0.1.0"
TASKS_AT_ONCE = 4
"""How many background tasks one process does at the same time."""


@dataclass(frozen=True, slots=True)
class World:
    """What comes from outside the process; tests and simulations give their own."""

    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=SystemRandom)
    transport: Transport | None = None
    """How to reach the authority; None: over HTTP."""
    database: Database | None = None
    """Where everything is kept; None: where the settings say."""
    tracing: Tracing | None = None
    """Where spans go; None: where the settings say."""
    follows_database: bool = True
    """On PostgreSQL, time is what the database's clock says, so that all processes agree."""


@dataclass(slots=True)
class Runtime:
    """The long-lived things that doors and workers use."""

    settings: Settings
    clock: Clock
    ids: Ids
    database: Database
    vault: Vault
    engine: Engine
    settlements: Settlements
    signals: Signals
    acceptance: Acceptance
    """Takes documents on, together with those that come at the same time."""
    knowledge: Knowledge
    """What documents are checked by besides themselves."""
    windows: Windows
    """Where requests are counted."""
    task_timing: TaskTiming
    handlers: Mapping[str, Handler]
    """Who does which kind of background task."""
    routines: Sequence[Routine]
    """The periodic ones."""
    mailing: Mailing | None
    """How mail is sent to people; None: not at all."""
    pressure: Pressure
    """How much more there is to do than this process can."""
    metrics: Metrics
    """What this process counts."""
    tracing: Tracing
    signer: ExternalSigner | None
    """Who keeps private keys instead of the database, if somebody does."""
    kek_made: Path | None
    """Where a key-encryption key was made, if this was the first start."""
    schema: str | None = None
    """The version of the tables at the start."""
    draining: bool = False
    """The process is about to end: it finishes what it has and should get nothing more."""
    _on_work: list[Heard] = field(default_factory=list)
    _environments: dict[str, Environment] = field(default_factory=dict)
    """Which environment a company belongs to; that never changes."""

    def desk(self, by: str | None = None) -> Desk:
        """Return what writing down a change needs, as of now; `by` says who wants it."""
        return Desk(self.clock.now(), self.engine.timing, self.ids, self.engine.random, by, self.rules)

    def runner(self, database: Database | None = None) -> Runner:
        """Return a runner of background tasks; another `database` stands in for the runtime's in tests."""
        return Runner(
            database or self.database,
            self.handlers,
            clock=self.clock,
            random=self.engine.random,
            timing=self.task_timing,
            concurrency=TASKS_AT_ONCE,
            plan=self._plan,
        )

    def _plan(self, session: Session) -> None:
        company_ids = session.scalars(select(Company.id)).all()
        routines.plan(
            session,
            self.ids,
            self.clock.now(),
            self.engine.random,
            routines=self.routines,
            company_ids=company_ids,
        )

    def tell_of_work(self, wake: Heard) -> None:
        """Have a worker of this process woken when something is accepted, by the id of the device where it is said."""
        self._on_work.append(wake)
        self.signals.hear(Channel.WORK, wake)

    def wake(self, *, is_told: bool = False) -> None:
        """Say that something was accepted: to the worker of this process at once, to all others soon.

        `is_told`: the others know already.
        """
        for wake in self._on_work:
            wake("")
        if not is_told:
            self.signals.say(Channel.WORK)

    async def wait_until_settled(
        self, company_id: str, document_id: str, seconds: float, *, known: InvoiceView | None = None
    ) -> InvoiceView:
        """Return a document as soon as it is settled, or as it stands when the time (seconds) is over.

        While the authority is known to be away, or this process has more to do than it can, nobody is made to wait: the
        document as it stands comes at once. `known` is how it stood when it was taken on, a moment ago.

        Raises:
            NotFound: the company has none with this id.
        """
        with self.settlements.watching(document_id) as moved:
            if seconds > 0 and (self.pressure.is_high or await self.authority_is_away(company_id)):
                seconds = 0
            look = partial(look_at, self.database, company_id, document_id, self.rules)
            with deadline.within(self.clock, seconds):
                return await self.settlements.wait(moved, look, is_settled, seconds, seen=known)

    async def authority_is_away(self, company_id: str) -> bool:
        """Tell whether the authority that a company's documents go to is known to be away."""
        environment = self._environments.get(company_id)
        if environment is None:
            company = await self.database.read_as(company_id, partial(companies.read, company_id=company_id))
            environment = self._environments[company_id] = company.environment
        url = self.urls.get(environment)
        return url is not None and await self.engine.connections.upstreams.is_away(environment, url)

    @property
    def rules(self) -> DeadlineRules:
        """Until when a sale must be with the authority."""
        return rules_of(self.settings)

    @property
    def urls(self) -> dict[str, str]:
        """The address of each environment that has one."""
        given = {Environment.TEST: self.settings.efris_test_url, Environment.LIVE: self.settings.efris_live_url}
        return {environment.value: url for environment, url in given.items() if url is not None}

    async def situation(self) -> tuple[str | None, Situation]:
        """Return which version the tables have, and how workers and the authority stand."""
        schema = await self.database.administer(schema_version)
        return schema, await self.database.read(partial(situation, urls=self.urls, now=self.clock.now()))

    def protection(self, session: Session) -> ProtectionView:
        """Return how the way to the authority stands; a unit of work."""
        return protection(session, self.urls, self.clock.now())


@asynccontextmanager
async def open_runtime(settings: Settings, world: World | None = None) -> AsyncIterator[Runtime]:
    """Open the database, the vault and the way to the authority; close them at the end.

    The schema must be there (`risiti db upgrade`).

    Raises:
        KeyEncryptionKeyError: the key-encryption key is missing or not the one of this database.
    """
    world = world or World()
    if settings.sqlite_file is None and world.database is None and world.follows_database:
        world = replace(world, clock=DatabaseClock(world.clock))
    ids = Ids(world.clock, world.random.randbytes)
    timing = timing_of(settings)
    pressure = Pressure(world.clock)
    database = world.database or open_database(settings, pressure.waited)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        metrics = Metrics(VERSION)
        tracing = world.tracing or Tracing.to(settings.otel_exporter_otlp_endpoint, VERSION)
        stack.push_async_callback(tracing.close)
        transport = world.transport
        if transport is None:
            transport = own = AiohttpTransport()
            stack.push_async_callback(own.close)
        opened = await custody.open_vault(database, keys_given(settings))
        signer = _open_signer(settings, stack)
        settlements = Settlements(world.clock, timing.poll)
        signals = await _open_signals(settings, database, world.clock, stack)
        signals.hear(Channel.MOVED, settlements.announce)

        def announce(document_id: str) -> None:
            settlements.announce(document_id)
            signals.say(Channel.MOVED, document_id)

        async def pause(device_id: str, reason: str) -> None:
            desk = Desk(world.clock.now(), timing, ids, world.random)
            await database.write(partial(pause_device, desk=desk, device_id=device_id, reason=reason))

        shared = None if settings.redis_url is None else RedisState(settings.redis_url.get_secret_value(), world.clock)
        if shared is not None:
            stack.push_async_callback(shared.close)
        process = f"process-{ids.exchange()[:12]}"
        upstreams = Upstreams(
            database, world.clock, protection_of(settings), process, quiet=timing.quiet, shared=shared
        )
        stack.push_async_callback(upstreams.leave)

        async def open_client(device_id: str) -> AsyncClient:
            environment = await database.read(partial(_environment, device_id=device_id))
            url = url_of(settings, environment)
            governor, time = upstreams.governor(device_id, environment, url)
            credentials = await database.read(
                partial(devices.credentials, vault=opened.vault, device_id=device_id, signer=signer)
            )
            observed = ObservedGovernor(governor, metrics.authority_answered, tracing, world.clock.monotonic)
            return AsyncClient(
                url,
                credentials,
                transport=transport,
                clock=world.clock,
                new_exchange_id=ids.exchange,
                timeout=timing.answer,
                governor=observed,
                authority_time=time,
                session_keys=DeviceSessions(
                    database, opened.vault, world.clock, process=process, device_id=device_id, pause=pause
                ),
            )

        async def blocked(device_id: str, refusal: Refused) -> None:
            await pause(device_id, str(refusal))

        connections = Connections(
            open_client, blocked, upstreams=upstreams, timing=timing, clock=world.clock, random=world.random
        )
        engine = Engine(
            database=database,
            connections=connections,
            kinds=KINDS,
            timing=timing,
            clock=world.clock,
            ids=ids,
            random=world.random,
            announce=announce,
            signals=signals,
            tracing=tracing,
        )
        stack.push_async_callback(connections.close)
        task_timing = TaskTiming()
        letters = mailing_of(settings)

        def desk() -> Desk:
            return Desk(world.clock.now(), timing, ids, world.random, rules=rules_of(settings))

        yield Runtime(
            settings=settings,
            clock=world.clock,
            ids=ids,
            database=database,
            vault=opened.vault,
            engine=engine,
            settlements=settlements,
            signals=signals,
            acceptance=Acceptance(database, desk, tracing, signals),
            knowledge=Knowledge(database, RememberedLists().known),
            windows=_open_windows(settings, world.clock, stack),
            task_timing=task_timing,
            handlers={
                **_handlers(engine, letters),
                retention.REMOVE: retention.removing(database, world.clock, periods_of(settings), metrics.removed),
            },
            routines=(
                *chaining.ROUTINES,
                *expiry.ROUTINES,
                *audit.ROUTINES,
                *fetching.ROUTINES,
                *retention.ROUTINES,
            ),
            mailing=letters,
            pressure=pressure,
            metrics=metrics,
            tracing=tracing,
            signer=signer,
            kek_made=opened.made,
            schema=await database.administer(schema_version),
        )


async def _open_signals(settings: Settings, database: Database, clock: Clock, stack: AsyncExitStack) -> Signals:
    """Begin what runs beside everything else on PostgreSQL: its clock is read, signals are heard and sent."""
    if isinstance(clock, DatabaseClock):
        await clock.measure(database)
        await _beside(stack, clock.keep_measuring(database))
    if not isinstance(database, PostgresDatabase):
        return NoSignals()
    from risiti.gateway.db.postgres_signals import PostgresSignals  # noqa: PLC0415 - its driver is an extra

    signals = PostgresSignals(settings.database_url.get_secret_value(), SystemClock())
    await _beside(stack, signals.run())
    return signals


def _open_signer(settings: Settings, stack: AsyncExitStack) -> ExternalSigner | None:
    address, token = settings.external_signer_url, settings.external_signer_token
    if address is None or token is None:
        return None
    signer = ExternalSigner(address, Secret(token.get_secret_value()), settings.external_signer_timeout)
    stack.push_async_callback(signer.close)
    return signer


async def _beside(stack: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)


def _open_windows(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Windows:
    own = MemoryWindows(clock)
    if settings.redis_url is None:
        return own
    shared = RedisWindows(settings.redis_url.get_secret_value(), clock)
    stack.push_async_callback(shared.close)
    return SharedWindows(shared, own, clock)


def open_database(settings: Settings, waited: Waited = nobody) -> Database:
    """Open the database that the settings name; `waited` is told how long each unit of work waited for it."""
    file = settings.sqlite_file
    if file is not None:
        return SqliteDatabase(file, waited)
    return PostgresDatabase(settings.database_url.get_secret_value(), settings.database_connections, waited)


def _handlers(engine: Engine, letters: Mailing | None) -> Mapping[str, Handler]:
    return {
        chaining.CHAIN: chaining.chaining(engine.database, engine.clock),
        ADOPT_TASK: adopting(engine),
        expiry.WARN: expiry.warning(engine.clock, engine.ids),
        fetching.LISTS: fetching.fetching(engine),
        fetching.GOODS: fetching.fetching(engine),
        audit.LIGHT: audit.comparing_books(engine),
        audit.FULL: audit.comparing_books(engine),
        audit.RECHECK: audit.rechecking(engine),
        mailing.SEND: mailing.sending(engine.database, engine.clock, letters),
    }


def _environment(session: Session, device_id: str) -> Environment:
    device = session.get_one(Device, device_id)
    return session.get_one(Company, device.company_id).environment
