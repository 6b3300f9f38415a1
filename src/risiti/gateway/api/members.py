"""Routes of a company's members: its owners and admins list, invite, change and remove them, signed in."""

from dataclasses import asdict, dataclass
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Manager, Running, UserPath
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.links import count_letter
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.db.session import SystemSession
from risiti.gateway.people import inviting
from risiti.gateway.people.inviting import Told
from risiti.gateway.tenancy import companies, members, users
from risiti.gateway.tenancy.access import Role
from risiti.gateway.tenancy.members import MemberView

router = APIRouter(
    prefix="/api/companies/{company_id}/members", tags=["members"], generate_unique_id_function=operation_id
)


class MemberRole(bodies.StrictBody):
    """What a person may do in the company."""

    role: Literal["owner", "admin", "operator", "viewer"] = Field(description="At most your own.")


class NewMember(MemberRole):
    """Who is to work in the company."""

    email: str = Field(
        description="The address to sign in with.",
        examples=["clerk@shop.example"],
        json_schema_extra={"pattern": f"^{users.EMAIL}$", "maxLength": users.MAX_EMAIL},
    )
    name: str = Field(
        description="Kept if nobody has this address yet.",
        examples=["Amina Clerk"],
        json_schema_extra={"maxLength": users.MAX_NAME},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedMember(MemberView):
    """A new member."""

    told: Told


@router.get("", summary="List members", responses=problems_of(401, 403, 404, 422))
async def page(caller: Manager, running: Running, query: Paged) -> Page[MemberView]:
    """List who works in the caller's company, in which role."""
    found = await running.database.read_as(
        caller.company_id,
        lambda session: members.page(session, caller.company_id, limit=query.limit + 1, after=query.cursor),
    )
    return cut(found, query.limit, lambda member: member.user_id)


@router.post(
    "",
    status_code=201,
    summary="Invite a member",
    description="The link with which somebody new chooses a password goes to their address by mail, never to you.",
    openapi_extra=body_of(NewMember),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def invite(request: Request, response: Response, caller: Manager, running: Running) -> InvitedMember:
    """Let a person work in the caller's company."""
    body = await bodies.json_model(request, NewMember)
    await count_letter(request, body.email)
    company_id = caller.company_id

    def work(session: SystemSession) -> InvitedMember:
        user = members.invite(
            session,
            running.ids,
            running.clock,
            company_id,
            email=body.email,
            name=body.name,
            role=Role(body.role),
            by=caller.who,
        )
        where, now = companies.read(session, company_id).legal_name, running.clock.now()
        told = inviting.tell(session, running.ids, now, running.mailing, user, where=where, role=body.role)
        return InvitedMember(**asdict(members.read(session, company_id, user.id)), told=told)

    invited = await running.database.write(work)
    response.headers["Location"] = f"/api/companies/{company_id}/members/{invited.user_id}"
    return invited


@router.get("/{user_id}", summary="Read a member", responses=problems_of(401, 403, 404))
async def read(caller: Manager, running: Running, user_id: UserPath) -> MemberView:
    """Return a person who works in the caller's company."""
    return await running.database.read_as(
        caller.company_id, lambda session: members.read(session, caller.company_id, user_id)
    )


@router.patch(
    "/{user_id}",
    summary="Change a member's role",
    description="Holds from the person's next request on.",
    openapi_extra=body_of(MemberRole),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def change(request: Request, caller: Manager, running: Running, user_id: UserPath) -> MemberView:
    """Give a member of the caller's company another role: not above one's own, and not to oneself."""
    body = await bodies.json_model(request, MemberRole)
    return await running.database.write_as(
        caller.company_id,
        lambda session: members.change_role(
            session, running.ids, running.clock, caller.company_id, user_id, role=Role(body.role), by=caller.who
        ),
    )


@router.delete("/{user_id}", status_code=204, summary="Remove a member", responses=problems_of(401, 403, 404, 409))
async def remove(caller: Manager, running: Running, user_id: UserPath) -> Response:
    """Let a person work in the caller's company no longer; their next request finds nothing of it."""
    await running.database.write_as(
        caller.company_id,
        lambda session: members.remove(session, running.ids, running.clock, caller.company_id, user_id, by=caller.who),
    )
    return Response(status_code=204)
