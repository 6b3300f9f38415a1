"""A private key that stays in a hardware module or a key service."""

import threading
from typing import TYPE_CHECKING

import pytest

from risiti.efris import (
    UPLOAD_INVOICE,
    AsgiTransport,
    AsyncClient,
    Credentials,
    NotReady,
    NotSent,
    crypto,
    sign_batch,
)
from risiti.efris.envelope import decode_base64
from tests.clock import ManualClock
from tests.efris import known
from tests.efris.authority import ENDPOINT, Authority
from tests.efris.documents import UPLOADED, an_upload

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


class Module:
    """A hardware module with the taxpayer's key, which can be told to fail or to hang."""

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()
        self.before_sign: Callable[[], object] = lambda: None
        self.before_unwrap: Callable[[], object] = lambda: None

    def sign(self, text: bytes) -> bytes:
        self.threads.add(threading.current_thread())
        self.before_sign()
        return crypto.sign(known.taxpayer_key(), text)

    def unwrap(self, wrapped: bytes) -> bytes:
        self.threads.add(threading.current_thread())
        self.before_unwrap()
        return crypto.unwrap(known.taxpayer_key(), wrapped)


def broken() -> None:
    raise OSError("PIN 1234 locked")


@pytest.fixture
def module() -> Module:
    return Module()


@pytest.fixture
def authority() -> Authority:
    made = Authority(ManualClock())
    made.answers["T109"] = lambda _: ("00", UPLOADED)
    return made


def a_client(authority: Authority, key: Module | None, timeout: float = 30.0) -> AsyncClient:
    credentials = Credentials(known.messages()["tin"], known.messages()["device_no"], key)
    transport = AsgiTransport(authority)
    return AsyncClient(ENDPOINT, credentials, transport=transport, clock=authority.clock, timeout=timeout)


async def test_a_signer_does_what_the_private_key_would_have_done(authority: Authority, module: Module) -> None:
    uploaded = await a_client(authority, module).call(UPLOAD_INVOICE, an_upload())
    assert uploaded.basic_information.invoice_no == "325043056477"
    sent = authority.requests[-1]
    assert crypto.verifies(known.taxpayer_key().public_key(), decode_base64(sent.signature), sent.content.encode())


async def test_a_slow_signer_does_not_hold_up_the_event_loop(authority: Authority, module: Module) -> None:
    await a_client(authority, module).call(UPLOAD_INVOICE, an_upload())
    assert threading.current_thread() not in module.threads


async def test_a_signer_that_fails_has_sent_nothing_and_gives_nothing_away(
    authority: Authority, module: Module
) -> None:
    module.before_sign = broken
    with pytest.raises(NotReady, match="the signer did not sign: OSError") as raised:
        await a_client(authority, module).call(UPLOAD_INVOICE, an_upload())
    assert "1234" not in str(raised.value)
    assert (raised.value.interface, len(raised.value.exchange_id)) == ("T109", 32)
    assert authority.calls["T109"] == 0


async def test_without_the_signer_there_is_no_session_key(authority: Authority, module: Module) -> None:
    module.before_unwrap = broken
    with pytest.raises(NotReady, match="the signer did not unwrap the session key: OSError") as raised:
        await a_client(authority, module).ready()
    assert raised.value.interface == "T104"


async def test_a_key_wrapped_for_someone_else_is_told_from_a_broken_signer(
    authority: Authority, module: Module
) -> None:
    def wrong() -> None:
        raise crypto.DecryptionFailed

    module.before_unwrap = wrong
    with pytest.raises(NotReady, match="is it the registered one"):
        await a_client(authority, module).ready()


async def test_the_wait_for_a_signer_ends_at_the_deadline_of_the_call(authority: Authority, module: Module) -> None:
    never = threading.Event()
    module.before_sign = never.wait
    try:
        client = a_client(authority, module, timeout=0.2)
        with pytest.raises(NotReady, match=r"no answer within 0.2 s"):
            await client.call(UPLOAD_INVOICE, an_upload())
    finally:
        never.set()
    assert authority.calls["T109"] == 0


async def test_a_batch_is_signed_by_the_signer_too(module: Module) -> None:
    frozen = UPLOAD_INVOICE.freeze(an_upload())
    credentials = Credentials(known.messages()["tin"], known.messages()["device_no"], module)
    assert sign_batch([frozen], credentials) == sign_batch([frozen], known.credentials())


async def test_without_any_key_nothing_is_sent_to_the_online_service(authority: Authority) -> None:
    with pytest.raises(NotSent, match="no private key"):
        await a_client(authority, None).call(UPLOAD_INVOICE, an_upload())
    assert authority.calls["T109"] == 0


async def test_credentials_never_show_the_key(module: Module) -> None:
    assert "Module" not in repr(Credentials("1000000000", "1000000000_01", module))
