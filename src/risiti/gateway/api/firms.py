"""Routes of firms: those who run the gateway open them, their owners say who works in them, all see their companies."""

from dataclasses import asdict, dataclass
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import CompanyPath, FirmOwner, OfFirm, Operator, Running, UserPath
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.links import count_letter
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.db.session import SystemSession
from risiti.gateway.people import inviting
from risiti.gateway.people.inviting import Told
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import delegations, firm_events, firms, users
from risiti.gateway.tenancy.access import FirmRole, Role
from risiti.gateway.tenancy.delegations import DelegatedCompany
from risiti.gateway.tenancy.firm_events import FirmEventView
from risiti.gateway.tenancy.firms import FirmMemberView, FirmView, Terms

router = APIRouter(prefix="/api/firms", tags=["firms"], generate_unique_id_function=operation_id)


class NewPerson(bodies.StrictBody):
    """Who is to work somewhere."""

    email: str = Field(
        description="The address to sign in with.",
        examples=["books@ledger.example"],
        json_schema_extra={"pattern": f"^{users.EMAIL}$", "maxLength": users.MAX_EMAIL},
    )
    name: str = Field(
        description="Kept if nobody has this address yet.",
        examples=["Beatrice Books"],
        json_schema_extra={"maxLength": users.MAX_NAME},
    )


class FirmTerms(bodies.StrictBody):
    """What a person may do in a firm."""

    role: Literal["owner", "member"] = Field(description="Owners say who works in the firm.")
    at_most: Literal["admin", "operator", "viewer"] | None = Field(
        default=None, description="The most that they may do in a company; left out: what the firm may there."
    )

    def terms(self) -> Terms:
        """Return them in our words."""
        return Terms(FirmRole(self.role), None if self.at_most is None else Role(self.at_most))


class NewFirmMember(NewPerson, FirmTerms):
    """Who is to work in a firm, and what they may do."""


class NewFirm(bodies.StrictBody):
    """A firm, and its first owner."""

    name: str = Field(
        examples=["Ledger Lane Accountants (fictitious)"],
        json_schema_extra={"minLength": 1, "maxLength": firms.MAX_NAME},
    )
    owner: NewPerson


@dataclass(frozen=True, kw_only=True)
class AddedMember(FirmMemberView):
    """Somebody new in a firm."""

    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFirm:
    """A new firm and its first owner."""

    firm: FirmView
    owner: AddedMember


@router.post(
    "",
    status_code=201,
    summary="Open a firm",
    openapi_extra=body_of(NewFirm),
    responses=problems_of(400, 401, 404, 415, 422),
)
async def open_firm(request: Request, response: Response, running: Running, operator: Operator) -> OpenedFirm:
    """Open a firm, and let a person own it."""
    body = await bodies.json_model(request, NewFirm)

    def work(session: SystemSession) -> OpenedFirm:
        firm = firms.open_firm(session, running.ids, running.clock, name=body.name, by=operator)
        terms = Terms(FirmRole.OWNER)
        owner = _add(session, running, firm.id, body.owner, terms, by=operator, as_operator=True)
        return OpenedFirm(firm=firm, owner=owner)

    opened = await running.database.write(work)
    response.headers["Location"] = f"/api/firms/{opened.firm.id}"
    return opened


@router.get("", summary="List firms", responses=problems_of(401, 404, 422))
async def page(running: Running, operator: Operator, query: Paged) -> Page[FirmView]:
    """List all firms, oldest first; for those who run the gateway."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(lambda session: firms.page(session, limit=query.limit + 1, after=query.cursor))
    return cut(found, query.limit, lambda firm: firm.id)


@router.get("/{firm_id}", summary="Read a firm", responses=problems_of(401, 403, 404))  # noqa: FAST003 - its permission reads it
async def read(caller: OfFirm, running: Running) -> FirmView:
    """Return the caller's own firm."""
    return await running.database.read(lambda session: firms.read(session, caller.firm_id))


@router.get("/{firm_id}/companies", summary="List a firm's companies", responses=problems_of(401, 403, 404, 422))  # noqa: FAST003 - as above
async def companies(caller: OfFirm, running: Running, query: Paged) -> Page[DelegatedCompany]:
    """List the companies that delegate a role to the firm."""
    found = await running.database.read(
        lambda session: delegations.companies(session, caller.firm_id, limit=query.limit + 1, after=query.cursor)
    )
    return cut(found, query.limit, lambda company: company.company_id)


