"""Documents that come at the same time are taken on together, and each caller gets what he would have got alone."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from risiti.gateway.db.session import CompanySession
from risiti.gateway.events import Event
from risiti.gateway.fiscal.invoices import Accepted
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.kernel.errors import Conflict, Invalid
from risiti.gateway.submissions.tables import Document, Revision
from risiti.gateway.tenancy import branches, companies
from risiti.gateway.tenancy.tables import Device
from tests.gateway.submissions.world import World, open_world
from tests.make import a_line

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A gateway with one company."""
    async with open_world(database_url) as opened:
        yield opened


async def test_fifty_at_once_are_fifty_documents_with_content_event_and_key(world: World) -> None:
    accepted = await asyncio.gather(*(world.hand_in(f"INV-{one}", key=f"key-{one}") for one in range(50)))
    assert len({one.invoice.id for one in accepted}) == 50
    assert not any(one.replayed for one in accepted)
    for table in (Document, Revision, IdempotencyKey):
        assert await _count(world, table) == 50
    assert await world.runtime.database.read(_of_documents) == 50
    for one in accepted:
        assert await world.look(one.invoice.id) == one.invoice
        assert await world.history(one.invoice.id) == ["invoice.accepted"]


async def test_fifty_identical_ones_at_once_are_one_document(world: World) -> None:
    accepted = await asyncio.gather(*(world.hand_in("INV-1", key="one-key") for _ in range(50)))
    assert len({one.invoice.id for one in accepted}) == 1
    assert sum(not one.replayed for one in accepted) == 1
    assert await _count(world, Document) == 1


async def test_the_same_reference_with_other_content_in_one_batch_is_refused_and_takes_nothing_with_it(
    world: World,
) -> None:
    first, other, third = await asyncio.gather(
        world.hand_in("INV-1"),
        world.hand_in("INV-1", remarks="another"),
        world.hand_in("INV-2"),
        return_exceptions=True,
    )
    assert isinstance(first, Accepted)
    assert isinstance(other, Conflict)
    assert isinstance(third, Accepted)
    assert await _count(world, Document) == 2


async def test_one_key_for_two_documents_at_once_is_refused_for_the_second(world: World) -> None:
    first, other = await asyncio.gather(
        world.hand_in("INV-1", key="one-key"), world.hand_in("INV-2", key="one-key"), return_exceptions=True
    )
    assert isinstance(first, Accepted)
    assert isinstance(other, Conflict)
    assert other.code == "idempotency_key_reuse"
    assert await _count(world, Document) == 1


async def test_a_known_key_brings_back_its_document_and_makes_no_other(world: World) -> None:
    first = await world.hand_in("INV-1", key="one-key")
    with pytest.raises(Conflict):
        await world.hand_in("INV-2", key="one-key")
    again = await world.hand_in("INV-1", key="one-key")
    assert again.replayed
    assert again.invoice.id == first.invoice.id
    assert await _count(world, Document) == 1


async def test_one_that_cannot_be_taken_says_why_and_the_others_are_taken(world: World) -> None:
    bad, good = await asyncio.gather(
        world.hand_in("INV-1", device="nobody's"), world.hand_in("INV-2"), return_exceptions=True
    )
    assert isinstance(bad, Invalid)
    assert isinstance(good, Accepted)


async def test_what_was_prepared_for_a_seller_who_has_changed_since_is_prepared_again(world: World) -> None:
    await world.hand_in("INV-1")  # from now on it is remembered on which terms the company sells
    change = partial(
        companies.change,
        ids=world.runtime.ids,
        clock=world.clock,
        company_id=world.company_id,
        vat_registered=False,
        rounding=None,
    )
    await world.runtime.database.write_as(world.company_id, change)
    with pytest.raises(Invalid) as refused:
        await world.hand_in("INV-2")
    assert {fault.code for fault in refused.value.errors} == {"tax_on_receipt"}
    line = a_line(category="42132203", tax="exempt")
    receipt = await world.hand_in("INV-3", lines=[line])
    assert receipt.invoice.kind == "receipt"
    assert await world.look(receipt.invoice.id) == receipt.invoice


async def test_a_device_that_keeps_its_order_since_has_no_document_wait_behind_those_that_come_later(
    world: World,
) -> None:
    await world.hand_in("INV-1")  # from now on it is remembered how the device stands in its line

    def keep_order(session: Session) -> None:
        session.execute(update(Device).values(keep_order=True))

    await world.runtime.database.write(keep_order)
    first = await world.hand_in("INV-2")
    turn_at = select(Document.turn_at).where(Document.id == first.invoice.id)
    assert await world.runtime.database.read(lambda session: session.scalar(turn_at)) == world.clock.now()


