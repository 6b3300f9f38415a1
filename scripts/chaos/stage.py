"""The stage of a chaos run: database, Redis, simulator, API processes behind a balancer, workers behind a bad line."""

import asyncio
import base64
import json
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

import asyncpg
from sqlalchemy import select

from risiti.cli.authority import Authority
from risiti.cli.erp import Account, JsonObject
from risiti.cli.processes import Child, free_port
from risiti.cli.service import WORKER_READY
from risiti.cli.shop import SHOP, open_shops
from risiti.cli.stage import Tempo, read_settings
from risiti.gateway.db.session import SystemSession
from risiti.gateway.events import Event
from risiti.gateway.runtime import open_database
from risiti.gateway.settings import Settings
from risiti.simulator import PATH
from scripts.chaos.link import Link
from scripts.servers.postgres import Postgres, Stop
from scripts.servers.programs import hand_over, open_folder
from scripts.servers.valkey import Valkey

T = TypeVar("T")

DATABASE: Final = "risiti"
FIRST_TIN: Final = 1_000_000_100
EVENTS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Cast:
    """How many of everything take part.

    Attributes:
        sqlite: On SQLite: then there is one API, one worker, and no Redis.
        durable: Have PostgreSQL flush to the disk; a process that dies loses nothing without it, only a machine does.
    """

    companies: int = 20
    workers: int = 4
    apis: int = 2
    sqlite: bool = False
    durable: bool = True


