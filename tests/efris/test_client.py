import asyncio
import json
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from risiti.efris import (
    FIND_INVOICES,
    READ_INVOICE,
    SERVER_TIME,
    UPLOAD_INVOICE,
    AiohttpTransport,
    AsgiTransport,
    AsyncClient,
    Frozen,
    Interrupted,
    Malformed,
    NoContent,
    NotReady,
    Refused,
    RefusedForGood,
    RefusedForNow,
    Reply,
    TimedOut,
    Unreachable,
    Unreadable,
    Verdict,
    crypto,
)
from risiti.efris.envelope import decode_base64, open_content
from risiti.efris.models.invoices import InvoiceQuery, InvoiceRead
from tests.clock import ManualClock
from tests.efris import known, wires
from tests.efris.authority import ENDPOINT, Authority
from tests.efris.documents import UPLOADED, an_upload
from tests.efris.wires import wire

pytestmark = pytest.mark.anyio

FOUND = {"page": {"pageCount": "1"}, "records": [{"invoiceNo": "325043056477", "referenceNo": "INV-1"}]}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def authority(clock: ManualClock) -> Authority:
    made = Authority(clock)
    made.answers |= {"T109": lambda _: ("00", UPLOADED), "T106": lambda _: ("00", FOUND)}
    return made


@pytest.fixture
def client(authority: Authority, clock: ManualClock) -> AsyncClient:
    return AsyncClient(ENDPOINT, known.credentials(), transport=AsgiTransport(authority), clock=clock)


def once(first: tuple[str, object], then: object) -> Callable[[object], tuple[str, object]]:
    """Answer differently the first time."""
    answers = iter([first])
    return lambda _: next(answers, ("00", then))


async def test_a_document_is_fiscalised(client: AsyncClient, authority: Authority) -> None:
    uploaded = await client.call(UPLOAD_INVOICE, an_upload())
    assert uploaded.basic_information.invoice_no == "325043056477"
    assert authority.calls == {"T101": 1, "T104": 1, "T109": 1}
    sent = authority.requests[-1]
    assert crypto.verifies(known.taxpayer_key().public_key(), decode_base64(sent.signature), sent.content.encode())
    assert json.loads(open_content(sent, authority.key))["sellerDetails"]["referenceNo"] == "INV-000123"


async def test_a_frozen_request_arrives_byte_for_byte(client: AsyncClient, authority: Authority) -> None:
    stored = UPLOAD_INVOICE.freeze(an_upload()).content
    await client.call(UPLOAD_INVOICE, Frozen(stored))
    assert open_content(authority.requests[-1], authority.key) == stored


async def test_once_ready_a_call_is_exactly_one_message(client: AsyncClient, authority: Authority) -> None:
    await client.ready()
    authority.calls.clear()
    await client.call(UPLOAD_INVOICE, an_upload())
    await client.ready()
    assert authority.calls == {"T109": 1}


async def test_a_stamp_made_before_the_call_is_what_goes_out(client: AsyncClient, authority: Authority) -> None:
    await client.open()
    stamp = client.stamp()
    await client.call(UPLOAD_INVOICE, an_upload(), stamp=stamp)
    sent = authority.requests[-1]
    assert sent.global_text("dataExchangeId") == stamp.exchange_id
    assert sent.global_text("requestTime") == stamp.request_time.strftime("%Y-%m-%d %H:%M:%S")
    assert client.stamp().exchange_id != stamp.exchange_id


async def test_there_is_no_stamp_before_the_authoritys_time_is_known(client: AsyncClient) -> None:
    with pytest.raises(NotReady):
        client.stamp()


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -86400.0])
async def test_requests_carry_the_authoritys_time_not_ours(
    client: AsyncClient, authority: Authority, clock: ManualClock, ahead: float
) -> None:
    authority.ahead_seconds = ahead
    await client.ready()
    clock.advance(100)
    error = client.stamp().request_time - (clock.now() + timedelta(seconds=ahead))
    assert abs(error) <= timedelta(seconds=1)


async def test_a_step_of_our_wall_clock_does_not_matter(client: AsyncClient, clock: ManualClock) -> None:
    await client.ready()
    before = client.stamp().request_time
    clock.step_wall(7200)
    assert client.stamp().request_time == before


