"""Reads a document in any of the shapes that are taken: our JSON, or UBL as XML; each by its content type."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from fastapi import Request

from risiti.gateway.api import bodies
from risiti.gateway.fiscal import intake, shapes
from risiti.gateway.fiscal.adapters.adapted import AS_THEY_ARE, Places
from risiti.gateway.fiscal.shapes import NewInvoice
from risiti.gateway.kernel.errors import FieldError, UnsupportedMediaType
from risiti.gateway.runtime import Runtime

PARSED_IN_A_THREAD_BYTES: Final = 65_536
"""A body larger than this is read in a thread, so that other callers need not wait for it."""
MAX_XML_BYTES: Final = 10_485_760
"""Bytes of an XML body: it may carry attachments, which are passed over."""
XML: Final = ("application/xml", "text/xml")
ACCEPTED: Final = (bodies.JSON, *XML)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document that was read, and how to name its fields to the caller."""

    invoice: NewInvoice
    warnings: tuple[FieldError, ...]
    places: Places


async def read(request: Request, running: Runtime, company_id: str) -> Incoming:
    """Read the document in a request's body.

    Raises:
        UnsupportedMediaType: neither JSON in UTF-8 nor XML; what is accepted is listed.
        BadRequest, TooLarge, Invalid: as the reader of the shape; faults name the caller's own fields.
    """
    now = running.clock.now()
    kind, charset = bodies.media_type(request)
    if kind in XML:
        body = await bodies.limited(request, MAX_XML_BYTES, "An XML body")
        tin = await running.database.read_as(company_id, intake.seller_tin)
        return await beside_others(body, lambda: _from_ubl(body, now, tin, charset))
    if kind != bodies.JSON:
        message = f"The body is of a type that is not read here; accepted are {', '.join(ACCEPTED)}."
        fix = f"Send Content-Type: {bodies.JSON} with our JSON, or {XML[0]} with a UBL 2.1 invoice."
        fault = FieldError("Content-Type:", "unsupported_media_type", message, fix)
        raise UnsupportedMediaType(message, code=fault.code, errors=[fault])
    body = await bodies.raw_json(request)
    return await beside_others(body, lambda: _from_json(body, now))


async def beside_others(body: bytes, work: Callable[[], T]) -> T:
    """Do work over a body; that of a large one in a thread."""
    return await asyncio.to_thread(work) if len(body) > PARSED_IN_A_THREAD_BYTES else work()


def _from_json(body: bytes, now: datetime) -> Incoming:
    return Incoming(shapes.parse_invoice(body, now=now, on=None), shapes.warnings(body), AS_THEY_ARE)


def _from_ubl(body: bytes, now: datetime, tin: str, charset: str | None) -> Incoming:
    adapted = intake.adapted_from_ubl(body, seller_tin=tin, charset=charset)
    invoice, warnings = intake.checked(adapted, now=now, on=None)
    return Incoming(invoice, warnings, adapted.places)
