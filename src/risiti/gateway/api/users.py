"""Routes of people's accounts, for those who run the gateway: find one, close it, open it again, sign it out."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from risiti.gateway.api.dependencies import Operator, Running, UserPath
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.api.paging import Page, PageQuery, cut
from risiti.gateway.kernel.errors import Conflict
from risiti.gateway.tenancy import accounts, users
from risiti.gateway.tenancy.accounts import AccountDetails, AccountView, Ended

router = APIRouter(prefix="/api/users", tags=["users"], generate_unique_id_function=operation_id)


class UserFilter(PageQuery):
    """Which accounts to list."""

    email: str | None = Field(
        default=None, min_length=1, max_length=users.MAX_EMAIL, description="Only the one with this address."
    )


@router.get("", summary="List users", responses=problems_of(401, 404, 422))
async def page(running: Running, operator: Operator, query: Annotated[UserFilter, Query()]) -> Page[AccountView]:
    """List people's accounts, oldest first."""
    del operator  # its permission is all that is asked of it
    found = await running.database.read(
        lambda session: accounts.page(session, limit=query.limit + 1, after=query.cursor, email=query.email)
    )
    return cut(found, query.limit, lambda account: account.id)


@router.get("/{user_id}", summary="Read a user", responses=problems_of(401, 404))
async def read(running: Running, operator: Operator, user_id: UserPath) -> AccountDetails:
    """Return a person's account, and in which companies they work in which role."""
    del operator  # as above
    return await running.database.read(lambda session: accounts.read(session, user_id))


@router.post(
    "/{user_id}/disable",
    summary="Disable a user",
    description="All their sign-ins end at once; each company they work in has it in its journal. The request has no "
    "body. 409 `own_account`: nobody disables themselves.",
    responses=problems_of(401, 404, 409),
)
async def disable(running: Running, operator: Operator, user_id: UserPath) -> AccountView:
    """Let a person sign in no longer."""
    if operator == user_id:
        raise Conflict("Nobody disables themselves; ask another operator.", code="own_account")
    return await running.database.write(
        lambda session: accounts.disable(session, running.ids, running.clock, user_id, by=operator)
    )


@router.post(
    "/{user_id}/enable",
    summary="Enable a user",
    description="They sign in anew. The request has no body.",
    responses=problems_of(401, 404),
)
async def enable(running: Running, operator: Operator, user_id: UserPath) -> AccountView:
    """Let a person sign in again."""
    return await running.database.write(
        lambda session: accounts.enable(session, running.ids, running.clock, user_id, by=operator)
    )


@router.post(
    "/{user_id}/sign-out",
    summary="Sign a user out",
    description="Ends all their sign-ins at once; they may sign in again. The request has no body.",
    responses=problems_of(401, 404),
)
async def sign_out(running: Running, operator: Operator, user_id: UserPath) -> Ended:
    """End all sign-ins of a person."""
    return await running.database.write(
        lambda session: accounts.sign_out(session, running.ids, running.clock, user_id, by=operator)
    )
