"""What a seller sends to have a sale fiscalised: NewInvoice and its parts, in words instead of codes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from risiti.gateway.fiscal import fields
from risiti.gateway.fiscal.decimals import Amount, AmountOrZero, Percent, Quantity, UnitPrice
from risiti.gateway.fiscal.faults import fault

MAX_LINES: Final = 1_000
"""Lines of one document."""
MAX_PAYMENTS: Final = 26
"""Payments of one document: the authority letters them a to z."""
MAX_REVISION: Final = 9_999
"""Corrected versions of one document."""
MAX_PERCENT: Final = 100
"""Largest discount."""


class Kind(StrEnum):
    """What is issued: a tax invoice (sellers registered for VAT) or a receipt (all others)."""

    INVOICE = "invoice"
    RECEIPT = "receipt"


class Prices(StrEnum):
    """Whether unit prices and discounts contain the tax."""

    TAX_INCLUSIVE = "tax_inclusive"
    TAX_EXCLUSIVE = "tax_exclusive"


class Tax(StrEnum):
    """How VAT applies to a line: at 18 percent, at zero percent, or not at all."""

    STANDARD = "standard"
    ZERO = "zero"
    EXEMPT = "exempt"


class PaymentMethod(StrEnum):
    """How the buyer paid."""

    CREDIT = "credit"
    CASH = "cash"
    CHEQUE = "cheque"
    DEMAND_DRAFT = "demand_draft"
    MOBILE_MONEY = "mobile_money"
    CARD = "card"
    EFT = "eft"
    POS = "pos"
    RTGS = "rtgs"
    SWIFT = "swift"


class Currency(StrEnum):
    """Currencies (ISO 4217) that are taken until the authority's own list is kept: the shilling and its neighbours."""

    UGX = "UGX"
    USD = "USD"
    EUR = "EUR"
    GBP = "GBP"
    KES = "KES"
    TZS = "TZS"
    RWF = "RWF"
    BIF = "BIF"
    SSP = "SSP"
    CDF = "CDF"
    ZAR = "ZAR"
    INR = "INR"
    CNY = "CNY"
    JPY = "JPY"
    AED = "AED"
    CHF = "CHF"


class Strict(BaseModel):
    """A part of a document: no unknown fields, no conversions, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class _Party(Strict):
    email: fields.Email | None = None
    """The authority sends its own copy there."""
    phone: fields.Phone | None = None
    """At most 30 bytes as UTF-8."""
    address: fields.Address | None = None
    """On one line; at most 500 bytes as UTF-8."""


class BusinessBuyer(_Party):
    """A company or person registered for tax."""

    type: Literal["business"]
    tin: fields.Tin
    """10 digits."""
    name: fields.PartyName
    """The name under which the TIN is registered: the authority compares it."""


class GovernmentBuyer(_Party):
    """A government body."""

    type: Literal["government"]
    tin: fields.Tin
    """10 digits."""
    name: fields.PartyName
    """As registered; at most 256 bytes as UTF-8."""


class ConsumerBuyer(_Party):
    """A person who buys for themselves; nothing needs to be known about them."""

    type: Literal["consumer"]
    tin: fields.Tin | None = None
    name: fields.PartyName | None = None
    national_id: fields.Identity | None = None


class ForeignBuyer(_Party):
    """A buyer from abroad, named by name, passport or citizenship."""

    type: Literal["foreigner"]
    tin: fields.Tin | None = None
    name: fields.PartyName | None = None
    passport: fields.Identity | None = None
    citizenship: fields.Citizenship | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        if not (self.name or self.passport or self.citizenship):
            raise fault("buyer_unnamed", "A foreign buyer needs a name, a passport or a citizenship.", "Add the name.")
        return self


Buyer = BusinessBuyer | ConsumerBuyer | ForeignBuyer | GovernmentBuyer
BUYER_TYPES: Final[Mapping[str, type[_Party]]] = {
    "business": BusinessBuyer,
    "consumer": ConsumerBuyer,
    "foreigner": ForeignBuyer,
    "government": GovernmentBuyer,
}


class Discount(Strict):
    """Taken off one line: an amount (with or without tax, as the prices are) or a percentage."""

    amount: AmountOrZero | None = None
    """At most 12 digits before and 2 after the point."""
    percent: Percent | None = None
    """0 to 100, at most 4 digits after the point."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            message = "A discount is either an amount or a percentage."
            raise fault("discount_needs_one", message, 'Send {"amount": "500"} or {"percent": "10"}.')
        if self.percent is not None and self.percent > MAX_PERCENT:
            raise fault("out_of_range", "A discount cannot be more than 100 percent.", "100")
        return self


