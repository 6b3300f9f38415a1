"""Every interface that we have models for is called over HTTP, with a valid request, and answered."""

from collections.abc import Iterator

import pytest

from risiti.efris import INTERFACES, Interface
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from risiti.efris.models.goods import GoodsUploaded
from risiti.efris.models.invoice_batch import InvoiceOutcomes
from risiti.efris.models.stock import StockMaintained, StockTransferred
from risiti.simulator.handlers import SERVICES
from tests.efris.samples import SAMPLES
from tests.efris.shop import Shop
from tests.make import a_private_key
from tests.simulated import Simulated, simulator

NUMBERS = {code: number for number, code in enumerate(INTERFACES)}


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    """One simulator for all; every interface has a shop of its own."""
    with simulator() as running:
        running.control("PUT", "settings", {"credit_note_decision": "wait", "self_approval": True})
        yield running


@pytest.mark.parametrize("interface", [pytest.param(interface, id=code) for code, interface in INTERFACES.items()])
def test_a_valid_request_is_answered(simulated: Simulated, interface: Interface[EfrisRequest, EfrisAnswer]) -> None:
    shop = Shop.open(simulated, NUMBERS[interface.code], a_private_key())
    with shop.client as client:
        request = SAMPLES[interface.code](shop)
        assert isinstance(request, interface.request)
        before = calls_of(simulated, interface.code)
        answer = client.call(interface, request)
    assert calls_of(simulated, interface.code) > before, "nothing went over the wire"
    assert isinstance(answer, interface.answer)
    match answer:
        case GoodsUploaded() | StockMaintained() | StockTransferred():
            assert answer.failures == ()
        case InvoiceOutcomes():
            assert [row.invoice_return_code for row in answer.outcomes] == ["00", "00"]


def calls_of(simulated: Simulated, code: str) -> int:
    """Return how many calls of an interface the simulator has counted."""
    told = simulated.control("GET", "calls")
    assert isinstance(told, dict)
    return int(told["calls"].get(code, 0))


def test_every_interface_has_a_sample_and_is_simulated() -> None:
    assert set(SAMPLES) == set(INTERFACES) == set(SERVICES)
