"""Route of a company's whole data, for its owner."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from risiti.gateway.api.dependencies import Owner, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.api.journal import LINES
from risiti.gateway.exports import writing

router = APIRouter(
    prefix="/api/companies/{company_id}/export", tags=["companies"], generate_unique_id_function=operation_id
)


@router.get(
    "",
    summary="Get everything",
    description="All data of the company, one JSON object a line: a head, every row of every table, and a manifest "
    "with counts and digests, without which it was cut off. No private key and no secret of an API key is inside. For "
    "an owner who has signed in; no API key may ask it.",
    response_class=StreamingResponse,
    responses={200: {"content": {LINES: {}}, "description": "Everything."}, **problems_of(401, 403, 404)},
)
async def export(caller: Owner, running: Running) -> StreamingResponse:
    """Return all data of the caller's company, read while it is sent."""
    written = writing.chunks(running.database, caller.company_id, running.clock.now())
    return StreamingResponse(written, media_type=LINES)
