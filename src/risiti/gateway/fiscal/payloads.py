"""What a seller sends to have a sale fiscalised: NewInvoice and its parts, in words instead of codes."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self

import orjson
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PrivateAttr,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from risiti.gateway.fiscal import fields
from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.decimals import Amount, AmountOrZero, DutyAmount, DutyPercent, Percent, Quantity, UnitPrice
from risiti.gateway.fiscal.faults import fault
from risiti.gateway.fiscal.parties import Buyer, ConsumerBuyer, ForeignSeller, Strict
from risiti.gateway.fiscal.words import (
    DeliveryTerms,
    DutyUnit,
    Industry,
    Kind,
    OtherTaxKind,
    PaymentMethod,
    Prices,
    Rounding,
    Tax,
)

MAX_LINES: Final = 1_000
"""Lines of one document."""
MAX_CHARGES: Final = 20
"""Charges of one document."""
MAX_DISCOUNTS: Final = 20
"""Discounts on the whole of one document."""
MAX_TAXES: Final = 20
"""Other taxes of one document."""
MAX_PAYMENTS: Final = 26
"""Payments of one document: the authority letters them a to z."""
MAX_REVISION: Final = 9_999
"""Corrected versions of one document."""
MAX_PERCENT: Final = 100
"""Largest discount."""

ITEM_FIELDS: Final = frozenset({"name", "code", "category", "unit", "tax"})
"""What every item of a company tells."""


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


class DocumentDiscount(Discount):
    """Taken off the whole document: it is spread over the lines in proportion, after their own discounts."""

    tax: Annotated[Tax, BeforeValidator(fields.Word(Tax))] | None = None
    """Only off the lines with this treatment; off all of them if left out."""


@dataclass(frozen=True, slots=True)
class _Some:
    """Holds a list to its length before its rows are looked at, so that a long one costs nothing."""

    noun: str
    most: int
    may_be_empty: bool = False

    def __call__(self, value: object) -> object:
        if not isinstance(value, list | tuple):
            raise fault("wrong_type", "A list is needed.", "Send [ ... ].")
        if not value and not self.may_be_empty:
            raise fault("empty", f"There are no {self.noun}.", f"Send at least one of the {self.noun}.")
        if len(value) > self.most:
            message = f"{len(value)} {self.noun}; at most {self.most} fit into one document."
            raise fault(f"too_many_{self.noun}", message, "Split it into several documents.")
        return tuple(value)

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Count before pydantic looks at the rows."""
        return no_info_before_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say the same in the OpenAPI document."""
        return {**handler(schema), "minItems": 0 if self.may_be_empty else 1, "maxItems": self.most}


class ExciseDuty(Strict):
    """Excise duty on a line: a percentage, or an amount for each unit. VAT is charged on the price with the duty."""

    code: fields.DutyCode
    """The authority's excise duty code, as in `"LED070100"`."""
    name: fields.DutyName
    """Its name in the authority's list."""
    percent: DutyPercent | None = None
    """Duty by rate: percent of the price without duty and VAT; 0 where the duty is nil."""
    amount: DutyAmount | None = None
    """Duty by quantity: so much for each unit (`per`)."""
    currency: fields.Currency = SHILLING
    """Of `amount`."""
    per: Annotated[DutyUnit, BeforeValidator(fields.Word(DutyUnit))] | None = None
    """Duty by quantity: what `amount` is charged on."""
    pack: Quantity = Decimal(1)
    """Duty by quantity: so many packages (the unit of the line) ..."""
    stick: Quantity = Decimal(1)
    """... hold so many pieces, on which the duty is charged. Both as the item is registered."""
    exchange_rate: UnitPrice | None = None
    """Shillings for one unit of the duty's currency, where that is neither the shilling nor the document's."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            message = "Excise duty is either a percentage or an amount for each unit."
            fix = 'Send "percent": "10", or "amount": "650" and "per": "litre".'
            raise fault("duty_needs_one", message, fix)
        if (self.amount is None) != (self.per is None):
            message = "Duty by quantity names the unit it is charged on; duty by rate does not."
            raise fault("duty_unit", message, 'Send "amount" together with "per", as in "per": "litre".')
        return self


class Project(Strict):
    """A project of the buyer's whose supplies are deemed or exempt."""

    id: fields.ProjectId
    """The authority's number for it."""
    name: fields.ProjectName
    """Its name at the authority; at most 100 bytes as UTF-8."""


class Pieces(Strict):
    """Exports: how many pieces, in a unit that customs take."""

    quantity: Quantity
    unit: fields.UnitCode


