"""Routes of deadlines: what has no fiscal number yet, how long there is left, and the tax at risk."""

from dataclasses import replace
from functools import partial
from typing import Final

from fastapi import APIRouter

from risiti.gateway.api.dependencies import InvoiceReader, Operator, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.submissions import watchdog
from risiti.gateway.submissions.watchdog import Deadlines

MOST_SHOWN: Final = 100
"""Rows of companies that are shown together, the most urgent; each company may ask for all of its own."""

router = APIRouter(tags=["deadlines"], generate_unique_id_function=operation_id)


@router.get(
    "/api/companies/{company_id}/deadlines",  # noqa: FAST003 - its permission reads it
    summary="What must be fiscalised soon",
    description="Counts documents without a fiscal number (waiting, sending, in doubt, held; not those given up), a "
    "row for each currency, with the nearest legal deadline and the tax at risk. It needs no worker to run.",
    responses=problems_of(401, 403, 404),
)
async def of_company(caller: InvoiceReader, running: Running) -> Deadlines:
    """Return what is at risk of the caller's company."""
    return await running.database.read_as(
        caller.company_id, partial(watchdog.look, now=running.clock.now(), rules=running.rules)
    )


@router.get(
    "/api/deadlines",
    summary="What must be fiscalised soon, of all companies",
    description=f"The {MOST_SHOWN} with the nearest deadline. Needs the operator's token.",
    responses=problems_of(401, 404),
)
async def of_all(running: Running, operator: Operator) -> Deadlines:
    """Return what is at risk, company by company, that with the nearest deadline first."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(partial(watchdog.look, now=running.clock.now(), rules=running.rules))
    return replace(found, items=found.items[:MOST_SHOWN])
