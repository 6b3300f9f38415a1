"""T175, T179, T181, T182: accounts for mobile phones, agents and their principals, frequent buyers."""

from typing import Annotated, ClassVar

from risiti.efris.models.base import (
    READ_ROWS,
    Choice,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    Text,
    WireText,
)
from risiti.efris.models.codes import BuyerType, ContactOperation


class UssdAccount(EfrisRequest):
    """Request of T175: let a taxpayer without VAT and with one branch (3067, 3068) issue receipts by mobile phone."""

    tin: Annotated[str, Text("TIN", 20, required=True)]
    mobile_number: Annotated[str, Text("mobile telephone, which nobody else uses (3066)", 30, required=True)]


class AgentRelationQuery(EfrisRequest):
    """Request of T179: who acts for a taxpayer, or for whom it acts."""

    tin: Annotated[str | None, Text("TIN; our own by default", 20)] = None


class RelatedTaxpayer(EfrisAnswer):
    """One taxpayer, and one of its branches, in the answer of T179.

    Attributes:
        taxpayer_type: `201` individual, `202` non-individual.
        taxpayer_status: `101` registered, `102` deactivated, `103` suspended, `104` deregistered.
        branch_id: The sample has a blank behind this name; it is cut off when it is read.
        branch_status: As `taxpayer_status`.
    """

    taxpayer_id: WireText = ""
    tin: WireText = ""
    nin_brn: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    contact_number: WireText = ""
    contact_email: WireText = ""
    address: WireText = ""
    taxpayer_type: WireText = ""
    taxpayer_status: WireText = ""
    branch_id: WireText = ""
    branch_code: WireText = ""
    branch_name: WireText = ""
    branch_status: WireText = ""


class AgentRelations(EfrisAnswer):
    """Answer of T179."""

    agent_taxpayer_list: Annotated[tuple[RelatedTaxpayer, ...], READ_ROWS] = ()


class ContactChange(EfrisRequest):
    """Request of T181: keep, change or forget a buyer who comes often.

    At most as many are kept as `SignedIn.frequent_contacts_limit` says (3132).
    """

    operation_type: Annotated[ContactOperation, Choice("add, modify or delete")] = ContactOperation.ADD
    id: Annotated[str | None, Text("id from T182; needed to modify and delete (3133)", 18)] = None
    buyer_type: Annotated[BuyerType, Choice("who buys; says what must be known (3129-3131)")]
    buyer_tin: Annotated[str, Text("TIN", 20)] = ""
    buyer_nin_brn: Annotated[str, Text("NIN or BRN", 100)] = ""
    buyer_legal_name: Annotated[str, Text("legal name", 256)] = ""
    buyer_business_name: Annotated[str, Text("business name", 256)] = ""
    buyer_email: Annotated[str, Text("e-mail address", 50)] = ""
    buyer_line_phone: Annotated[str, Text("telephone", 30)] = ""
    buyer_address: Annotated[str, Text("address", 500)] = ""
    buyer_citizenship: Annotated[str, Text("citizenship", 128)] = ""
    buyer_passport_num: Annotated[str, Text("passport", 30)] = ""


class ContactQuery(EfrisRequest):
    """Request of T182: search the buyers kept."""

    buyer_tin: Annotated[str | None, Text("TIN", 20)] = None
    buyer_legal_name: Annotated[str | None, Text("legal name", 256)] = None


class Contact(EfrisAnswer):
    """A buyer kept, in the answer of T182.

    Attributes:
        id: Names it in T181.
        buyer_type: A value of `BuyerType`.
    """

    id: WireText = ""
    buyer_type: WireText = ""
    buyer_tin: WireText = ""
    buyer_nin_brn: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_business_name: WireText = ""
    buyer_email: WireText = ""
    buyer_line_phone: WireText = ""
    buyer_address: WireText = ""
    buyer_citizenship: WireText = ""
    buyer_passport_num: WireText = ""


class Contacts(EfrisAnswerRows):
    """Answer of T182."""

    wire_list: ClassVar[str] = "contacts"

    contacts: Annotated[tuple[Contact, ...], READ_ROWS] = ()
