"""The stand-in as an ASGI application: the POST routes of service and enabler, a page, and the control door."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.responses import Response

from risiti.simulator.calls import ENABLER, ONLINE, CallCentre, ConnectionDropped, Profile, Reply, Sleep
from risiti.simulator.clock import Clock
from risiti.simulator.control import control_routes
from risiti.simulator.control_applications import application_routes
from risiti.simulator.control_equipment import equipment_routes
from risiti.simulator.enabler import ENABLER_PATH
from risiti.simulator.page.routes import page_routes
from risiti.simulator.world import World

PATH = "/efrisws/ws/taapp/getInformation"
"""Where the real service listens."""

_PROFILES = {PATH: ONLINE, ENABLER_PATH: ENABLER}

MAX_REQUEST_BYTES = 20 * 1024 * 1024
"""Most bytes of one request; more is answered with HTTP 413."""

DROP = "risiti.drop"
"""ASGI extension of our server: a function that breaks the connection (argument: reset it or close it)."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Simulator:
    """The ASGI application. Without our server a broken connection is the exception `ConnectionDropped`."""

    def __init__(self, world: World, *, clock: Clock, control: bool = False, sleep: Sleep = asyncio.sleep) -> None:
        self._centre = CallCentre(world, clock, sleep)
        routes = page_routes(world, clock, (PATH, ENABLER_PATH), control=control)
        if control:
            routes += control_routes(world) + application_routes(world, clock) + equipment_routes(world)
        self._pages = Starlette(routes=routes)

    async def settled(self) -> None:
        """Wait until no call is in work, those included whose callers are gone."""
        await self._centre.settled()

    def stop(self) -> None:
        """Break every connection that hangs, so that a server can end."""
        self._centre.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        profile = _PROFILES.get(scope["path"]) if scope["type"] == "http" else None
        if profile is None:
            await self._pages(scope, receive, send)
            return
        try:
            await self._call(profile, scope, receive, send)
        except ConnectionDropped as dropped:
            drop = (scope.get("extensions") or {}).get(DROP)
            if drop is None:
                raise
            drop(reset=dropped.reset)
            while (await receive())["type"] != "http.disconnect":
                pass

    async def _call(self, profile: Profile, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _text(405, "Only POST is served here.")(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            await _text(413, f"At most {MAX_REQUEST_BYTES} bytes.")(scope, receive, send)
            return
        await _send(await self._centre.serve(body, profile), send)


def create_simulator(world: World, *, clock: Clock, control: bool = False, sleep: Sleep = asyncio.sleep) -> Simulator:
    """Make the stand-in for the authority.

    Args:
        world: What it knows.
        clock: Its clock; tests pass one they can move.
        control: Serve `/_control` too. It lets anyone do anything: for tests and demonstrations only.
        sleep: How delays are waited out; tests may replace it.
    """
    return Simulator(world, clock=clock, control=control, sleep=sleep)


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionDropped
        body += message.get("body", b"")
        if len(body) > MAX_REQUEST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send(reply: Reply, send: Send) -> None:
    headers = [
        (b"content-type", reply.content_type.encode("ascii")),
        (b"content-length", str(len(reply.body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.cut:
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        raise ConnectionDropped
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def _text(status: int, text: str) -> Response:
    return Response(text, status_code=status, media_type="text/plain")
