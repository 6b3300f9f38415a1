"""Requests to addresses that users gave: what is refused, when, and how much of an answer is taken; on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from risiti.gateway.resilience.egress import Answer, Egress, Failed, Policy, Refused, checked

pytestmark = pytest.mark.anyio

HERE = ip_network("127.0.0.0/8")


class Names(AbstractResolver):
    """DNS of the tests: each lookup of a name takes the next of its answers."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): lists for name, lists in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        lists = self._answers[host]
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0) for one in addresses]

    async def close(self) -> None:
        pass


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[tuple[int, list[str]]]:
    """Listen on 127.0.0.1; tell the port, and collect the hosts that were asked for."""
    asked: list[str] = []

    async def noted(request: web.Request) -> web.StreamResponse:
        asked.append(request.host)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", noted)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


async def ok(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await request.read())


def policy(port: int, **more: object) -> Policy:
    """The policy of the tests: plain HTTP to one port; `allowed` opens what else is closed."""
    return Policy(ports=frozenset({port}), plain_http=True, **more)  # type: ignore[arg-type]  # by name


async def post(egress: Egress, url: str) -> Answer:
    return await egress.post(url, b"{}", {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - refused
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::8.8.8.8]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[ff02::1]",
        "[2001:db8::1]",
        # spellings that some resolvers read as 127.0.0.1
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "127.0.0.0x1",
    ],
)
def test_a_host_that_is_no_public_address_is_refused_before_anything_is_looked_up(host: str) -> None:
    with pytest.raises(Refused):
        checked(f"https://{host}/hook", Policy())


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "//shop.example/",
        "https:///hook",
        "https://",
        "https://user@shop.example/",
        "https://user:password@shop.example/",
        "https://@shop.example/",
        "https://shop.example@127.0.0.1/",
        "https://shop.example/#fragment",
        "https://shop.example/hook#",
        "https://shop.example:22/",
        "https://shop.example:80/",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://shop.example/a b",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example/\n",
        "https://\u0455hop.example/",
        "https://[::1/",
        "https://shop.example/" + "a" * 2_048,
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        checked(url, Policy())


@pytest.mark.parametrize("url", ["https://shop.example/hook", "https://shop.example:8443/a?b=c", "https://8.8.8.8/"])
def test_a_public_address_may_be_asked(url: str) -> None:
    assert checked(url, Policy()).hostname


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.1.2.3"], ["::1"], ["64:ff9b::7f00:1"], []],
)
async def test_a_name_that_leads_to_a_private_address_gets_no_connection(addresses: list[str]) -> None:
    async with listening(ok) as (port, asked), Egress(policy(port), Names(shop_example=[addresses])) as egress:
        with pytest.raises(Refused):
            await post(egress, f"http://shop.example:{port}/hook")
        assert asked == []


async def test_a_name_that_changes_between_two_looks_gets_no_connection() -> None:
    """DNS rebinding: what was looked at is what is connected to, and each connection is looked at anew."""
    names = Names(shop_example=[["127.0.0.1"], ["10.0.0.1"]])
    async with listening(ok) as (port, asked), Egress(policy(port, allowed=(HERE,)), names) as egress:
        assert (await post(egress, f"http://shop.example:{port}/")).status == 200
        with pytest.raises(Refused):
            await post(egress, f"http://shop.example:{port}/")
        assert names.asked == ["shop.example"] * 2
        assert asked == [f"shop.example:{port}"]


async def test_what_the_operator_denies_is_not_asked_although_it_would_be_allowed() -> None:
    async with listening(ok) as (port, asked):
        closed = policy(port, allowed=(HERE,), denied=(HERE,))
        async with Egress(closed, Names(shop_example=[["127.0.0.1"]])) as egress:
            with pytest.raises(Refused):
                await post(egress, f"http://shop.example:{port}/")
        assert asked == []


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async def away(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{request.url.port}/secret"})

    async with listening(away) as (port, asked):
        async with Egress(policy(port, allowed=(HERE,)), Names(shop_example=[["127.0.0.1"]])) as egress:
            assert (await post(egress, f"http://shop.example:{port}/")).status == 302
        assert len(asked) == 1


@pytest.mark.parametrize(("length", "is_taken"), [(1_000, True), (1_001, False)])
async def test_no_more_of_an_answer_is_read_than_its_limit(length: int, is_taken: bool) -> None:  # noqa: FBT001
    async def much(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(body=b"x" * length)

    async with listening(much) as (port, _):
        bounded = policy(port, allowed=(HERE,), max_answer_bytes=1_000)
        async with Egress(bounded, Names(shop_example=[["127.0.0.1"]])) as egress:
            if is_taken:
                assert len((await post(egress, f"http://shop.example:{port}/")).body) == length
            else:
                with pytest.raises(Failed, match="more than 1000 bytes"):
                    await post(egress, f"http://shop.example:{port}/")


async def test_who_does_not_answer_is_left_after_the_time() -> None:
    hanging = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        del request
        await hanging.wait()
        return web.Response()

    async with listening(silent) as (port, _):
        hasty = policy(port, allowed=(HERE,), total_seconds=0.2)
        async with Egress(hasty, Names(shop_example=[["127.0.0.1"]])) as egress:
            with pytest.raises(Failed, match="no answer within"):
                await post(egress, f"http://shop.example:{port}/")
        hanging.set()


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(ok) as (port, _), listening(ok) as (proxy, through_proxy):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        async with Egress(policy(port, allowed=(HERE,)), Names(shop_example=[["127.0.0.1"]])) as egress:
            assert (await post(egress, f"http://shop.example:{port}/")).body == b"{}"
        assert through_proxy == []
