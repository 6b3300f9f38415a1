import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risiti.gateway.kernel.errors import GatewayError
from risiti.gateway.resilience.body_limit import BodyLimit, TooSlow
from tests.gateway.api.serving import served

pytestmark = pytest.mark.anyio
LIMIT = 1_000


class Echo:
    """Answers with the size of the body it read, or with the status of what stopped it."""

    def __init__(self) -> None:
        self.bytes_read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async for chunk in Request(scope, receive).stream():
                self.bytes_read += len(chunk)
        except GatewayError as error:
            await refuse(error, scope)(scope, receive, send)
        else:
            await PlainTextResponse(str(self.bytes_read))(scope, receive, send)


def refuse(error: GatewayError, scope: Scope) -> ASGIApp:  # noqa: ARG001 - the signature that is asked for
    return PlainTextResponse(f"{error.detail} {error.errors[0].fix}", error.status)


def limited(app: ASGIApp, *, seconds: float = 15.0, linger: float = 2.0) -> BodyLimit:
    return BodyLimit(app, limit=LIMIT, refuse=refuse, seconds=seconds, linger=linger)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 10_000


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 100


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_of_exactly_the_limit_is_read(chunked: bool) -> None:  # noqa: FBT001
    async with served(limited(Echo())) as address, ClientSession() as http:
        answer = await http.post(address.url, data=pieces(10) if chunked else b"x" * LIMIT)
        assert (answer.status, await answer.text()) == (200, str(LIMIT))


async def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    echo = Echo()
    async with served(limited(echo)) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        body = await reader.read()
        writer.close()
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head.lower()
    assert b"1000 bytes" in body
    assert echo.bytes_read == 0


async def test_a_caller_that_sends_it_all_before_it_reads_still_gets_the_answer() -> None:
    async with served(limited(Echo())) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
        await writer.drain()
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_body_without_a_length_is_refused_at_the_byte_that_passes_the_limit() -> None:
    echo = Echo()
    async with (
        served(limited(echo)) as address,
        ClientSession() as http,
        http.post(address.url, data=pieces(11)) as answer,
    ):
        await answer.read()
        assert answer.status == 413
    assert echo.bytes_read <= LIMIT


async def test_a_body_without_end_is_cut_off_and_the_answer_says_why() -> None:
    async with served(limited(Echo(), linger=0.1)) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_length_of_very_many_digits_is_refused_not_parsed_for_ever() -> None:
    echo = Echo()

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"9" * 100_000)]}
    await limited(echo)(scope, receive, send)
    assert sent[0]["status"] == 413
    assert echo.bytes_read == 0


async def test_a_length_larger_than_what_comes_is_ended_by_time_and_said_so() -> None:
    async with served(limited(Echo(), seconds=0.05, linger=0.05)) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nonly this")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(f"HTTP/1.1 {TooSlow.status}".encode())
    assert b"Content-Length" in answer


async def test_a_length_smaller_than_what_comes_ends_the_connection_after_the_first_answer() -> None:
    async with served(limited(Echo())) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{"a": 1}')
        answer = await reader.read()
        writer.close()
    assert answer.count(b"HTTP/1.1 400") == 1
    assert answer.count(b"HTTP/1.1") <= 2


async def test_a_caller_who_asks_first_is_told_no_without_sending_anything() -> None:
    async with served(limited(Echo())) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_small_unread_body_does_not_cost_the_connection() -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("no", 401)(scope, receive, send)

    async with served(limited(hasty)) as address, ClientSession() as http:
        answer = await http.post(address.url, data=b"x" * 900)
        assert answer.status == 401
        assert "Connection" not in answer.headers
