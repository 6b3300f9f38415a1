"""The control door to credit notes: a person decides applications as the authority would, and withholds documents."""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from risiti.simulator.applications import SUBMITTED, Application
from risiti.simulator.approvals import approve, reject, settle
from risiti.simulator.clock import Clock
from risiti.simulator.refusal import Refusal
from risiti.simulator.world import World

Endpoint = Callable[[Request], Awaitable[Response]]

MOST_REMARK = 1024
BY_PERSON = "Decided over the control door"


def application_routes(world: World, clock: Clock) -> list[BaseRoute]:
    """Return the routes of the control door that concern credit notes."""
    door = ApplicationControl(world, clock)
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/_control/applications", door.applications),
        ("PUT", "/_control/applications/{reference}", door.decide),
        ("PUT", "/_control/documents/{fdn}", door.withhold),
    )
    return [Route(path, endpoint, methods=[method]) for method, path, endpoint in table]


class ApplicationControl:
    """The endpoints."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    async def applications(self, _: Request) -> Response:
        """Answer all applications, oldest first, as they stand by now."""
        settle(self._world, self._clock.now())
        return JSONResponse({"applications": [_shown(one) for one in self._world.applications.every()]})

    async def decide(self, request: Request) -> Response:
        """Decide an application: {"decision": "approve" | "reject", "remark"?: text}."""
        now = self._clock.now()
        settle(self._world, now)
        asked = await _object(request)
        decision, remark = asked.get("decision"), asked.get("remark", BY_PERSON)
        if decision not in ("approve", "reject"):
            return _wrong('send {"decision": "approve"} or {"decision": "reject"}')
        if not isinstance(remark, str) or len(remark) > MOST_REMARK:
            return _wrong(f"remark must be a text of at most {MOST_REMARK} characters")
        reference = request.path_params["reference"]
        application = self._world.applications.by_reference(reference)
        if application is None:
            return _wrong(f"there is no application {reference}", 404)
        if application.status != SUBMITTED:
            return _wrong(f"application {reference} was decided before", 409)
        try:
            if decision == "approve":
                approve(self._world, application, by="", remark=remark, now=now)
            else:
                reject(self._world, application, by="", remark=remark, now=now)
        except Refusal as refusal:
            return _wrong(f"it cannot be approved: {refusal.code} {refusal.message}", 409)
        decided = self._world.applications.by_reference(reference)
        return JSONResponse(_shown(decided or application))

    async def withhold(self, request: Request) -> Response:
        """Make a document unavailable for notes, or available again: {"withheld": true | false}."""
        fdn = request.path_params["fdn"]
        withheld = (await _object(request)).get("withheld")
        if not isinstance(withheld, bool):
            return _wrong('send {"withheld": true} or {"withheld": false}')
        if self._world.ledger.by_fdn(fdn) is None:
            return _wrong(f"there is no document {fdn}", 404)
        self._world.notes.withhold(fdn, withheld=withheld)
        return JSONResponse({"fdn": fdn, "withheld": withheld})


async def _object(request: Request) -> dict[str, object]:
    """Read a JSON object; anything else reads as an empty one, which no endpoint takes."""
    try:
        value: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def _wrong(reason: str, status: int = 400) -> Response:
    return JSONResponse({"error": reason}, status_code=status)


def _shown(application: Application) -> dict[str, object]:
    return {
        "id": application.id,
        "reference": application.reference,
        "category": application.category,
        "status": application.status,
        "tin": application.tin,
        "buyer_tin": application.buyer_tin,
        "original_fdn": application.original_fdn,
        "note_fdn": application.note_fdn,
        "applied_at": application.applied_at.isoformat(),
        "decided_at": None if application.decided_at is None else application.decided_at.isoformat(),
        "decided_by": application.decided_by,
        "remark": application.remark,
    }
