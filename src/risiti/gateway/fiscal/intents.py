"""What is frozen of a document when it is taken on: its sums, its content, and the exact bytes to send.

Nothing here touches a database: it is done before a transaction begins, so that the transaction stays short. What it
depends on is a value (`Shop`), so that the transaction can tell whether it still holds.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from risiti.gateway.fiscal import references, wire
from risiti.gateway.fiscal.closing import ClosureView, closure_of
from risiti.gateway.fiscal.currencies import SHILLING
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.reckoning import reckon
from risiti.gateway.fiscal.shapes import BuyerView
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.fiscal.words import Kind, Rounding
from risiti.gateway.kernel.errors import FieldError, Invalid
from risiti.gateway.submissions.lanes import Priority
from risiti.gateway.submissions.submit import Intent
from risiti.gateway.tenancy.environment import Environment
from risiti.gateway.tenancy.tables import Branch, Company, Device

_NO_BRANCHES: Final[Mapping[str, Branch]] = MappingProxyType({})

TILLS_REMEMBERED: Final = 100
"""Devices of one company of which it is remembered how they were."""


@dataclass(frozen=True, slots=True)
class Till:
    """What a document depends on of the device that it is sent through."""

    id: str
    device_no: str
    keep_order: bool
    stands_in: str = ""
    """Our id of the branch in which it stands; empty: in none."""
    branch_id: str = ""
    """The authority's id of the branch in which it stands; empty: documents name none."""
    branch_name: str = ""

    @classmethod
    def of(cls, device: Device, branch: Branch | None = None) -> "Till":
        """Return it of a device in a branch."""
        return cls(device.id, device.device_no, device.keep_order, device.branch_id or "", *named(branch))


def named(branch: Branch | None) -> tuple[str, str]:
    """Return what a document names of a branch: both, as the authority wants it, or neither."""
    if branch is None or branch.authority_id is None:
        return "", ""
    return branch.authority_id, branch.name


@dataclass(frozen=True, slots=True)
class Shop:
    """What a document depends on of the company that sells."""

    company_id: str
    environment: Environment
    seller: wire.Seller
    vat_registered: bool
    rounding: Rounding
    tills: tuple[Till, ...] = field(compare=False)
    """Its devices, or those of them that the documents at hand may mean."""

    @classmethod
    def of(cls, company: Company, devices: Sequence[Device], branches: Mapping[str, Branch] = _NO_BRANCHES) -> "Shop":
        """Return it of a company; `branches` are those in which the devices stand, by their ids."""
        seller = wire.Seller(
            tin=company.tin,
            legal_name=company.legal_name,
            business_name=company.business_name,
            email=company.email,
            phone=company.phone,
            address=company.address,
        )
        tills = tuple(Till.of(device, branches.get(device.branch_id or "")) for device in devices)
        return cls(company.id, company.environment, seller, company.vat_registered, company.rounding, tills)

    def with_tills_of(self, before: "Shop") -> "Shop":
        """Return it with the devices of an earlier look at the same company besides, as far as it has not changed."""
        if self != before:
            return self
        ids = {till.id for till in self.tills}
        others = (till for till in before.tills if till.id not in ids)
        return replace(self, tills=(*self.tills, *others)[:TILLS_REMEMBERED])

    def terms(self, rates: Mapping[str, Decimal]) -> Terms:
        """Return on which terms the company sells, at these exchange rates."""
        return Terms(
            rates=rates,
            vat_registered=self.vat_registered,
            rounding=self.rounding,
            tin=self.seller.tin,
            legal_name=self.seller.legal_name,
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be taken on, and what its seller is shown of it besides."""

    intent: Intent
    till: Till
    buyer: BuyerView
    closure: ClosureView


def fingerprint_of(new: NewInvoice, payload: bytes | None) -> str:
    """Return what tells whether two documents are the same."""
    return new.fingerprint() if payload is None else hashlib.sha256(payload).hexdigest()


def needs_rates(new: NewInvoice) -> bool:
    """Tell whether a document leaves its exchange rate to the authority's list."""
    return new.currency != SHILLING and new.exchange_rate is None


def prepare(  # noqa: PLR0917 - what is frozen is made of as many things
    shop: Shop,
    new: NewInvoice,
    fingerprint: str,
    priority: Priority,
    payload: bytes | None = None,
    rates: Mapping[str, Decimal] | None = None,
) -> Prepared:
    """Return what is frozen of a new document.

    Raises:
        Invalid: the sums do not close, the company cannot sell so, or it has no such device.
    """
    till = till_of(shop.tills, new.device)
    reckoned = reckon(new, shop.terms(rates or {}))
    new, computed = reckoned.invoice, reckoned.totals
    wire_reference = references.on_the_wire(new.reference)
    seller = replace(shop.seller, branch_id=till.branch_id, branch_name=till.branch_name)
    closure = closure_of(reckoned)
    intent = Intent(
        device_id=till.id,
        environment=shop.environment,
        tin=shop.seller.tin,
        kind=(new.kind or Kind.INVOICE).value,
        reference=new.reference,
        canonical_reference=references.canonical(new.reference),
        wire_reference=wire_reference,
        revision=new.revision,
        currency=new.currency,
        net=computed.net,
        tax=computed.tax,
        gross=computed.gross,
        issued_at=new.issued_at,
        content=new.model_dump_json(),
        content_digest=fingerprint,
        closure=closure.model_dump_json(),
        payload=payload or wire.freeze(new, computed, seller, till.device_no, wire_reference),
        priority=priority,
        in_order=till.keep_order,
    )
    buyer = new.buyer
    return Prepared(intent, till, BuyerView(type=buyer.type, tin=buyer.tin, name=buyer.name), closure)


def till_of(own: Sequence[Till], wanted: str | None) -> Till:
    """Return the device that the document names, or the only one there is.

    Raises:
        Invalid: it is not one of the company's, or it names none of several (`device_unknown`).
    """
    if wanted is None and len(own) == 1:
        return own[0]
    for till in own:
        if wanted in (till.id, till.device_no):
            return till
    if not own:
        message, fix = "The company has no device yet.", "Add its device and key first."
    elif wanted is None:
        message, fix = "The company has several devices.", f'Name one: "device": "{own[0].id}".'
    else:
        message, fix = "The company has no such device.", f"Use one of: {', '.join(till.id for till in own[:5])}."
    raise Invalid(message, errors=(FieldError("/device", "device_unknown", message, fix),))
