"""Routes of the reconciliation: what differs between the authority's books and ours, and closing a finding."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Admin, FindingPath, InvoiceReader, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, PageQuery, cut
from risiti.gateway.submissions import findings
from risiti.gateway.submissions.findings import FindingState, FindingView

router = APIRouter(
    prefix="/api/companies/{company_id}/reconciliation",
    tags=["reconciliation"],
    generate_unique_id_function=operation_id,
)


class FindingFilter(PageQuery):
    """Which findings to list."""

    state: FindingState | None = Field(default=None, description="Only findings in this state.")


class Closing(bodies.StrictBody):
    """How a finding was dealt with."""

    reason: Annotated[str, Field(min_length=1, max_length=500, description="What was done about it.")]


@router.get(
    "",
    summary="What differs from the authority's books",
    description="""Every hour (and each day for a week back) the authority's list is compared with ours. A finding is an

* `orphan`: a document of your devices that we know nothing of,
* `missing`: a number that we hold and the authority does not know,
* `doubled`: two documents of one type under one reference; `detail.credit_note_draft` is what to credit, or, of a note,
  `detail.cancellation_draft` what to cancel,
* `resurrected`: a document that is refused, held or withdrawn here, but exists there.""",
    responses=problems_of(401, 403, 404, 422),
)
async def page(caller: InvoiceReader, running: Running, query: Annotated[FindingFilter, Query()]) -> Page[FindingView]:
    """List the findings, newest first."""
    found = await running.database.read_as(
        caller.company_id,
        lambda session: findings.page(session, limit=query.limit + 1, after=query.cursor, state=query.state),
    )
    return cut(found, query.limit, lambda one: one.id)


@router.post(
    "/{finding_id}/close",
    summary="Close a finding",
    openapi_extra=body_of(Closing),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def close(request: Request, caller: Admin, running: Running, finding_id: FindingPath) -> FindingView:
    """Close a finding that a person has dealt with."""
    body = await bodies.json_model(request, Closing)
    now = running.clock.now()
    return await running.database.write_as(
        caller.company_id, lambda session: findings.close(session, now, finding_id, body.reason)
    )
