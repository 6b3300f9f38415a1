"""Routes of lanes: a company's weight and cap for operators, and for the company whether a device keeps the order."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import CompanyPath, DevicePath, DeviceWriter, Operator, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, PageQuery, cut
from risiti.gateway.submissions import shares
from risiti.gateway.submissions.shares import DeviceOrder, LaneTerms

router = APIRouter(prefix="/api", tags=["lanes"], generate_unique_id_function=operation_id)


class LaneShare(bodies.StrictBody):
    """A company's share of the way to the authority."""

    weight: int = Field(
        ge=1,
        le=shares.MOST_WEIGHT,
        description="While several companies wait, one of weight 2 gets twice as many turns as one of weight 1.",
    )
    most_at_once: int | None = Field(
        default=None,
        ge=1,
        le=shares.MOST_AT_ONCE,
        description="Most messages of the company on the wire at once; left out: WORKER_CONCURRENCY_PER_COMPANY.",
    )


class KeepOrder(bodies.StrictBody):
    """Whether a device keeps the order."""

    keep_order: bool = Field(description="Whether its documents go one after another, in the order of acceptance.")


@router.get(
    "/lanes",
    summary="List the companies' shares",
    description="Needs the operator's token.",
    responses=problems_of(401, 404, 422),
)
async def page(running: Running, operator: Operator, query: Annotated[PageQuery, Query()]) -> Page[LaneTerms]:
    """List weight and cap of every company, by its id."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(lambda session: shares.page(session, limit=query.limit + 1, after=query.cursor))
    return cut(found, query.limit, lambda lane: lane.company_id)


@router.put(
    "/lanes/{company_id}",
    summary="Set a company's share",
    description="Needs the operator's token. Workers go by it from their next look on.",
    openapi_extra=body_of(LaneShare, twice_the_turns={"weight": 2}),
    responses=problems_of(400, 401, 404, 413, 415, 422),
)
async def change(running: Running, operator: Operator, company_id: CompanyPath, request: Request) -> LaneTerms:
    """Set weight and cap of a company."""
    del operator  # as above
    wanted = await bodies.json_model(request, LaneShare)
    terms = LaneTerms(company_id, wanted.weight, wanted.most_at_once)
    now = running.clock.now()
    return await running.database.write(lambda session: shares.change(session, running.ids, now, terms))


@router.put(
    "/companies/{company_id}/devices/{device_id}/order",  # noqa: FAST003 - its permission reads the company
    summary="Have a device keep the order",
    description="One document of it at a time then, in the order of acceptance; one in doubt holds those behind it. It "
    "holds for what is accepted from now on.",
    openapi_extra=body_of(KeepOrder, in_order={"keep_order": True}),
    responses=problems_of(400, 401, 403, 404, 413, 415, 422),
)
async def keep_order(caller: DeviceWriter, running: Running, device_id: DevicePath, request: Request) -> DeviceOrder:
    """Say whether a device's documents go one after another."""
    wanted = await bodies.json_model(request, KeepOrder)
    now = running.clock.now()
    return await running.database.write_as(
        caller.company_id,
        lambda session: shares.keep_order(session, running.ids, now, device_id, keep=wanted.keep_order),
    )
