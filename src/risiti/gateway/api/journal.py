"""Routes of the journal: where it ends, and its entries as a file that anybody can check."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api.dependencies import Admin, AnyKey, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.journal import exporting, reading
from risiti.gateway.journal.reading import Head

LINES: Final = "application/x-ndjson"
MAX_ENTRIES: Final = 1_000
"""Entries of one answer; the whole journal comes in several, or from `risiti journal export`."""
MAX_NUMBER: Final = 2**53

router = APIRouter(
    prefix="/api/companies/{company_id}/journal", tags=["journal"], generate_unique_id_function=operation_id
)


class Part(BaseModel):
    """Which entries are wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: int = Field(default=0, ge=0, le=MAX_NUMBER, description="The number of the last entry that you have.")
    limit: int = Field(default=MAX_ENTRIES, ge=1, le=MAX_ENTRIES, description="Most entries to return.")


@router.get("/head", summary="Where the journal ends", responses=problems_of(401, 404))
async def head(caller: AnyKey, running: Running) -> Head:
    """Return number and hash of the last entry. Note it elsewhere: it proves that nothing before it was rewritten."""
    return await running.database.read_as(caller.company_id, partial(reading.head, company_id=caller.company_id))


@router.get(
    "",
    summary="Get the journal",
    description="One JSON object a line: a head, the entries, an end. `risiti journal verify FILE` checks it without "
    "the server, several files one after the other.",
    response_class=Response,
    responses={200: {"content": {LINES: {}}, "description": "The entries."}, **problems_of(401, 403, 404, 422)},
)
async def export(caller: Admin, running: Running, part: Annotated[Part, Query()]) -> Response:
    """Return a part of the journal of the caller's company."""
    lines = exporting.lines(running.database, caller.company_id, after=part.after, most=part.limit)
    return Response(b"".join([line async for line in lines]), media_type=LINES)
