"""Documents that come at the same time are taken on together, and each caller gets what he would have got alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from risiti.gateway.events import Event
from risiti.gateway.fiscal.invoices import Accepted
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.kernel.errors import Conflict, Invalid
from risiti.gateway.submissions.tables import Document, Revision
from tests.gateway.submissions.world import World, open_world

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
    for table in (Document, Revision, Event, IdempotencyKey):
        assert await _count(world, table) == 50
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


async def _count(world: World, table: type) -> int:
    return await world.runtime.database.read(
        lambda session: session.scalar(select(func.count()).select_from(table)) or 0
    )
