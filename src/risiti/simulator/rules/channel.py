"""Who may issue through which channel: the caller for itself, an agent for a principal, a subscriber over USSD.

The specification prints codes for agents (globalInfo.agentType 2) and USSD (1), but no procedure. Here the caller is
whoever signs (`globalInfo.tin`), and the document is issued for `sellerDetails.tin`; over USSD the subscriber is
recognised by `sellerDetails.mobilePhone`.
"""

from collections.abc import Mapping

from risiti.simulator import seed
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import twin
from risiti.simulator.values import JsonValue
from risiti.simulator.world import World

USSD, AGENT = "1", "2"
USSD_SOURCE = "107"
ALL_PRODUCTS = "*"
OFFLINE = "0"


def issuer(content: Mapping[str, JsonValue], caller: Taxpayer, agent_type: str, world: World) -> Taxpayer:
    """Return for whom a document is issued: the seller it names if the caller speaks for others, else the caller."""
    if agent_type not in (USSD, AGENT):
        return caller
    seller = content.get("sellerDetails")
    tin = seller.get("tin") if isinstance(seller, Mapping) else None
    return (world.registry.taxpayer(tin) if isinstance(tin, str) else None) or caller


def check(draft: Draft, about: Examination) -> None:
    """Check that the caller may issue for this seller, and what it issues."""
    if not about.seller.e_invoicing:
        draft.seller.refuse("2824")
    if about.device.status == "suspended":
        draft.basic.refuse("3072" if about.agent_type == USSD else "3128")
    if about.agent_type == AGENT:
        _check_agent(draft, about)
    if about.agent_type == USSD:
        _check_subscriber(draft, about)


def _check_agent(draft: Draft, about: Examination) -> None:
    seller = about.seller
    if not about.caller.agent:
        draft.basic.refuse("3099")
    products = seller.agents.get(about.caller.tin, "")
    if draft.seller.text("tin") != seller.tin or not products or seller.status != "normal":
        draft.seller.refuse("3100")
    if draft.summary.text("modeCode") == OFFLINE:
        draft.summary.refuse("3098")
    if draft.basic.text("dataSource") not in seller.data_sources:
        draft.basic.refuse("3127")
    authorised = {code.strip() for code in products.split(",")}
    for line in draft.lines:
        category = seed.CATEGORIES.get(line.text("goodsCategoryId"))
        if category is not None and not category.service:
            line.refuse("3097")
        if ALL_PRODUCTS not in authorised and line.text("itemCode") not in authorised:
            line.refuse("3122")


def _check_subscriber(draft: Draft, about: Examination) -> None:
    given, seller = draft.seller, about.seller
    if given.required("tin", "3059") != seller.tin:
        given.refuse(twin("3063", about.settings))
    if seller.status != "normal":
        given.refuse("3064")
    number = given.required("mobilePhone", "3056")
    given.fits("mobilePhone", 30, "3057")
    if not seller.mobile_number:
        given.refuse("3069")
    if number != seller.mobile_number:
        given.refuse("3065" if about.world.accounts.subscriber(number) is None else "3066")
    if seller.vat_registered:
        given.refuse("3068")
    if len(seller.branches) > 1:
        given.refuse("3067")
    if USSD_SOURCE not in seller.data_sources:
        given.refuse("3070")
    if given.text("legalName").casefold() != seller.legal_name.casefold():
        given.refuse("3071")
    if given.text("branchId") and given.text("branchId") not in seller.branches:
        given.refuse("3074")
    _check_device(draft.basic, about)


def _check_device(basic: Block, about: Examination) -> None:
    if basic.text("deviceNo") != about.device.device_no:
        basic.refuse("3073")
