"""Every error as an RFC 9457 problem answer: ours, the framework's, and the ones that are nobody's."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final, Self, cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from risiti.gateway.db.database import DatabaseBusy, DatabaseUnavailable
from risiti.gateway.fiscal.shapes import RepairStep
from risiti.gateway.kernel.errors import (
    BadRequest,
    Effect,
    FieldError,
    GatewayError,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_DATABASE_SECONDS: Final = 2
RETRY_BUSY_SECONDS: Final = (2, 6)
"""Those who are sent away come back spread over this many seconds."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_MAX_INSTANCE: Final = 200

_log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """One fault of the caller's document, or of its query or headers."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(
        description="JSON pointer (RFC 6901) into your own document; `?limit` names a query parameter, "
        "`Idempotency-Key:` a header.",
        examples=["/lines/0/quantity"],
    )
    code: str = Field(description="Stable, for programs.", examples=["not_positive"])
    message: str = Field(description="One plain sentence.", examples=["A quantity must be greater than 0."])
    fix: str = Field(description="What to send instead; empty if there is nothing to suggest.", examples=['Send "1".'])
    authority_code: str | None = Field(
        default=None,
        description="The return code with which the authority would have refused it.",
        examples=["1186"],
    )
    suggestion: str | int | None = Field(
        default=None, description="The value to send instead, where there is one.", examples=["1"]
    )
    repair: list[RepairStep] = Field(
        default=[],
        description="What mends it safely: it can change neither what is owed nor who the parties are. `?fix=safe` "
        "carries it out. Empty where a person has to decide.",
    )

    @classmethod
    def of(cls, fault: FieldError) -> Self:
        """Return a fault as it is shown."""
        return cls(
            path=fault.path,
            code=fault.code,
            message=fault.message,
            fix=fault.fix,
            authority_code=fault.authority_code or None,
            suggestion=fault.suggestion,
            repair=[RepairStep.of(step) for step in fault.repair],
        )


class Problem(BaseModel):
    """Problem details (RFC 9457). Some problems carry further members, such as the id of the document in the way."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(description="The family of the problem.", examples=["urn:risiti:problem:invalid"])
    title: str = Field(description="The family in words.", examples=["The document has faults"])
    status: int = Field(description="The HTTP status, repeated.", examples=[422])
    detail: str = Field(description="What happened this time.", examples=["The document has 1 fault."])
    instance: str = Field(description="The address that was asked.", examples=["/api/companies/com_01/invoices"])
    code: str = Field(description="Stable, for programs.", examples=["invalid"])
    request_id: str = Field(description="Say this when you ask for help.", examples=["req_01J00000000000000000000000"])
    effect: Effect = Field(
        description="Whether the request can have had an effect at the authority: `none` (correct it and send it "
        "again), `refused` (by the authority), `unknown` (in doubt and being settled: do not send it again under "
        "another reference)."
    )
    errors: list[Fault] = Field(description="Every fault that was found, not only the first.")


class UriTooLong(GatewayError):
    """The address is longer than we read."""

    status: ClassVar[int] = 414
    title: ClassVar[str] = "Address too long"
    default_code: ClassVar[str] = "uri_too_long"


class HeadersTooLarge(GatewayError):
    """The head of the request is larger than we read."""

    status: ClassVar[int] = 431
    title: ClassVar[str] = "Headers too large"
    default_code: ClassVar[str] = "headers_too_large"


class MethodNotAllowed(GatewayError):
    """The address exists, but not for this method."""

    status: ClassVar[int] = 405
    title: ClassVar[str] = "Method not allowed"
    default_code: ClassVar[str] = "method_not_allowed"


class InternalError(GatewayError):
    """A defect of ours; the answer says no more than that, the log says everything."""


def install(app: FastAPI) -> None:
    """Make every error that a route or the framework raises a problem answer."""
    app.add_exception_handler(GatewayError, _gateway_error)
    app.add_exception_handler(RequestValidationError, _unreadable_parameters)
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(DatabaseUnavailable, _database_unavailable)
    app.add_exception_handler(DatabaseBusy, _database_busy)