@router.delete(
    "/{firm_id}/companies/{company_id}",  # noqa: FAST003 - as above
    status_code=204,
    summary="Give a company back",
    responses=problems_of(401, 403, 404),
)
async def give_back(caller: FirmOwner, running: Running, company_id: CompanyPath) -> Response:
    """Let the firm work in a company no longer."""
    await running.database.write(
        lambda session: delegations.give_back(
            session, running.ids, running.clock, caller.firm_id, company_id, by=caller.user_id
        )
    )
    return Response(status_code=204)


@router.get("/{firm_id}/members", summary="List a firm's people", responses=problems_of(401, 403, 404, 422))  # noqa: FAST003 - as above
async def people(caller: OfFirm, running: Running, query: Paged) -> Page[FirmMemberView]:
    """List who works in the firm."""
    found = await running.database.read(
        lambda session: firms.people(session, caller.firm_id, limit=query.limit + 1, after=query.cursor)
    )
    return cut(found, query.limit, lambda member: member.user_id)


@router.post(
    "/{firm_id}/members",  # noqa: FAST003 - as above
    status_code=201,
    summary="Add somebody to a firm",
    description="The link with which somebody new chooses a password goes to their address by mail, never to you.",
    openapi_extra=body_of(NewFirmMember),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def add(request: Request, caller: FirmOwner, running: Running) -> AddedMember:
    """Let a person work in the firm."""
    body = await bodies.json_model(request, NewFirmMember)
    await count_letter(request, body.email)
    return await running.database.write(
        lambda session: _add(session, running, caller.firm_id, body, body.terms(), by=caller.user_id)
    )


@router.put(
    "/{firm_id}/members/{user_id}",  # noqa: FAST003 - as above
    summary="Change what somebody may do in a firm",
    description="Holds from the person's next request on. Left out: no limit of their own.",
    openapi_extra=body_of(FirmTerms),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def change(request: Request, caller: FirmOwner, running: Running, user_id: UserPath) -> FirmMemberView:
    """Change a person's role in the firm, and the most that they may do in a company; never one's own."""
    body = await bodies.json_model(request, FirmTerms)
    return await running.database.write(
        lambda session: firms.change(
            session, running.ids, running.clock, caller.firm_id, user_id, terms=body.terms(), by=caller.user_id
        )
    )


@router.delete(
    "/{firm_id}/members/{user_id}",  # noqa: FAST003 - as above
    status_code=204,
    summary="Remove somebody from a firm",
    responses=problems_of(401, 403, 404, 409),
)
async def remove(caller: FirmOwner, running: Running, user_id: UserPath) -> Response:
    """Let a person work in the firm no longer; their next request finds none of its companies."""
    await running.database.write(
        lambda session: firms.remove(session, running.ids, running.clock, caller.firm_id, user_id, by=caller.user_id)
    )
    return Response(status_code=204)


@router.get("/{firm_id}/events", summary="What happened to a firm", responses=problems_of(401, 403, 404, 422))  # noqa: FAST003 - as above
async def events(caller: FirmOwner, running: Running, query: Paged) -> Page[FirmEventView]:
    """List what happened to the firm, newest first: people and delegations, with who did it."""
    found = await running.database.read(
        lambda session: firm_events.page(session, caller.firm_id, limit=query.limit + 1, after=query.cursor)
    )
    return cut(found, query.limit, lambda event: event.id)


def _add(
    session: SystemSession,
    running: Runtime,
    firm_id: str,
    new: NewPerson,
    terms: Terms,
    *,
    by: str,
    as_operator: bool = False,
) -> AddedMember:
    ids, clock = running.ids, running.clock
    user = firms.add(
        session, ids, clock, firm_id, email=new.email, name=new.name, terms=terms, by=by, as_operator=as_operator
    )
    where = firms.read(session, firm_id).name
    told = inviting.tell(session, ids, clock.now(), running.mailing, user, where=where, role=terms.role)
    return AddedMember(**asdict(firms.person(session, firm_id, user.id)), told=told)
