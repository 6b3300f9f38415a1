"""Route of the way to the authority, for operators: breakers and why they are open, clocks, who works."""

from fastapi import APIRouter

from risiti.gateway.api.dependencies import Operator, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.submissions.protection import ProtectionView

router = APIRouter(prefix="/api/efris", tags=["operation"], generate_unique_id_function=operation_id)


@router.get(
    "/status",
    summary="How the way to the authority stands",
    description="Circuit breakers of each address and of each device that fails alone, their last changes, the "
    "authority's clock, and how many processes speak to it. Needs the operator's token.",
    responses=problems_of(401, 404),
)
async def status(running: Running, operator: Operator) -> ProtectionView:
    """Show breakers, clocks and workers."""
    del operator  # its permission is all that is asked of it
    return await running.database.read(running.protection)
