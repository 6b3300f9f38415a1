"""Routes of links that come by mail: a new password for who has forgotten theirs, and an address confirmed."""

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.auth import MAX_TOKEN
from risiti.gateway.api.dependencies import Person, Running, limiter_of
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.db.session import SystemSession
from risiti.gateway.people import mailing
from risiti.gateway.tenancy import tokens, users
from risiti.gateway.tenancy.user_tables import Purpose

router = APIRouter(prefix="/api/auth", tags=["people"], generate_unique_id_function=operation_id)


class Forgotten(bodies.StrictBody):
    """Whose password is forgotten."""

    email: str = Field(max_length=users.MAX_EMAIL, examples=["owner@shop.example"])


class Confirmed(bodies.StrictBody):
    """The token of a link that came by mail."""

    token: str = Field(max_length=MAX_TOKEN, description="From the link; good for one use.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What happens now."""

    message: str


@router.post(
    "/forgot-password",
    status_code=202,
    summary="Ask for a new password",
    openapi_extra=body_of(Forgotten),
    responses=problems_of(400, 409, 415, 422),
)
async def forgot_password(request: Request, running: Running) -> Asked:
    """Have a link sent with which a new password is chosen. Unknown addresses get the same answer.

    409 `no_mail`: this gateway sends no mail; those who run it hand out links.
    """
    body = await bodies.json_model(request, Forgotten)
    mailing.required(running.mailing)
    await count_letter(request, body.email)
    now = running.clock.now()
    await running.database.write(
        lambda session: mailing.send_link(session, running.ids, now, body.email, Purpose.RESET_PASSWORD)
    )
    return Asked(message="If there is a user with this address, a link is on its way to it.")


@router.post(
    "/verify-email",
    status_code=204,
    summary="Confirm an e-mail address",
    openapi_extra=body_of(Confirmed),
    responses=problems_of(400, 401, 415, 422),
)
async def verify_email(request: Request, running: Running) -> Response:
    """Show, with the token of a link, that mail to a person's address reaches them."""
    body = await bodies.json_model(request, Confirmed)
    await running.database.write(partial(users.verify_email, token=body.token, now=running.clock.now()))
    return Response(status_code=204)


@router.post(
    "/verify-email/send",
    status_code=202,
    summary="Ask for a link to confirm the address",
    responses=problems_of(401, 403, 409),
)
async def send_verification(request: Request, person: Person, running: Running) -> Asked:
    """Have a new link sent to the person's own address; earlier ones no longer hold.

    409 `no_mail`: this gateway sends no mail. 409 `email_verified`: the address is confirmed.
    """
    mailing.required(running.mailing)
    email = await running.database.read(partial(users.unverified, user_id=person.user_id))
    await count_letter(request, email)
    now = running.clock.now()

    def work(session: SystemSession) -> str:
        return mailing.send_link(session, running.ids, now, email, Purpose.VERIFY_EMAIL)

    await running.database.write(work)
    return Asked(message=f"A link is on its way to {email}.")


async def count_letter(request: Request, email: str) -> None:
    """Let so many letters go to one address; whether anybody has it does not matter.

    Raises:
        TooMany: there were enough.
    """
    limiter = limiter_of(request)
    if limiter is not None:
        account = tokens.digest(users.canonical(email)).hex()
        (await limiter.count(limiter.quotas.letters, account)).raise_if_over()
