"""What `risiti firm` and `risiti company delegate` do; each function returns what is printed."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from risiti.cli.tenants import LISTED, Result, opened_runtime, plain
from risiti.gateway.events import OPERATOR
from risiti.gateway.settings import Settings
from risiti.gateway.tenancy import delegations, firms, users
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.firms import Terms


async def open_firm(settings: Settings, *, name: str) -> Result:
    """Open a firm."""
    async with opened_runtime(settings) as runtime:
        return plain(
            await runtime.database.write(
                lambda session: firms.open_firm(session, runtime.ids, runtime.clock, name=name, by=OPERATOR)
            )
        )


async def list_firms(settings: Settings) -> list[Result]:
    """List all firms."""
    async with opened_runtime(settings) as runtime:
        found = await runtime.database.read(lambda session: firms.page(session, limit=LISTED))
        return [plain(firm) for firm in found]


async def add(settings: Settings, firm_id: str, *, email: str, name: str, role: str, at_most: str | None) -> Result:
    """Let a person work in a firm."""
    terms = Terms(FirmRole(role), None if at_most is None else Role(at_most))
    async with opened_runtime(settings) as runtime:
        ids, clock = runtime.ids, runtime.clock

        def unit(session: Session) -> Result:
            user = firms.add(
                session, ids, clock, firm_id, email=email, name=name, terms=terms, by=OPERATOR, as_operator=True
            )
            return plain(firms.person(session, firm_id, user.id))

        return await runtime.database.write(unit)


async def remove(settings: Settings, firm_id: str, *, email: str) -> Result:
    """Let a person work in a firm no longer."""
    async with opened_runtime(settings) as runtime:

        def unit(session: Session) -> Result:
            user = users.known(session, email)
            firms.remove(session, runtime.ids, runtime.clock, firm_id, user.id, by=OPERATOR, as_operator=True)
            return {"firm_id": firm_id, "user_id": user.id, "email": user.email}

        return await runtime.database.write(unit)


async def list_people(settings: Settings, firm_id: str) -> list[Result]:
    """List who works in a firm."""

    def unit(session: Session) -> list[Result]:
        firms.read(session, firm_id)
        return [plain(one) for one in firms.people(session, firm_id, limit=firms.MAX_PEOPLE)]

    async with opened_runtime(settings) as runtime:
        return await runtime.database.read(unit)


async def list_companies(settings: Settings, firm_id: str) -> list[Result]:
    """List the companies that delegate a role to a firm."""

    def unit(session: Session) -> list[Result]:
        firms.read(session, firm_id)
        return [plain(one) for one in delegations.companies(session, firm_id, limit=LISTED)]

    async with opened_runtime(settings) as runtime:
        return await runtime.database.read(unit)


async def close(settings: Settings, firm_id: str) -> Result:
    """Close a firm."""
    async with opened_runtime(settings) as runtime:
        ended = await runtime.database.write(
            lambda session: delegations.close(session, runtime.ids, runtime.clock, firm_id, by=OPERATOR)
        )
        return {"firm_id": firm_id, "companies": ended}


async def delegate(settings: Settings, company_id: str, *, firm_id: str, role: str) -> Result:
    """Let a firm work in a company."""

    def unit(session: Session) -> Result:
        given = delegations.delegate(
            session,
            runtime.ids,
            runtime.clock,
            company_id,
            firm_id=firm_id,
            role=Role(role),
            by=OPERATOR,
            as_operator=True,
        )
        return {**plain(given), "company_id": company_id, "people": [asdict(one) for one in given.people]}

    async with opened_runtime(settings) as runtime:
        return await runtime.database.write(unit)


async def end(settings: Settings, company_id: str) -> Result:
    """Let a company's firm work there no longer."""
    async with opened_runtime(settings) as runtime:
        await runtime.database.write(
            lambda session: delegations.end(
                session, runtime.ids, runtime.clock, company_id, by=OPERATOR, as_operator=True
            )
        )
        return {"company_id": company_id}
