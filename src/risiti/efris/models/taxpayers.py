"""T119: who stands behind a TIN."""

from typing import Annotated

from pydantic import Field

from risiti.efris.models.base import EfrisAnswer, EfrisRequest, Text, WireText


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