async def test_a_device_that_was_added_since_makes_a_document_that_names_none_ambiguous(world: World) -> None:
    await world.hand_in("INV-1")
    key = await world.runtime.database.read_as(world.company_id, _any_device)
    await world.runtime.database.write_as(world.company_id, partial(_add_device, like=key))
    with pytest.raises(Invalid) as refused:
        await world.hand_in("INV-2")
    assert [fault.code for fault in refused.value.errors] == ["device_unknown"]
    assert not (await world.hand_in("INV-3", device="DEVICE-2")).replayed


async def test_whose_seller_is_known_is_taken_on_by_one_statement(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(postgres_url) as world:
        key = await world.runtime.database.read_as(world.company_id, _any_device)
        await world.hand_in("INV-1")
        monkeypatch.setattr(world.runtime.database, "write_plain", _nobody)
        assert not (await world.hand_in("INV-2", key="a-key")).replayed
        assert (await world.hand_in("INV-2", key="a-key")).replayed
        monkeypatch.undo()
        await world.runtime.database.write_as(world.company_id, partial(_add_device, like=key))
        for name in ("DEVICE-2", key.device_no):
            await world.hand_in(f"FIRST-OF-{name}", device=name)
        monkeypatch.setattr(world.runtime.database, "write_plain", _nobody)
        both = await asyncio.gather(*(world.hand_in(f"OF-{name}", device=name) for name in ("DEVICE-2", key.device_no)))
        assert not any(one.replayed for one in both)
        assert await _count(world, Document) == 6


@pytest.mark.parametrize("into", [True, False])
async def test_a_move_that_is_not_committed_yet_is_waited_for_and_its_branch_is_named(
    postgres_url: str, *, into: bool
) -> None:
    """The statement has begun before the move is committed, and so sees the device where it stood."""
    async with open_world(postgres_url) as world:
        wanted = branches.Wanted("KLA", "Kampala Road", "912550336846912433")
        open_branch = partial(
            branches.open_branch,
            ids=world.runtime.ids,
            clock=world.clock,
            company_id=world.company_id,
            wanted=wanted,
        )
        branch = await world.runtime.database.write_as(world.company_id, open_branch)
        mover = await asyncpg.connect(postgres_url)
        before, after = (None, branch.id) if into else (branch.id, None)
        try:
            await mover.execute("UPDATE devices SET branch_id = $1", before)
            await world.hand_in("INV-1")
            await mover.execute("BEGIN; SELECT 1 FROM devices FOR UPDATE")
            await mover.execute("UPDATE devices SET branch_id = $1", after)
            handing_in = asyncio.create_task(world.hand_in("INV-2"))
            async with asyncio.timeout(20):
                while not await mover.fetchval(_SOMEBODY_WAITS):  # noqa: ASYNC110 - the server's lock
                    await asyncio.sleep(0)
            await mover.execute("COMMIT")
            document_id = (await handing_in).invoice.id
            payload = await mover.fetchval("SELECT payload FROM revisions WHERE document_id = $1", document_id)
            assert (wanted.name.encode() in payload) is into
        finally:
            await mover.close()


_SOMEBODY_WAITS = """
SELECT EXISTS (
    SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted AND a.datname = current_database()
)
"""


async def _nobody(_work: object) -> None:
    raise AssertionError


async def test_a_caller_who_goes_away_takes_nothing_with_him(world: World) -> None:
    gone = asyncio.create_task(world.hand_in("INV-1"))
    others = [asyncio.create_task(world.hand_in(f"INV-{one}")) for one in range(2, 6)]
    await asyncio.sleep(0)
    gone.cancel()
    accepted = await asyncio.gather(*others)
    assert len({one.invoice.id for one in accepted}) == 4
    again = await world.hand_in("INV-1")  # whether it was written or not, it is one document
    assert await _count(world, Document) == 5
    assert await world.look(again.invoice.id) == again.invoice


def _any_device(session: CompanySession) -> Device:
    return session.scalars(select(Device)).one()


def _add_device(session: CompanySession, like: Device) -> None:
    session.add(
        Device(
            id="dev_00000000000000000000000002",
            company_id=session.company_id,
            device_no="DEVICE-2",
            key_sealed=like.key_sealed,
            key_fingerprint=like.key_fingerprint,
            created_at=like.created_at,
        )
    )


def _of_documents(session: Session) -> int:
    return session.scalar(select(func.count()).where(Event.document_id.is_not(None))) or 0


async def _count(world: World, table: type) -> int:
    return await world.runtime.database.read(
        lambda session: session.scalar(select(func.count()).select_from(table)) or 0
    )
