import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from risiti.efris import AiohttpTransport, AsgiTransport, Interrupted, NoAnswer, NotSent, TimedOut, Unreachable
from tests.efris import wires
from tests.efris.wires import wire

pytestmark = pytest.mark.anyio

LIMIT = 1000
SHORT = 0.2


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    made = AiohttpTransport()
    yield made
    await made.close()


async def test_a_message_goes_out_whole_and_the_answer_comes_back(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b'{"a":1}')) as server:
        reply = await transport.post(server.url, b"message", timeout=5, limit=LIMIT)
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    [request] = server.requests
    assert request.startswith(b"POST /efrisws/ws/taapp/getInformation HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\nmessage")
    assert b"accept-encoding: identity" in request.lower()
    assert b"content-type: application/json" in request.lower()
    assert b"{" not in repr(reply).encode()


async def test_connections_are_used_again(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b"{}")) as server:
        for _ in range(5):
            await transport.post(server.url, b"x", timeout=5, limit=LIMIT)
    assert server.connections == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "404 Not Found", "429 Too Many Requests"])
async def test_an_http_error_is_an_answer_like_any_other(transport: AiohttpTransport, status: str) -> None:
    async with wire(wires.answering(b"<html>", status)) as server:
        reply = await transport.post(server.url, b"x", timeout=5, limit=LIMIT)
    assert (reply.status, reply.body) == (int(status[:3]), b"<html>")


async def test_a_redirect_is_not_followed(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b"", "307 Temporary Redirect", "Location: /elsewhere")) as server:
        assert (await transport.post(server.url, b"x", timeout=5, limit=LIMIT)).status == 307
    assert len(server.requests) == 1


async def test_a_refused_connection_means_not_sent(transport: AiohttpTransport) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unreachable):
            await transport.post(f"http://127.0.0.1:{port}/", b"x", timeout=5, limit=LIMIT)


async def test_a_name_that_is_none_means_not_sent(transport: AiohttpTransport) -> None:
    with pytest.raises(Unreachable):
        await transport.post("http://", b"x", timeout=5, limit=LIMIT)


async def test_plain_http_where_tls_was_asked_for_means_not_sent(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b"{}")) as server:
        with pytest.raises(Unreachable):
            await transport.post(server.url.replace("http:", "https:"), b"x", timeout=5, limit=LIMIT)
    assert server.requests == []


async def test_no_connection_in_time_means_not_sent() -> None:
    transport = AiohttpTransport(connections=1, connect_seconds=SHORT)
    async with wire(wires.hanging) as server:
        occupied = asyncio.ensure_future(transport.post(server.url, b"first", timeout=5, limit=LIMIT))
        await server.arrived.wait()
        with pytest.raises(Unreachable):
            await transport.post(server.url, b"second", timeout=5, limit=LIMIT)
        with pytest.raises(Unreachable):
            await transport.post(server.url, b"third", timeout=SHORT / 2, limit=LIMIT)
        await transport.close()
        with pytest.raises(NoAnswer):
            await occupied
    assert [request[-5:] for request in server.requests] == [b"first"]


@pytest.mark.parametrize("deed", [wires.closing, wires.cutting_short])
async def test_a_broken_connection_means_no_answer_and_is_not_tried_again(
    transport: AiohttpTransport, deed: wires.Deed
) -> None:
    async with wire(deed) as server:
        with pytest.raises(Interrupted):
            await transport.post(server.url, b"x", timeout=5, limit=LIMIT)
    assert len(server.requests) == 1


async def test_a_used_connection_that_breaks_is_not_replaced_by_a_second_send(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b"{}")) as server:
        await transport.post(server.url, b"x", timeout=5, limit=LIMIT)
        server.deed = wires.closing
        with pytest.raises(Interrupted):
            await transport.post(server.url, b"y", timeout=5, limit=LIMIT)
    assert len(server.requests) == 2


@pytest.mark.parametrize("deed", [wires.hanging, wires.dripping])
async def test_the_whole_exchange_ends_at_its_deadline(transport: AiohttpTransport, deed: wires.Deed) -> None:
    async with wire(deed) as server:
        with pytest.raises(TimedOut):
            await transport.post(server.url, b"x", timeout=SHORT, limit=10**6)
    assert len(server.requests) == 1