def _needs_item_or_all(schema: dict[str, Any]) -> None:
    """Say in the JSON schema that a line which names an item need not say what the item tells."""
    told = [name for name in schema.get("required", []) if name in ITEM_FIELDS]
    schema["required"] = [name for name in schema.get("required", []) if name not in told]
    schema["anyOf"] = [{"required": ["item"]}, {"required": told}]


class Item(Strict):
    """What is sold, as it is registered with the authority."""

    model_config = ConfigDict(json_schema_extra=_needs_item_or_all)

    item: fields.ItemCode | None = None
    """One of the company's own items, by your code: it tells all that the line does not say itself."""
    name: fields.Name
    """What is printed; at most 200 bytes as UTF-8."""
    code: fields.ItemCode
    """The code under which the item is registered with the authority; 1 to 50 plain characters."""
    category: fields.CategoryCode
    """The authority's commodity category code, as in `"50131701"`."""
    unit: fields.UnitCode
    """The authority's code of the unit, as in `"101"`."""
    tax: Annotated[Tax, BeforeValidator(fields.Word(Tax))]
    """How VAT applies to it."""

    _told: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def told(self) -> frozenset[str]:
        """The fields that the item gave, and not the caller."""
        return self._told

    def tell(self, names: frozenset[str]) -> None:
        """Note which fields the item gave."""
        self._told = names


class Line(Item):
    """One kind of goods or service sold."""

    quantity: Quantity
    """More than 0; at most 12 digits before and 8 after the point."""
    unit_price: UnitPrice | None = None
    """More than 0, with or without tax as `prices` says; at most 12 digits before and 8 after the point."""
    amount: Amount | None = None
    """Instead of `unit_price`: what the whole quantity comes to, before the discount."""
    discount: Discount | None = None
    """Taken off this line, as an amount or a percentage."""
    charge: Amount | None = None
    """Added to this line (packing, say); it becomes part of the unit price."""
    excise: ExciseDuty | None = None
    """Excise duty on this line."""
    project: Project | None = None
    """The buyer's project that makes this line `deemed` or `exempt`."""
    weight: Quantity | None = None
    """Exports: net weight in kilograms."""
    pieces: Pieces | None = None
    """Exports: number of pieces in a customs unit; the line's own quantity and unit if left out."""
    hs_code: fields.TariffCode | None = None
    """Customs tariff code."""
    hs_name: fields.TariffName | None = None
    """Its name."""

    @model_validator(mode="after")
    def _has_one_price(self) -> Self:
        if self.unit_price is None and self.amount is None:
            raise fault("price_missing", "The line has no price.", 'Send "unit_price", or "amount" for the whole line.')
        if self.unit_price is not None and self.amount is not None:
            raise fault("given_twice", "The price is given twice.", 'Send either "unit_price" or "amount".')
        return self


class Charge(Item):
    """Something charged on the whole document (transport, say): it becomes a line of its own, quantity 1."""

    amount: Amount
    """With or without tax as `prices` says."""


class OtherTax(Strict):
    """A tax beside VAT and excise duty, on top of the prices."""

    tax: Annotated[OtherTaxKind, BeforeValidator(fields.Word(OtherTaxKind))]
    """Which."""
    amount: Amount
    """How much; it is added to the document's gross."""
    name: fields.TaxName | None = None
    """What it is called; needed for `other`."""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.tax is OtherTaxKind.OTHER and self.name is None:
            raise fault("tax_unnamed", "A tax of no category of its own needs a name.", 'Add "name".')
        return self


class Export(Strict):
    """What customs want to know of an export of goods."""

    delivery_terms: Annotated[DeliveryTerms, BeforeValidator(fields.Word(DeliveryTerms))]
    """The Incoterm, as in `FOB`."""


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
    """All taxes in it: VAT, excise duty and others."""
    net: AmountOrZero | None = None
    """The rest."""


