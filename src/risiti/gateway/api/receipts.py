"""Route of receipts: HTML or PDF, for a file or a till's roll; never of a document without its fiscal number."""

import asyncio
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api.dependencies import DocumentPath, InvoiceReader, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.receipts import html, pdf
from risiti.gateway.receipts.issue import issue
from risiti.gateway.receipts.pdf import Paper

HTML: Final = "text/html"
PDF: Final = "application/pdf"
MAX_ACCEPTED: Final = 32
"""Media ranges of an `Accept` header that are looked at."""
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_-]", re.ASCII)

router = APIRouter(
    prefix="/api/companies/{company_id}/invoices/{document_id}/receipt",
    tags=["receipts"],
    generate_unique_id_function=operation_id,
)


class Form(StrEnum):
    """What a receipt is given as."""

    HTML = "html"
    PDF = "pdf"


class ReceiptQuery(BaseModel):
    """How the receipt is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Form | None = Field(
        default=None, alias="format", description="Without it, what `Accept` prefers; HTML if it prefers neither."
    )
    paper: Paper = Field(default=Paper.A4, description="What a PDF is printed on.")


@router.get(
    "",
    summary="Get the receipt",
    description="The first one is the original; every later one says COPY, in whatever form.",
    response_class=Response,
    responses={
        200: {"content": {HTML: {}, PDF: {}}, "description": "The receipt."},
        **problems_of(401, 403, 404, 409, 422),
    },
)
async def receipt(
    request: Request,
    caller: InvoiceReader,
    running: Running,
    document_id: DocumentPath,
    query: Annotated[ReceiptQuery, Query()],
) -> Response:
    """Return the receipt of a fiscalised document."""
    now = running.clock.now()
    content = await running.database.write_as(caller.company_id, lambda session: issue(session, now, document_id))
    form = query.form or _preferred(request.headers.getlist("accept"))
    if form is Form.HTML:
        text = await asyncio.to_thread(html.render, content)
        return Response(text, headers={"Content-Security-Policy": html.CONTENT_SECURITY_POLICY}, media_type=HTML)
    drawn = await asyncio.to_thread(pdf.render, content, query.paper)
    headers = {"Content-Disposition": f'inline; filename="{_UNSAFE.sub("", content.numbers.fdn)}.pdf"'}
    return Response(drawn, headers=headers, media_type=PDF)


def _preferred(accept: Iterable[str]) -> Form:
    """Return PDF only where it is wanted more than HTML (RFC 9110, section 12.5.1)."""
    ranges = ",".join(accept).split(",")[:MAX_ACCEPTED]
    wanted = {media: quality for media, quality in map(_range, ranges) if media in (HTML, PDF)}
    return Form.PDF if wanted.get(PDF, 0.0) > wanted.get(HTML, 0.0) else Form.HTML


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0