async def test_time_and_key_are_renewed_when_they_have_aged(
    client: AsyncClient, authority: Authority, clock: ManualClock
) -> None:
    await client.ready()
    clock.advance(299)
    await client.ready()
    assert authority.calls == {"T101": 1, "T104": 1}
    clock.advance(2)
    await client.ready()
    assert authority.calls == {"T101": 2, "T104": 1}
    clock.advance(23 * 3600)
    await client.ready()
    assert authority.calls == {"T101": 3, "T104": 2}


async def test_a_slow_reading_of_the_time_is_not_trusted(
    client: AsyncClient, authority: Authority, clock: ManualClock
) -> None:
    async def slowly(interface: str) -> None:
        if interface == "T101":
            clock.advance(120)

    authority.before = slowly
    with pytest.raises(NotReady, match="uncertain by 60 s"):
        await client.ready()
    authority.before = None
    await client.ready()


async def test_fifty_callers_with_an_expired_key_fetch_one(
    client: AsyncClient, authority: Authority, clock: ManualClock
) -> None:
    await client.ready()
    clock.advance(24 * 3600)
    authority.calls.clear()
    await asyncio.gather(*(client.call(UPLOAD_INVOICE, an_upload(f"INV-{n}")) for n in range(50)))
    assert authority.calls == {"T101": 1, "T104": 1, "T109": 50}


async def test_fifty_reads_refused_for_their_key_fetch_one(client: AsyncClient, authority: Authority) -> None:
    await client.ready()
    authority.calls.clear()
    refused = 0

    def answer(_content: object) -> tuple[str, object]:
        nonlocal refused
        refused += 1
        return ("402", None) if refused <= 50 else ("00", FOUND)

    authority.answers["T106"] = answer
    pages = await asyncio.gather(*(client.call(FIND_INVOICES, InvoiceQuery(reference_no="INV-1")) for _ in range(50)))
    assert {page.records[0].invoice_no for page in pages} == {"325043056477"}
    assert authority.calls == {"T106": 100, "T104": 1}


