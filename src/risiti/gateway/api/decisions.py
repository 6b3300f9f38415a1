"""Routes of held invoices: everything that is known of one, and a person's decision about it."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Admin, DocumentPath, InvoiceReader, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.db.session import CompanySession
from risiti.gateway.fiscal import invoices
from risiti.gateway.fiscal.shapes import InvoiceView
from risiti.gateway.submissions import case, decisions
from risiti.gateway.submissions.case import Case, DecisionView
from risiti.gateway.submissions.choices import Action

router = APIRouter(
    prefix="/api/companies/{company_id}/invoices/{document_id}",
    tags=["held invoices"],
    generate_unique_id_function=operation_id,
)

_EXAMPLES: Final = {
    "adopt": {
        "action": "adopt",
        "fdn": "325043056477",
        "reason": "Found in the authority's portal under our reference.",
        "decided_by": "A. Accountant",
    },
    "send_again": {
        "action": "send_again",
        "reason": "The authority's help desk confirms that it is not there.",
        "decided_by": "A. Accountant",
    },
    "give_up": {
        "action": "give_up",
        "reason": "Issued by hand on the portal under another reference.",
        "decided_by": "A. Accountant",
    },
}


_OF_ADOPTING: Final[JsonDict] = {
    "anyOf": [
        {
            "properties": {"action": {"const": "adopt"}, "fdn": {"type": "string", "pattern": f"^{decisions.FDN}$"}},
            "required": ["fdn"],
        },
        {
            "properties": {
                "action": {"enum": ["send_again", "give_up"]},
                "fdn": {"type": "null"},
                "accept_differences": {"type": "null"},
            }
        },
    ]
}
"""Which fields belong to which action, as the OpenAPI document says it; `decisions.decide` checks it."""


class NewDecision(bodies.StrictBody):
    """What is to be done with a held invoice, who says so, and why."""

    model_config = ConfigDict(json_schema_extra=_OF_ADOPTING)

    action: Literal["adopt", "send_again", "give_up"] = Field(description="What is to be done.")
    reason: Annotated[str, Field(min_length=1, max_length=decisions.MAX_REASON, description="Why; kept for good.")]
    decided_by: Annotated[
        str, Field(min_length=1, max_length=decisions.MAX_NAME, description="The person who decides, by name.")
    ]
    fdn: str | None = Field(default=None, description="`adopt`: the fiscal document number.")
    accept_differences: Annotated[str | None, Field(min_length=1, max_length=decisions.MAX_REASON)] = Field(
        default=None,
        description="`adopt`: why it is taken although the time of issue, the buyer's TIN or the number of lines "
        "differ. Other differences are never accepted.",
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and the invoice as it stands now."""

    decision: DecisionView
    invoice: InvoiceView


@router.get("/evidence", summary="All that is known of an invoice", responses=problems_of(401, 403, 404))
async def evidence(caller: InvoiceReader, running: Running, document_id: DocumentPath) -> Case:
    """Return what was tried, asked, said and decided: what a person needs who has to decide about a held invoice."""
    return await running.database.read_as(caller.company_id, lambda session: case.case(session, document_id))


@router.post(
    "/decisions",
    status_code=202,
    summary="Decide about a held invoice",
    description="""* `adopt`: it is at the authority under this number. The number is read and compared with what we
  sent; it is taken only if it is ours.
* `send_again`: it is not there. The authority is asked once more; what it shows wins; else it is sent.
  Above the company's limit (`second_person_above`) a second person has to say the same, with another key.
* `give_up`: it stays held as `given_up`, for good. Should the authority turn out to have it, its number is taken all
  the same.

The evidence of the invoice shows what became of the decision.""",
    openapi_extra=body_of(NewDecision, **_EXAMPLES),
    responses=problems_of(400, 401, 403, 404, 409, 415, 422),
)
async def decide(request: Request, caller: Admin, running: Running, document_id: DocumentPath) -> Decided:
    """Record a person's decision about a held invoice and begin to carry it out."""
    body = await bodies.json_model(request, NewDecision)
    desk = running.desk(caller.who)
    wish = decisions.Wish(Action(body.action), body.reason, body.fdn, body.accept_differences)
    person = decisions.Person(body.decided_by, caller.who)

    def work(session: CompanySession) -> Decided:
        decision = decisions.decide(session, desk, document_id, wish, person)
        return Decided(case.view(decision), invoices.read(session, document_id, desk.rules))

    decided = await running.database.write_as(caller.company_id, work)
    running.wake()
    return decided
