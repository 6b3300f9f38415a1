"""What a route may ask for in its signature: the caller with a permission, the operator, the idempotency key."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Final, cast

import structlog
from fastapi import Depends, Path, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer, SecuritySchemeType
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from pydantic import AfterValidator
from starlette.routing import BaseRoute

from risiti.gateway.api.presented import bearer_token, token_of
from risiti.gateway.api.rate_limits import Limiter
from risiti.gateway.db.session import SystemSession
from risiti.gateway.events import OPERATOR
from risiti.gateway.fiscal.items import CODE_PATTERN
from risiti.gateway.kernel.errors import BadRequest, FieldError, NotFound
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.runtime import Runtime
from risiti.gateway.tenancy import api_keys, firms, sign_ins, tokens
from risiti.gateway.tenancy.access import Caller, FirmRole, Scope, require_operator
from risiti.gateway.tenancy.firms import FirmCaller
from risiti.gateway.tenancy.sign_ins import SignedIn

MAX_IDEMPOTENCY_KEY: Final = 255
"""Characters of an `Idempotency-Key`."""
_VISIBLE_ASCII = re.compile(r"[!-~]{1,255}", re.ASCII)

PUBLIC: Final = frozenset(
    {
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/account/password"),
        ("GET", "/account/email"),
        ("GET", "/openapi.json"),
        ("GET", "/static/{name}"),
        ("GET", "/health"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
        ("GET", "/api/metrics"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/login/second-factor"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/set-password"),
        ("POST", "/api/auth/forgot-password"),
        ("POST", "/api/auth/verify-email"),
    }
)
"""Routes that anybody may ask, and the reason for each is that it shows nothing of any company."""


def _id(prefix: str) -> str:
    return rf"^{prefix}_[0-9A-HJKMNP-TV-Z]{{26}}$"


DOCUMENT_ID: Final = _id("doc")
CompanyPath = Annotated[str, Path(pattern=_id("com"), description="The company's id.", examples=[f"com_{'0' * 26}"])]


def note_document(document_id: str) -> str:
    """Have all that is logged from here on name the document that the request is about; returns its id."""
    structlog.contextvars.bind_contextvars(document_id=document_id)
    return document_id


DocumentPath = Annotated[
    str,
    Path(pattern=DOCUMENT_ID, description="The document's id.", examples=[f"doc_{'0' * 26}"]),
    AfterValidator(note_document),
]
DevicePath = Annotated[str, Path(pattern=_id("dev"), description="The device's id.", examples=[f"dev_{'0' * 26}"])]
TaskPath = Annotated[str, Path(pattern=_id("tsk"), description="The task's id.", examples=[f"tsk_{'0' * 26}"])]
ItemPath = Annotated[
    str, Path(pattern=CODE_PATTERN, description="Your own code of the item.", examples=["EXERCISE-BOOK"])
]
FindingPath = Annotated[str, Path(pattern=_id("fnd"), description="The finding's id.", examples=[f"fnd_{'0' * 26}"])]
FirmPath = Annotated[str, Path(pattern=_id("frm"), description="The firm's id.", examples=[f"frm_{'0' * 26}"])]
BranchPath = Annotated[str, Path(pattern=_id("brn"), description="The branch's id.", examples=[f"brn_{'0' * 26}"])]
UserPath = Annotated[str, Path(pattern=_id("usr"), description="The person's id.", examples=[f"usr_{'0' * 26}"])]
ApiKeyPath = Annotated[str, Path(pattern=_id("key"), description="The API key's id.", examples=[f"key_{'0' * 26}"])]


def runtime_of(request: Request) -> Runtime:
    """Return what this process was started with."""
    return cast("Runtime", request.app.state.runtime)


def limiter_of(request: Request) -> Limiter | None:
    """Return what counts this process's requests; None: nothing is counted."""
    return cast("Limiter | None", request.app.state.limiter)


def note_route(request: Request) -> None:
    """Have all that is logged from here on name the route (its template, never the path, which callers choose)."""
    structlog.contextvars.bind_contextvars(route=getattr(request.scope.get("route"), "path", None))


async def _runtime(request: Request) -> Runtime:
    note_route(request)
    return runtime_of(request)


Running = Annotated[Runtime, Depends(_runtime)]


class Needs(SecurityBase):
    """A permission: an API key of the company in the path, or a person who works there, with this scope (None: any)."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope
        self.scheme_name = "api_key"
        self.model = HTTPBearer(type=SecuritySchemeType.http, scheme="bearer", description=_KEY_DESCRIPTION)

    async def __call__(self, request: Request, company_id: CompanyPath) -> Caller:
        """Return the caller.

        Raises:
            Unauthenticated: no key, or one that does not hold.
            NotFound: a key of another company.
            Forbidden: a key without the scope, an owner without the second factor, or another site's page.
            TooMany: the key or its company has asked too often.
        """
        note_route(request)
        runtime, token = runtime_of(request), token_of(request)
        if tokens.is_of(tokens.ACCESS, token) or tokens.is_of(tokens.COOKIE, token):
            caller = await _person(runtime, token, company_id)
        else:
            caller = await api_keys.sign_in(runtime.database, token, runtime.clock.now())
            await _hold_to_terms(request, runtime, caller, company_id)
        structlog.contextvars.bind_contextvars(
            company_id=caller.company_id, api_key_id=caller.api_key_id, user_id=caller.user_id
        )
        caller.for_company(company_id)
        limiter = limiter_of(request)
        if limiter is not None:
            await limiter.take_caller(request.scope, caller)
        if self.scope is not None:
            caller.require(self.scope)
        return caller


class _NeedsMember(Needs):
    """A permission of people of the company in the path who have signed in; which of them, the permission says."""

    def __init__(self) -> None:
        super().__init__(Scope.ADMIN)
        self.scheme_name = "access_token"
        self.model = HTTPBearer(type=SecuritySchemeType.http, scheme="bearer", description=_ACCESS_DESCRIPTION)


class NeedsOwner(_NeedsMember):
    """A permission: an owner of the company in the path, who has signed in; no API key has it."""

    async def __call__(self, request: Request, company_id: CompanyPath) -> Caller:
        """Return the owner.

        Raises:
            Unauthenticated: nobody who has signed in.
            NotFound: another company's.
            Forbidden: an API key, or a role below the owner's.
        """
        caller = await super().__call__(request, company_id)
        caller.require_owner()
        return caller


class NeedsManager(_NeedsMember):
    """A permission: an owner or admin of the company in the path, who has signed in; no API key has it."""

    async def __call__(self, request: Request, company_id: CompanyPath) -> Caller:
        """Return the owner or admin.

        Raises:
            Unauthenticated: nobody who has signed in.
            NotFound: another company's.
            Forbidden: an API key, or a role below an admin's.
        """
        caller = await super().__call__(request, company_id)
        caller.require_manager()
        return caller


async def _hold_to_terms(request: Request, runtime: Runtime, caller: Caller, company_id: str) -> None:
    """Hold a key to the addresses from which it may be used, and to its environment."""
    caller.require_address(request.client.host if request.client else None)
    if company_id != caller.company_id and await runtime.database.read(
        partial(api_keys.is_of_the_other_environment, company_id=company_id, caller=caller)
    ):
        raise api_keys.wrong_environment()


async def _person(runtime: Runtime, token: str, company_id: str) -> Caller:
    now, required = runtime.clock.now(), runtime.settings.require_second_factor

    def work(session: SystemSession) -> tuple[SignedIn, Caller | None]:
        signed_in = sign_ins.who(session, token, now)
        return signed_in, sign_ins.as_caller(session, signed_in, company_id, second_factor_required=required)

    signed_in, found = await runtime.database.read(work)
    await _note_use(runtime, signed_in, now)
    if found is None:
        raise NotFound("There is no such company, or it is not yours.", code="company_not_found")
    return found


async def _signed_in(runtime: Runtime, token: str) -> SignedIn:
    now = runtime.clock.now()
    found = await runtime.database.read(partial(sign_ins.who, token=token, now=now))
    await _note_use(runtime, found, now)
    return found


async def _note_use(runtime: Runtime, signed_in: SignedIn, now: datetime) -> None:
    if signed_in.is_worth_noting:
        await runtime.database.write(partial(sign_ins.note_use, sign_in_id=signed_in.sign_in_id, now=now))


class NeedsPerson(SecurityBase):
    """A permission: a person who has signed in."""

    def __init__(self) -> None:
        self.scheme_name = "access_token"
        self.model = HTTPBearer(type=SecuritySchemeType.http, scheme="bearer", description=_ACCESS_DESCRIPTION)

    async def __call__(self, request: Request) -> SignedIn:
        """Return who has signed in.

        Raises:
            Unauthenticated: no access token, or one that does not hold.
            Forbidden: a cookie, and another site's page may have caused the request.
        """
        note_route(request)
        found = await _signed_in(runtime_of(request), token_of(request))
        structlog.contextvars.bind_contextvars(user_id=found.user_id)
        return found


class NeedsFirm(SecurityBase):
    """A permission: a person who works in the firm of the path and has signed in; with `owner`, one of its owners."""

    def __init__(self, *, owner: bool = False) -> None:
        self.owner = owner
        self.scheme_name = "access_token"
        self.model = HTTPBearer(type=SecuritySchemeType.http, scheme="bearer", description=_ACCESS_DESCRIPTION)

    async def __call__(self, request: Request, firm_id: FirmPath) -> FirmCaller:
        """Return who asks.

        Raises:
            Unauthenticated: nobody who has signed in.
            NotFound: they do not work in this firm, or there is none.
            Forbidden: a role below an owner's, or an owner without the second factor.
        """
        note_route(request)
        runtime = runtime_of(request)
        person = await _signed_in(runtime, token_of(request))
        structlog.contextvars.bind_contextvars(user_id=person.user_id, firm_id=firm_id)
        caller = await runtime.database.read(partial(firms.as_member, user_id=person.user_id, firm_id=firm_id))
        if self.owner:
            caller.require_owner()
        if caller.role is FirmRole.OWNER and runtime.settings.require_second_factor:
            sign_ins.require_second_factor(person)
        return caller


class NeedsOperator(SecurityBase):
    """A permission: the operator's token. Where none is set, the route does not exist."""

    def __init__(self) -> None:
        self.scheme_name = "operator_token"
        self.model = HTTPBearer(type=SecuritySchemeType.http, scheme="bearer", description=_OPERATOR_DESCRIPTION)

    async def __call__(self, request: Request) -> str:
        """Let the operator pass, and return who it is: a person's id, or `operator` for the token.

        Raises:
            NotFound: no operator's token is set.
            Unauthenticated: another token, or none.
            Forbidden: an operator without the second factor.
        """
        runtime, presented = runtime_of(request), token_of(request)
        if tokens.is_of(tokens.ACCESS, presented) or tokens.is_of(tokens.COOKIE, presented):
            person = await _signed_in(runtime, presented)
            if person.is_operator:
                if runtime.settings.require_second_factor:
                    sign_ins.require_second_factor(person)
                return person.user_id
        token = runtime.settings.risiti_admin_token
        require_operator(bearer_token(request), None if token is None else Secret(token.get_secret_value()))
        return OPERATOR


Permission = Needs | NeedsPerson | NeedsFirm | NeedsOperator
"""What a route may ask of its caller."""

_KEY_DESCRIPTION = "`Authorization: Bearer rst_test_...` (or `rst_live_...`): an API key of the company."
_ACCESS_DESCRIPTION = "`Authorization: Bearer rat_...`: the access token of a person who has signed in."
_OPERATOR_DESCRIPTION = "The operator's token, set as RISITI_ADMIN_TOKEN."

AnyKey = Annotated[Caller, Security(Needs(None))]
InvoiceReader = Annotated[Caller, Security(Needs(Scope.INVOICES_READ), scopes=[Scope.INVOICES_READ.value])]
InvoiceWriter = Annotated[Caller, Security(Needs(Scope.INVOICES_WRITE), scopes=[Scope.INVOICES_WRITE.value])]
GoodsReader = Annotated[Caller, Security(Needs(Scope.GOODS_READ), scopes=[Scope.GOODS_READ.value])]
GoodsWriter = Annotated[Caller, Security(Needs(Scope.GOODS_WRITE), scopes=[Scope.GOODS_WRITE.value])]
DeviceReader = Annotated[Caller, Security(Needs(Scope.DEVICES_READ), scopes=[Scope.DEVICES_READ.value])]
DeviceWriter = Annotated[Caller, Security(Needs(Scope.DEVICES_WRITE), scopes=[Scope.DEVICES_WRITE.value])]
Admin = Annotated[Caller, Security(Needs(Scope.ADMIN), scopes=[Scope.ADMIN.value])]
Owner = Annotated[Caller, Security(NeedsOwner())]
Manager = Annotated[Caller, Security(NeedsManager())]
OfFirm = Annotated[FirmCaller, Security(NeedsFirm())]
FirmOwner = Annotated[FirmCaller, Security(NeedsFirm(owner=True))]
Operator = Annotated[str, Security(NeedsOperator())]
Person = Annotated[SignedIn, Security(NeedsPerson())]


async def _idempotency_key(request: Request) -> str | None:
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _VISIBLE_ASCII.fullmatch(given[0]):
        message = f"An Idempotency-Key is one header of 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters."
        fault = FieldError("Idempotency-Key:", "bad_idempotency_key", message, "Send a UUID, or leave it out.")
        raise BadRequest(message, code=fault.code, errors=[fault])
    return given[0]


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]


class UndeclaredPermissionError(Exception):
    """A route neither names a permission nor stands on the list of public ones; the app is not created."""


def check_permissions(routes: Iterable[BaseRoute]) -> None:
    """Refuse routes whose permission nobody declared, and entries of the list that are no route any more.

    Raises:
        UndeclaredPermissionError: there is one, or a public one declares a permission.
    """
    found = {
        (method, getattr(route, "path", "")): isinstance(route, APIRoute) and permission_of(route) is not None
        for route in routes
        for method in sorted(getattr(route, "methods", None) or {"*"})
    }
    guarded = {place for place, declares in found.items() if declares}
    if wrong := sorted(set(found) - guarded - PUBLIC) + sorted(PUBLIC & guarded) + sorted(PUBLIC - set(found)):
        listed = ", ".join(f"{method} {path}" for method, path in wrong)
        message = f"each route declares a permission or is on the list of public ones, and not both: {listed}"
        raise UndeclaredPermissionError(message)


def permission_of(route: APIRoute) -> Permission | None:
    """Return what a route asks of its caller; None if it asks nothing."""
    return _permission(route.dependant)


def _permission(dependant: Dependant) -> Permission | None:
    if isinstance(dependant.call, Needs | NeedsFirm | NeedsOperator | NeedsPerson):
        return dependant.call
    found = (_permission(inner) for inner in dependant.dependencies)
    return next((permission for permission in found if permission is not None), None)
