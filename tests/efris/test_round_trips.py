"""Any request of any interface, through the envelope and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risiti.efris import INTERFACES, Interface, Stamp, crypto
from risiti.efris.envelope import Envelope, decode_base64, open_content
from risiti.efris.exchange import prepare
from risiti.efris.models.base import EfrisAnswer, EfrisRequest
from tests.efris import known
from tests.efris.strategies import requests

STAMP = Stamp("0123456789abcdef0123456789abcdef", datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize("interface", [pytest.param(interface, id=code) for code, interface in INTERFACES.items()])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_request_reads_back_from_the_message_that_carried_it(
    interface: Interface[EfrisRequest, EfrisAnswer], data: st.DataObject
) -> None:
    request = data.draw(requests(interface.request))
    frozen = interface.freeze(request)
    message = prepare(interface, frozen, credentials=known.credentials(), stamp=STAMP, session_key=known.session_key())
    envelope = Envelope.from_bytes(message)
    content = open_content(envelope, known.session_key())
    assert content == frozen.content
    if content:
        assert interface.parse(content) == request
        assert interface.freeze(interface.parse(content)) == frozen
        signature = decode_base64(envelope.signature)
        assert crypto.verifies(known.taxpayer_key().public_key(), signature, envelope.content.encode())


@pytest.mark.parametrize("interface", [pytest.param(interface, id=code) for code, interface in INTERFACES.items()])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_equal_requests_freeze_to_equal_bytes(
    interface: Interface[EfrisRequest, EfrisAnswer], data: st.DataObject
) -> None:
    request = data.draw(requests(interface.request))
    members = {name: getattr(request, name) for name in reversed(type(request).model_fields)}
    unknown = dict(reversed(list((request.model_extra or {}).items())))
    twin = type(request)(**unknown, **members)
    assert twin == request
    assert interface.freeze(twin) == interface.freeze(request)
