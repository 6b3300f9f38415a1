"""Any request that our models can express, through our envelope, the simulator and back into our answer models."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risiti.efris import INTERFACES, AsgiTransport, AsyncClient, Credentials, Interface, Refused, Unreadable
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from risiti.simulator import Device, Taxpayer, World, create_simulator
from tests.clock import ManualClock
from tests.efris.strategies import requests
from tests.make import DEVICE_NO, TIN, a_private_key, public_pem

URL = "http://authority.invalid/efrisws/ws/taapp/getInformation"


class Line:
    """A client of ours and an authority that knows it, in one process."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.clock = clock = ManualClock()
        world = World.open(chance=Random(7))  # noqa: S311 - repeatable on purpose
        world.register(
            Taxpayer(tin=TIN, legal_name="Mango Street Grocers (fictitious)", email="till@mango.invalid"),
            Device(device_no=DEVICE_NO, tin=TIN, public_key=public_pem(a_private_key())),
        )
        self.client = AsyncClient(
            URL,
            Credentials(TIN, DEVICE_NO, a_private_key()),
            transport=AsgiTransport(create_simulator(world, clock=clock, sleep=clock.sleep)),
            clock=clock,
        )

    def outcome(
        self, interface: Interface[EfrisRequest, EfrisAnswer], request: EfrisRequest
    ) -> EfrisAnswer | Refused | Unreadable:
        """Ask the authority, long enough after the last call that a key may be fetched again."""
        self.clock.advance(61)
        try:
            return self.runner.run(self.client.call(interface, request))
        except (Refused, Unreadable) as error:
            return error


@pytest.fixture
def line() -> Iterator[Line]:
    """One line for all requests of an interface: whatever they leave behind is part of the test."""
    opened = Line()
    yield opened
    opened.runner.run(opened.client.close())
    opened.runner.close()


@pytest.mark.parametrize("interface", [pytest.param(interface, id=code) for code, interface in INTERFACES.items()])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_request_is_answered_in_words_that_we_understand_or_refused_with_a_listed_code(
    line: Line, interface: Interface[EfrisRequest, EfrisAnswer], data: st.DataObject
) -> None:
    outcome = line.outcome(interface, data.draw(requests(interface.request)))
    if isinstance(outcome, Refused):
        assert outcome.return_code.interfaces, "the authority answered with a code that nobody has listed"
    elif isinstance(outcome, Unreadable):
        assert outcome.return_code is not None, outcome.detail
        assert outcome.return_code.code != "99", outcome.return_message
    else:
        assert isinstance(outcome, interface.answer)
