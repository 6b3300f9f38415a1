"""The set itself: what runs, in which order it is started and stopped, and its demo company."""

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import aiohttp
import asyncpg

from risiti.cli.authority import Authority
from risiti.cli.console import CommandError, complain
from risiti.cli.erp import Account
from risiti.cli.service import WORKER_READY
from risiti.cli.shop import open_shop
from risiti.gateway.setting_sources import FILE_SUFFIX, OWN_PREFIXES
from risiti.gateway.settings import Settings
from scripts.servers import postgres as postgresql
from scripts.servers import valkey
from scripts.servers.programs import NoServer, spawn
from scripts.up import nginx, scraping
from scripts.up.daemons import POLL_SECONDS, READY_SECONDS, Daemon
from scripts.up.plan import DATABASE, FOLDER, OWNER_ONLY, WORKERS, Plan, home_of, read_settings

ACCOUNT: Final = FOLDER / "secrets" / "demo.json"
LOGS: Final = FOLDER / "run"


@dataclass(frozen=True, slots=True)
class Machine:
    """The set on this machine."""

    plan: Plan
    with_nginx: bool = True

    def daemons(self) -> Iterator[Daemon]:
        """Return what runs, in the order in which it is started."""
        yield self._postgres
        yield self._valkey
        yield self._simulator
        yield from self.apis
        yield from self.workers
        yield self._nginx

    @property
    def apis(self) -> list[Daemon]:
        """The API processes."""
        return [Daemon(f"api-{number}", LOGS) for number, _ in enumerate(self.plan.apis, 1)]

    @property
    def workers(self) -> list[Daemon]:
        """The workers."""
        return [Daemon(f"worker-{number}", LOGS, patience=90) for number in range(1, WORKERS + 1)]

    def start(self) -> Account:
        """Start whatever does not run; return the demo company.

        Raises:
            CommandError: something is missing or does not start; what was started stays, `make down` ends it.
        """
        if self.with_nginx:
            nginx.find()
        try:
            database, redis = self._start_postgres(), self._start_valkey()
        except NoServer as error:
            raise CommandError(str(error)) from None
        given = self.plan.settings(database, redis)
        state = str(FOLDER / "simulator.db")
        arguments = ["simulator", "--port", str(self.plan.simulator), "--state", state, "--set", "magic=true"]
        self._simulator.start(_risiti(arguments), _environment({}))
        self._wait(self._simulator, f"{self.plan.simulator_url}/_control/calls")
        account = asyncio.run(self._demo(given))
        for place in range(len(self.plan.apis)):
            self._launch_api(place, given)
        scraping.FILE.write_text(scraping.configuration(self.plan), encoding="utf-8")
        for place in range(len(self.plan.workers)):
            self._launch_worker(place, given)
        for place in range(len(self.plan.apis)):
            self._await_api(place)
        for worker in self.workers:
            self._await_worker(worker)
        if self.with_nginx:
            home = home_of("nginx")
            self._nginx.start(nginx.command(self.plan, home), dict(os.environ))
            self._wait(self._nginx, f"https://127.0.0.1:{self.plan.https}/health/live")
        return Account(self.plan.url if self.with_nginx else self._api_url(0), account.company_id, account.key)

    def restart(self) -> None:
        """Restart API and worker processes one after the other: callers notice nothing.

        Raises:
            CommandError: one does not come back; the others run.
        """
        given = self.plan.settings(self._database_url(), valkey.Valkey(home_of("valkey"), port=self.plan.valkey).url)
        for place, api in enumerate(self.apis):
            complain(f"restarting {api.name}")
            api.stop()
            self._launch_api(place, given)
            self._await_api(place)
        for place, worker in enumerate(self.workers):
            complain(f"restarting {worker.name}")
            worker.stop()
            self._launch_worker(place, given)
            self._await_worker(worker)

    def stop(self) -> list[str]:
        """End everything that was started, callers' side first; return the names of what ran."""
        stopped = []
        for daemon in reversed(list(self.daemons())):
            if daemon.stop():
                complain(f"stopped {daemon.name}")
                stopped.append(daemon.name)
        return stopped

    def _start_postgres(self) -> str:
        server = self._server()
        server.initialise()
        if self._postgres.pid is None:
            LOGS.mkdir(parents=True, exist_ok=True)
            self._postgres.adopt(spawn(server.command(self.plan.postgres), server.home))
            self._until(self._postgres, lambda: postgresql.ready_pid(server.data) == self._postgres.pid)
        asyncio.run(_make_database(server.url))
        return server.url_of(DATABASE)

    def _database_url(self) -> str:
        return self._server().url_of(DATABASE)

    def _server(self) -> postgresql.Postgres:
        return postgresql.Postgres(home_of("postgresql"), {"max_connections": "200"}, port=self.plan.postgres)

    def _start_valkey(self) -> str:
        server = valkey.Valkey(home_of("valkey"), port=self.plan.valkey)
        if self._valkey.pid is None:
            self._valkey.adopt(spawn(server.command(self.plan.valkey), home_of("valkey")))
            self._until(self._valkey, lambda: valkey.answers(server.url))
        return server.url

    async def _demo(self, given: dict[str, str]) -> Account:
        """Return the demo company; open it at the first start, before the gateway runs."""
        if ACCOUNT.exists():
            kept = json.loads(ACCOUNT.read_text(encoding="utf-8"))
            return Account(self.plan.url, kept["company_id"], kept["key"])
        async with Authority(self.plan.simulator_url) as authority:
            account = await open_shop(read_settings(given), self.plan.url, authority)
        ACCOUNT.touch(OWNER_ONLY)
        ACCOUNT.write_text(json.dumps({"company_id": account.company_id, "key": account.key}), encoding="utf-8")
        return account

    def _launch_api(self, place: int, given: dict[str, str]) -> None:
        settings = {**given, "PORT": str(self.plan.apis[place])}
        self.apis[place].start(_risiti(["api", "--showcase", str(ACCOUNT)]), _environment(settings))

    def _await_api(self, place: int) -> None:
        self._wait(self.apis[place], f"{self._api_url(place)}/health")

    def _launch_worker(self, place: int, given: dict[str, str]) -> None:
        worker = self.workers[place]
        if worker.pid is None:
            worker.log.unlink(missing_ok=True)
        settings = {**given, "WORKER_METRICS_PORT": str(self.plan.workers[place])}
        worker.start(_risiti(["worker"]), _environment(settings))

    def _await_worker(self, worker: Daemon) -> None:
        self._until(worker, lambda: WORKER_READY in worker.log.read_text(encoding="utf-8", errors="replace"))

    def _api_url(self, place: int) -> str:
        return f"http://127.0.0.1:{self.plan.apis[place]}"

    def _wait(self, daemon: Daemon, url: str) -> None:
        self._until(daemon, partial(_answers, url))

    def _until(self, daemon: Daemon, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if daemon.pid is None or time.monotonic() > deadline:
                raise daemon.say_why_it_ended()
            time.sleep(POLL_SECONDS)
        complain(f"{daemon.name} runs")

    @property
    def _postgres(self) -> Daemon:
        return Daemon("postgresql", LOGS, ending=signal.SIGINT)

    @property
    def _valkey(self) -> Daemon:
        return Daemon("valkey", LOGS)

    @property
    def _simulator(self) -> Daemon:
        return Daemon("simulator", LOGS)

    @property
    def _nginx(self) -> Daemon:
        return Daemon("nginx", LOGS, ending=signal.SIGQUIT, patience=10)


async def _make_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _answers(url: str) -> bool:
    async def ask() -> bool:
        unverified = ssl.create_default_context()
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE  # our own certificate, on our own machine
        connector = aiohttp.TCPConnector(ssl=unverified)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(url) as answer,
            ):
                return answer.ok
        except (aiohttp.ClientError, TimeoutError):
            return False

    return asyncio.run(ask())


def _risiti(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "risiti.cli", *arguments]


def _environment(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process: this one's without settings of the gateway, and those given."""
    known = {name.upper() for name in Settings.model_fields}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OWN_PREFIXES) and name.removesuffix(FILE_SUFFIX) not in known
    }
    return {**kept, **settings}
