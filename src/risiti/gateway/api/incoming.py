"""Reads a document in any of the shapes that are taken: our JSON, UBL as XML, or the authority's own upload."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import Request

from risiti.gateway.api import bodies, checking
from risiti.gateway.api.checking import Given, beside_others
from risiti.gateway.fiscal import intake, strict_json
from risiti.gateway.fiscal.adapters import efris_json
from risiti.gateway.fiscal.adapters.adapted import Places
from risiti.gateway.fiscal.shapes import NewInvoice
from risiti.gateway.fiscal.strict_json import Reading
from risiti.gateway.kernel.errors import FieldError, UnsupportedMediaType
from risiti.gateway.runtime import Runtime

MAX_XML_BYTES: Final = 10_485_760
"""Bytes of an XML body: it may carry attachments, which are passed over."""
XML: Final = ("application/xml", "text/xml")
ACCEPTED: Final = (bodies.JSON, *XML)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document that was read, and how to name its fields to the caller."""

    invoice: NewInvoice
    warnings: tuple[FieldError, ...]
    places: Places
    payload: bytes | None = None
    """What is sent, where the caller had the authority's own form."""


async def read(request: Request, running: Runtime, company_id: str, *, fix: str | None = None) -> Incoming:
    """Read and check the document in a request's body; with `fix` mend what is safe.

    Raises:
        UnsupportedMediaType: neither JSON in UTF-8 nor XML; what is accepted is listed.
        BadRequest, TooLarge, Invalid: as the reader of the shape; faults name the caller's own fields.
    """
    given = await given_in(request, running, company_id)
    checked = await checking.check(running, company_id, given, on=None, fix=fix)
    invoice = await checking.accepted_before(running, company_id, checked) or checked.invoice()
    return Incoming(invoice, checked.notices, given.places)


async def given_in(request: Request, running: Runtime, company_id: str) -> Given:
    """Return the document in a request's body in our own words, not checked yet.

    Raises:
        UnsupportedMediaType, BadRequest, TooLarge, Invalid: as `read`.
    """
    kind, charset = bodies.media_type(request)
    if kind in XML:
        body = await bodies.limited(request, MAX_XML_BYTES, "An XML body")
        tin = await running.database.read_as(company_id, intake.seller_tin)
        adapt = partial(intake.adapted_from_ubl, body, seller_tin=tin, charset=charset)
        adapted = await beside_others(len(body), adapt)
        return Given(Reading(adapted.document, ()), len(body), adapted.places, adapted.notes)
    if kind != bodies.JSON:
        message = f"The body is of a type that is not read here; accepted are {', '.join(ACCEPTED)}."
        fix = f"Send Content-Type: {bodies.JSON} with our JSON, or {XML[0]} with a UBL 2.1 invoice."
        fault = FieldError("Content-Type:", "unsupported_media_type", message, fix)
        raise UnsupportedMediaType(message, code=fault.code, errors=[fault])
    body = await bodies.raw_json(request)
    return Given(await beside_others(len(body), partial(strict_json.read_object, body)), len(body))


async def read_upload(request: Request, running: Runtime, company_id: str) -> Incoming:
    """Read the authority's own upload in a request's body; raises as `read`."""
    body = await bodies.raw_json(request)
    tin = await running.database.read_as(company_id, intake.seller_tin)
    sale = await beside_others(len(body), partial(efris_json.read, body, seller_tin=tin, now=running.clock.now()))
    return Incoming(sale.invoice, sale.notes, sale.places, sale.payload)
