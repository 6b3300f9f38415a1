"""Routes of invoices: hand one in, look at it, list them, see what happened, take one back."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from risiti.gateway.api import bodies, checking, incoming, prefer
from risiti.gateway.api.dependencies import (
    DOCUMENT_ID,
    Admin,
    DocumentPath,
    IdempotencyKey,
    InvoiceReader,
    InvoiceWriter,
    Running,
    note_document,
)
from risiti.gateway.api.documentation import UPLOAD_BODY, body_of, operation_id, problems_of, with_xml
from risiti.gateway.api.examples import CREATE_HEADERS, CREATED_HEADERS, NEW_INVOICES
from risiti.gateway.api.incoming import Incoming
from risiti.gateway.api.paging import CURSOR_HELP, Page, PageQuery
from risiti.gateway.api.request_metrics import wished
from risiti.gateway.db.database import DatabaseBusy
from risiti.gateway.fiscal import invoices, references, shapes
from risiti.gateway.fiscal.accepting import Handed
from risiti.gateway.fiscal.invoices import EventView
from risiti.gateway.fiscal.shapes import InvoiceView, NewInvoice
from risiti.gateway.kernel.errors import Forbidden
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.states import DocumentState
from risiti.gateway.tenancy import devices
from risiti.gateway.tenancy.access import Caller

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+(?:[Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_YEARS: Final = range(2000, 2101)

router = APIRouter(prefix="/api/companies/{company_id}", tags=["invoices"], generate_unique_id_function=operation_id)


def _written_out(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise PydanticCustomError("not_a_time", "A time with its offset is needed (RFC 3339)")
    return value


def _in_range(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise PydanticCustomError("out_of_range", "The year must lie between 2000 and 2100")
    return value.astimezone(UTC)


def _readable(value: str) -> str:
    try:
        return references.normalise(value)
    except references.BadReference as error:
        raise PydanticCustomError("bad_reference", "{message}", {"message": str(error).rstrip(".")}) from error


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_in_range),
    Field(json_schema_extra={"pattern": r"^(?:20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}[Tt]"}),
]


class InvoiceFilter(PageQuery):
    """Which documents to list."""

    status: DocumentState | None = Field(default=None, description="Only documents in this state.")
    accepted_from: Moment | None = Field(default=None, alias="from", description="Accepted at this time or later.")
    accepted_to: Moment | None = Field(default=None, alias="to", description="Accepted before this time.")
    reference: Annotated[str, AfterValidator(_readable), Field(json_schema_extra={"minLength": 1})] | None = Field(
        default=None, description="The document with this reference of yours, however it is spelled."
    )
    cursor: str | None = Field(default=None, pattern=DOCUMENT_ID, description=CURSOR_HELP)


class Waiting(BaseModel):
    """How long to wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait: int = Field(
        default=0,
        ge=0,
        le=prefer.MAX_WAIT_SECONDS,
        description="Seconds to wait until the document is settled (fiscalised, refused, held or withdrawn).",
    )


class Events(BaseModel):
    """What happened to a document, oldest first."""

    model_config = ConfigDict(frozen=True)

    items: Sequence[EventView]


class LookAgain(bodies.StrictBody):
    """A person's decision about a document that is held."""

    reason: Annotated[str, Field(min_length=1, max_length=500, description="Why; kept as evidence.")]
    may_send: bool = Field(
        default=False,
        description="Send it again if the authority still does not show it. You have made sure that it is not there.",
    )


