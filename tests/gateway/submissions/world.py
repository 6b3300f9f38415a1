"""A gateway, a worker and the authority in one process, on a clock that the test moves."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import select

from risiti.efris import AsgiTransport, Transport
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.shapes import InvoiceView, parse_invoice
from risiti.gateway.kernel.secrets import KeyEncryptionKey
from risiti.gateway.runtime import Runtime, open_runtime
from risiti.gateway.runtime import World as Outside
from risiti.gateway.settings import Settings
from risiti.gateway.submissions.claim import Claim, due
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.tables import Attempt, Document
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Device, Guard
from risiti.gateway.worker.loop import Worker
from risiti.simulator import Device as RegisteredDevice
from risiti.simulator import Taxpayer
from risiti.simulator.app import create_simulator
from risiti.simulator.faults import Fault
from risiti.simulator.world import World as Authority
from tests.clock import ManualClock
from tests.gateway.submissions.crashes import KillableDatabase, KillableTransport, Killer
from tests.make import DEVICE_NO, TIN, a_private_key, an_invoice, as_body, as_pem, public_pem

ADDRESS = "http://authority.invalid/efrisws/ws/taapp/getInformation"
RATE = 100_000.0
"""The clock stands still while a test works: a lower rate would make it wait for ever."""
CONCURRENCY = 16
ROUNDS_MOST = 400
UNDER_WAY = (DocumentState.WAITING, DocumentState.SENDING, DocumentState.IN_DOUBT)


class World:
    """What a test of the engine holds in its hands."""

    def __init__(
        self, runtime: Runtime, authority: Authority, clock: ManualClock, company_id: str, killer: Killer
    ) -> None:
        self.runtime = runtime
        self.authority = authority
        self.clock = clock
        self.company_id = company_id
        self.killer = killer
        self._engine = dataclasses.replace(runtime.engine, database=KillableDatabase(runtime.engine.database, killer))
        self.worker = Worker(self._engine, CONCURRENCY)

    async def post(self, reference: str = "INV-0001", **changes: Any) -> invoices.Accepted:  # noqa: ANN401 - any JSON
        """Accept a document."""
        new = parse_invoice(as_body(an_invoice(reference, **changes)), now=self.clock.now())
        return await self.runtime.database.write_as(
            self.company_id, partial(invoices.create, desk=self.runtime.desk(), new=new)
        )

    async def hand_in(self, reference: str, *, key: str | None = None, **changes: Any) -> invoices.Accepted:  # noqa: ANN401 - any JSON
        """Accept a document as the API does: together with those that come at the same time."""
        new = parse_invoice(as_body(an_invoice(reference, **changes)), now=self.clock.now())
        return await self.runtime.acceptance.accept(Handed(self.company_id, new, key, Priority.SINGLE))

    async def look(self, document_id: str) -> InvoiceView:
        """Return a document as its seller sees it."""
        return await self.runtime.database.read_as(self.company_id, partial(invoices.read, document_id=document_id))

    async def events(self, document_id: str) -> list[invoices.EventView]:
        """Return what happened to a document, oldest first."""
        return await self.runtime.database.read_as(self.company_id, partial(invoices.history, document_id=document_id))

    async def history(self, document_id: str) -> list[str]:
        """Return the names of a document's events, oldest first."""
        return [event.event for event in await self.events(document_id)]

    async def attempts(self, document_id: str) -> list[Attempt]:
        """Return a document's attempts, oldest first."""
        return await self.runtime.database.read(
            lambda session: list(
                session.scalars(
                    select(Attempt).where(Attempt.document_id == document_id).order_by(Attempt.started_at, Attempt.id)
                )
            )
        )

    def break_authority(self, *faults: Fault) -> None:
        """Have these faults strike from now on, in place of those before."""
        self.authority.faults.set(faults)

    def break_authority_once(self, fault: str, interface: str = "T109") -> None:
        """Have one fault strike one call."""
        self.break_authority(Fault(fault, interface, times=1))

    def numbers(self, reference: str) -> list[str]:
        """Return the fiscal document numbers that the authority has issued for a reference."""
        return [document.fdn for document in self.authority.documents(reference)]

    async def turn(self) -> bool:
        """Let the worker look for work once, and wait until all of it is done."""
        worked = await self.worker.turn()
        await self.runtime.engine.connections.opened()
        await self.worker.idle()
        return worked

    async def claim(self, worker: Worker | None = None) -> list[Claim]:
        """Claim what is due as a worker does, and stop there: nothing of it is sent."""
        engine, worker = self.runtime.engine, worker or self.worker
        work = await engine.database.read_plain(partial(due, now=self.clock.now(), timing=engine.timing))
        for device in work.devices:
            engine.connections.want(device.id, worker.wake)
        await engine.connections.opened()
        clients = {device.id: engine.connections.ready(device.id) for device in work.devices}
        rooms = engine.connections.upstreams.rooms(device.id for device in work.devices)
        ready = {device: client for device, client in clients.items() if client is not None}
        plan = worker._plan(work.devices, ready, rooms)
        return await worker._claim(plan)

    async def work(self, seconds: float = 0.0, step: float = 5.0) -> None:
        """Let that much time pass, with the worker at work."""
        await self._exhaust()
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            await self._exhaust()

    async def settle(self, seconds: float, step: float) -> None:
        """Let time pass, with the worker at work, until nothing is under way any more, at most so long."""
        query = select(Document.id).where(Document.state.in_(UNDER_WAY)).limit(1)
        await self._exhaust()
        while seconds > 0 and await self.runtime.database.read(lambda session: session.scalar(query)) is not None:
            self.clock.advance(min(step, seconds))
            seconds -= step
            await self._exhaust()

    async def work_until(self, is_so: Callable[[], Awaitable[bool]], step: float = 30.0) -> None:
        """Let time pass until something is so; fail if it never is."""
        for _ in range(ROUNDS_MOST):
            await self._exhaust()
            if await is_so():
                return
            self.clock.advance(step)
        message = "it never came about"
        raise AssertionError(message)

    async def crash(self) -> None:
        """Kill the worker at once, whatever it is doing, and start another."""
        self.worker.kill()
        await self.worker.idle()
        self.killer.spare()
        for device_id in await self.device_ids():
            await self._engine.connections.forget(device_id)
        self.worker = Worker(self._engine, CONCURRENCY)

    async def device_ids(self) -> list[str]:
        """Return the ids of all devices."""
        return await self.runtime.database.read(lambda session: list(session.scalars(select(Device.id))))

    async def replace_key(self, name: str) -> None:
        """Give the device another key, here and at the authority."""
        (device_id,) = await self.device_ids()
        await devices.change_key(
            self.runtime.database,
            self.runtime.vault,
            self.runtime.ids,
            self.clock,
            self.company_id,
            device_id=device_id,
            key_file=as_pem(a_private_key(name)),
            password=None,
        )
        self.authority.register(_SELLER, _registered(name))

    async def trust_duplicate_check(self) -> None:
        """Record that the authority's duplicate check is proven."""

        def work(session: Any) -> None:  # noqa: ANN401 - a session
            session.get_one(Company, self.company_id).guard = Guard.PROVEN

        await self.runtime.database.write(work)

    async def _exhaust(self) -> None:
        for _ in range(ROUNDS_MOST):
            await self.turn()
            if not await self.turn():
                return


