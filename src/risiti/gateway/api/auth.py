"""Routes of people: sign in, refresh, sign out, who am I, choose a password."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, cast

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Person, Running, limiter_of
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.rate_limits import Limiter, address_of
from risiti.gateway.db.session import SystemSession
from risiti.gateway.kernel.errors import Invalid, Unauthenticated
from risiti.gateway.resilience.rate_limit import Quota, too_many
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import passwords, sign_ins, tokens, users
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.tenancy.sign_ins import Issued
from risiti.gateway.tenancy.users import UserView

MAX_TOKEN: Final = 200

_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/auth", tags=["people"], generate_unique_id_function=operation_id)


class Login(bodies.StrictBody):
    """Who signs in."""

    email: str = Field(max_length=users.MAX_EMAIL, examples=["owner@shop.example"])
    password: str = Field(max_length=1_000)


class Refresh(bodies.StrictBody):
    """A refresh token, which is used up by this."""

    refresh_token: str = Field(max_length=MAX_TOKEN)


class NewPassword(bodies.StrictBody):
    """The password that somebody chose who got a link for it."""

    token: str = Field(max_length=MAX_TOKEN, description="From the link; good for one use.")
    password: str = Field(max_length=1_000)


class ChangedPassword(bodies.StrictBody):
    """The old password and the new one."""

    current_password: str = Field(max_length=1_000)
    new_password: str = Field(max_length=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a person's program presents from now on."""

    access_token: str
    """Send it as `Authorization: Bearer ...`."""
    refresh_token: str
    """Exchange it for new tokens before `expires_in` is over; good for one use."""
    expires_in: int
    """Seconds for which the access token holds."""
    token_type: str = "bearer"  # noqa: S105 - a type of token


async def _hashing(request: Request) -> Hashing:
    return cast("Hashing", request.app.state.hashing)


HashingOfApp = Annotated[Hashing, Depends(_hashing)]


@router.post("/login", summary="Sign in", openapi_extra=body_of(Login), responses=problems_of(400, 401, 415, 422, 503))
async def login(request: Request, running: Running, hashing: HashingOfApp) -> Tokens:
    """Exchange e-mail address and password for tokens.

    Wrong address, wrong password and a disabled user get one answer, in one time.
    """
    body = await bodies.json_model(request, Login)
    address = address_of(request.scope)
    attempts = _Attempts(limiter_of(request), users.canonical(body.email), address)
    user = await running.database.read(partial(users.find, email=body.email))
    now = running.clock.now()
    is_known = user is not None and await running.database.read(
        partial(sign_ins.is_known, user_id=user.id, address=address, now=now)
    )
    await attempts.raise_if_over(is_known=is_known)
    is_right = await hashing.verify(None if user is None else user.password_hash, body.password)
    if user is None or not is_right or user.disabled_at is not None:
        await attempts.count_failure(is_known=is_known)
        _log.info("sign_in.refused")
        raise Unauthenticated("E-mail address or password are not right.", code="wrong_credentials")

    def sign_in(session: SystemSession) -> Issued:
        return sign_ins.begin(session, running.ids, user, address=address, now=now)

    return _tokens(await running.database.write(sign_in))


@router.post(
    "/refresh", summary="Get new tokens", openapi_extra=body_of(Refresh), responses=problems_of(400, 401, 415, 422)
)
async def refresh(request: Request, running: Running) -> Tokens:
    """Exchange a refresh token for new tokens. One that comes a second time ends the whole sign-in."""
    body = await bodies.json_model(request, Refresh)
    now = running.clock.now()
    issued = await running.database.write(partial(sign_ins.refresh, token=body.refresh_token, now=now))
    if issued is None:
        raise sign_ins.signed_out()
    return _tokens(issued)


@router.post("/logout", status_code=204, summary="Sign out", responses=problems_of(401))
async def logout(person: Person, running: Running, *, everywhere: bool = False) -> Response:
    """End this sign-in, or with `everywhere` all of the person's; their tokens no longer hold."""
    now = running.clock.now()
    await running.database.write(partial(sign_ins.end, sign_in_id=person.sign_in_id, now=now, everywhere=everywhere))
    return Response(status_code=204)


@router.get("/me", summary="Who am I?", responses=problems_of(401))
async def me(person: Person, running: Running) -> UserView:
    """Tell who is signed in, and in which companies in which role."""
    return await running.database.read(partial(users.read, user_id=person.user_id))


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    openapi_extra=body_of(ChangedPassword),
    responses=problems_of(400, 401, 415, 422),
)
async def change_password(request: Request, person: Person, running: Running, hashing: HashingOfApp) -> Response:
    """Change the password; every sign-in of the person ends, this one too."""
    body = await bodies.json_model(request, ChangedPassword)
    attempts = _Attempts(limiter_of(request), person.user_id, address_of(request.scope))
    await attempts.raise_if_over(is_known=True)
    user = await running.database.read(partial(users.get, user_id=person.user_id))
    if not await hashing.verify(user.password_hash, body.current_password):
        await attempts.count_failure(is_known=True)
        raise Unauthenticated("The current password is not right.", code="wrong_credentials")
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
    """Choose a password with the token that `risiti user add` or `risiti user invite` printed."""
    body = await bodies.json_model(request, NewPassword)
    now = running.clock.now()
    user = await running.database.read(partial(users.invited, token=body.token, now=now))
    chosen = _Chosen(user.id, (user.email, user.name), body.password, "/password", body.token)
    await _keep_password(running, hashing, chosen)
    return Response(status_code=204)


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
    await running.database.write(
        partial(users.set_password, user_id=chosen.user_id, password_hash=kept, now=now, token=chosen.token)
    )


class _Attempts:
    """Failed logins with one account: few from one address, and not many from addresses that are new to it.

    Who signed in from an address before is never turned away there because others guess elsewhere.
    """

    def __init__(self, limiter: Limiter | None, account: str, address: str) -> None:
        self._limiter = limiter
        self._account = tokens.digest(account).hex()
        self._address = address

    async def raise_if_over(self, *, is_known: bool) -> None:
        """Let pass who has tries left.

        Raises:
            TooMany: none are left; says when to come back.
        """
        for quota, key in self._counted(is_known=is_known):
            standing = await self._limiter.look(quota, key) if self._limiter else None
            if standing is not None and not standing.allowed:
                raise too_many(standing)

    async def count_failure(self, *, is_known: bool) -> None:
        """Count one."""
        for quota, key in self._counted(is_known=is_known):
            if self._limiter is not None:
                await self._limiter.count(quota, key)

    def _counted(self, *, is_known: bool) -> list[tuple[Quota, str]]:
        if self._limiter is None:
            return []
        quotas = self._limiter.quotas
        own = (quotas.login_account, f"{self._account}@{self._address}")
        return [own] if is_known else [own, (quotas.login_account_anywhere, self._account)]


def _tokens(issued: Issued) -> Tokens:
    return Tokens(
        access_token=issued.access.reveal(), refresh_token=issued.refresh.reveal(), expires_in=issued.access_seconds
    )
