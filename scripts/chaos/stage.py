"""The stage of a chaos run: database, Redis, simulator, API processes behind a balancer, workers behind a bad line."""

import asyncio
import base64
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self, TypeVar

import asyncpg

from risiti.cli.authority import Authority
from risiti.cli.erp import Account
from risiti.cli.processes import Child, free_port
from risiti.cli.service import WORKER_READY
from risiti.cli.shop import SHOP, open_shops
from risiti.cli.stage import Tempo, read_settings
from risiti.gateway.settings import Settings
from risiti.simulator import PATH
from scripts.chaos.link import Link
from scripts.servers.postgres import Postgres, Stop
from scripts.servers.programs import hand_over, open_folder
from scripts.servers.valkey import Valkey

T = TypeVar("T")

DATABASE: Final = "risiti"
FIRST_TIN: Final = 1_000_000_100
QUICK: Final[Mapping[str, str]] = {
    "rate_limit_enabled": "false",  # one address stands for all callers
    "breaker_open_for": "1",
    "efris_breaker_open_seconds": "1",
    "efris_breaker_probe_after": "1",
}
"""Settings for a run that must be short; those that this release does not know are left out."""


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
    """

    folder: Path
    cast: Cast
    tempo: Tempo = field(default_factory=Tempo)
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

    def one_more_worker(self, name: str) -> Child:
        """Return a worker of the gateway that does not run yet."""
        return self._child(name, ["worker"], self._settings, ready=WORKER_READY)

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
        ports = [free_port() for _ in range(1 if self.cast.sqlite else self.cast.apis)]
        self._balancer = await stack.enter_async_context(Link(ports))
        database = await self._database()
        self._settings = {
            **self.tempo.as_settings(),
            **{name.upper(): value for name, value in QUICK.items() if name in Settings.model_fields},
            **database,
            "EFRIS_TEST_URL": f"http://127.0.0.1:{self._line.port}{PATH}",
            "RISITI_KEK": base64.b64encode(secrets.token_bytes(32)).decode(),
            "LOG_FORMAT": "json",
        }
        async with Authority(self.simulator_url) as authority:
            await authority.change_settings({"clock_tolerance_seconds": self.tempo.request_validity})
            shops = [{**SHOP, "tin": str(FIRST_TIN + number)} for number in range(self.cast.companies)]
            self.accounts = await open_shops(read_settings(self._settings), self.url, authority, shops)
        for number, port in enumerate(ports, 1):
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
        found = {"DATABASE_URL": postgres.url_of(DATABASE)}
        if "redis_url" in Settings.model_fields:
            found["REDIS_URL"] = redis.url
        return found

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


def _there(value: T | None) -> T:
    if value is None:
        message = "the stage is not set"
        raise RuntimeError(message)
    return value
