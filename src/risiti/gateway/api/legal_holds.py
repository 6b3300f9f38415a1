"""Routes of legal hold: an owner or an operator places a company under it, and only an operator lifts it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import CompanyPath, Operator, Owner, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, PageQuery, cut
from risiti.gateway.tenancy import legal_holds
from risiti.gateway.tenancy.legal_holds import LegalHold

router = APIRouter(prefix="/api", tags=["retention"], generate_unique_id_function=operation_id)


class Why(bodies.StrictBody):
    """Why a company is placed under legal hold, or why that ends; it stands in the company's journal."""

    reason: str = Field(
        description="Who asked for it, and in which matter.",
        examples=["Audit of 2026, letter of 3 March"],
        json_schema_extra={"pattern": f"^{legal_holds.REASON}$", "maxLength": legal_holds.MAX_REASON},
    )


_EXAMPLE = {"reason": "Audit of 2026, letter of 3 March"}


@router.put(
    "/companies/{company_id}/legal-hold",  # noqa: FAST003 - its permission reads it
    summary="Place your company under legal hold",
    description="From the answer on nothing that is kept of the company goes, however old it is. For an owner who has "
    "signed in; only an operator of the platform can lift it.",
    openapi_extra=body_of(Why, audit=_EXAMPLE),
    responses=problems_of(400, 401, 403, 404, 413, 415, 422),
)
async def place_own(caller: Owner, running: Running, request: Request) -> LegalHold:
    """Place the caller's company under legal hold."""
    why = await bodies.json_model(request, Why)
    now = running.clock.now()
    return await running.database.write_as(
        caller.company_id,
        lambda session: legal_holds.place(session, running.ids, now, caller.company_id, why.reason, by=caller.who),
    )


@router.get(
    "/legal-holds",
    summary="List the companies under legal hold",
    description="Needs the operator's token.",
    responses=problems_of(401, 404, 422),
)
async def page(running: Running, operator: Operator, query: Annotated[PageQuery, Query()]) -> Page[LegalHold]:
    """List since when and why each of them is held, by its id."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(
        lambda session: legal_holds.page(session, limit=query.limit + 1, after=query.cursor)
    )
    return cut(found, query.limit, lambda hold: hold.company_id)


@router.put(
    "/legal-holds/{company_id}",
    summary="Place a company under legal hold",
    description="From the answer on nothing that is kept of the company goes, however old it is. Needs the operator's "
    "token.",
    openapi_extra=body_of(Why, audit=_EXAMPLE),
    responses=problems_of(400, 401, 404, 413, 415, 422),
)
async def place(running: Running, operator: Operator, company_id: CompanyPath, request: Request) -> LegalHold:
    """Place any company under legal hold."""
    why = await bodies.json_model(request, Why)
    now = running.clock.now()
    return await running.database.write(
        lambda session: legal_holds.place(session, running.ids, now, company_id, why.reason, by=operator)
    )


@router.post(
    "/legal-holds/{company_id}/lift",
    summary="Lift a company's legal hold",
    description="What is past its period goes with the next daily run. Needs the operator's token.",
    openapi_extra=body_of(Why, audit={"reason": "Audit of 2026 closed, letter of 9 June"}),
    responses=problems_of(400, 401, 404, 409, 413, 415, 422),
)
async def lift(running: Running, operator: Operator, company_id: CompanyPath, request: Request) -> LegalHold:
    """Lift a legal hold."""
    why = await bodies.json_model(request, Why)
    now = running.clock.now()
    return await running.database.write(
        lambda session: legal_holds.lift(session, running.ids, now, company_id, why.reason, by=operator)
    )