class Sale(Strict):
    """What is sold and paid: all that the arithmetic needs."""

    prices: Annotated[Prices, BeforeValidator(fields.Word(Prices))] = Prices.TAX_INCLUSIVE
    """Whether unit prices, amounts and discounts contain the taxes."""
    currency: fields.Currency = SHILLING
    """Of all amounts in the document (ISO 4217)."""
    exchange_rate: UnitPrice | None = None
    """Shillings for one unit of a foreign currency; the authority's own where it is known and this is left out."""
    rounding: Annotated[Rounding, BeforeValidator(fields.Word(Rounding))] | None = None
    """What becomes of fractions of a cent; the company's own rule if left out."""
    lines: Annotated[tuple[Line, ...], _Some("lines", MAX_LINES)]
    """What is sold: 1 to 1,000 lines."""
    charges: Annotated[tuple[Charge, ...], _Some("charges", MAX_CHARGES, may_be_empty=True)] = ()
    """What is charged on the whole document; each becomes a line of its own, after the others."""
    discounts: Annotated[tuple[DocumentDiscount, ...], _Some("discounts", MAX_DISCOUNTS, may_be_empty=True)] = ()
    """What is taken off the whole document; spread over its lines in proportion (not over its charges)."""
    taxes: Annotated[tuple[OtherTax, ...], _Some("taxes", MAX_TAXES, may_be_empty=True)] = ()
    """Taxes beside VAT and excise duty, on top of the prices."""
    payment: Annotated[PaymentMethod, BeforeValidator(fields.Word(PaymentMethod))] = PaymentMethod.CASH
    """The short form: how all of it was paid."""
    payments: Annotated[tuple[Payment, ...], _Some("payments", MAX_PAYMENTS)] | None = None
    """The long form, instead of `payment`: 1 to 26 parts that add up to the gross total."""
    totals: ExpectedTotals | None = None
    """Your own sums, if you want them checked: a difference beyond rounding is a fault, and nothing is sent."""


class Memory:
    """What a document came to, kept with it so that it is not added up twice; no part of what it says."""

    __slots__ = ("parts", "what")

    def __init__(self) -> None:
        self.parts: tuple[object, ...] = ()
        self.what: object = None

    def __eq__(self, other: object) -> bool:
        """Two documents are the same whatever is remembered of them."""
        return isinstance(other, Memory)

    __hash__ = None  # type: ignore[assignment]  # says so to Python: it may change


class NewInvoice(Sale):
    """One document to fiscalise. Read it with `shapes.parse_invoice`, which also checks what hangs together."""

    reference: fields.Reference
    """Your own number of this sale, unique for ever: what keeps it from being fiscalised twice. 1 to 50 characters."""
    revision: Annotated[int, Field(ge=1, le=MAX_REVISION)] = 1
    """A corrected version of a refused document carries the next number."""
    kind: Annotated[Kind, BeforeValidator(fields.Word(Kind))] | None = None
    """`invoice` for sellers registered for VAT, `receipt` for all others; as the company is, if left out."""
    industry: Annotated[Industry, BeforeValidator(fields.Word(Industry))] | None = None
    """What kind of trade; told by `export`, `foreign_seller` and `taxes` if left out, otherwise `general`."""
    issued_at: Annotated[
        fields.Moment, Field(validate_default=True, json_schema_extra={"type": ["string", "null"]})
    ] = None  # type: ignore[assignment]
    """In UTC; without it the moment at which the document is read."""
    buyer: Annotated[Buyer, Field(discriminator="type")] = ConsumerBuyer(type="consumer")
    """Who bought; a consumer of whom nothing is known if left out."""
    export: Export | None = None
    """Exports of goods."""
    foreign_seller: ForeignSeller | None = None
    """Imported services: who supplied them. The buyer is then you yourself and may be left out."""
    operator: fields.Operator | None = None
    """Who served: printed on the receipt; a default of the company's otherwise."""
    remarks: fields.Remarks | None = None
    """Printed on the receipt; at most 500 bytes as UTF-8."""
    device: fields.DeviceName | None = None
    """Id or number of the device to send it through; needed where the company has several."""

    _memory: Memory = PrivateAttr(default_factory=Memory)

    def remember(self, what: object) -> None:
        """Keep what this document came to."""
        self._memory.parts, self._memory.what = self._parts(), what

    def remembered(self) -> object:
        """Return what this document came to; None if that is not known of these very lines, prices and so on."""
        then, now = self._memory.parts, self._parts()
        same = len(then) == len(now) and all(one is other for one, other in zip(then, now, strict=True))
        return self._memory.what if same else None

    def _parts(self) -> tuple[object, ...]:
        return tuple([self.__dict__[name] for name in Sale.model_fields])

    NOT_COMPARED: ClassVar[frozenset[str]] = frozenset({"issued_at"})

    def fingerprint(self) -> str:
        """Return a digest (hexadecimal SHA-256) that is the same for the same content, however it was spelled.

        `1.50` and `"1.5"` are the same number, a field left out the same as its default; `issued_at` counts only
        where the caller gave it, and what an item told counts as its code.
        """
        left_out = self.NOT_COMPARED - self.model_fields_set
        content = self.model_dump(mode="python", exclude=set(left_out))
        rows = zip((*self.lines, *self.charges), (*content["lines"], *content["charges"]), strict=True)
        for row, shown in rows:  # an item may change; what the caller has sent has not
            for told in row.told:
                del shown[told]
        written = orjson.dumps(content, _comparable, orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)
        return hashlib.sha256(written).hexdigest()


def _comparable(value: Any) -> str:  # noqa: ANN401 - the writer hands over whatever it cannot write
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