async def test_an_answer_may_be_as_large_as_the_limit_and_no_larger(transport: AiohttpTransport) -> None:
    async with wire(wires.answering(b"x" * LIMIT)) as server:
        assert len((await transport.post(server.url, b"x", timeout=5, limit=LIMIT)).body) == LIMIT
        with pytest.raises(Interrupted, match="more than 999 bytes"):
            await transport.post(server.url, b"x", timeout=5, limit=LIMIT - 1)


async def test_an_endless_answer_is_cut_off_at_the_limit(transport: AiohttpTransport) -> None:
    async with wire(wires.flooding) as server:
        with pytest.raises(Interrupted, match="more than 100000 bytes"):
            await transport.post(server.url, b"x", timeout=5, limit=100_000)


async def test_a_compressed_body_is_handed_on_as_it_is(transport: AiohttpTransport) -> None:
    packed = gzip.compress(bytes(10**6))
    async with wire(wires.answering(packed, "200 OK", "Content-Encoding: gzip")) as server:
        assert (await transport.post(server.url, b"x", timeout=5, limit=len(packed))).body == packed


async def test_giving_up_closes_the_connection(transport: AiohttpTransport) -> None:
    async with wire(wires.hanging) as server:
        waiting = asyncio.ensure_future(transport.post(server.url, b"x", timeout=30, limit=LIMIT))
        await server.arrived.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        server.deed = wires.answering(b"{}")
        await transport.post(server.url, b"y", timeout=5, limit=LIMIT)
    assert server.connections == 2


class App:
    """An ASGI application that does what a test tells it."""

    def __init__(self, *, status: int | None = 200, body: bytes = b"{}", complete: bool = True) -> None:
        self.status, self.body, self.complete = status, body, complete
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.seen: list[tuple[dict[str, Any], bytes]] = []
        self.finished = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        self.seen.append((scope, (await receive())["body"]))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if self.status is not None:
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": self.body, "more_body": not self.complete})
        self.finished.set()


URL = "http://efris.test/efrisws/ws/taapp/getInformation?x=1"


async def test_the_twin_in_process_carries_the_same_message() -> None:
    app = App(body=b"x" * LIMIT)
    reply = await AsgiTransport(app).post(URL, b"message", timeout=5, limit=LIMIT)
    assert (reply.status, len(reply.body)) == (200, LIMIT)
    [(scope, body)] = app.seen
    assert (scope["method"], scope["path"], scope["query_string"]) == (
        "POST", "/efrisws/ws/taapp/getInformation", b"x=1",
    )  # fmt: skip
    assert body == b"message"
    assert (b"content-type", b"application/json; charset=utf-8") in scope["headers"]


async def test_the_twin_works_on_after_we_have_given_up_as_a_server_does() -> None:
    app = App()
    app.gate.clear()
    transport = AsgiTransport(app)
    with pytest.raises(TimedOut):
        await transport.post(URL, b"x", timeout=SHORT, limit=LIMIT)
    assert not app.finished.is_set()
    app.gate.set()
    await asyncio.wait_for(app.finished.wait(), 5)
    await transport.close()


@pytest.mark.parametrize(
    "app",
    [App(status=None), App(complete=False), App(body=b"x" * (LIMIT + 1))],
    ids=["no answer", "cut short", "too large"],
)
async def test_the_twin_reports_a_broken_or_oversized_answer(app: App) -> None:
    with pytest.raises(Interrupted):
        await AsgiTransport(app).post(URL, b"x", timeout=5, limit=LIMIT)


async def test_the_twin_reports_an_application_that_breaks_off() -> None:
    app = App()
    app.error = RuntimeError("bug")
    with pytest.raises(Interrupted, match="RuntimeError") as raised:
        await AsgiTransport(app).post(URL, b"x", timeout=5, limit=LIMIT)
    assert not isinstance(raised.value, NotSent)
    assert raised.value.__cause__ is app.error


async def test_closing_the_twin_stops_what_it_still_works_on() -> None:
    app = App()
    app.gate.clear()
    transport = AsgiTransport(app)
    with pytest.raises(TimedOut):
        await transport.post(URL, b"x", timeout=SHORT, limit=LIMIT)
    await transport.close()
    app.gate.set()
    await asyncio.sleep(0)
    assert not app.finished.is_set()