@router.post(
    "/invoices",
    status_code=202,
    summary="Hand in an invoice",
    description="""The document is safe once this is answered: it will be fiscalised, refused by the authority, or shown
to a person; never lost, and never fiscalised twice.

* `201`: it has its fiscal document number. Ask for that with `Prefer: wait=N`.
* `202`: it is being worked on; `Location` says where to look.

Send it again whenever you are not sure: the same content under the same `reference` (or the same `Idempotency-Key`) is
the same document, and the answer says `Idempotency-Replayed: true`. Other content under either is a `409`.

With `fix=safe` what can be mended safely is mended, and `warnings` say what was changed; see `invoices/validate`.

A UBL 2.1 invoice may be sent as `application/xml`; faults then name its own elements. See `docs/shapes.md`.""",
    openapi_extra={**with_xml(body_of(NewInvoice, **NEW_INVOICES)), **CREATE_HEADERS},
    responses={
        **problems_of(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
        201: {"model": InvoiceView, "description": "It has its fiscal document number.", "headers": CREATED_HEADERS},
        202: {"description": "Accepted; it is being worked on.", "headers": CREATED_HEADERS},
    },
)
@router.post("/fiscalize-invoice", status_code=202, include_in_schema=False)
async def create(
    request: Request,
    response: Response,
    caller: InvoiceWriter,
    running: Running,
    *,
    idempotency_key: IdempotencyKey,
    fix: checking.Fix = None,
) -> InvoiceView:
    """Take an invoice on, and wait for its number if the caller wants to."""
    read = await incoming.read(request, running, caller.company_id, fix=fix)
    return await _take_on(request, response, running, caller, read, idempotency_key)


@router.post(
    "/invoices/efris",
    status_code=202,
    summary="Hand in an invoice in the authority's own form",
    description="""For programs that make EFRIS uploads already: the content of its upload interface as plain JSON. It
is checked, kept and listed in our words, and sent as you gave it. What is changed is said among the `warnings`: the
check of the reference is always on. Seller, device and reference must be this company's own, amounts must follow from
the lines; faults name the authority's fields. All else is as for `POST .../invoices`.""",
    openapi_extra={**UPLOAD_BODY, **CREATE_HEADERS},
    responses={
        **problems_of(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
        201: {"model": InvoiceView, "description": "It has its fiscal document number.", "headers": CREATED_HEADERS},
        202: {"description": "Accepted; it is being worked on.", "headers": CREATED_HEADERS},
    },
)
async def create_from_upload(
    request: Request, response: Response, caller: InvoiceWriter, running: Running, idempotency_key: IdempotencyKey
) -> InvoiceView:
    """Take an invoice on that was written for the authority."""
    read = await incoming.read_upload(request, running, caller.company_id)
    return await _take_on(request, response, running, caller, read, idempotency_key)


async def _take_on(  # noqa: PLR0917 - what the two ways in have in hand
    request: Request, response: Response, running: Running, caller: Caller, read: Incoming, key: str | None
) -> InvoiceView:
    """Take a document on, and wait for its number if the caller wants to."""
    company_id = caller.company_id
    seconds = prefer.wait_seconds(request.headers.getlist("prefer"))
    priority = Priority.SINGLE if seconds is None else Priority.TILL
    new = await through_own_device(running, caller, read.invoice)
    with read.places.named():
        accepted = await running.acceptance.accept(Handed(company_id, new, key, priority, read.payload, by=caller.who))
    invoice, known = accepted.invoice, None
    note_document(invoice.id)
    if accepted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    else:
        known = invoice
        running.wake(is_told=accepted.is_told)
    if seconds is not None:
        waiting = wished(request, running.clock.monotonic)
        with suppress(DatabaseBusy), waiting:  # it is accepted, and that is said; its caller looks later
            invoice = await running.wait_until_settled(company_id, invoice.id, seconds, known=known)
        response.headers["Preference-Applied"] = f"wait={seconds}"
    response.headers["Location"] = f"/api/companies/{company_id}/invoices/{invoice.id}"
    if invoice.state == DocumentState.FISCALISED:
        response.status_code = HTTPStatus.CREATED
    notices = tuple(shapes.Notice.of(warning) for warning in read.warnings)
    return invoice.model_copy(update={"warnings": notices}) if notices else invoice


async def through_own_device(running: Running, caller: Caller, invoice: NewInvoice) -> NewInvoice:
    """Return a document that goes through the one device of the caller's key, if the key has one.

    Raises:
        Forbidden: it names another (`device_not_allowed`).
    """
    if caller.device_id is None:
        return invoice
    own = await running.database.read_as(caller.company_id, partial(devices.read, device_id=caller.device_id))
    if invoice.device not in (None, own.id, own.device_no):
        message = f"This API key sends through the device {own.device_no} only."
        raise Forbidden(message, code="device_not_allowed")
    return invoice.model_copy(update={"device": own.id})


@router.get("/invoices", summary="List invoices", responses=problems_of(401, 403, 404, 422))
async def page(caller: InvoiceReader, running: Running, query: Annotated[InvoiceFilter, Query()]) -> Page[InvoiceView]:
    """List the caller's documents, newest first."""
    wanted = invoices.InvoiceQuery(
        limit=query.limit,
        cursor=query.cursor,
        state=query.status,
        accepted_from=query.accepted_from,
        accepted_to=query.accepted_to,
        reference=query.reference,
    )
    found = await running.database.read_as(caller.company_id, partial(invoices.page, query=wanted, rules=running.rules))
    return Page(items=found.items, next_cursor=found.next_cursor)


@router.get("/invoices/{document_id}", summary="Look at an invoice", responses=problems_of(401, 403, 404, 422))
async def read(
    request: Request,
    caller: InvoiceReader,
    running: Running,
    document_id: DocumentPath,
    query: Annotated[Waiting, Query()],
) -> InvoiceView:
    """Return a document; with `wait`, as soon as it is settled or the time is over."""
    if query.wait:
        with wished(request, running.clock.monotonic):
            return await running.wait_until_settled(caller.company_id, document_id, query.wait)
    look = partial(invoices.read, document_id=document_id, rules=running.rules)
    return await running.database.read_as(caller.company_id, look)


@router.get(
    "/invoices/{document_id}/events", summary="What happened to an invoice", responses=problems_of(401, 403, 404)
)
async def events(caller: InvoiceReader, running: Running, document_id: DocumentPath) -> Events:
    """List what happened to a document, with time, cause and evidence."""
    found = await running.database.read_as(caller.company_id, lambda session: invoices.history(session, document_id))
    return Events(items=found)


@router.post(
    "/invoices/{document_id}/withdraw",
    summary="Take an invoice back",
    description="Possible until it is sent for the first time; later, issue a credit note. Doing it again changes "
    "nothing. The request has no body.",
    responses=problems_of(401, 403, 404, 409),
)
async def withdraw(caller: InvoiceWriter, running: Running, document_id: DocumentPath) -> InvoiceView:
    """Take a document back that was never sent."""
    desk = running.desk(caller.who)
    return await running.database.write_as(
        caller.company_id, lambda session: invoices.withdraw(session, desk, document_id)
    )


@router.post(
    "/invoices/{document_id}/look-again",
    summary="Decide about a held invoice",
    description="""A document is held when the authority's answers do not settle it. This has the authority asked again;
what it shows then wins over what you believed. With `may_send` the document is sent again if it is still not shown.""",
    openapi_extra=body_of(LookAgain),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def look_again(request: Request, caller: Admin, running: Running, document_id: DocumentPath) -> InvoiceView:
    """Have the authority asked again about a document that is held."""
    wanted = await bodies.json_model(request, LookAgain)
    desk = running.desk(caller.who)
    invoice = await running.database.write_as(
        caller.company_id,
        lambda session: invoices.look_again(session, desk, document_id, reason=wanted.reason, may_send=wanted.may_send),
    )
    running.wake()
    return invoice
