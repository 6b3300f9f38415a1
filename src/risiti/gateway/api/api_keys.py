"""Routes of API keys: issue, list, revoke."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Admin, ApiKeyPath, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.api.paging import Page, Paged, cut
from risiti.gateway.kernel.errors import FieldError, Invalid
from risiti.gateway.tenancy import api_keys
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.api_keys import (
    LONGEST_OVERLAP,
    MAX_ADDRESSES,
    MAX_LABEL,
    MAX_PER_MINUTE,
    ApiKeyView,
    Terms,
)

MAX_SCOPES: Final = 20
"""Scopes in one request."""

router = APIRouter(
    prefix="/api/companies/{company_id}/api-keys", tags=["api keys"], generate_unique_id_function=operation_id
)


class NewApiKey(bodies.StrictBody):
    """What a key is for."""

    label: str = Field(
        description=f"Which program uses it; at most {MAX_LABEL} characters.",
        examples=["till 3"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_LABEL},
    )
    scopes: Annotated[list[str], Field(max_length=MAX_SCOPES)] = Field(
        description=f"What it may do, out of: {', '.join(Scope)}.",
        examples=[["invoices:write", "invoices:read"]],
        json_schema_extra={"minItems": 1, "items": {"type": "string", "enum": [scope.value for scope in Scope]}},
    )

    expires_at: str | None = Field(
        default=None,
        description="When it ends by itself; left out: never.",
        examples=["2027-01-01T00:00:00Z"],
        json_schema_extra={"format": "date-time"},
    )
    device_id: str | None = Field(default=None, description="The one device through which it may send documents.")
    addresses: Annotated[list[str], Field(max_length=MAX_ADDRESSES)] = Field(
        default=[],
        description="Addresses or networks from which alone it may be used; left out: from everywhere.",
        examples=[["192.0.2.0/24"]],
        json_schema_extra={"items": {"type": "string", "pattern": "^[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?$"}},
    )
    per_minute: int | None = Field(
        default=None, ge=1, le=MAX_PER_MINUTE, description="Its own limit of requests a minute."
    )


class Rotation(bodies.StrictBody):
    """How a key is exchanged."""

    overlap_hours: int = Field(
        default=24,
        ge=0,
        le=LONGEST_OVERLAP.days * 24,
        description="For so long the old key holds beside the new one.",
    )


@dataclass(frozen=True, kw_only=True)
class IssuedApiKey(ApiKeyView):
    """A new key, shown this once: send it as `Authorization: Bearer ...`."""

    key: str


@router.post(
    "",
    status_code=201,
    summary="Issue an API key",
    openapi_extra=body_of(NewApiKey),
    responses=problems_of(400, 401, 403, 404, 415, 422),
)
async def issue(request: Request, caller: Admin, running: Running) -> IssuedApiKey:
    """Issue a key for the caller's company."""
    body = await bodies.json_model(request, NewApiKey)
    scopes = _scopes(body.scopes)
    terms = Terms(_aware(body.expires_at), body.device_id, tuple(body.addresses), body.per_minute)
    issued = await running.database.write_as(
        caller.company_id,
        lambda session: api_keys.issue(
            session,
            running.ids,
            running.clock,
            caller.company_id,
            scopes=scopes,
            label=body.label,
            terms=terms,
            by=caller.who,
        ),
    )
    return IssuedApiKey(**asdict(issued.view), key=issued.key.reveal())


@router.get("", summary="List API keys", responses=problems_of(401, 403, 404, 422))
async def page(caller: Admin, running: Running, query: Paged) -> Page[ApiKeyView]:
    """List the keys of the caller's company, revoked ones too, oldest first."""
    found = await running.database.read_as(
        caller.company_id,
        lambda session: api_keys.page(session, caller.company_id, limit=query.limit + 1, after=query.cursor),
    )
    return cut(found, query.limit, lambda key: key.id)


@router.delete("/{api_key_id}", summary="Revoke an API key", responses=problems_of(401, 403, 404))
async def revoke(caller: Admin, running: Running, api_key_id: ApiKeyPath) -> ApiKeyView:
    """End a key at once; doing it again changes nothing."""
    return await running.database.write_as(
        caller.company_id,
        lambda session: api_keys.revoke(
            session, running.ids, running.clock, caller.company_id, api_key_id, by=caller.who
        ),
    )


@router.post(
    "/{api_key_id}/rotate",
    status_code=201,
    summary="Rotate an API key",
    description="Issues a key that may do the same; the old one ends when the overlap is over.",
    openapi_extra=body_of(Rotation),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def rotate(request: Request, caller: Admin, running: Running, api_key_id: ApiKeyPath) -> IssuedApiKey:
    """Exchange a key for a new one."""
    body = await bodies.json_model(request, Rotation)
    overlap = timedelta(hours=body.overlap_hours)
    issued = await running.database.write_as(
        caller.company_id,
        lambda session: api_keys.rotate(
            session, running.ids, running.clock, caller.company_id, api_key_id, overlap=overlap, by=caller.who
        ),
    )
    return IssuedApiKey(**asdict(issued.view), key=issued.key.reveal())


def _aware(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        message, fix = "This is no time with its offset.", "Write 2027-01-01T00:00:00Z."
        raise Invalid("The API key cannot be issued.", errors=[FieldError("/expires_at", "not_a_time", message, fix)])
    return read


def _scopes(words: list[str]) -> list[Scope]:
    known = {scope.value: scope for scope in Scope}
    unknown = [
        FieldError(f"/scopes/{index}", "unknown_scope", "There is no such scope.", f"One of: {', '.join(known)}.")
        for index, word in enumerate(words)
        if word not in known
    ]
    if unknown:
        raise Invalid("The API key cannot be issued.", errors=unknown)
    return [known[word] for word in words]
