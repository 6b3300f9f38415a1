"""The gateway behind its door, once for each file of tests: companies are opened and keys made only there."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.api.door import Door, open_door


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on asyncio; one loop for a whole file, because the door stays open that long."""
    return "asyncio"


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """A gateway with two companies, and the authority."""
    async with open_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened
