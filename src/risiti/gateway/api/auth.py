"""Routes of people: sign in (in two steps, if there is a second factor), refresh, sign out, who am I, my sign-ins."""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import Field

from risiti.gateway.api import bodies, presented
from risiti.gateway.api.attempts import checked, origin_of
from risiti.gateway.api.dependencies import Person, Running, limiter_of
from risiti.gateway.api.documentation import OpenApi, body_of, operation_id, problems_of
from risiti.gateway.db.session import SystemSession
from risiti.gateway.tenancy import accounts, logins, second_factors, sign_ins, users
from risiti.gateway.tenancy.logins import NextStep
from risiti.gateway.tenancy.passwords import Hashing
from risiti.gateway.tenancy.sign_ins import InBrowser, Issued, SignInView
from risiti.gateway.tenancy.users import UserView

MAX_TOKEN: Final = 200
_COOKIE_HELP: Final = (
    "For pages of this host: answer 204 with the cookie `__Host-risiti` instead of tokens. It is read only in requests "
    "that come from this host's own pages."
)

router = APIRouter(prefix="/api/auth", tags=["people"], generate_unique_id_function=operation_id)


class Login(bodies.StrictBody):
    """Who signs in."""

    email: str = Field(max_length=users.MAX_EMAIL, examples=["owner@shop.example"])
    password: str = Field(max_length=1_000)
    as_cookie: bool = Field(default=False, description=_COOKIE_HELP)


class SecondStep(bodies.StrictBody):
    """The rest of a sign-in with a second factor."""

    token: str = Field(max_length=MAX_TOKEN, description="From the first step.")
    code: str = Field(
        max_length=second_factors.MAX_CODE,
        description="The app's code, or a recovery code.",
        examples=["123456"],
    )
    as_cookie: bool = Field(default=False, description=_COOKIE_HELP)


class Refresh(bodies.StrictBody):
    """A refresh token, which is used up by this."""

    refresh_token: str = Field(max_length=MAX_TOKEN)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StepToCome:
    """The password was right; send this token and a code to `/api/auth/login/second-factor`."""

    token: str
    expires_in: int
    """Seconds for which the token holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """A person's sign-ins that hold."""

    items: list[SignInView]


async def _hashing(request: Request) -> Hashing:
    return cast("Hashing", request.app.state.hashing)


HashingOfApp = Annotated[Hashing, Depends(_hashing)]
SignInPath = Annotated[str, Path(pattern=r"^sgn_[0-9A-HJKMNP-TV-Z]{26}$", description="The sign-in's id.")]

_SET: Final[dict[int | str, OpenApi]] = {204: {"description": "Signed in: the answer sets the cookie."}}
_NEXT: Final[dict[int | str, OpenApi]] = {
    202: {"description": "The password was right; the second factor is to come.", "model": StepToCome}
}


@router.post(
    "/login",
    summary="Sign in",
    openapi_extra=body_of(Login),
    responses={**_NEXT, **_SET, **problems_of(400, 401, 403, 415, 422, 503)},
    response_model=Tokens,
)
async def login(request: Request, running: Running, hashing: HashingOfApp) -> Response:
    """Exchange e-mail address and password for tokens, or for the next step of who has a second factor.

    Wrong address, wrong password and a disabled user get one answer, in one time.
    """
    body = await bodies.json_model(request, Login)
    if body.as_cookie:
        presented.require_own_page(request)
    origin = origin_of(request)
    user = await checked(running, hashing, limiter_of(request), email=body.email, password=body.password, origin=origin)
    now = running.clock.now()

    def sign_in(session: SystemSession) -> Issued | InBrowser | NextStep:
        return logins.first_step(session, running.ids, user, origin=origin, now=now, in_browser=body.as_cookie)

    return _answer(await running.database.write(sign_in))


@router.post(
    "/login/second-factor",
    summary="Sign in: second step",
    openapi_extra=body_of(SecondStep),
    responses={**_SET, **problems_of(400, 401, 403, 415, 422)},
    response_model=Tokens,
)
async def second_step(request: Request, running: Running) -> Response:
    """Exchange the token of the first step and a code for tokens. Each code is good for one use."""
    body = await bodies.json_model(request, SecondStep)
    if body.as_cookie:
        presented.require_own_page(request)
    origin, now = origin_of(request), running.clock.now()

    def sign_in(session: SystemSession) -> Issued | InBrowser | None:
        return logins.second_step(
            session,
            running.ids,
            running.vault,
            token=body.token,
            code=body.code,
            origin=origin,
            now=now,
            in_browser=body.as_cookie,
        )

    began = await running.database.write(sign_in)
    if began is None:
        raise second_factors.wrong_code()
    return _answer(began)


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


@router.post("/logout", status_code=204, summary="Sign out", responses=problems_of(401, 403))
async def logout(person: Person, running: Running, *, everywhere: bool = False) -> Response:
    """End this sign-in, or with `everywhere` all of the person's; their tokens no longer hold."""

    def work(session: SystemSession) -> None:
        if everywhere:
            accounts.sign_out(session, running.ids, running.clock, person.user_id, by=person.user_id)
        else:
            sign_ins.end(session, person.sign_in_id, running.clock.now())

    await running.database.write(work)
    response = Response(status_code=204)
    presented.clear_cookie(response)
    return response


@router.get("/me", summary="Who am I?", responses=problems_of(401))
async def me(person: Person, running: Running) -> UserView:
    """Tell who is signed in, and in which companies in which role."""
    return await running.database.read(partial(users.read, user_id=person.user_id))


@router.get("/sign-ins", summary="Where am I signed in?", responses=problems_of(401))
async def own_sign_ins(person: Person, running: Running) -> SignIns:
    """List the person's sign-ins that hold, newest first."""
    now = running.clock.now()
    found = await running.database.read(
        partial(sign_ins.of_user, user_id=person.user_id, now=now, present=person.sign_in_id)
    )
    return SignIns(items=found)


@router.delete("/sign-ins/{sign_in_id}", status_code=204, summary="End a sign-in", responses=problems_of(401, 403, 404))
async def end_sign_in(person: Person, running: Running, sign_in_id: SignInPath) -> Response:
    """End one of the person's own sign-ins at once; doing it again changes nothing."""
    now = running.clock.now()
    await running.database.write(partial(sign_ins.end_one, user_id=person.user_id, sign_in_id=sign_in_id, now=now))
    return Response(status_code=204)


def _answer(began: Issued | InBrowser | NextStep) -> Response:
    match began:
        case InBrowser():
            response = Response(status_code=HTTPStatus.NO_CONTENT)
            presented.set_cookies(response, began)
            return response
        case NextStep(token, seconds):
            step = StepToCome(token=token.reveal(), expires_in=seconds)
            return JSONResponse(jsonable_encoder(step), HTTPStatus.ACCEPTED)
    return JSONResponse(jsonable_encoder(_tokens(began)))


def _tokens(issued: Issued) -> Tokens:
    return Tokens(
        access_token=issued.access.reveal(), refresh_token=issued.refresh.reveal(), expires_in=issued.access_seconds
    )
