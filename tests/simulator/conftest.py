"""What the tests of the stand-in may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator.rig import Rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A stand-in with a seller that holds a session key."""
    made = Rig.make()
    await made.open()
    yield made
    made.world.close()
