"""Route of imports: a table of sales in, a report of every document out."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import InvoiceWriter, Running
from risiti.gateway.api.documentation import operation_id, problems_of
from risiti.gateway.api.multipart import FORM, parts_of
from risiti.gateway.api.problems import Fault
from risiti.gateway.db.database import DatabaseBusy, DatabaseUnavailable
from risiti.gateway.fiscal import imports
from risiti.gateway.fiscal.imports import Imported, Outcome
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.kernel.errors import BadRequest, FieldError, Forbidden, UnsupportedMediaType

MAX_IMPORT_BYTES: Final = 10_485_760
"""Bytes of an import, mapping and all; the limit on every body counts before it."""
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACCEPTED: Final = (FORM, CSV, XLSX)

router = APIRouter(prefix="/api/companies/{company_id}", tags=["imports"], generate_unique_id_function=operation_id)


class ImportOptions(BaseModel):
    """What to do with the documents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: bool = Field(default=False, description="Only check them; take none on.")


class ImportedDocument(BaseModel):
    """One document of the table."""

    model_config = ConfigDict(frozen=True)

    reference: str = Field(description="As the table has it; empty if a row has none.")
    first: str = Field(description="The first of its rows.", examples=["row 2"])
    rows: int = Field(description="How many rows it has.")
    outcome: Outcome = Field(description="What became of it.")
    invoice: InvoiceView | None = Field(description="The document, if it was taken on, now or before.")
    errors: Sequence[Fault] = Field(description="Why it was not taken on; `path` names row and column.")
    warnings: Sequence[Fault] = Field(description="What was quietly changed in it.")


class ImportReport(BaseModel):
    """What became of every document of the table."""

    model_config = ConfigDict(frozen=True)

    accepted: int = Field(description="Documents taken on now.")
    known: int = Field(description="Documents that were taken on before.")
    correct: int = Field(description="Documents that could be taken on (`check`).")
    faulty: int = Field(description="Documents that were not taken on.")
    documents: Sequence[ImportedDocument]


@router.post(
    "/imports",
    summary="Hand in a table of invoices",
    description="""A CSV file or an XLSX workbook whose rows are lines of invoices. Send it as a form with `file` and
`mapping` (TOML: which column is which field, see `docs/shapes.md`), or the file alone as the body: its headers must
then be those of the ready-made mapping (`risiti import --example` prints both).

Every document is taken on for itself: what is good is safe once this is answered, what is not is listed with row and
column. Correct those rows and send the whole table again: what was taken on before is recognised by its reference.""",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "mapping": {"type": "string"},
                        },
                    }
                },
                CSV: {"schema": {"type": "string"}},
                XLSX: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
    responses=problems_of(400, 401, 403, 404, 408, 413, 415, 422, 503),
)
async def create(
    request: Request, caller: InvoiceWriter, running: Running, query: Annotated[ImportOptions, Query()]
) -> ImportReport:
    """Take a table of invoices on."""
    if caller.device_id is not None:
        message = "This API key is for one device; import with a key that is for all."
        raise Forbidden(message, code="device_not_allowed")
    file, mapping = await _file(request)
    documents = await imports.read_file(file, mapping)
    try:
        found = await imports.take_on(
            running.acceptance,
            running.knowledge,
            caller.company_id,
            documents,
            now=running.clock.now(),
            check_only=query.check,
            by=caller.who,
        )
    except DatabaseBusy as error:  # one was not begun; of the others nobody can say so
        raise DatabaseUnavailable(str(error)) from error
    if any(one.outcome is Outcome.ACCEPTED for one in found):
        running.wake()
    counts = Counter(one.outcome for one in found)
    return ImportReport(
        accepted=counts[Outcome.ACCEPTED],
        known=counts[Outcome.KNOWN],
        correct=counts[Outcome.CORRECT],
        faulty=counts[Outcome.FAULTY],
        documents=[_shown(one) for one in found],
    )


async def _file(request: Request) -> tuple[bytes, bytes | None]:
    kind, _ = bodies.media_type(request)
    if kind not in ACCEPTED:
        message = f"The body is of a type that is not read here; accepted are {', '.join(ACCEPTED)}."
        fault = FieldError("Content-Type:", "unsupported_media_type", message, f"Send Content-Type: {CSV}.")
        raise UnsupportedMediaType(message, code=fault.code, errors=[fault])
    body = await bodies.limited(request, MAX_IMPORT_BYTES, "An import")
    if kind != FORM:
        return body, None
    parts = parts_of(request.headers["content-type"], body)
    if "file" not in parts:
        message = "The form has no part called file."
        raise BadRequest(message, code="missing", errors=[FieldError("file", "missing", message, "Add the file.")])
    return parts["file"], parts.get("mapping")


def _shown(one: Imported) -> ImportedDocument:
    return ImportedDocument(
        reference=one.document.reference,
        first=one.document.first,
        rows=one.document.rows,
        outcome=one.outcome,
        invoice=one.invoice,
        errors=[_fault(error) for error in one.errors],
        warnings=[_fault(warning) for warning in one.warnings],
    )


def _fault(error: FieldError) -> Fault:
    return Fault(path=error.path, code=error.code, message=error.message, fix=error.fix)
