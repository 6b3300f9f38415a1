"""Routes of branches: open, list, change and close them, and move a device to one."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import BranchPath, DevicePath, DeviceReader, DeviceWriter, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.submissions import moving
from risiti.gateway.tenancy import branches
from risiti.gateway.tenancy.branches import BranchView, Wanted
from risiti.gateway.tenancy.devices import DeviceView

router = APIRouter(prefix="/api/companies/{company_id}", tags=["branches"], generate_unique_id_function=operation_id)


class BranchTerms(bodies.StrictBody):
    """What a branch is called; the whole of it, so that what is left out is empty."""

    code: str = Field(
        description="Your own short name of it.",
        examples=["KLA-1"],
        json_schema_extra={"minLength": 1, "maxLength": branches.MAX_CODE},
    )
    name: str = Field(
        description="As registered with the authority, which compares it.",
        examples=["Kampala Road"],
        json_schema_extra={"minLength": 1, "maxLength": branches.MAX_NAME},
    )
    authority_id: str | None = Field(
        default=None,
        description="The authority's id of the branch. Left out: documents do not name the branch.",
        examples=["206637525568955296"],
        json_schema_extra={"pattern": f"^{branches.AUTHORITY_ID}$"},
    )

    def wanted(self) -> Wanted:
        """Return it in our words."""
        return Wanted(self.code, self.name, self.authority_id)


class DevicePlace(bodies.StrictBody):
    """Where a device stands."""

    branch_id: str | None = Field(
        description="The id of one of the company's branches; null: in none.",
        examples=[f"brn_{'0' * 26}"],
        json_schema_extra={"pattern": "^brn_[0-9A-HJKMNP-TV-Z]{26}$"},
    )


@router.get("/branches", summary="List branches", responses=problems_of(401, 403, 404, 422))
async def page(caller: DeviceReader, running: Running, query: Paged) -> Page[BranchView]:
    """List the branches of the caller's company, closed ones too, oldest first."""
    found = await running.database.read_as(
        caller.company_id,
        lambda session: branches.page(session, caller.company_id, limit=query.limit + 1, after=query.cursor),
    )
    return cut(found, query.limit, lambda branch: branch.id)


@router.post(
    "/branches",
    status_code=201,
    summary="Open a branch",
    openapi_extra=body_of(BranchTerms),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def open_branch(request: Request, response: Response, caller: DeviceWriter, running: Running) -> BranchView:
    """Open a branch of the caller's company."""
    body = await bodies.json_model(request, BranchTerms)
    opened = await running.database.write_as(
        caller.company_id,
        lambda session: branches.open_branch(
            session, running.ids, running.clock, caller.company_id, body.wanted(), by=caller.who
        ),
    )
    response.headers["Location"] = f"/api/companies/{caller.company_id}/branches/{opened.id}"
    return opened


@router.get("/branches/{branch_id}", summary="Read a branch", responses=problems_of(401, 403, 404))
async def read(caller: DeviceReader, running: Running, branch_id: BranchPath) -> BranchView:
    """Return a branch of the caller's company."""
    return await running.database.read_as(
        caller.company_id, lambda session: branches.read(session, caller.company_id, branch_id)
    )


@router.put(
    "/branches/{branch_id}",
    summary="Change a branch",
    description="Documents that are accepted from now on name it so.",
    openapi_extra=body_of(BranchTerms),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def change(request: Request, caller: DeviceWriter, running: Running, branch_id: BranchPath) -> BranchView:
    """Call a branch of the caller's company something else."""
    body = await bodies.json_model(request, BranchTerms)
    return await running.database.write_as(
        caller.company_id,
        lambda session: branches.change(
            session, running.ids, running.clock, caller.company_id, branch_id, wanted=body.wanted(), by=caller.who
        ),
    )


@router.post(
    "/branches/{branch_id}/close",
    summary="Close a branch",
    description="No device may stand in it any more. Doing it again changes nothing. The request has no body.",
    responses=problems_of(401, 403, 404, 409),
)
async def close(caller: DeviceWriter, running: Running, branch_id: BranchPath) -> BranchView:
    """Close a branch of the caller's company."""
    return await running.database.write_as(
        caller.company_id,
        lambda session: branches.close(
            session, running.ids, running.clock, caller.company_id, branch_id, by=caller.who
        ),
    )


@router.put(
    "/devices/{device_id}/branch",
    summary="Move a device to a branch",
    description="409 `documents_on_the_way` while documents of the device may still be sent that name the branch "
    "before. Move it at the authority, too, in its portal.",
    openapi_extra=body_of(DevicePlace),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def move(request: Request, caller: DeviceWriter, running: Running, device_id: DevicePath) -> DeviceView:
    """Say in which branch a device stands."""
    body = await bodies.json_model(request, DevicePlace)
    return await running.database.write_as(
        caller.company_id,
        lambda session: moving.move(session, running.ids, running.clock, device_id, body.branch_id, by=caller.who),
    )
