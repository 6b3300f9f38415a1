"""T119, T137, T138, T180: who stands behind a TIN, what relief they have, their branches, an agent's principal."""

from typing import Annotated, ClassVar

from pydantic import Field

from risiti.efris.models.base import (
    READ_ROWS,
    Choices,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.session import TaxRegistration


class TaxpayerQuery(EfrisRequest):
    """Request of T119: one of the two is needed (code 1572)."""

    tin: Annotated[str, Text("TIN", 20)] = ""
    nin_brn: Annotated[str, Text("NIN or BRN", 100)] = ""


class Taxpayer(EfrisAnswer):
    """A registered taxpayer.

    Attributes:
        taxpayer_type: `201` individual, `202` non-individual.
        government_tin: "1" if documents for it may be of the government kind.
        taxpayer_status: `101` registered, `102` deactivated, `103` suspended, `104` deregistered; "" before v23.7.
    """

    tin: WireText = ""
    nin_brn: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    contact_number: WireText = ""
    contact_email: WireText = ""
    address: WireText = ""
    taxpayer_type: WireText = ""
    government_tin: WireText = Field(default="", alias="governmentTIN")
    taxpayer_status: WireText = ""


class TaxpayerFound(EfrisAnswer):
    """Answer of T119."""

    taxpayer: Taxpayer


class ReliefQuery(EfrisRequest):
    """Request of T137: whether a taxpayer is exempt, or VAT on sales to them is deemed paid."""

    tin: Annotated[str, Text("TIN", 20, required=True)]
    commodity_category_code: Annotated[tuple[str, ...] | None, Choices("commodity categories", None)] = None


class CategoryRelief(EfrisAnswer):
    """What holds for one commodity category.

    Attributes:
        commodity_category_taxpayer_type: `101` normal, `102` exempt, `103` deemed, `104` both.
    """

    commodity_category_code: WireText = ""
    commodity_category_taxpayer_type: WireText = ""


class ReliefProject(EfrisAnswer):
    """A project for which a taxpayer is exempt, or VAT is deemed paid.

    Attributes:
        project_id: Goes on the lines of a document as `vat_project_id`, its name as `vat_project_name`.
        deemed_exempt_code: Whom the relief is for, `101` (strategic investor) to `109` (contractor of the pipeline).
        service_mark: "101" for services, "102" for goods.
        current_qty: Quantity left, in `unit`.
        current_amount: Amount left, UGX.
        current_amount_currency: Amount left, in `currency`, at the rate of `exchange_rate_date` (v23.5).
    """

    project_id: WireText = ""
    project_name: WireText = ""
    deemed_exempt_code: WireText = ""
    commodity_category_code: WireText = ""
    service_mark: WireText = ""
    unit: WireText = ""
    current_qty: WireNumber = None
    current_amount: WireNumber = None
    currency: WireText = ""
    exchange_rate_date: WireTime = None
    current_amount_currency: WireNumber = None


class Relief(EfrisAnswer):
    """Answer of T137.

    Attributes:
        taxpayer_type: `101` normal, `102` exempt, `103` deemed, `104` both.
        exempt_type: Exempt from `101` VAT, `102` excise duty, `103` both.
    """

    taxpayer_type: WireText = ""
    exempt_type: WireText = ""
    commodity_category: Annotated[tuple[CategoryRelief, ...], READ_ROWS] = ()
    deemed_and_exempt_project_list: Annotated[tuple[ReliefProject, ...], READ_ROWS] = ()


class BranchesQuery(EfrisRequest):
    """Request of T138. Without a TIN it has no content, as v23.4 prints it, and asks for our own branches."""

    tin: Annotated[str | None, Text("TIN (v23.7)", 20)] = None


class Branch(EfrisAnswer):
    """One branch of a taxpayer."""

    branch_id: WireText = ""
    branch_name: WireText = ""


class Branches(EfrisAnswerRows):
    """Answer of T138."""

    wire_list: ClassVar[str] = "branches"

    branches: Annotated[tuple[Branch, ...], READ_ROWS] = ()


class PrincipalQuery(EfrisRequest):
    """Request of T180: what a principal's agent must know of them."""

    tin: Annotated[str, Text("the principal's TIN", 20, required=True)]
    branch_id: Annotated[str, Text("the principal's branch", 18, required=True)]


class Principal(EfrisAnswer):
    """Answer of T180: taxes and switches of a principal. Switches are "1" for yes and "0" for no.

    Attributes:
        sellers_logo: Image in base64.
        period_date: Days a document may be dated back.
    """

    tax_type: Annotated[tuple[TaxRegistration, ...], READ_ROWS] = ()
    issue_tax_type_restrictions: WireText = ""
    sellers_logo: WireText = Field(default="", repr=False)
    is_allow_back_date: WireText = ""
    is_duty_free_taxpayer: WireText = ""
    period_date: WireNumber = None
    is_allow_issue_invoice: WireText = ""
    is_allow_out_of_scope_vat: WireText = Field(default="", alias="isAllowOutOfScopeVAT")
