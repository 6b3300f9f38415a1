"""The seller's system of demo and chaos run: it repeats a POST, unchanged, until it has an answer that settles it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from risiti.cli.erp import Account, Erp, NoAnswerError

pytestmark = pytest.mark.anyio

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def a_gateway(answer: Handler) -> AsyncIterator[Account]:
    """A server that answers every POST of an invoice with `answer`."""
    app = web.Application()
    app.router.add_post("/api/companies/com_1/invoices", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Account(f"http://127.0.0.1:{runner.addresses[0][1]}", "com_1", "rst_test_fictitious")
    finally:
        await runner.cleanup()


async def test_a_post_without_an_answer_is_repeated_byte_for_byte_under_the_same_key() -> None:
    seen: list[tuple[bytes, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((await request.read(), request.headers["Idempotency-Key"]))
        if len(seen) == 1:
            assert request.transport is not None
            request.transport.abort()
        if len(seen) == 2:
            return web.json_response({}, status=503)
        return web.json_response({"id": "doc_1"}, status=202, headers={"Idempotency-Replayed": "true"})

    async with a_gateway(answer) as account, Erp(account) as erp:
        found = await erp.post_invoice({"reference": "A-1"}, idempotency_key="key-1")

    assert len(set(seen)) == 1
    assert (found.status, found.replayed, found.sent, found.accepted) == (202, True, 3, True)


async def test_a_rejection_is_an_answer_and_not_repeated() -> None:
    calls = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        return web.json_response({"code": "invalid"}, status=422)

    async with a_gateway(answer) as account, Erp(account) as erp:
        found = await erp.post_invoice({"reference": "A-1"}, idempotency_key="key-1")

    assert len(calls) == 1
    assert not found.accepted


async def test_patience_ends_and_says_that_nothing_is_known() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with a_gateway(answer) as account, Erp(account) as erp:
        with pytest.raises(NoAnswerError, match="no answer to 'A-1'"):
            await erp.post_invoice({"reference": "A-1"}, idempotency_key="key-1", patience=0.2)
