"""Schemathesis tries every operation as the caller for whom it is, with all of its checks; a short run, one seed.

`make fuzz-api` does the same for longer, in all phases.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientSession
from argon2 import PasswordHasher

from risiti.efris import AsgiTransport
from risiti.gateway.app import create_app
from risiti.gateway.db.session import SystemSession
from risiti.gateway.kernel.clock import SystemClock
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.runtime import Runtime, World, open_runtime
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.passwords import Hashing
from risiti.simulator import Device, Taxpayer, create_simulator
from risiti.simulator import World as Authority
from scripts.fuzz_api import Bounds, Caller, command, operations, prepare
from tests.gateway.api.door import OPERATOR_TOKEN, a_firm
from tests.gateway.api.persons import PASSWORD
from tests.gateway.api.serving import served
from tests.make import DEVICE_NO, TIN, a_private_key, public_pem
from tests.on import some_database

pytestmark = pytest.mark.anyio

PHASES = "examples,fuzzing"
TRIES = 2
SECONDS = 120
"""A bound for a machine that hangs; the run is over long before."""


@dataclass(frozen=True)
class Gateway:
    url: str
    company_id: str
    tokens: dict[str, str]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway on 127.0.0.1 whose time passes, with the authority in the same process."""
    authority = Authority.open(chance=Random(7))  # noqa: S311 - repeatable on purpose
    authority.register(
        Taxpayer(tin=TIN, legal_name="Mango Street Grocers (fictitious)", email="till@mango.invalid"),
        Device(device_no=DEVICE_NO, tin=TIN, public_key=public_pem(a_private_key())),
    )
    settings = Settings(
        **some_database(tmp_path),
        efris_test_url="http://authority.invalid/efrisws/ws/taapp/getInformation",
        risiti_admin_token=OPERATOR_TOKEN,
        risiti_kek=KeyEncryptionKey.generate().to_text(),
        rate_limit_enabled=False,
    )
    world = World(transport=AsgiTransport(create_simulator(authority, clock=SystemClock())), follows_database=False)
    async with open_runtime(settings, world) as runtime:
        firm = await a_firm(runtime, TIN, DEVICE_NO)
        app = create_app(runtime)
        app.state.hashing = Hashing(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        async with served(app) as address:
            owner = await sign_in(runtime, firm.id, address.url)
            yield Gateway(address.url, firm.id, {"company": firm.key, "operator": OPERATOR_TOKEN, "person": owner})


async def sign_in(runtime: Runtime, company_id: str, url: str) -> str:
    def unit(session: SystemSession) -> str:
        user = users.add(
            session, runtime.ids, runtime.clock, email="owner@shop.invalid", name="Owner", is_operator=False
        )
        users.give_role(session, runtime.ids, runtime.clock, company_id, user.id, role=Role.OWNER)
        token, _ = users.invite(session, runtime.clock, user)
        return token.reveal()

    invitation = await runtime.database.write(unit)
    async with ClientSession(url) as http:
        chosen = {"token": invitation, "password": PASSWORD}
        (await http.post("/api/auth/set-password", json=chosen)).raise_for_status()
        answer = await http.post("/api/auth/login", json={"email": "owner@shop.invalid", "password": PASSWORD})
        return str((await answer.json())["access_token"])


@pytest.mark.parametrize("caller", sorted(operations()))
async def test_no_request_that_the_api_document_allows_or_forbids_is_answered_otherwise_than_it_says(
    gateway: Gateway, caller: str, tmp_path: Path
) -> None:
    environment = prepare(tmp_path, gateway.company_id)
    words = command(
        gateway.url,
        Caller(caller, gateway.tokens[caller], operations()[caller]),
        Bounds(PHASES, TRIES, seed=1),
    )
    run = await asyncio.create_subprocess_exec(
        *words, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(run.communicate(), SECONDS)
    assert run.returncode == 0, said.decode()


def test_every_operation_has_a_caller() -> None:
    of_callers = [label for labels in operations().values() for label in labels]
    assert len(of_callers) == len(set(of_callers)) > 70
