"""Routes of dictionaries: how fresh our copies of the authority's lists are."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from risiti.gateway.api.dependencies import InvoiceReader, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.fiscal.catalogues import keeping
from risiti.gateway.fiscal.catalogues.keeping import CopyView

router = APIRouter(
    prefix="/api/companies/{company_id}/dictionaries",
    tags=["dictionaries"],
    generate_unique_id_function=operation_id,
)


class Copies(BaseModel):
    """How fresh each copy is; a list that is not here was not fetched yet."""

    model_config = ConfigDict(frozen=True)

    items: Sequence[CopyView]


@router.get("", summary="How fresh the authority's lists are", responses=problems_of(401, 403, 404))
async def page(caller: InvoiceReader, running: Running) -> Copies:
    """List the copies that the caller's documents are checked by."""
    now = running.clock.now()
    return Copies(
        items=await running.database.read_as(caller.company_id, lambda session: keeping.copies_of(session, now))
    )