def answer(error: GatewayError, scope: Scope, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem answer to one request; `headers` are added to it."""
    content = {
        "type": f"urn:risiti:problem:{error.default_code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": quote(str(scope.get("path", "")), safe="/:@!$&'()*+,;=~")[:_MAX_INSTANCE],
        "code": error.code,
        "request_id": scope.get("state", {}).get("request_id", ""),
        "effect": error.effect.value,
        "errors": [Fault.of(fault).model_dump(mode="json", exclude_defaults=True) for fault in error.errors],
    }
    extra = dict(headers or {})
    if error.retry_after is not None:
        extra["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        extra["WWW-Authenticate"] = 'Bearer realm="risiti"'
    return JSONResponse({**error.about, **content}, error.status, extra, MEDIA_TYPE)


def internal(scope: Scope) -> GatewayError:
    """Return the error that stands for a defect of ours; what it can have done depends on the method."""
    return InternalError(
        "Something went wrong on our side, and it has been noted. If you sent a document, ask for it by its reference, "
        "or send it again under the same reference: that never makes a second one.",
        effect=_effect(scope),
    )


async def _gateway_error(request: Request, error: Exception) -> JSONResponse:
    return answer(cast("GatewayError", error), request.scope)


async def _database_unavailable(request: Request, error: Exception) -> JSONResponse:
    _log.error("database.unavailable", reason=str(error).partition("\n")[0])
    unavailable = Unavailable(
        "The database did not confirm this. Send the same request again: under the same reference it never makes a "
        "second document.",
        code="database_unavailable",
        effect=_effect(request.scope),
        retry_after=RETRY_DATABASE_SECONDS,
    )
    return answer(unavailable, request.scope)


async def _database_busy(request: Request, error: Exception) -> JSONResponse:
    _log.warning("database.busy", reason=str(error))
    overloaded = Unavailable(
        "More waits for the database than it can do in time; nothing was done with this request.",
        code="overloaded",
        retry_after=request.app.state.runtime.engine.random.randint(*RETRY_BUSY_SECONDS),
    )
    return answer(overloaded, request.scope)


async def _framework_error(request: Request, error: Exception) -> JSONResponse:
    raised = cast("HTTPException", error)
    headers = dict(raised.headers or {})
    if raised.status_code == HTTPStatus.NOT_FOUND:
        return answer(NotFound("There is nothing at this address; /docs lists what there is."), request.scope)
    if raised.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _not_allowed(request, headers)
    if raised.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer(BadRequest(str(raised.detail)), request.scope, headers)
    return answer(internal(request.scope), request.scope)


def _not_allowed(request: Request, headers: Mapping[str, str]) -> JSONResponse:
    allowed = ", ".join(sorted(_methods_at(request)))
    detail = f"{request.method} is not possible here; {allowed} is."
    return answer(MethodNotAllowed(detail), request.scope, {**headers, "Allow": allowed})


def _methods_at(request: Request) -> set[str]:
    """Return the methods of every route at this path; the framework would name those of the first one only.

    A path that is written out (`.../invoices/validate`) is not one of a parameter (`.../invoices/{document_id}`) too.
    """
    path = request.scope["path"]
    routes = [route for route in request.app.routes if route.path_regex.match(path)]
    fewest = min((len(route.param_convertors) for route in routes), default=0)
    return {method for route in routes if len(route.param_convertors) == fewest for method in route.methods}


async def _unreadable_parameters(request: Request, error: Exception) -> JSONResponse:
    details = cast("RequestValidationError", error).errors()
    if any(detail["loc"][0] == "path" for detail in details):
        if request.method not in _methods_at(request):  # `validate` is no id, but there is something at that address
            return _not_allowed(request, {})
        return answer(NotFound("There is nothing at this address; /docs lists what there is."), request.scope)
    faults = [_parameter_fault(detail) for detail in details]
    return answer(Invalid("A parameter of the request cannot be used.", errors=faults), request.scope)


def _parameter_fault(detail: Mapping[str, object]) -> FieldError:
    place, *names = cast("Sequence[str | int]", detail["loc"])
    name = ".".join(str(part) for part in names)
    path = f"?{name}" if place == "query" else f"{name}:"
    message = str(detail["msg"])
    return FieldError(path, str(detail["type"]), f"{message}.", _FIXES.get(str(detail["type"]), _ANY_FIX))


_ANY_FIX = "Send a value of the form that /docs shows, or leave it out."
_FIXES = {
    "int_parsing": "Send a whole number, such as 20.",
    "missing": "Send it.",
    "datetime_from_date_parsing": "Send a time with its offset, such as 2026-01-31T09:00:00+03:00.",
    "timezone_aware": "Add the offset, such as 2026-01-31T09:00:00+03:00.",
    "enum": "Send one of the words listed in the message.",
    "literal_error": "Send one of the words listed in the message.",
    "extra_forbidden": "Leave it out; /docs lists the parameters there are.",
}


def _effect(scope: Scope) -> Effect:
    return Effect.NONE if scope["method"] in _SAFE_METHODS else Effect.UNKNOWN
