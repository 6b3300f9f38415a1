"""The whole gateway behind its HTTP door, with the authority in the same process and two companies."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import ClientResponse, ClientSession
from argon2 import PasswordHasher
from fastapi import FastAPI

from risiti.efris import AsgiTransport
from risiti.gateway.app import create_app
from risiti.gateway.runtime import Runtime, World, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import api_keys, companies, devices
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.worker.loop import Worker
from risiti.simulator import Device, Taxpayer, create_simulator
from risiti.simulator import World as Authority
from tests.clock import ManualClock
from tests.gateway.api.serving import Address, served
from tests.gateway.fiscal.bad_inputs import NOW
from tests.make import DEVICE_NO, OTHER_DEVICE_NO, OTHER_TIN, TIN, a_private_key, public_pem
from tests.on import some_database

OPERATOR_TOKEN = "operator-token-of-32-characters-or-more"


@dataclass(frozen=True)
class Firm:
    """A company of the tests, with a key that may do everything."""

    id: str
    key: str

    def path(self, rest: str = "") -> str:
        return f"/api/companies/{self.id}{rest}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


class Door:
    """What a test of the API holds in its hands."""

    def __init__(  # noqa: PLR0917 - as many things as there are
        self,
        runtime: Runtime,
        authority: Authority,
        clock: ManualClock,
        address: Address,
        http: ClientSession,
        app: FastAPI,
        *firms: Firm,
    ) -> None:
        self.runtime = runtime
        self.authority = authority
        self.clock = clock
        self._http = http
        self.address = address
        self.app = app
        self.firm, self.other = firms
        self.worker = Worker(runtime.engine, 8)
        runtime.tell_of_work(self.worker.wake)

    async def ask(self, method: str, path: str, firm: Firm | None = None, **request: Any) -> ClientResponse:  # noqa: ANN401 - as aiohttp
        """Send a request with a company's key (the first one's, if none is named)."""
        headers = {**(firm or self.firm).headers, **request.pop("headers", {})}
        return await self.ask_bare(method, path, headers=headers, **request)

    async def ask_bare(self, method: str, path: str, **request: Any) -> ClientResponse:  # noqa: ANN401 - as aiohttp
        """Send a request as it is; the answer has been read."""
        if isinstance(request.get("data"), bytes):
            request["data"] = io.BytesIO(request["data"])  # the client warns of large bodies in one piece
        answer = await self._http.request(method, path, **request)
        await answer.read()
        return answer

    async def work(self) -> None:
        """Let the worker do what is due, until two looks in a row find nothing."""
        idle = 0
        while idle < 2:  # the first look may only have opened a connection
            idle = 0 if await self.worker.turn() else idle + 1
            await self.runtime.engine.connections.opened()
            await self.worker.idle()

    async def state_of(self, reference: str) -> str:
        """Return the state of the first company's document with this reference; empty if there is none."""
        page = await (await self.ask("GET", self.firm.path("/invoices"), params={"reference": reference})).json()
        return str(page["items"][0]["state"]) if page["items"] else ""

    async def key_with(self, *scopes: Scope) -> Firm:
        """Return the first company with another key."""
        issued = await self.runtime.database.write_as(
            self.firm.id,
            lambda session: api_keys.issue(
                session, self.runtime.ids, self.clock, self.firm.id, scopes=scopes, label="test"
            ),
        )
        return Firm(self.firm.id, issued.key.reveal())


@asynccontextmanager
async def open_door(folder: Path, **settings: Any) -> AsyncIterator[Door]:  # noqa: ANN401 - any setting
    """Open the gateway on 127.0.0.1; `settings` override its own."""
    clock = ManualClock(NOW)
    authority = Authority.open(chance=Random(7))  # noqa: S311 - repeatable on purpose
    for tin, device_no in ((TIN, DEVICE_NO), (OTHER_TIN, OTHER_DEVICE_NO)):
        authority.register(
            Taxpayer(tin=tin, legal_name=f"Firm {tin} (fictitious)", email="till@firm.invalid"),
            Device(device_no=device_no, tin=tin, public_key=public_pem(a_private_key())),
        )
    own = {
        **some_database(folder),
        "efris_test_url": "http://authority.invalid/efrisws/ws/taapp/getInformation",
        "risiti_admin_token": OPERATOR_TOKEN,
        "rate_limit_enabled": False,  # the tests of limits switch it on
        "efris_rate": 100_000,  # the clock stands still: nobody could wait for a turn
    }
    chosen = Settings(**{**own, **settings})
    transport = AsgiTransport(create_simulator(authority, clock=clock))
    async with open_runtime(chosen, World(clock, Random(11), transport, follows_database=False)) as runtime:  # noqa: S311 - as above
        firms = [await a_firm(runtime, *numbers) for numbers in ((TIN, DEVICE_NO), (OTHER_TIN, OTHER_DEVICE_NO))]
        app = create_app(runtime)
        app.state.hashing = Hashing(
            PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        )  # people come and go here
        async with served(app) as address, ClientSession(address.url) as http:
            yield Door(runtime, authority, clock, address, http, app, *firms)


async def a_firm(runtime: Runtime, tin: str, device_no: str) -> Firm:
    """Open a company with a device and a key that may do everything."""
    clock = runtime.clock
    new = companies.NewCompany(
        environment=Environment.TEST, tin=tin, legal_name=f"Firm {tin} (fictitious)", email="till@firm.invalid"
    )
    company = await runtime.database.write(
        lambda session: companies.open_company(session, runtime.vault, runtime.ids, clock, new)
    )
    issued = await runtime.database.write_as(
        company.id,
        lambda session: api_keys.issue(session, runtime.ids, clock, company.id, scopes=[Scope.ADMIN], label="all"),
    )
    await runtime.database.write_as(
        company.id,
        lambda session: devices.register(
            session, runtime.vault, runtime.ids, clock, company.id, device_no=device_no, key=a_private_key()
        ),
    )
    return Firm(company.id, issued.key.reveal())
