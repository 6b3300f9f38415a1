"""Routes of what a company delegates to a firm: its owner gives it and takes it back, its admins see it."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Admin, Owner, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.tenancy import delegations
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.delegations import DelegationView

router = APIRouter(prefix="/api/companies/{company_id}/firm", tags=["firms"], generate_unique_id_function=operation_id)


class Delegation(bodies.StrictBody):
    """Which firm may do what."""

    firm_id: str = Field(
        description="The firm tells it.",
        examples=[f"frm_{'0' * 26}"],
        json_schema_extra={"pattern": "^frm_[0-9A-HJKMNP-TV-Z]{26}$"},
    )
    role: Literal["admin", "operator", "viewer"] = Field(
        description="The most that the firm's people may do; they never administer the company's members."
    )


@router.get("", summary="Read what is delegated to a firm", responses=problems_of(401, 403, 404))
async def read_delegation(caller: Admin, running: Running) -> DelegationView:
    """Tell which firm may do what in the caller's company, and who works there."""
    return await running.database.read(lambda session: delegations.read(session, caller.company_id))


@router.put(
    "",
    summary="Delegate a role to a firm",
    description="Instead of the firm that may have had one; for an owner who has signed in. Holds at once.",
    openapi_extra=body_of(Delegation),
    responses=problems_of(400, 401, 403, 404, 415, 422),
)
async def delegate(request: Request, caller: Owner, running: Running) -> DelegationView:
    """Let a firm's people work in the caller's company."""
    body = await bodies.json_model(request, Delegation)
    return await running.database.write(
        lambda session: delegations.delegate(
            session,
            running.ids,
            running.clock,
            caller.company_id,
            firm_id=body.firm_id,
            role=Role(body.role),
            by=caller.who,
        )
    )


@router.delete(
    "",
    status_code=204,
    summary="End what is delegated to a firm",
    description="The next request of the firm's people finds nothing of the company. API keys that they issued belong "
    "to the company and hold on: revoke those that you do not know.",
    responses=problems_of(401, 403, 404),
)
async def end(caller: Owner, running: Running) -> Response:
    """Let the firm work in the caller's company no longer."""
    await running.database.write(
        lambda session: delegations.end(session, running.ids, running.clock, caller.company_id, by=caller.who)
    )
    return Response(status_code=204)