@dataclass(frozen=True, slots=True)
class _Some:
    """Holds a list to its length before its rows are looked at, so that a long one costs nothing."""

    noun: str
    most: int

    def __call__(self, value: object) -> object:
        if not isinstance(value, list | tuple):
            raise fault("wrong_type", "A list is needed.", "Send [ ... ].")
        if not value:
            raise fault("empty", f"There are no {self.noun}.", f"Send at least one of the {self.noun}.")
        if len(value) > self.most:
            message = f"{len(value)} {self.noun}; at most {self.most} fit into one document."
            raise fault(f"too_many_{self.noun}", message, "Split it into several documents.")
        return tuple(value)


class Line(Strict):
    """One kind of goods or service sold."""

    name: fields.Name
    """What is printed; at most 200 bytes as UTF-8."""
    code: fields.ItemCode
    """The code under which the item is registered with the authority; 1 to 50 plain characters."""
    category: fields.CategoryCode
    """The authority's commodity category code, as in `"50131701"`."""
    quantity: Quantity
    """More than 0; at most 12 digits before and 8 after the point."""
    unit: fields.UnitCode
    """The authority's code of the unit, as in `"101"`."""
    unit_price: UnitPrice
    """More than 0, with or without tax as `prices` says; at most 12 digits before and 8 after the point."""
    tax: Annotated[Tax, BeforeValidator(fields.Word(Tax))]
    """How VAT applies to it."""
    discount: Discount | None = None
    """Taken off this line, as an amount or a percentage."""


class Payment(Strict):
    """One part of what was paid."""

    method: Annotated[PaymentMethod, BeforeValidator(fields.Word(PaymentMethod))]
    """How it was paid."""
    amount: Amount
    """More than 0; at most 12 digits before and 2 after the point."""


class ExpectedTotals(Strict):
    """What the seller's own books say; checked against what we compute."""

    gross: AmountOrZero | None = None
    """What the buyer pays."""
    tax: AmountOrZero | None = None
    """The VAT in it."""
    net: AmountOrZero | None = None
    """The rest."""


class Sale(Strict):
    """What is sold and paid: all that the arithmetic needs."""

    prices: Annotated[Prices, BeforeValidator(fields.Word(Prices))] = Prices.TAX_INCLUSIVE
    """Whether unit prices and discounts contain the tax."""
    lines: Annotated[tuple[Line, ...], BeforeValidator(_Some("lines", MAX_LINES))]
    """What is sold: 1 to 1,000 lines."""
    payment: Annotated[PaymentMethod, BeforeValidator(fields.Word(PaymentMethod))] = PaymentMethod.CASH
    """The short form: how all of it was paid."""
    payments: Annotated[tuple[Payment, ...], BeforeValidator(_Some("payments", MAX_PAYMENTS))] | None = None
    """The long form, instead of `payment`: 1 to 26 parts that add up to the gross total."""
    totals: ExpectedTotals | None = None
    """Your own sums, if you want them checked: a difference is a fault, and nothing is sent."""


class NewInvoice(Sale):
    """One document to fiscalise. Read it with `shapes.parse_invoice`, which also checks what hangs together."""

    reference: fields.Reference
    """Your own number of this sale, unique for ever: what keeps it from being fiscalised twice. 1 to 50 characters."""
    revision: Annotated[int, Field(ge=1, le=MAX_REVISION)] = 1
    """A corrected version of a refused document carries the next number."""
    kind: Annotated[Kind, BeforeValidator(fields.Word(Kind))] = Kind.INVOICE
    """`receipt` is for sellers who are not registered for VAT."""
    issued_at: Annotated[fields.Moment, Field(validate_default=True)] = None  # type: ignore[assignment]
    """In UTC; without it the moment at which the document is read."""
    currency: Annotated[Currency, BeforeValidator(fields.Word(Currency))] = Currency.UGX
    """Of all amounts in the document (ISO 4217)."""
    buyer: Annotated[Buyer, Field(discriminator="type")] = ConsumerBuyer(type="consumer")
    """Who bought; a consumer of whom nothing is known if left out."""
    operator: fields.Operator | None = None
    """Who served: printed on the receipt; a default of the company's otherwise."""
    remarks: fields.Remarks | None = None
    """Printed on the receipt; at most 500 bytes as UTF-8."""
    device: fields.DeviceName | None = None
    """Id or number of the device to send it through; needed where the company has several."""

    NOT_COMPARED: ClassVar[frozenset[str]] = frozenset({"issued_at"})

    def fingerprint(self) -> str:
        """Return a digest (hexadecimal SHA-256) that is the same for the same content, however it was spelled.

        `1.50` and `"1.5"` are the same number, a field left out the same as its default; `issued_at` counts only
        where the caller gave it.
        """
        left_out = self.NOT_COMPARED - self.model_fields_set
        content = self.model_dump(mode="python", exclude=set(left_out))
        return hashlib.sha256(json.dumps(content, default=_comparable, sort_keys=True).encode()).hexdigest()


def _comparable(value: Any) -> str:  # noqa: ANN401 - json hands over whatever it cannot write
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
