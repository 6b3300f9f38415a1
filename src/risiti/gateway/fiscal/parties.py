"""The parties of a document besides its seller: who bought, and who supplied an imported service."""

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from risiti.gateway.fiscal import fields
from risiti.gateway.fiscal.faults import fault


class Strict(BaseModel):
    """A part of a document: no unknown fields, no conversions, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Party(Strict):
    """What may be known about any buyer."""

    email: fields.Email | None = None
    """The authority sends its own copy there."""
    phone: fields.Phone | None = None
    """At most 30 bytes as UTF-8."""
    address: fields.Address | None = None
    """On one line; at most 500 bytes as UTF-8."""
    trading_name: fields.PartyName | None = None
    """The name over the shop, where it is not the registered one."""
    reference: fields.BuyerReference | None = None
    """The buyer's own number for this purchase (an order, say); at most 50 bytes as UTF-8."""


class BusinessBuyer(Party):
    """A company or person registered for tax."""

    type: Literal["business"]
    tin: fields.Tin
    """10 digits."""
    name: fields.PartyName
    """The name under which the TIN is registered: the authority compares it."""


class GovernmentBuyer(Party):
    """A government body."""

    type: Literal["government"]
    tin: fields.Tin
    """10 digits."""
    name: fields.PartyName
    """As registered; at most 256 bytes as UTF-8."""


class ConsumerBuyer(Party):
    """A person who buys for themselves; nothing needs to be known about them."""

    type: Literal["consumer"]
    tin: fields.Tin | None = None
    name: fields.PartyName | None = None
    national_id: fields.Identity | None = None


class ForeignBuyer(Party):
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
BUYER_TYPES: Final[Mapping[str, type[Party]]] = {
    "business": BusinessBuyer,
    "consumer": ConsumerBuyer,
    "foreigner": ForeignBuyer,
    "government": GovernmentBuyer,
}


class ForeignSeller(Strict):
    """Who supplied an imported service from abroad."""

    name: fields.ForeignName
    """At most 500 bytes as UTF-8."""
    address: fields.Address
    """On one line; at most 500 bytes as UTF-8."""
    invoice_date: fields.Day
    """Date of the supplier's own invoice, as in `"2026-03-31"`."""
    email: fields.Email | None = None
    phone: fields.Phone | None = None
    """At most 30 bytes as UTF-8."""
