"""Routes of the second factor: begin it, confirm it, new recovery codes, remove it; each after the password."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.auth import HashingOfApp
from risiti.gateway.api.dependencies import Person, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.passwords import require_password
from risiti.gateway.db.session import SystemSession
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.tenancy import second_factors, sign_ins

router = APIRouter(prefix="/api/auth/second-factor", tags=["people"], generate_unique_id_function=operation_id)

_ANSWERS: Final = (400, 401, 403, 404, 409, 415, 422)


class Begun(bodies.StrictBody):
    """The password once more."""

    password: str = Field(max_length=1_000)


class Code(bodies.StrictBody):
    """A code of the authenticator app."""

    code: str = Field(max_length=second_factors.MAX_CODE, examples=["123456"])


class PasswordAndCode(Begun):
    """The password once more, and a code of the app or a recovery code."""

    code: str = Field(max_length=second_factors.MAX_CODE, examples=["123456"])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """What goes into the authenticator app, shown this once."""

    secret: str
    """To type in."""
    uri: str
    """For a QR code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    """Codes that stand in for the app, each once; shown this once."""

    recovery_codes: list[str]


@router.post(
    "",
    status_code=201,
    summary="Begin a second factor",
    openapi_extra=body_of(Begun),
    responses=problems_of(*_ANSWERS),
)
async def begin(request: Request, person: Person, running: Running, hashing: HashingOfApp) -> NewSecret:
    """Make a secret for an authenticator app (TOTP). It counts when a code made from it was sent to `confirm`."""
    body = await bodies.json_model(request, Begun)
    user = await require_password(request, running, hashing, person, body.password)
    now = running.clock.now()
    made = await running.database.write(lambda session: second_factors.enrol(session, running.vault, user, now))
    return NewSecret(secret=made.secret.reveal(), uri=made.uri.reveal())


@router.post(
    "/confirm",
    summary="Confirm the second factor",
    openapi_extra=body_of(Code),
    responses=problems_of(*_ANSWERS),
)
async def confirm(request: Request, person: Person, running: Running) -> RecoveryCodes:
    """Show that the app has the secret. From now on it is asked for; the person's other sign-ins end."""
    body = await bodies.json_model(request, Code)
    now = running.clock.now()

    def work(session: SystemSession) -> tuple[Secret, ...] | None:
        codes = second_factors.confirm(session, running.vault, person.user_id, body.code, now=now)
        if codes is not None:
            sign_ins.has_shown_second_factor(session, person.sign_in_id)
            sign_ins.end_all(session, person.user_id, now, but=person.sign_in_id)
        return codes

    return _codes(await running.database.write(work))


@router.post(
    "/recovery-codes",
    summary="Get new recovery codes",
    openapi_extra=body_of(PasswordAndCode),
    responses=problems_of(*_ANSWERS),
)
async def renew(request: Request, person: Person, running: Running, hashing: HashingOfApp) -> RecoveryCodes:
    """Make new recovery codes; earlier ones no longer hold."""
    body = await bodies.json_model(request, PasswordAndCode)
    user = await require_password(request, running, hashing, person, body.password)
    now = running.clock.now()

    def work(session: SystemSession) -> tuple[Secret, ...] | None:
        if not second_factors.check(session, running.vault, user.id, body.code, now):
            return None
        return second_factors.new_recovery_codes(session, user.id)

    return _codes(await running.database.write(work))


@router.post(
    "/remove",
    status_code=204,
    summary="Remove the second factor",
    openapi_extra=body_of(PasswordAndCode),
    responses=problems_of(*_ANSWERS),
)
async def remove(request: Request, person: Person, running: Running, hashing: HashingOfApp) -> Response:
    """Ask no more for a second factor; the person's other sign-ins end. A lost phone: use a recovery code."""
    body = await bodies.json_model(request, PasswordAndCode)
    user = await require_password(request, running, hashing, person, body.password)
    now = running.clock.now()

    def work(session: SystemSession) -> bool:
        if not second_factors.check(session, running.vault, user.id, body.code, now):
            return False
        sign_ins.end_all(session, user.id, now, but=person.sign_in_id)
        return second_factors.remove(session, user.id)

    if not await running.database.write(work):
        raise second_factors.wrong_code()
    return Response(status_code=204)


def _codes(codes: tuple[Secret, ...] | None) -> RecoveryCodes:
    if codes is None:
        raise second_factors.wrong_code()
    return RecoveryCodes(recovery_codes=[code.reveal() for code in codes])
