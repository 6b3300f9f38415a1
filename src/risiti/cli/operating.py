"""What the commands for operators do over the database; each function returns what is printed."""

from functools import partial
from typing import Final

from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.jobs import operations, overview
from risiti.gateway.jobs.states import TaskState
from risiti.gateway.settings import Settings

LISTED: Final = 1_000
"""The most rows that a list prints."""


async def list_tasks(settings: Settings, state: str | None) -> list[Result]:
    """List background tasks, newest first."""
    wanted = None if state is None else TaskState(state)
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(overview.page, limit=LISTED, state=wanted))
        return [plain(task) for task in found]


async def retry_task(settings: Settings, task_id: str) -> Result:
    """Begin a dead task anew."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return plain(await runtime.database.write(partial(operations.retry, now=now, task_id=task_id)))
