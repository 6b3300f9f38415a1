"""What `risiti branch` and `risiti device move` do; each function returns what is printed."""

from functools import partial

from risiti.cli.tenants import Result, opened_runtime, plain
from risiti.gateway.events import OPERATOR
from risiti.gateway.settings import Settings
from risiti.gateway.submissions import moving
from risiti.gateway.tenancy import branches, companies
from risiti.gateway.tenancy.branches import Wanted


async def open_branch(settings: Settings, company_id: str, code: str, name: str, authority_id: str | None) -> Result:
    """Open a branch."""
    wanted = Wanted(code, name, authority_id)
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        opened = await runtime.database.write_as(
            company_id,
            lambda session: branches.open_branch(session, runtime.ids, runtime.clock, company_id, wanted, by=OPERATOR),
        )
        return plain(opened)


async def list_branches(settings: Settings, company_id: str) -> list[Result]:
    """List a company's branches."""
    async with opened_runtime(settings) as runtime:
        await runtime.database.read_as(company_id, partial(companies.read, company_id=company_id))
        found = await runtime.database.read_as(
            company_id, partial(branches.page, company_id=company_id, limit=branches.MAX_BRANCHES)
        )
        return [plain(branch) for branch in found]


async def change(  # noqa: PLR0917 - as the command has them
    settings: Settings, company_id: str, branch_id: str, code: str, name: str, authority_id: str | None
) -> Result:
    """Call a branch something else."""
    wanted = Wanted(code, name, authority_id)
    async with opened_runtime(settings) as runtime:
        changed = await runtime.database.write_as(
            company_id,
            lambda session: branches.change(
                session, runtime.ids, runtime.clock, company_id, branch_id, wanted=wanted, by=OPERATOR
            ),
        )
        return plain(changed)


async def close(settings: Settings, company_id: str, branch_id: str) -> Result:
    """Close a branch."""
    async with opened_runtime(settings) as runtime:
        closed = await runtime.database.write_as(
            company_id,
            lambda session: branches.close(session, runtime.ids, runtime.clock, company_id, branch_id, by=OPERATOR),
        )
        return plain(closed)


async def move(settings: Settings, company_id: str, device_id: str, branch_id: str | None) -> Result:
    """Say in which branch a device stands."""
    async with opened_runtime(settings) as runtime:
        moved = await runtime.database.write_as(
            company_id,
            lambda session: moving.move(session, runtime.ids, runtime.clock, device_id, branch_id, by=OPERATOR),
        )
        return plain(moved)