_SELLER = Taxpayer(tin=TIN, legal_name="Mango Street Grocers (fictitious)", email="till@mango.invalid")


def _registered(key: str) -> RegisteredDevice:
    return RegisteredDevice(device_no=DEVICE_NO, tin=TIN, public_key=public_pem(a_private_key(key)))


@asynccontextmanager
async def open_world(
    database_url: str,
    *,
    through: Callable[[Transport], Transport] = lambda inner: inner,
    held: str | None = None,
    **settings: Any,  # noqa: ANN401 - any setting
) -> AsyncIterator[World]:
    """Open a world with one company and its device on a migrated database; `settings` override the gateway's.

    `through` puts something into the way to the authority. The device's key comes to the gateway, unless it is `held`
    by an external signer under that name.
    """
    clock = ManualClock()
    authority = Authority.open(chance=Random(7))  # noqa: S311 - repeatable on purpose
    authority.register(_SELLER, _registered("seller"))
    defaults: dict[str, Any] = {"efris_test_url": ADDRESS, "efris_rate": RATE}
    chosen = Settings(
        database_url=database_url,
        risiti_kek=KeyEncryptionKey.generate().to_text(),
        **defaults | settings,
    )
    killer = Killer()
    way = through(AsgiTransport(create_simulator(authority, clock=clock, sleep=clock.sleep)))
    transport = KillableTransport(way, killer)
    outside = Outside(clock, Random(11), transport, follows_database=False)  # noqa: S311 - repeatable on purpose
    async with open_runtime(chosen, outside) as runtime:
        new = companies.NewCompany(
            environment=Environment.TEST,
            tin=TIN,
            legal_name="Mango Street Grocers (fictitious)",
            email="till@mango.invalid",
        )
        company = await runtime.database.write(
            lambda session: companies.open_company(session, runtime.vault, runtime.ids, clock, new)
        )
        key = a_private_key("seller") if held is None or runtime.signer is None else await runtime.signer.find(held)
        await runtime.database.write(
            lambda session: devices.register(
                session, runtime.vault, runtime.ids, clock, company.id, device_no=DEVICE_NO, key=key
            )
        )
        yield World(runtime, authority, clock, company.id, killer)
