"""Documents of a device whose private key is at an external signer: sent, or waiting for it; on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from risiti.gateway.kernel.errors import Conflict
from risiti.gateway.submissions.tables import AttemptOutcome
from risiti.gateway.tenancy import devices, key_reader
from risiti.gateway.tenancy.tables import Device
from tests.gateway.submissions.world import World, open_world
from tests.gateway.tenancy.external import TOKEN, SignerProcess, a_signer
from tests.make import DEVICE_NO, a_private_key

pytestmark = pytest.mark.anyio

NAME = "mango-till-1"


def everything_in(folder: Path) -> bytes:
    """Return what is in the files of the database, if it has some."""
    return b"".join(file.read_bytes() for file in folder.glob("risiti.db*"))


@asynccontextmanager
async def signed_elsewhere(database_url: str, folder: Path) -> AsyncIterator[tuple[World, SignerProcess]]:
    """Open a world whose one device's key is at a signer, and never was anywhere else."""
    async with a_signer(folder) as signer:
        signer.put(NAME, a_private_key("seller"))
        async with open_world(
            database_url,
            held=NAME,
            external_signer_url=signer.address,
            external_signer_token=TOKEN,
            external_signer_timeout=10.0,
        ) as world:
            yield world, signer


async def test_an_invoice_is_fiscalised_with_a_key_that_never_comes_to_the_gateway(
    database_url: str, tmp_path: Path
) -> None:
    async with signed_elsewhere(database_url, tmp_path) as (world, _):
        accepted = await world.post()
        await world.work()
        view = await world.look(accepted.invoice.id)
        row = (await world.runtime.database.read(lambda session: session.execute(select(Device.__table__)).all()))[0]

        assert view.state == "fiscalised"
        assert world.numbers("INV-0001") == [view.fdn]
    kept = repr(tuple(row)).encode()
    assert (row.key_sealed, row.signer, row.device_no) == (None, NAME, DEVICE_NO)
    assert key_reader.to_der(a_private_key("seller"))[100:200] not in kept + everything_in(tmp_path)


async def test_while_the_signer_is_away_documents_wait_unsent_and_then_they_are_sent_once(
    database_url: str, tmp_path: Path
) -> None:
    async with signed_elsewhere(database_url, tmp_path) as (world, signer):
        await world.post("INV-0001")
        await world.work()
        signer.kill()
        accepted = await world.post("INV-0002")
        await world.work(60, step=30)
        waiting = await world.look(accepted.invoice.id)
        outcomes = {attempt.outcome for attempt in await world.attempts(accepted.invoice.id)}

        assert waiting.state == "waiting"
        assert outcomes == {AttemptOutcome.NOT_SENT}
        assert world.numbers("INV-0002") == []

        await signer.start()
        await world.work(600, step=60)
        assert (await world.look(accepted.invoice.id)).state == "fiscalised"
        assert len(world.numbers("INV-0002")) == 1


async def test_a_gateway_that_starts_without_its_signer_sends_when_it_comes(database_url: str, tmp_path: Path) -> None:
    async with signed_elsewhere(database_url, tmp_path) as (world, signer):
        signer.kill()
        accepted = await world.post()
        await world.work(60, step=30)
        assert (await world.look(accepted.invoice.id)).state == "waiting"
        assert await world.attempts(accepted.invoice.id) == []

        await signer.start()
        await world.work(600, step=60)
        assert (await world.look(accepted.invoice.id)).state == "fiscalised"


async def test_another_key_under_the_same_name_signs_nothing_that_is_sent(database_url: str, tmp_path: Path) -> None:
    async with signed_elsewhere(database_url, tmp_path) as (world, signer):
        await world.post("INV-0001")
        await world.work()
        signer.put(NAME, a_private_key("another"))
        accepted = await world.post("INV-0002")
        await world.work()
        (attempt,) = await world.attempts(accepted.invoice.id)

        assert (attempt.outcome, world.numbers("INV-0002")) == (AttemptOutcome.NOT_SENT, [])
        assert "does not fit the key mango-till-1" in (attempt.detail or "")


async def test_a_device_is_registered_with_the_signers_key_once(database_url: str, tmp_path: Path) -> None:
    async with signed_elsewhere(database_url, tmp_path) as (world, signer):
        signer.put("second", a_private_key("another"))
        runtime = world.runtime

        async def add(device_no: str) -> devices.DeviceView:
            return await devices.add_held(
                runtime.database,
                runtime.vault,
                runtime.ids,
                runtime.clock,
                world.company_id,
                device_no=device_no,
                name="second",
                signer=runtime.signer,
            )

        assert (await add("D2")).signer == "second"
        with pytest.raises(Conflict):
            await add("D2")
