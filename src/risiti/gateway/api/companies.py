"""Routes of companies: the operator opens one, its own keys read it."""

from dataclasses import asdict, dataclass
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from risiti.gateway.api import bodies
from risiti.gateway.api.dependencies import Admin, AnyKey, Operator, Running
from risiti.gateway.api.documentation import body_of, operation_id, problems_of
from risiti.gateway.db.session import SystemSession
from risiti.gateway.tenancy import api_keys, companies
from risiti.gateway.tenancy.access import Scope
from risiti.gateway.tenancy.companies import CompanyView
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.rounding import Rounding

FIRST_KEY_LABEL: Final = "first key"

router = APIRouter(prefix="/api/companies", tags=["companies"], generate_unique_id_function=operation_id)


class NewCompany(bodies.StrictBody):
    """A taxpayer as its documents are to name it: as registered with the authority."""

    environment: Literal["test", "live"] = Field(description="Which of the authority's services it talks to; for ever.")
    tin: str = Field(
        description="10 digits.", examples=["1000000000"], json_schema_extra={"pattern": f"^{companies.TIN}$"}
    )
    legal_name: str = Field(
        description="As registered.",
        examples=["Mango Street Grocers Ltd (fictitious)"],
        json_schema_extra={"minLength": 1, "maxLength": companies.MAX_NAME},
    )
    business_name: str = Field(
        default="",
        description="The name over the shop; empty if it is the legal name.",
        json_schema_extra={"maxLength": companies.MAX_NAME},
    )
    email: str = Field(
        description="The authority demands one on every document.",
        examples=["till@example.com"],
        json_schema_extra={"pattern": f"^{companies.EMAIL}$", "maxLength": companies.MAX_EMAIL},
    )
    phone: str = Field(
        default="", examples=["+256 700 000000"], json_schema_extra={"pattern": f"^(?:{companies.PHONE})?$"}
    )
    address: str = Field(
        default="",
        description="On one line.",
        examples=["Plot 1, Mango Street, Kampala"],
        json_schema_extra={"maxLength": companies.MAX_ADDRESS},
    )
    auto_resend: bool = Field(
        default=False,
        description="Accept that a lost document is sent again although the authority's duplicate check is not "
        "proven for this company.",
    )
    vat_registered: bool = Field(
        default=True, description="Issues invoices with VAT; companies that are not issue receipts without."
    )
    rounding: Literal["per_line", "per_document", "largest_line", "refuse"] = Field(
        default="per_line", description="What becomes of fractions of a cent, in documents that name no rule."
    )


class CompanyTerms(bodies.StrictBody):
    """On which terms a company sells; what is left out stays as it is."""

    vat_registered: bool | None = Field(default=None, description="Issues invoices with VAT, or else receipts.")
    rounding: Literal["per_line", "per_document", "largest_line", "refuse"] | None = Field(
        default=None, description="What becomes of fractions of a cent, in documents that name no rule."
    )


@dataclass(frozen=True, kw_only=True)
class OpenedCompany(CompanyView):
    """A new company and its first API key, which has the scope `admin` and is shown this once."""

    api_key_id: str
    key: str


@router.post(
    "",
    status_code=201,
    summary="Open a company",
    description="Needs the operator's token. The answer holds the company's first API key, this once.",
    openapi_extra=body_of(NewCompany),
    responses=problems_of(400, 401, 404, 409, 415, 422),
)
async def open_company(request: Request, response: Response, running: Running, operator: Operator) -> OpenedCompany:
    """Open a company and issue its first key, in one transaction."""
    body = await bodies.json_model(request, NewCompany)
    new = companies.NewCompany(
        **{
            **body.model_dump(),
            "environment": Environment(body.environment),
            "rounding": Rounding(body.rounding),
        }
    )

    def work(session: SystemSession) -> OpenedCompany:
        company = companies.open_company(session, running.vault, running.ids, running.clock, new, by=operator)
        issued = api_keys.issue(
            session, running.ids, running.clock, company.id, scopes=[Scope.ADMIN], label=FIRST_KEY_LABEL, by=operator
        )
        return OpenedCompany(**asdict(company), api_key_id=issued.id, key=issued.key.reveal())

    opened = await running.database.write(work)
    response.headers["Location"] = f"/api/companies/{opened.id}"
    return opened


@router.get("/{company_id}", summary="Read a company", responses=problems_of(401, 404))  # noqa: FAST003 - its permission reads it
async def read(caller: AnyKey, running: Running) -> CompanyView:
    """Return the caller's own company."""
    return await running.database.read_as(caller.company_id, lambda session: companies.read(session, caller.company_id))


@router.patch(
    "/{company_id}",  # noqa: FAST003 - its permission reads it
    summary="Change a company's terms",
    description="Holds for documents handed in from now on; those accepted before stay as they are.",
    openapi_extra=body_of(CompanyTerms),
    responses=problems_of(400, 401, 403, 404, 415, 422),
)
async def change(request: Request, caller: Admin, running: Running) -> CompanyView:
    """Change the VAT status or the rounding rule of the caller's own company."""
    wanted = await bodies.json_model(request, CompanyTerms)
    rounding = None if wanted.rounding is None else Rounding(wanted.rounding)
    return await running.database.write_as(
        caller.company_id,
        lambda session: companies.change(
            session,
            running.ids,
            running.clock,
            caller.company_id,
            vat_registered=wanted.vat_registered,
            rounding=rounding,
            by=caller.who,
        ),
    )
