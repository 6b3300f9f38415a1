"""Routes of passwords: change one's own, choose one with the token of a link."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic.config import JsonDict

from risiti.gateway.api import bodies
from risiti.gateway.api.attempts import Attempts, origin_of
from risiti.gateway.api.auth import MAX_TOKEN, HashingOfApp
from risiti.gateway.api.dependencies import Person, Running, limiter_of
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.rate_limits import address_of
from risiti.gateway.db.session import SystemSession
from risiti.gateway.kernel.errors import Invalid, Unauthenticated
from risiti.gateway.people import mailing
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import passwords, sign_ins, users
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.tenancy.sign_ins import SignedIn
from risiti.gateway.tenancy.user_tables import User

router = APIRouter(prefix="/api/auth", tags=["people"], generate_unique_id_function=operation_id)

_LENGTH: Final[JsonDict] = {"minLength": passwords.MIN_CHARACTERS, "maxLength": passwords.MAX_CHARACTERS}
"""Said in the OpenAPI document; what is longer or shorter is refused with the words of `passwords.faults`."""


class NewPassword(bodies.StrictBody):
    """The password that somebody chose who got a link for it."""

    token: str = Field(max_length=MAX_TOKEN, description="From the link; good for one use.")
    password: str = Field(max_length=1_000, json_schema_extra=_LENGTH)


class ChangedPassword(bodies.StrictBody):
    """The old password and the new one."""

    current_password: str = Field(max_length=1_000)
    new_password: str = Field(max_length=1_000, json_schema_extra=_LENGTH)


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    openapi_extra=body_of(ChangedPassword),
    responses=problems_of(400, 401, 403, 415, 422),
)
async def change_password(request: Request, person: Person, running: Running, hashing: HashingOfApp) -> Response:
    """Change the password; every sign-in of the person ends, this one too."""
    body = await bodies.json_model(request, ChangedPassword)
    user = await require_password(request, running, hashing, person, body.current_password)
    await _keep_password(
        running, hashing, _Chosen(user.id, (user.email, user.name), body.new_password, "/new_password")
    )
    return Response(status_code=204)


@router.post(
    "/set-password",
    status_code=204,
    summary="Choose a password",
    openapi_extra=body_of(NewPassword),
    responses=problems_of(400, 401, 415, 422),
)
async def set_password(request: Request, running: Running, hashing: HashingOfApp) -> Response:
    """Choose a password with the token of a link: of an invitation, or for who has forgotten theirs."""
    body = await bodies.json_model(request, NewPassword)
    now = running.clock.now()
    user = await running.database.read(partial(users.invited, token=body.token, now=now))
    chosen = _Chosen(user.id, (user.email, user.name), body.password, "/password", body.token)
    await _keep_password(running, hashing, chosen)
    origin = origin_of(request)  # who has the link is no stranger here, whoever else guesses
    await running.database.write(
        lambda session: sign_ins.note_place(session, running.ids, user.id, origin, running.clock.now())
    )
    return Response(status_code=204)


async def require_password(
    request: Request, running: Runtime, hashing: Hashing, person: SignedIn, password: str
) -> User:
    """Let pass who knows the password of the person who is signed in.

    Raises:
        Unauthenticated: it is another.
        TooMany: it was wrong too often.
    """
    attempts = Attempts(limiter_of(request), person.user_id, address_of(request.scope))
    await attempts.raise_if_over(is_known=True)
    user = await running.database.read(partial(users.get, user_id=person.user_id))
    if not await hashing.verify(user.password_hash, password):
        await attempts.count_failure(is_known=True)
        raise Unauthenticated("The current password is not right.", code="wrong_credentials")
    return user


@dataclass(frozen=True, slots=True)
class _Chosen:
    user_id: str
    about: tuple[str, ...]
    password: str
    path: str
    token: str | None = None


async def _keep_password(running: Runtime, hashing: Hashing, chosen: _Chosen) -> None:
    faults = passwords.faults(chosen.password, path=chosen.path, about=chosen.about)
    if faults:
        raise Invalid("The password cannot be used.", errors=faults)
    kept, now = await hashing.hash(chosen.password), running.clock.now()

    def keep(session: SystemSession) -> None:
        user = users.set_password(session, running.ids, chosen.user_id, kept, now, token=chosen.token)
        if running.mailing is not None:
            mailing.tell_of_change(session, running.ids, now, user)

    await running.database.write(keep)
