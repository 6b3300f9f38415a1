"""What `risiti retention` does; each function returns what is printed."""

from functools import partial
from typing import Final

from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway import retention
from risiti.gateway.events import OPERATOR
from risiti.gateway.from_settings import periods_of
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import legal_holds

LISTED: Final = 10_000
"""The most companies that are listed."""


async def show(settings: Settings) -> list[Result]:
    """Return what would go now, and what stays because of a hold."""
    async with opened_runtime(settings) as runtime:
        look = partial(retention.overview, periods=periods_of(settings), now=runtime.clock.now())
        return [plain(due) for due in await runtime.database.read(look)]


async def list_holds(settings: Settings) -> list[Result]:
    """Return the companies under legal hold."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(partial(legal_holds.page, limit=LISTED, after=None))
        return [plain(hold) for hold in found]


async def place(settings: Settings, company_id: str, reason: str) -> Result:
    """Place a company under legal hold."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return plain(
            await runtime.database.write(
                lambda session: legal_holds.place(session, runtime.ids, now, company_id, reason, by=OPERATOR)
            )
        )


async def lift(settings: Settings, company_id: str, reason: str) -> Result:
    """Lift a legal hold."""
    async with opened_runtime(settings) as runtime:
        now = runtime.clock.now()
        return plain(
            await runtime.database.write(
                lambda session: legal_holds.lift(session, runtime.ids, now, company_id, reason, by=OPERATOR)
            )
        )