async def test_all_who_wait_for_a_key_learn_that_there_is_none(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T104"] = lambda _: ("400", None)
    outcomes = await asyncio.gather(
        *(client.call(UPLOAD_INVOICE, an_upload(f"INV-{n}")) for n in range(20)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {NotReady}
    assert authority.calls == {"T101": 1, "T104": 1}
    assert isinstance(outcomes[0], NotReady)
    assert outcomes[0].refusal is not None
    assert outcomes[0].refusal.verdict is Verdict.LANE


async def test_a_caller_who_gives_up_does_not_take_the_key_from_the_others(
    client: AsyncClient, authority: Authority
) -> None:
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def hold(interface: str) -> None:
        if interface == "T104":
            arrived.set()
            await gate.wait()

    authority.before = hold
    first, second = (asyncio.ensure_future(client.ready()) for _ in range(2))
    await arrived.wait()
    first.cancel()
    gate.set()
    await second
    assert first.cancelled()
    assert authority.calls["T104"] == 1


@pytest.mark.parametrize("code", ["401", "402", "15", "38"])
async def test_a_write_refused_for_its_key_is_not_sent_again_but_the_next_one_has_a_new_key(
    client: AsyncClient, authority: Authority, code: str
) -> None:
    authority.answers["T109"] = once((code, None), UPLOADED)
    with pytest.raises(RefusedForNow) as raised:
        await client.call(UPLOAD_INVOICE, an_upload())
    assert raised.value.code == code
    assert authority.calls == {"T101": 1, "T104": 1, "T109": 1}
    await client.ready()
    assert authority.calls == {"T101": 1, "T104": 2, "T109": 1}
    await client.call(UPLOAD_INVOICE, an_upload())


async def test_a_write_refused_for_its_time_has_the_time_read_again(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T109"] = once(("28", None), UPLOADED)
    with pytest.raises(RefusedForNow):
        await client.call(UPLOAD_INVOICE, an_upload())
    await client.call(UPLOAD_INVOICE, an_upload())
    assert authority.calls == {"T101": 2, "T104": 1, "T109": 2}


@pytest.mark.parametrize(("code", "renewed"), [("402", "T104"), ("28", "T101")])
async def test_a_read_refused_for_key_or_time_is_asked_once_more(
    client: AsyncClient, authority: Authority, code: str, renewed: str
) -> None:
    authority.answers["T106"] = once((code, None), FOUND)
    page = await client.call(FIND_INVOICES, InvoiceQuery(reference_no="INV-1"))
    assert page.records[0].reference_no == "INV-1"
    assert authority.calls["T106"] == 2
    assert authority.calls[renewed] == 2


async def test_a_read_is_not_asked_a_third_time(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T106"] = lambda _: ("402", None)
    with pytest.raises(RefusedForNow):
        await client.call(FIND_INVOICES, InvoiceQuery())
    assert authority.calls["T106"] == 2


async def test_keys_refused_again_and_again_are_not_fetched_in_a_storm(
    client: AsyncClient, authority: Authority, clock: ManualClock
) -> None:
    authority.answers["T109"] = lambda _: ("402", None)
    for _ in range(2):
        with pytest.raises(Refused):
            await client.call(UPLOAD_INVOICE, an_upload())
    with pytest.raises(NotReady, match="refused soon after"):
        await client.call(UPLOAD_INVOICE, an_upload())
    assert authority.calls["T104"] == 2
    clock.advance(60)
    with pytest.raises(Refused):
        await client.call(UPLOAD_INVOICE, an_upload())
    assert authority.calls["T104"] == 3


async def test_a_refusal_does_not_drop_a_key_that_was_renewed_meanwhile(
    client: AsyncClient, authority: Authority
) -> None:
    late, gate = asyncio.Event(), asyncio.Event()

    async def hold(interface: str) -> None:
        if interface == "T109" and authority.calls["T109"] == 1:
            late.set()
            await gate.wait()

    authority.before = hold
    authority.answers["T109"] = lambda _: ("402", None)
    slow = asyncio.ensure_future(client.call(UPLOAD_INVOICE, an_upload("INV-slow")))
    await late.wait()
    with pytest.raises(Refused):
        await client.call(UPLOAD_INVOICE, an_upload("INV-quick"))
    await client.ready()
    gate.set()
    with pytest.raises(Refused):
        await slow
    await client.ready()
    assert authority.calls["T104"] == 2


async def test_a_key_made_for_someone_else_is_not_used(client: AsyncClient, authority: Authority) -> None:
    other = crypto.load_private_key(known.messages()["keys"]["server_private_pem"].encode())
    wrapped = crypto.wrap(other.public_key(), b"ABEiM0RVZneImaq7zN3u/w==")
    authority.answers["T104"] = lambda _: ("00", {"passowrdDes": wrapped.hex()})
    with pytest.raises(NotReady, match="registered"):
        await client.ready()


async def test_without_the_right_time_we_are_told_to_set_our_clock(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T101"] = lambda _: ("28", None)
    with pytest.raises(NotReady, match="set this machine's clock"):
        await client.ready()


async def test_no_answer_about_the_key_leaves_the_document_unsent(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T104"] = lambda _: ("99", None)
    with pytest.raises(NotReady):
        await client.call(UPLOAD_INVOICE, an_upload())
    assert authority.calls["T109"] == 0


async def test_a_malformed_request_reaches_nobody(client: AsyncClient, authority: Authority) -> None:
    with pytest.raises(Malformed):
        await client.call(UPLOAD_INVOICE, an_upload("x" * 51))
    with pytest.raises(Malformed):
        await client.call(READ_INVOICE, Frozen(b""))
    assert authority.calls["T109"] == authority.calls["T108"] == 0


async def test_a_reference_seen_before_is_refused_with_the_document_that_has_it(
    client: AsyncClient, authority: Authority
) -> None:
    authority.answers["T109"] = lambda _: ("2253", {"existInvoiceList": [{"invoiceNo": "325043056477"}]})
    with pytest.raises(RefusedForGood) as raised:
        await client.call(UPLOAD_INVOICE, an_upload())
    assert raised.value.verdict is Verdict.SEEN
    assert raised.value.content == {"existInvoiceList": [{"invoiceNo": "325043056477"}]}
    assert raised.value.interface == "T109"
    assert raised.value.exchange_id == authority.requests[-1].global_text("dataExchangeId")


async def test_an_answer_under_an_older_key_is_in_doubt(client: AsyncClient, authority: Authority) -> None:
    await client.ready()
    right = authority.key

    def rotate(_content: object) -> tuple[str, object]:
        authority.key = b"k" * 16
        return "00", UPLOADED

    authority.answers["T109"] = rotate
    with pytest.raises(Unreadable) as raised:
        await client.call(UPLOAD_INVOICE, an_upload())
    assert raised.value.accepted_opaque
    authority.key = right


async def test_reading_a_document_that_is_not_there_is_refused(client: AsyncClient, authority: Authority) -> None:
    authority.answers["T108"] = lambda _: ("41", None)
    with pytest.raises(RefusedForGood):
        await client.call(READ_INVOICE, InvoiceRead(invoice_no="325043056477"))


async def test_closing_forgets_the_key_and_leaves_a_borrowed_transport_open(
    authority: Authority, clock: ManualClock
) -> None:
    transport = AsgiTransport(authority)
    async with AsyncClient(ENDPOINT, known.credentials(), transport=transport, clock=clock) as client:
        await client.ready()
    with pytest.raises(NotReady):
        client.stamp()
    assert (await transport.post(ENDPOINT, authority.requests[0].to_bytes(), timeout=5, limit=10**6)).status == 200


async def test_closing_while_a_key_is_fetched_ends_the_wait(client: AsyncClient, authority: Authority) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def hold(_interface: str) -> None:
        arrived.set()
        await never.wait()

    authority.before = hold
    waiting = asyncio.ensure_future(client.ready())
    await arrived.wait()
    await client.close()
    with pytest.raises(NotReady, match="closed"):
        await waiting


class Slow:
    """A transport that ignores its time limit."""

    async def post(self, _url: str, _body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        await asyncio.Event().wait()
        raise AssertionError(timeout, limit)


async def test_even_a_careless_transport_is_ended(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("risiti.efris.client._GRACE_SECONDS", 0.05)
    client = AsyncClient(ENDPOINT, known.credentials(), transport=Slow(), clock=clock, timeout=0.05)
    with pytest.raises(NotReady, match="no answer in time"):
        await client.call(SERVER_TIME, NoContent())


class Handover:
    """Sends T101 and T104 to the authority in process and everything else over a real wire."""

    def __init__(self, authority: Authority, url: str) -> None:
        self._twin, self._url = AsgiTransport(authority), url
        self.wire = AiohttpTransport()

    async def post(self, url: str, body: bytes, *, timeout: float, limit: int) -> Reply:  # noqa: ASYNC109 - the seam
        if b'"T109"' in body:
            return await self.wire.post(self._url, body, timeout=timeout, limit=limit)
        return await self._twin.post(url, body, timeout=timeout, limit=limit)


async def _upload_over(authority: Authority, clock: ManualClock, url: str) -> None:
    transport = Handover(authority, url)
    client = AsyncClient(
        ENDPOINT, known.credentials(), transport=transport, clock=clock, timeout=0.3, max_answer_bytes=10_000
    )
    try:
        await client.ready()
        await client.call(UPLOAD_INVOICE, an_upload())
    finally:
        await transport.wire.close()


@pytest.mark.parametrize(
    ("deed", "outcome"),
    [
        (wires.closing, Interrupted),
        (wires.cutting_short, Interrupted),
        (wires.hanging, TimedOut),
        (wires.dripping, TimedOut),
        (wires.flooding, Interrupted),
        (wires.answering(b"oops", "500 Internal Server Error"), Unreadable),
        (wires.answering(b"<html>Maintenance</html>"), Unreadable),
        (wires.answering(b"", "302 Found", "Location: https://login.example/"), Unreadable),
        (wires.answering(b"busy", "429 Too Many Requests"), RefusedForNow),
    ],
)
async def test_every_fault_of_the_wire_says_whether_the_authority_may_have_acted(
    authority: Authority, clock: ManualClock, deed: wires.Deed, outcome: type[Exception]
) -> None:
    async with wire(deed) as server:
        with pytest.raises(outcome) as raised:
            await _upload_over(authority, clock, server.url)
    assert type(raised.value) is outcome
    assert str(raised.value).startswith("T109: ")
    assert len(server.requests) == 1


async def test_a_refused_connection_leaves_the_document_unsent(authority: Authority, clock: ManualClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable) as raised:
            await _upload_over(authority, clock, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert raised.value.interface == "T109"
    assert raised.value.exchange_id
