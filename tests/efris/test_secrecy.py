"""What is encrypted, what is only signed, and what is neither."""

from datetime import UTC, datetime
from typing import Any

import pytest

from risiti.efris import (
    BRANCHES,
    COMMODITY_CATEGORIES,
    EXCISE_DUTIES,
    FIND_COMMODITY_CATEGORIES,
    HS_CODES,
    INTERFACES,
    SIGN_IN,
    START_DEVICE,
    Frozen,
    Interface,
    NoContent,
    NotReady,
    Stamp,
    crypto,
)
from risiti.efris.envelope import Envelope, decode_base64
from risiti.efris.exchange import prepare
from risiti.efris.models.dictionaries import CommodityCategoryQuery
from risiti.efris.models.session import DeviceStart
from risiti.efris.models.taxpayers import BranchesQuery
from tests.efris import known
from tests.efris.declared import full

STAMP = Stamp("0123456789abcdef0123456789abcdef", datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC))


def _sent(interface: Interface[Any, Any], frozen: Frozen, session_key: bytes | None) -> Envelope:
    message = prepare(interface, frozen, credentials=known.credentials(), stamp=STAMP, session_key=session_key)
    return Envelope.from_bytes(message)


def _is_signed(envelope: Envelope) -> bool:
    public_key = known.taxpayer_key().public_key()
    signature = decode_base64(envelope.signature)
    return bool(signature) and crypto.verifies(public_key, signature, envelope.content.encode())


@pytest.mark.parametrize("interface", [pytest.param(row, id=code) for code, row in INTERFACES.items()])
def test_a_content_goes_out_encrypted_exactly_where_the_interface_says_so(interface: Interface[Any, Any]) -> None:
    frozen = interface.freeze(full(interface.request))
    sent = _sent(interface, frozen, known.session_key())
    content = decode_base64(sent.content)
    if interface.encrypts_request:
        assert (sent.code_type, sent.encrypt_code) == ("1", "2")
        assert crypto.decrypt(known.session_key(), content) == frozen.content
        with pytest.raises(NotReady):
            _sent(interface, frozen, None)
    else:
        assert (sent.code_type, sent.encrypt_code) == ("0", "1")
        assert content == frozen.content
        assert _sent(interface, frozen, None) == sent
    assert _is_signed(sent) is (bool(frozen.content) or interface.signed_empty)


@pytest.mark.parametrize("interface", [COMMODITY_CATEGORIES, EXCISE_DUTIES])
def test_the_big_lists_are_asked_for_without_content_but_signed(interface: Interface[Any, Any]) -> None:
    sent = _sent(interface, interface.freeze(NoContent()), None)
    assert sent.content == ""
    assert _is_signed(sent)


def test_a_page_of_categories_is_asked_for_in_the_clear_and_signed() -> None:
    sent = _sent(
        FIND_COMMODITY_CATEGORIES, FIND_COMMODITY_CATEGORIES.freeze(CommodityCategoryQuery(page_size=99)), None
    )
    assert decode_base64(sent.content) == b'{"pageNo":"1","pageSize":"99"}'
    assert _is_signed(sent)


@pytest.mark.parametrize("interface", [SIGN_IN, HS_CODES])
def test_other_questions_without_content_are_not_signed(interface: Interface[Any, Any]) -> None:
    assert _sent(interface, interface.freeze(NoContent()), known.session_key()).signature == ""


def test_a_request_that_asks_for_nothing_special_may_have_no_content() -> None:
    assert BRANCHES.freeze(BranchesQuery()) == Frozen(b"")
    assert BRANCHES.parse(b"") == BranchesQuery()
    assert _sent(BRANCHES, Frozen(b""), None).signature == ""
    assert BRANCHES.freeze(BranchesQuery(tin="1000000000")).content == b'{"tin":"1000000000"}'
    assert START_DEVICE.freeze(DeviceStart()) == Frozen(b"")
    assert START_DEVICE.parse(b'{"otp":"123456"}') == DeviceStart(otp="123456")


def test_secrets_of_requests_do_not_show() -> None:
    assert "123456" not in repr(DeviceStart(otp="123456"))
