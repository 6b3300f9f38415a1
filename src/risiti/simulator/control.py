"""The control door `/_control`: register devices, ask the ledger, set faults and switches; JSON in, JSON out."""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from risiti.simulator.faults import FAULTS, Fault
from risiti.simulator.ledger import Document
from risiti.simulator.registry import Device, RegistrationError, Taxpayer
from risiti.simulator.settings import SettingsError
from risiti.simulator.world import World

MOST_LEDGER_ROWS = 1000
DEVICE_KEYS = ("tin", "device_no", "public_key_pem", "status", "taxpayer")

Endpoint = Callable[[Request], Awaitable[Response]]


def control_routes(world: World) -> list[BaseRoute]:
    """Return the routes of the control door."""
    door = Control(world)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("PUT", "/_control/taxpayers", door.put_taxpayer),
        ("PUT", "/_control/devices", door.put_device),
        ("GET", "/_control/documents", door.documents),
        ("GET", "/_control/ledger", door.ledger),
        ("GET", "/_control/calls", door.calls),
        ("GET", "/_control/faults", door.get_faults),
        ("PUT", "/_control/faults", door.put_faults),
        ("DELETE", "/_control/faults", door.delete_faults),
        ("GET", "/_control/settings", door.get_settings),
        ("PUT", "/_control/settings", door.put_settings),
    )
    return [Route(path, _guarded(endpoint), methods=[method]) for method, path, endpoint in table]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Answer wrong input with status 400 and the reason."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (SettingsError, RegistrationError, _WrongInput) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return guarded


class _WrongInput(ValueError):
    """The request is not what the door expects."""


async def _object(request: Request) -> dict[str, object]:
    value = await _json(request)
    if not isinstance(value, dict):
        raise _WrongInput("send a JSON object")
    return value


async def _json(request: Request) -> object:
    try:
        value: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise _WrongInput("the body is not JSON") from None
    return value


class Control:
    """The endpoints of the door."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put_taxpayer(self, request: Request) -> Response:
        """Register a taxpayer: members as in `Taxpayer`."""
        taxpayer = Taxpayer.from_json(await _object(request))
        self._world.registry.add_taxpayer(taxpayer)
        return JSONResponse(taxpayer.to_json())

    async def put_device(self, request: Request) -> Response:
        """Register a device: {tin, device_no, public_key_pem, status?, taxpayer?: {...}}.

        With "" as its key the device has to upload a certificate (T136) or ask for keys (T102) before it can do more.
        Members of `taxpayer` change what is known of the TIN; an unknown TIN is registered with them.
        """
        data = await _object(request)
        unknown = sorted(set(data) - set(DEVICE_KEYS))
        if unknown:
            raise _WrongInput(f"a device has no {', '.join(unknown)}; it has {', '.join(DEVICE_KEYS)}")
        tin, device_no = (_required(data, name) for name in ("tin", "device_no"))
        pem = data.get("public_key_pem")
        if not isinstance(pem, str):
            raise _WrongInput('public_key_pem is missing; "" registers a device that has no key yet')
        status = data.get("status", "normal")
        if status not in ("normal", "abnormal", "blocked", "suspended"):
            raise _WrongInput("status must be normal, abnormal, blocked or suspended")
        changes = data.get("taxpayer", {})
        if not isinstance(changes, dict) or changes.get("tin", tin) != tin:
            raise _WrongInput("taxpayer must be an object about the same tin")
        known = self._world.registry.taxpayer(tin)
        before: dict[str, object] = known.to_json() if known else {"legal_name": f"Taxpayer {tin} (fictitious)"}
        taxpayer = Taxpayer.from_json(before | changes | {"tin": tin})
        self._world.register(taxpayer, Device(device_no, tin, pem, status))
        return JSONResponse({"device_no": device_no, "tin": tin, "status": status, "taxpayer": taxpayer.to_json()})

    async def documents(self, request: Request) -> Response:
        """Answer how many documents carry a reference, and which: ?reference=R[&tin=T]."""
        reference = request.query_params.get("reference")
        if reference is None:
            raise _WrongInput("name the reference: /_control/documents?reference=R")
        found = self._world.documents(reference, request.query_params.get("tin"))
        return JSONResponse({"count": len(found), "documents": [_document(document) for document in found]})

    async def ledger(self, request: Request) -> Response:
        """Answer all (tin, reference, fdn) in order, paged: ?after=NUMBER&limit=N (at most 1000)."""
        after = _number(request, "after", 0)
        limit = min(_number(request, "limit", MOST_LEDGER_ROWS), MOST_LEDGER_ROWS)
        rows = self._world.ledger.page(after, limit)
        return JSONResponse(
            {
                "total": self._world.ledger.last_number(),
                "documents": [
                    {"number": number, "tin": tin, "reference": reference, "fdn": fdn}
                    for number, tin, reference, fdn in rows
                ],
                "next_after": rows[-1][0] if len(rows) == limit and rows else None,
            }
        )

    async def calls(self, _: Request) -> Response:
        """Answer how many calls came in, by interface."""
        return JSONResponse({"calls": self._world.calls()})

    async def get_faults(self, _: Request) -> Response:
        """Answer the plan in force and all faults there are."""
        return JSONResponse({"faults": [fault.to_json() for fault in self._world.faults.rules], "known": dict(FAULTS)})

    async def put_faults(self, request: Request) -> Response:
        """Replace the plan: a list of {fault, interface?, probability?, times?, seconds?, code?}."""
        rules = await _json(request)
        if isinstance(rules, dict) and set(rules) == {"faults"}:
            rules = rules["faults"]
        if not isinstance(rules, list):
            raise _WrongInput("send a list of faults")
        self._world.faults.set([Fault.from_json(rule) for rule in rules])
        return await self.get_faults(request)

    async def delete_faults(self, request: Request) -> Response:
        """Let everything work."""
        self._world.faults.clear()
        return await self.get_faults(request)

    async def get_settings(self, _: Request) -> Response:
        """Answer the switches in force."""
        return JSONResponse(self._world.settings.to_json())

    async def put_settings(self, request: Request) -> Response:
        """Change the switches named; the others stay."""
        self._world.settings = self._world.settings.changed(await _object(request))
        return JSONResponse(self._world.settings.to_json())


def _required(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise _WrongInput(f"{name} is missing")
    return value


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - fits 64 bits
        raise _WrongInput(f"{name} must be a whole number")
    return int(text)


def _document(document: Document) -> dict[str, object]:
    return {
        "fdn": document.fdn,
        "reference": document.reference,
        "tin": document.tin,
        "device_no": document.device_no,
        "gross": str(document.gross),
        "tax": str(document.tax),
        "currency": document.currency,
        "verification_code": document.verification_code,
        "issued_at": document.issued_at.isoformat(),
        "uploaded_at": document.uploaded_at.isoformat(),
        "late_upload": document.late_upload,
    }
