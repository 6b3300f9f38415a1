"""T175 USSD accounts, T179 agents and their principals, T181/T182 frequent buyers."""

from risiti.simulator.accounts import Message
from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.world import World

ADD, MODIFY, DELETE = "101", "102", "103"
BUSINESS, CONSUMER, FOREIGNER, GOVERNMENT = "0", "1", "2", "3"
UNCODED = "2066"
"""Answered where a value breaks a rule that no return code is printed for."""

_LENGTHS = (
    ("buyerTin", 20),
    ("buyerNinBrn", 100),
    ("buyerLegalName", 256),
    ("buyerBusinessName", 256),
    ("buyerEmail", 50),
    ("buyerLinePhone", 30),
    ("buyerAddress", 500),
    ("buyerCitizenship", 128),
    ("buyerPassportNum", 30),
)
_WHO = {
    BUSINESS: (("buyerTin", "buyerNinBrn"), "3129"),
    GOVERNMENT: (("buyerTin", "buyerNinBrn"), "3129"),
    CONSUMER: (("buyerTin", "buyerNinBrn", "buyerLegalName", "buyerLinePhone"), "3130"),
    FOREIGNER: (("buyerCitizenship", "buyerPassportNum", "buyerLegalName"), "3131"),
}
"""Of which fields a kind of buyer needs at least one, and the code if none is there."""


def create_ussd_account(call: Call, world: World) -> Answer:
    """T175: let a taxpayer without VAT, devices and further branches issue receipts by mobile phone."""
    asked = Block(call.object(), "")
    asked.required("tin", "3059")
    tin = asked.text("tin")
    number = asked.required("mobileNumber", "3056")
    asked.fits("mobileNumber", 30, "3057")
    subscriber = world.registry.taxpayer(tin)
    if subscriber is None:
        asked.refuse("3060")
    if subscriber.status != "normal":
        asked.refuse("3064")
    if subscriber.vat_registered:
        asked.refuse("3068")
    if len(subscriber.branches) > 1:
        asked.refuse("3067")
    if world.accounts.subscriber(number) is not None:
        asked.refuse("3066")
    if subscriber.phone and number != subscriber.phone:
        asked.refuse("3065")
    if any(device.tin == tin for device in world.registry.devices()):
        asked.refuse("3070")
    world.accounts.subscribe(number, tin)
    world.registry.add_taxpayer(_with_mobile(subscriber, number))
    world.accounts.send(Message(tin, number, "Your USSD account is open.", call.arrived_at))
    return Answer()


def _with_mobile(subscriber: Taxpayer, number: str) -> Taxpayer:
    """Return the taxpayer, entitled to issue from a mobile number."""
    sources = sorted({*subscriber.data_sources, "107"})
    return Taxpayer.from_json(subscriber.to_json() | {"mobile_number": number, "data_sources": sources})


def agent_relations(call: Call, world: World) -> Answer:
    """T179: who may act for a taxpayer, and for whom it may act: the caller, or the TIN it names."""
    asked = Block(call.object(), "")
    tin = asked.fits("tin", 20, UNCODED) or call.seller().tin
    about = world.registry.taxpayer(tin)
    if about is None:
        asked.refuse("41")
    related = [
        other
        for other in world.registry.taxpayers()
        if other.tin != tin and (other.tin in about.agents or tin in other.agents)
    ]
    if call.seller().tin not in {tin, *(other.tin for other in related)}:
        asked.refuse("40")
    return Answer({"agentTaxpayerList": [row for other in related for row in _related(other)]})


def _related(taxpayer: Taxpayer) -> list[dict[str, str]]:
    """Return a taxpayer as T179 lists it: once for each branch."""
    head_office = {"": taxpayer.business_name or taxpayer.legal_name}
    return [
        {
            "taxpayerId": taxpayer.taxpayer_id,
            "tin": taxpayer.tin,
            "ninBrn": taxpayer.nin_brn,
            "legalName": taxpayer.legal_name,
            "businessName": taxpayer.business_name,
            "contactNumber": taxpayer.phone,
            "contactEmail": taxpayer.email,
            "address": taxpayer.address,
            "taxpayerType": "201" if taxpayer.individual else "202",
            "taxpayerStatus": "101" if taxpayer.status == "normal" else "103",
            "branchId": branch,
            "branchCode": branch or "00",
            "branchName": name,
            "branchStatus": "101",
        }
        for branch, name in (taxpayer.branches or head_office).items()
    ]


def change_contact(call: Call, world: World) -> Answer:
    """T181: keep, change or forget a frequent buyer of the caller."""
    asked, seller = Block(call.object(), ""), call.seller()
    operation = asked.one_of("operationType", (ADD, MODIFY, DELETE), UNCODED)
    kept = world.contacts.of(seller.tin)
    contact_id = asked.text("id")
    if operation != ADD and contact_id not in {contact["id"] for contact in kept}:
        asked.refuse("3133")
    if operation == DELETE:
        world.contacts.remove(contact_id)
        return Answer()
    kind = asked.one_of("buyerType", tuple(_WHO), UNCODED)
    names, code = _WHO[kind]
    if not any(asked.text(name) for name in names):
        asked.refuse(code)
    data = {"buyerType": kind} | {name: asked.fits(name, most, UNCODED) for name, most in _LENGTHS}
    if operation == MODIFY:
        world.contacts.change(contact_id, data)
        return Answer()
    if len(kept) >= seller.frequent_contacts:
        asked.refuse("3132")
    world.contacts.add(seller.tin, data)
    return Answer()


def find_contacts(call: Call, world: World) -> Answer:
    """T182: the caller's frequent buyers, by TIN or part of the name."""
    asked = Block(call.object(), "")
    tin, name = asked.text("buyerTin"), asked.text("buyerLegalName").casefold()
    return Answer(
        [
            contact
            for contact in world.contacts.of(call.seller().tin)
            if tin in ("", contact["buyerTin"]) and name in contact["buyerLegalName"].casefold()
        ]
    )
