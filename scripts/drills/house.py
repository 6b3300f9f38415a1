"""API processes on a database, and a company that was opened through them: what a drill is played against."""

import base64
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Self

import aiohttp

from risiti.cli.console import CommandError
from risiti.cli.erp import Account
from risiti.cli.processes import Child, free_port
from risiti.cli.shop import new_key_pem
from risiti.cli.stage import read_settings
from risiti.gateway.migrations import run as migrations
from risiti.gateway.runtime import open_database

COMPANY: Final[Mapping[str, str]] = {
    "environment": "test",
    "tin": "1000000000",
    "legal_name": "Mango Street Grocers (fictitious)",
    "email": "books@mango-street.example",
}
"""No such company exists."""
DEVICE: Final = "1000000000_01"


class House:
    """The processes and the company. Use as an async context manager: on leaving, every process has ended.

    No worker is there: documents are taken on and wait.

    Args:
        folder: For logs, and for the database if it is SQLite.
        database_url: An empty database; None for SQLite in the folder.
        apis: How many API processes.
        settings: Of the gateway, besides those that it needs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        apis: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._token = secrets.token_urlsafe(32)
        self._settings = {
            "DATABASE_URL": database_url or f"sqlite:///{folder / 'gateway.db'}",
            "RISITI_KEK": base64.b64encode(secrets.token_bytes(32)).decode(),
            "RISITI_ADMIN_TOKEN": self._token,
            "HOST": "127.0.0.1",
            "LOG_FORMAT": "json",
            "RATE_LIMIT_ENABLED": "false",
            **(settings or {}),
        }
        self.ports = tuple(free_port() for _ in range(apis))
        self.logs = tuple(folder / f"api-{number}.log" for number in range(1, apis + 1))
        self.apis = tuple(
            Child(
                f"API {number}",
                ["api"],
                {**self._settings, "PORT": str(port)},
                self.logs[number - 1],
                ready=f"http://127.0.0.1:{port}/health/live",
            )
            for number, port in enumerate(self.ports, 1)
        )
        self._account: Account | None = None
        self._stack = AsyncExitStack()

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the API processes listen."""
        return tuple(f"http://127.0.0.1:{port}" for port in self.ports)

    @property
    def account(self) -> Account:
        """The company at the first process, with a key that may do everything."""
        if self._account is None:
            message = "the house is not open"
            raise RuntimeError(message)
        return self._account

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the company carries."""
        return {"Authorization": f"Bearer {self.account.key}"}

    def path(self, rest: str) -> str:
        """Return the path of something of the company's."""
        return f"/api/companies/{self.account.company_id}{rest}"

    async def __aenter__(self) -> Self:
        database = open_database(read_settings(self._settings))
        try:
            await migrations.upgrade(database)
        finally:
            await database.close()
        try:
            for api in self.apis:
                self._stack.push_async_callback(api.end)
                api.launch()
            for api in self.apis:
                await api.answers()
            self._account = await self._open_company()
            await self._register_device()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def restart(self, place: int) -> None:
        """End one API process as its operator would, and start it again."""
        await self.apis[place].end()
        await self.apis[place].start()

    async def _open_company(self) -> Account:
        operator = {"Authorization": f"Bearer {self._token}"}
        async with (
            aiohttp.ClientSession(self.urls[0], headers=operator) as session,
            session.post("/api/companies", json=COMPANY) as answer,
        ):
            body = await answer.json()
            if not answer.ok:
                raise CommandError(f"the company was not opened: {body}")
            return Account(self.urls[0], str(body["id"]), str(body["key"]))

    async def _register_device(self) -> None:
        device = {"device_no": DEVICE, "private_key": new_key_pem().decode()}
        async with (
            aiohttp.ClientSession(self.urls[0], headers=self.headers) as session,
            session.post(self.path("/devices"), json=device) as answer,
        ):
            if not answer.ok:
                raise CommandError(f"the device was not registered: {await answer.text()}")
