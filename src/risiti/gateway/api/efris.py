"""Routes of the way to the authority, for operators: how it stands, and keeping everything away from it."""

from fastapi import APIRouter, Request
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Operator, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.submissions import switches
from risiti.gateway.submissions.protection import ProtectionView
from risiti.gateway.submissions.switches import Switch, Switched

router = APIRouter(prefix="/api/efris", tags=["operation"], generate_unique_id_function=operation_id)


@router.get(
    "/status",
    summary="How the way to the authority stands",
    description="Circuit breakers of each address, of its classes of calls and of each device that fails alone, their "
    "last changes, the authority's clock, what may be on the wire, and how many processes speak to it. Needs the "
    "operator's token.",
    responses=problems_of(401, 404),
)
async def status(running: Running, operator: Operator) -> ProtectionView:
    """Show breakers, clocks and workers."""
    del operator  # its permission is all that is asked of it
    return await running.database.read(running.protection)


class Pause(bodies.StrictBody):
    """What is kept away from the authority, who says so and why."""

    target: str = Field(
        max_length=64,
        description="`test`, `live`, one class of calls there (`test:submit`, `test:query`), or a device's id.",
        examples=["test", "test:submit", f"dev_{'0' * 26}"],
    )
    by: str = Field(min_length=1, max_length=120, description="Who decides it.", examples=["Night operator"])
    reason: str = Field(min_length=1, max_length=500, description="Why.", examples=["The authority asked us to."])


class Resume(bodies.StrictBody):
    """What may go on, and who says so."""

    target: str = Field(max_length=64, description="As it was paused.", examples=["test"])
    by: str = Field(min_length=1, max_length=120, description="Who decides it.", examples=["Day operator"])


@router.post(
    "/pause",
    summary="Keep everything away from the authority",
    description="Opens a circuit breaker by hand: of an environment or of one device. Nothing is sent and nothing "
    "asked until it is resumed; documents are accepted and wait. Who and why stay among the breaker's changes. Needs "
    "the operator's token.",
    openapi_extra=body_of(Pause, everything={"target": "test", "by": "Night operator", "reason": "Asked to wait."}),
    responses=problems_of(400, 401, 404, 413, 415, 422),
)
async def pause(running: Running, operator: Operator, request: Request) -> Switched:
    """Open a breaker by hand."""
    del operator  # as above
    body = await bodies.json_model(request, Pause)
    switch = Switch(body.target, body.by, body.reason)
    now = running.clock.now()
    return await running.database.write(lambda session: switches.pause(session, running.urls, now, switch))


@router.post(
    "/resume",
    summary="Let work go on that was paused",
    description="The breaker is tried at once, and closes when the authority answers. Needs the operator's token.",
    openapi_extra=body_of(Resume, everything={"target": "test", "by": "Day operator"}),
    responses=problems_of(400, 401, 404, 413, 415, 422),
)
async def resume(running: Running, operator: Operator, request: Request) -> Switched:
    """Let a paused breaker be tried."""
    del operator  # as above
    body = await bodies.json_model(request, Resume)
    now = running.clock.now()
    switch = Switch(body.target, body.by)
    return await running.database.write(lambda session: switches.resume(session, running.urls, now, switch))