@dataclass(slots=True)
class Stage:
    """Everything that runs. Use as an async context manager: on leaving, every process has ended.

    Args:
        folder: For logs and the simulator's ledger.
        cast: Who takes part.
        tempo: Waiting times of the gateway.
        settings: Further settings of the gateway.
    """

    folder: Path
    cast: Cast
    tempo: Tempo = field(default_factory=Tempo)
    settings: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    """Where the API processes listen."""
    worker_ports: dict[str, int] = field(default_factory=dict)
    """Where the workers show their metrics, by name."""
    accounts: list[Account] = field(default_factory=list)
    apis: list[Child] = field(default_factory=list)
    workers: list[Child] = field(default_factory=list)
    postgres: Postgres | None = None
    redis: Valkey | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _settings: dict[str, str] = field(default_factory=dict)
    _simulator_port: int = field(default_factory=free_port)
    _line: Link | None = None
    _balancer: Link | None = None
    _simulator: Child | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._set()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def simulator(self) -> Child:
        """The authority's process."""
        return _there(self._simulator)

    @property
    def line(self) -> Link:
        """What workers and simulator speak over."""
        return _there(self._line)

    @property
    def simulator_url(self) -> str:
        """The simulator itself, not over the line."""
        return f"http://127.0.0.1:{self._simulator_port}"

    @property
    def url(self) -> str:
        """Where callers post: any API that is there."""
        return f"http://127.0.0.1:{_there(self._balancer).port}"

    @property
    def database_url(self) -> str:
        """The gateway's database."""
        return self._settings["DATABASE_URL"]

    @property
    def gateway_settings(self) -> Settings:
        """The gateway's settings, as its processes read them."""
        return read_settings(self._settings)

    def one_more_worker(self, name: str) -> Child:
        """Return a worker of the gateway that does not run yet."""
        port = self.worker_ports[name] = free_port()
        return self._child(name, ["worker"], {**self._settings, "WORKER_METRICS_PORT": str(port)}, ready=WORKER_READY)

    async def histories(self) -> dict[str, list[JsonObject]]:
        """Return what happened to each document, oldest first, as the gateway's own table of events has it."""
        database = open_database(self.gateway_settings)
        found: dict[str, list[JsonObject]] = defaultdict(list)
        after = 0
        try:
            while rows := await database.read(partial(_events, after=after)):
                for event in rows:
                    found[str(event.document_id)].append({"event": event.name, "data": json.loads(event.data)})
                after = rows[-1].position
        finally:
            await database.close()
        return found

    async def restart_database(self, how: Stop, away: float) -> None:
        """Stop PostgreSQL, and start it again after so many seconds."""
        if self.postgres is not None:
            await asyncio.to_thread(self.postgres.stop, how)
            await asyncio.sleep(away)
            await asyncio.to_thread(self.postgres.start)

    async def restart_redis(self, away: float) -> None:
        """Stop Redis, and start it again, empty, after so many seconds."""
        if self.redis is not None:
            await asyncio.to_thread(self.redis.stop)
            await asyncio.sleep(away)
            await asyncio.to_thread(self.redis.start)

    async def _set(self) -> None:
        stack = self._stack
        state = str(self.folder / "simulator.db")
        self._simulator = self._child(
            "the simulator",
            ["simulator", "--port", str(self._simulator_port), "--state", state],
            {},
            ready=f"{self.simulator_url}/_control/calls",
        )
        await self._simulator.start()
        self._line = await stack.enter_async_context(Link([self._simulator_port]))
        self.ports = tuple(free_port() for _ in range(1 if self.cast.sqlite else self.cast.apis))
        self._balancer = await stack.enter_async_context(Link(self.ports))
        database = await self._database()
        self._settings = {
            **self.tempo.as_settings(),
            "RATE_LIMIT_ENABLED": "false",  # one address stands for all callers
            **database,
            "EFRIS_TEST_URL": f"http://127.0.0.1:{self._line.port}{PATH}",
            "RISITI_KEK": base64.b64encode(secrets.token_bytes(32)).decode(),
            "LOG_FORMAT": "json",
            **self.settings,
        }
        async with Authority(self.simulator_url) as authority:
            await authority.change_settings({"clock_tolerance_seconds": self.tempo.request_validity})
            shops = [{**SHOP, "tin": str(FIRST_TIN + number)} for number in range(self.cast.companies)]
            self.accounts = await open_shops(self.gateway_settings, self.url, authority, shops)
        for number, port in enumerate(self.ports, 1):
            settings = {**self._settings, "HOST": "127.0.0.1", "PORT": str(port)}
            ready = f"http://127.0.0.1:{port}/health"
            self.apis.append(self._child(f"API {number}", ["api"], settings, ready=ready))
        for number in range(1, 2 if self.cast.sqlite else self.cast.workers + 1):
            self.workers.append(self.one_more_worker(f"worker {number}"))
        gateway = (*self.apis, *self.workers)
        for child in gateway:
            child.launch()
        for child in gateway:
            await child.answers()

    async def _database(self) -> dict[str, str]:
        if self.cast.sqlite:
            return {"DATABASE_URL": f"sqlite:///{self.folder / 'gateway.db'}"}
        home = Path(tempfile.mkdtemp(prefix="risiti-chaos-", dir=open_folder()))
        self._stack.callback(shutil.rmtree, home, ignore_errors=True)
        postgres, redis = await asyncio.to_thread(self._start_servers, home)
        self.postgres, self.redis = postgres, redis
        connection = await asyncpg.connect(postgres.url)
        await connection.execute(f"CREATE DATABASE {DATABASE}")
        await connection.close()
        return {"DATABASE_URL": postgres.url_of(DATABASE), "REDIS_URL": redis.url}

    def _start_servers(self, home: Path) -> tuple[Postgres, Valkey]:
        for name in ("postgres", "redis"):
            (home / name).mkdir()
        hand_over(home)
        flushing = {} if self.cast.durable else {"fsync": "off", "full_page_writes": "off"}
        postgres = Postgres(home / "postgres", {"max_connections": "200", "jit": "off", **flushing})
        postgres.initialise()
        postgres.start()
        self._stack.callback(postgres.stop)
        redis = Valkey(home / "redis")
        redis.start()
        self._stack.callback(redis.stop)
        return postgres, redis

    def _child(self, name: str, arguments: list[str], environment: dict[str, str], *, ready: str) -> Child:
        log = self.folder / f"{name.removeprefix('the ').replace(' ', '-').lower()}.log"
        child = Child(name, arguments, environment, log, ready=ready)
        self._stack.push_async_callback(child.end)
        return child


def _events(session: SystemSession, after: int) -> list[Event]:
    chosen = select(Event).where(Event.position > after).order_by(Event.position).limit(EVENTS_AT_ONCE)
    return list(session.scalars(chosen))


def _there(value: T | None) -> T:
    if value is None:
        message = "the stage is not set"
        raise RuntimeError(message)
    return value
