"""One company queues thousands, then fifty others send one each: they hardly notice. In simulated time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from risiti.gateway.fiscal import intents
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.intents import Shop
from risiti.gateway.fiscal.shapes import NewInvoice, parse_invoice
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.sql.accepting import take_on
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.submissions.submit import rows_of
from risiti.gateway.submissions.tables import Document
from risiti.gateway.tenancy import companies, devices
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Company, Device
from risiti.simulator import Device as RegisteredDevice
from risiti.simulator import Taxpayer
from risiti.simulator.faults import Fault
from tests.gateway.submissions.world import World, open_world
from tests.make import a_private_key, an_invoice, as_body, public_pem
from tests.migrated import migrated_file

pytestmark = pytest.mark.anyio

OTHERS = 50
QUEUED = 5_000
LATENCY = Decimal("0.2")
STEP = 0.05
"""Simulated seconds between two looks of the worker."""
STEPS_MOST = 400


async def test_fifty_others_get_their_numbers_in_less_than_twice_the_time_of_an_idle_system(tmp_path: Path) -> None:
    idle = await _p95(tmp_path / "idle.db", queued=0)
    loaded = await _p95(tmp_path / "loaded.db", queued=QUEUED)
    assert loaded < 2 * idle


async def _p95(file: Path, *, queued: int) -> float:
    """Return the time from acceptance to the number that 95 in 100 of the others do not exceed."""
    async with open_world(f"sqlite:///{migrated_file(file)}") as world:
        others = [await _open_other(world, number) for number in range(OTHERS)]
        for number, company_id in enumerate(others):  # so that every connection is ready
            await _hand_in(world, company_id, f"WARM-{number}")
        await world.post("WARM")
        await world.work(10)
        world.break_authority(Fault("latency", "T109", seconds=LATENCY))
        if queued:
            await world.runtime.database.write(partial(_queue, world=world, how_many=queued))
            for _ in range(20):  # it is well under way
                await _step(world)
        handed_in = [await _hand_in(world, company_id, f"ONE-{number}") for number, company_id in enumerate(others)]
        for _ in range(STEPS_MOST):
            await _step(world)
            times = await world.runtime.database.read(partial(_times, document_ids=handed_in))
            if len(times) == OTHERS:
                world.worker.kill()
                await world.worker.idle()
                return sorted(times)[int(0.95 * OTHERS)]
    message = "they never all got their numbers"
    raise AssertionError(message)


async def _step(world: World) -> None:
    """Let the worker do all that it can at this moment, then let a moment pass."""
    while await world.worker.turn():
        await _all_on_the_wire(world)
    await _all_on_the_wire(world)
    world.clock.advance(STEP)
    await _all_on_the_wire(world)


async def _all_on_the_wire(world: World) -> None:
    """Wait until whatever the worker has begun waits for the authority, which takes its time by the clock."""
    async with asyncio.timeout(60):
        while (tasks := set(world.worker._tasks)) and len(tasks) > world.clock.asleep:
            sleeping = asyncio.ensure_future(world.clock.until_asleep(len(tasks)))
            await asyncio.wait({sleeping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            sleeping.cancel()


async def _open_other(world: World, number: int) -> str:
    tin, device_no, key = f"{1_000_000_100 + number}", f"1000000100_{number:02d}", a_private_key("seller")
    world.authority.register(
        Taxpayer(tin=tin, legal_name=f"Kiosk {number} (fictitious)", email="kiosk@mango.invalid"),
        RegisteredDevice(device_no=device_no, tin=tin, public_key=public_pem(key)),
    )
    runtime = world.runtime

    def work(session: Session) -> str:
        new = companies.NewCompany(
            environment=Environment.TEST,
            tin=tin,
            legal_name=f"Kiosk {number} (fictitious)",
            email="kiosk@mango.invalid",
        )
        company = companies.open_company(session, runtime.vault, runtime.ids, world.clock, new)
        devices.register(session, runtime.vault, runtime.ids, world.clock, company.id, device_no=device_no, key=key)
        return company.id

    return await runtime.database.write(work)


async def _hand_in(world: World, company_id: str, reference: str) -> str:
    handed = Handed(company_id, _new(world, reference), None, Priority.TILL)
    return (await world.runtime.acceptance.accept(handed)).invoice.id


def _new(world: World, reference: str) -> NewInvoice:
    return parse_invoice(as_body(an_invoice(reference)), now=world.clock.now())


def _queue(session: Session, world: World, how_many: int) -> None:
    """Queue so many invoices of the one company, each the first with another reference."""
    company = session.get_one(Company, world.company_id)
    device = session.scalars(select(Device).where(Device.company_id == company.id)).one()
    new = _new(world, "BULK-00000")
    first = intents.prepare(Shop.of(company, [device]), new, new.fingerprint(), Priority.SINGLE).intent
    desk = world.runtime.desk()
    rows = []
    for number in range(how_many):
        reference = f"BULK-{number:05d}"
        intent = replace(
            first,
            reference=reference,
            canonical_reference=reference.casefold(),
            wire_reference=reference,
            payload=first.payload.replace(b"BULK-00000", reference.encode()),
        )
        rows.append(rows_of(desk, company.id, intent))
    assert len(take_on(session, rows)) == how_many


def _times(session: Session, document_ids: Sequence[str]) -> list[float]:
    found = session.execute(
        select(Document.accepted_at, Document.fiscalised_at).where(
            Document.id.in_(document_ids), Document.state == DocumentState.FISCALISED
        )
    )
    return [_between(accepted, fiscalised) for accepted, fiscalised in found]


def _between(accepted: datetime, fiscalised: datetime | None) -> float:
    assert fiscalised is not None
    return (fiscalised - accepted).total_seconds()
