"""The route that says everything that is wrong with a document, and sends nothing."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from risiti.gateway.api import checking, incoming
from risiti.gateway.api.dependencies import InvoiceWriter, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of, with_xml
from risiti.gateway.api.examples import NEW_INVOICES, TWELVE_MISTAKES
from risiti.gateway.api.problems import Fault
from risiti.gateway.fiscal import invoices, strict_json
from risiti.gateway.fiscal.reckoning import reckon
from risiti.gateway.fiscal.shapes import NewInvoice, TotalsView
from risiti.gateway.fiscal.strict_json import JsonValue
from risiti.gateway.kernel.errors import FieldError

_JSON: Final = "application/json"

router = APIRouter(prefix="/api/companies/{company_id}", tags=["invoices"], generate_unique_id_function=operation_id)


class Validation(BaseModel):
    """What is wrong with a document. Nothing was kept, nothing was sent."""

    model_config = ConfigDict(frozen=True)

    valid: bool = Field(description="Whether it would be accepted as it is shown in `document`.")
    problems: Sequence[Fault] = Field(description="Everything that is wrong, in the order of the document.")
    advice: Sequence[Fault] = Field(description="What is worth a look although it would be accepted.")
    changes: Sequence[Fault] = Field(description="With `fix=safe`: the problems that were mended.")
    totals: TotalsView | None = Field(default=None, description="What a good document adds up to.")
    document: dict[str, object] = Field(description="Your document; with `fix=safe` as it is after the repairs.")


@router.post(
    "/invoices/validate",
    summary="Check an invoice without handing it in",
    description="""Lists *every* problem at once: its place in your own document, our code and the return code that the
authority would have answered, a sentence, what to send instead, and where it is safe a repair as a JSON Patch (RFC
6902). `fix=safe` carries the repairs out and shows the document as it then is, with what still needs a person. A repair
is safe if it can change neither what is owed nor who the parties are. Handing in does the same checks. Of a UBL invoice
(`application/xml`) the problems name its own elements, and `document` shows it in the words of our JSON.""",
    openapi_extra=with_xml(body_of(NewInvoice, twelve_mistakes=TWELVE_MISTAKES, **NEW_INVOICES)),
    response_model=Validation,
    responses=problems_of(400, 401, 403, 404, 413, 415, 422),
)
async def validate(request: Request, caller: InvoiceWriter, running: Running, fix: checking.Fix = None) -> Response:
    """Say what is wrong with a document, and mend it if that is wanted."""
    given = await incoming.given_in(request, running, caller.company_id)
    terms = await running.database.read_as(caller.company_id, partial(invoices.terms, now=running.clock.now()))
    checked = await checking.check(running, caller.company_id, given, on=terms, fix=fix)
    report = checked.mended.report
    totals: JsonValue = None
    if not report.problems and report.invoice is not None:
        sums = reckon(report.invoice, terms).totals
        totals = TotalsView(net=sums.net, tax=sums.tax, gross=sums.gross).model_dump(mode="json")
    answer: dict[str, JsonValue] = {
        "valid": not report.problems,
        "problems": _shown(given.places.faults(report.problems)),
        "advice": _shown((*given.notes, *given.places.faults(report.advice))),
        "changes": _shown(given.places.faults(checked.mended.changes)),
        "totals": totals,
        "document": checked.mended.document,
    }
    return Response(strict_json.write(answer), media_type=_JSON)


def _shown(faults: Sequence[FieldError]) -> list[JsonValue]:
    return [Fault.of(fault).model_dump(mode="json", exclude_defaults=True) for fault in faults]
