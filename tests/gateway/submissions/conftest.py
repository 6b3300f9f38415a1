"""The engine's world, for every test of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.submissions.world import World, open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A gateway whose authority's duplicate check is proven."""
    async with open_world(database_url) as opened:
        await opened.trust_duplicate_check()
        yield opened


@pytest.fixture
async def unproven_world(database_url: str) -> AsyncIterator[World]:
    """A gateway that has not yet seen what the authority does with a repeated reference."""
    async with open_world(database_url) as opened:
        yield opened
