"""Routes of background tasks, for operators: which there are, and trying a dead one again."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from risiti.gateway.api.dependencies import Operator, Running, TaskPath
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.api.paging import Page, PageQuery, cut
from risiti.gateway.jobs import operations, overview
from risiti.gateway.jobs.overview import TaskView
from risiti.gateway.jobs.states import TaskState

router = APIRouter(prefix="/api/tasks", tags=["operation"], generate_unique_id_function=operation_id)


class TaskFilter(PageQuery):
    """Which tasks to list."""

    state: TaskState | None = Field(default=None, description="Only tasks in this state.")


@router.get("", summary="List background tasks", responses=problems_of(401, 404, 422))
async def page(running: Running, operator: Operator, query: Annotated[TaskFilter, Query()]) -> Page[TaskView]:
    """List background tasks, newest first; needs the operator's token."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(
        lambda session: overview.page(session, limit=query.limit + 1, after=query.cursor, state=query.state)
    )
    return cut(found, query.limit, lambda task: task.id)


@router.post(
    "/{task_id}/retry",
    summary="Try a dead task again",
    description="Needs the operator's token. The request has no body.",
    responses=problems_of(401, 404, 409),
)
async def retry(running: Running, operator: Operator, task_id: TaskPath) -> TaskView:
    """Begin a dead task anew."""
    del operator  # as above
    now = running.clock.now()
    return await running.database.write(lambda session: operations.retry(session, now, task_id))
