"""Routes of the item master: register an item once, name it by its code in every later invoice."""

from fastapi import APIRouter, Request, Response

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import GoodsReader, GoodsWriter, ItemPath, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.examples import NEW_ITEM
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.fiscal import items
from risiti.gateway.fiscal.items import ItemView, NewItem

router = APIRouter(prefix="/api/companies/{company_id}/items", tags=["items"], generate_unique_id_function=operation_id)


@router.put(
    "/{item_code}",
    summary="Register or replace an item",
    description="""Later lines may name it as `"item": "CODE"` with quantity and price alone. What a line says itself
counts; documents that were accepted keep what they were accepted with. A retired item is taken back into use.""",
    openapi_extra=body_of(NewItem, an_item=NEW_ITEM),
    responses={
        **problems_of(400, 401, 403, 404, 413, 415, 422),
        201: {"model": ItemView, "description": "It is new."},
    },
)
async def put(
    request: Request, response: Response, caller: GoodsWriter, running: Running, item_code: ItemPath
) -> ItemView:
    """Register an item under the company's own code, or replace it."""
    new = await bodies.json_model(request, NewItem)
    now = running.clock.now()
    item, is_new = await running.database.write_as(
        caller.company_id, lambda session: items.put(session, item_code, new, now=now)
    )
    response.status_code = 201 if is_new else 200
    return item


@router.get("", summary="List items", responses=problems_of(401, 403, 404, 422))
async def page(caller: GoodsReader, running: Running, query: Paged) -> Page[ItemView]:
    """List the company's items by code, retired ones too."""
    found = await running.database.read_as(
        caller.company_id, lambda session: items.page(session, limit=query.limit + 1, after=query.cursor)
    )
    return cut(found, query.limit, lambda item: item.code)


@router.get("/{item_code}", summary="Read an item", responses=problems_of(401, 403, 404))
async def read(caller: GoodsReader, running: Running, item_code: ItemPath) -> ItemView:
    """Return an item."""
    return await running.database.read_as(caller.company_id, lambda session: items.read(session, item_code))


@router.delete("/{item_code}", summary="Retire an item", responses=problems_of(401, 403, 404))
async def retire(caller: GoodsWriter, running: Running, item_code: ItemPath) -> ItemView:
    """Take an item out of use: no new document may name it. Doing it again changes nothing."""
    now = running.clock.now()
    return await running.database.write_as(caller.company_id, lambda session: items.retire(session, item_code, now=now))
