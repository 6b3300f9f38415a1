"""A stage: simulator and gateway as real processes on one folder, with the demo shop and short waiting times."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from risiti.cli.authority import Authority
from risiti.cli.console import CommandError
from risiti.cli.erp import Account
from risiti.cli.processes import Child, free_port
from risiti.cli.service import WORKER_READY
from risiti.cli.shop import PROBE_REFERENCE, SHOP, new_key_pem, open_shop, public_half
from risiti.gateway.settings import Settings
from risiti.simulator import PATH

STALE: Final = (
    "*.db",
    "*.db-*",
    "*.db.worker",
    "gateway.log",
    "api.log",
    "worker.log",
    "simulator.log",
    "kek",
    "*.json",
)
"""What an earlier stage left in its folder; nothing else is touched there."""
OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Tempo:
    """Waiting times in seconds, short enough to watch. They are sound because the simulator keeps to them too.

    `request_validity` is also the simulator's clock tolerance: it turns away every request that is older, as the real
    authority does after 600 s. So no copy of a request can take effect once the quiet period is over.
    """

    timeout: float = 2
    send_window: float = 2
    lease_margin: float = 1
    request_validity: int = 4
    clock_error: float = 1
    processing: float = 1
    query_lag: float = 1
    asks: tuple[float, ...] = (1, 1, 1, 2, 2, 3)

    @property
    def quiet_period(self) -> float:
        """After this many seconds, no copy of a request can take effect any more."""
        return self.request_validity + self.clock_error + self.processing

    def as_settings(self) -> dict[str, str]:
        """Return them as settings of the gateway, as its environment has them."""
        return {
            "EFRIS_TIMEOUT": str(self.timeout),
            "EFRIS_SEND_WINDOW": str(self.send_window),
            "EFRIS_LEASE_MARGIN": str(self.lease_margin),
            "EFRIS_REQUEST_VALIDITY": str(self.request_validity),
            "EFRIS_CLOCK_ERROR": str(self.clock_error),
            "EFRIS_PROCESSING_TIME": str(self.processing),
            "EFRIS_QUERY_LAG": str(self.query_lag),
            "EFRIS_ASK_SCHEDULE": ",".join(str(seconds) for seconds in self.asks),
            "EFRIS_RETRY_FIRST_WAIT": "0.2",
            "EFRIS_RETRY_LONGEST_WAIT": "1",
            "EFRIS_RETRY_SLOW_WAIT": "2",
            "EFRIS_BREAKER_OPEN": "1",
            "EFRIS_RATE": "10000",
            "EFRIS_CONCURRENCY": "256",
        }


class Stage:
    """The processes and the shop. Use as an async context manager: on leaving, every process has ended.

    Args:
        folder: For databases and logs; what an earlier stage left there is removed.
        gateway_port: Where the API listens; None for a free port.
        tempo: The waiting times.
        split: API and worker as two processes instead of one.
        settings: Settings of the gateway besides these.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gateway_port: int | None = None,
        tempo: Tempo | None = None,
        split: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.probe_reference = PROBE_REFERENCE
        self._tempo = tempo or Tempo()
        port = gateway_port or free_port()
        self.gateway_url = f"http://127.0.0.1:{port}"
        simulator_port = free_port()
        self.simulator_url = f"http://127.0.0.1:{simulator_port}"
        self._settings = {
            **self._tempo.as_settings(),
            "DATABASE_URL": f"sqlite:///{folder / 'gateway.db'}",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "EFRIS_TEST_URL": f"{self.simulator_url}{PATH}",
            "LOG_FORMAT": "json",
            "RATE_LIMIT_ENABLED": "false",  # one address plays all the tills of a town
            **(settings or {}),
        }
        self._account: Account | None = None
        self._showcase = folder / "showcase.json"
        health = f"{self.gateway_url}/health"
        self.simulator = Child(
            "the simulator",
            ["simulator", "--port", str(simulator_port), "--state", str(folder / "simulator.db")],
            {},
            folder / "simulator.log",
            ready=f"{self.simulator_url}/_control/calls",
        )
        showcase = ["--showcase", str(self._showcase)]
        if split:
            self.api = Child("the API", ["api", *showcase], self._settings, folder / "api.log", ready=health)
            self.worker = Child("the worker", ["worker"], self._settings, folder / "worker.log", ready=WORKER_READY)
            self._gateway = [self.api, self.worker]
        else:
            log = folder / "gateway.log"
            self.api = self.worker = Child("the gateway", ["serve", *showcase], self._settings, log, ready=health)
            self._gateway = [self.api]

    async def __aenter__(self) -> Self:
        """Start the simulator, open the shop, start the gateway.

        Raises:
            CommandError: a process did not start, or the shop could not be opened; nothing is left running.
        """
        self._clear_folder()
        try:
            await self.simulator.start()
            async with Authority(self.simulator_url) as authority:
                await authority.change_settings({"clock_tolerance_seconds": self._tempo.request_validity})
                self._account = await open_shop(read_settings(self._settings), self.gateway_url, authority)
            self._write_showcase(self._account)
            for child in self._gateway:
                child.launch()
            for child in self._gateway:
                await child.answers()
        except BaseException:
            await self.end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    @property
    def account(self) -> Account:
        """Where the shop posts, once the stage is set."""
        if self._account is None:
            message = "the stage is not set"
            raise RuntimeError(message)
        return self._account

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of the gateway, as its environment has them."""
        return self._settings

    async def end(self) -> None:
        """End every process that this stage started, the gateway first."""
        for child in (*self._gateway, self.simulator):
            await child.end()

    async def add_device(self, device_no: str) -> str:
        """Register one more device of the shop on both sides; return its id here.

        Raises:
            CommandError: the gateway turned it down; the message has its answer.
        """
        pem = new_key_pem()
        async with Authority(self.simulator_url) as authority:
            await authority.register_device(SHOP["tin"], device_no, public_half(pem), SHOP)
        headers = {"Authorization": f"Bearer {self.account.key}"}
        path = f"/api/companies/{self.account.company_id}/devices"
        device = {"device_no": device_no, "private_key": pem.decode()}
        async with (
            aiohttp.ClientSession(self.gateway_url, headers=headers) as session,
            session.post(path, json=device) as answer,
        ):
            body = await answer.json()
            if not answer.ok:
                raise CommandError(f"POST {path} was answered {answer.status}: {json.dumps(body)}")
            return str(body["id"])

    def _write_showcase(self, account: Account) -> None:
        """Write what the status page may show to everybody: the demo shop, and the key to try it with."""
        self._showcase.touch(OWNER_ONLY)
        self._showcase.write_text(json.dumps({"company_id": account.company_id, "key": account.key}))

    def _clear_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for pattern in STALE:
            for path in self.folder.glob(pattern):
                path.unlink()


def read_settings(given: Mapping[str, str]) -> Settings:
    """Read settings as a child process does: from the given text alone, whatever this process's environment holds."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return Settings(**{**defaults, **{name.lower(): value for name, value in given.items()}})
