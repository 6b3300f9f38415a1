"""Heads of requests that never end, in time or in bytes, end their connection and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import PlainTextResponse

from risiti.gateway.resilience import heads
from tests.gateway.api.serving import served

pytestmark = pytest.mark.anyio
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(*first: bytes) -> AsyncIterator[Connection]:
    async with served(PlainTextResponse("here")) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        for piece in first:
            writer.write(piece)
        yield reader, writer
        writer.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(4)


@pytest.mark.parametrize("first", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_end_in_time_is_answered_408(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.05)
    async with connected(first) as (reader, _):
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("more", [b"GET / HT", b"\r\n"])
async def test_a_second_head_has_its_time_too(more: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(ASK) as (reader, writer):
        assert (await answer(reader)).endswith(b"here")
        monkeypatch.setattr(heads, "HEAD_SECONDS", 0.05)
        writer.write(more)
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_requests_on_one_connection_are_answered_one_after_the_other() -> None:
    async with connected(ASK * 3, ASK[:10], ASK[10:]) as (reader, _):
        for _ in range(4):
            assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "endless",
    [
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 8_200,
        b"GET / HTTP/1.1\r\nX-A: " + b"b" * 65_536,
        b"GET /" + b"b" * 65_536,
    ],
)
async def test_a_head_without_end_is_refused_for_its_size(endless: bytes) -> None:
    async with connected(endless) as (reader, _):
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")


async def test_a_large_head_within_the_bound_passes() -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 8_000
    async with connected(head, b"\r\n") as (reader, _):
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_counts_towards_no_head() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
    async with connected(head, b"x" * 200_000, ASK) as (reader, _):
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
