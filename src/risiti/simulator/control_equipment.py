"""The control door to equipment: certificates to expect, nozzles, tanks; and the messages that were not sent."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import MISSING, fields

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from risiti.simulator.forecourt import Nozzle
from risiti.simulator.tanks import Tank
from risiti.simulator.world import World

MOST_MESSAGES = 100

Endpoint = Callable[[Request], Awaitable[Response]]


def equipment_routes(world: World) -> list[BaseRoute]:
    """Return the routes of the control door that concern equipment."""
    door = EquipmentControl(world)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("PUT", "/_control/thumbprints", door.put_thumbprint),
        ("PUT", "/_control/nozzles", door.put_nozzle),
        ("PUT", "/_control/tanks", door.put_tank),
        ("GET", "/_control/messages", door.messages),
    )
    return [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]


class EquipmentControl:
    """The endpoints."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put_thumbprint(self, request: Request) -> Response:
        """Register the thumbprint of a certificate that T136 may upload: {tin, thumbprint}, SHA-1 in hexadecimal."""
        given, problem = await _texts(request, {"tin": None, "thumbprint": None})
        if problem:
            return problem
        self._world.device_book.expect_certificate(given["tin"], given["thumbprint"])
        return JSONResponse(given)

    async def put_nozzle(self, request: Request) -> Response:
        """Register a nozzle: {tin, number, tank, pump, controller?, acquisition?, gauge?, branch?}."""
        known: dict[str, str | None] = {"tin": None}
        known |= {field.name: None if field.default is MISSING else "" for field in fields(Nozzle)}
        given, problem = await _texts(request, known)
        if problem:
            return problem
        self._world.forecourt.put(
            given["tin"], Nozzle(**{name: value for name, value in given.items() if name != "tin"})
        )
        return JSONResponse(given)

    async def put_tank(self, request: Request) -> Response:
        """Register a fuel tank: {tin, id, branch?, commodity_goods_id}."""
        given, problem = await _texts(request, {"tin": None, "id": None, "branch": "", "commodity_goods_id": None})
        if problem:
            return problem
        self._world.tanks.put(given["tin"], Tank(given["id"], given["branch"], given["commodity_goods_id"]))
        return JSONResponse(given)

    async def messages(self, _: Request) -> Response:
        """Answer the newest e-mails and SMS that would have gone out, newest first."""
        sent = self._world.accounts.messages(MOST_MESSAGES)
        return JSONResponse(
            {
                "messages": [
                    {"tin": one.tin, "to": one.address, "text": one.body, "sent_at": one.sent_at.isoformat()}
                    for one in sent
                ]
            }
        )


async def _texts(request: Request, known: dict[str, str | None]) -> tuple[dict[str, str], Response | None]:
    """Read a JSON object of texts by name; a default of None marks what must be there."""
    try:
        value: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return {}, _wrong("send a JSON object")
    unknown = sorted(set(value) - set(known))
    if unknown:
        return {}, _wrong(f"there is no {', '.join(unknown)} here, only {', '.join(known)}")
    given = {name: value.get(name, default) for name, default in known.items()}
    missing = [name for name, text in given.items() if not isinstance(text, str) or (known[name] is None and not text)]
    if missing:
        return {}, _wrong(f"{missing[0]} must be a text")
    return {name: str(text) for name, text in given.items()}, None


def _wrong(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=400)
