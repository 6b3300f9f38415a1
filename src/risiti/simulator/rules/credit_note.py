"""The order in which an application for a credit note (T110) is examined: the first rule that fails gives the code.

Fields in the document's order, then the original document and its state, then line by line against it, then the
sums, and last goods maintenance. Where the specification gives two limits for a field, the stricter holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from risiti.simulator import seed
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.ledger import Document
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules import attachments, credit_note_buyer, credit_note_lines, credit_note_sums
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import object_of, rows_of
from risiti.simulator.rules.header import DATA_SOURCES, INDUSTRIES, INVOICE, RECEIPT
from risiti.simulator.rules.original import check_creditable
from risiti.simulator.rules.readings import demand
from risiti.simulator.settings import Settings
from risiti.simulator.values import JsonValue, is_blank
from risiti.simulator.world import World

REASONS = ("101", "102", "103", "104", "105")
OTHER_REASON = "105"
CREDIT_NOTE_CATEGORY = "101"
AGENT = "2"

_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """An application taken apart; lists are rows.

    Attributes:
        head: The fields at the top.
        lines: goodsDetails.
        taxes: taxDetails.
        summary: summary.
        payments: payWay.
        basic: basicInformation.
        buyer: buyerDetails, empty if it was left out.
        original: The document to credit; None for an application without original.
    """

    head: Block
    lines: tuple[Block, ...]
    taxes: tuple[Block, ...]
    summary: Block
    payments: tuple[Block, ...]
    basic: Block
    buyer: Block
    original: Document | None = None


def examine(call: Call, world: World) -> Claim:
    """Return the application if it may be submitted.

    Raises:
        Refusal: the first rule that fails.
    """
    content = call.object()
    claim = _take_apart(content)
    settings = world.settings
    _check_head(claim.head, settings)
    credit_note_lines.check_fields(claim.lines)
    credit_note_sums.check_fields(claim.taxes, claim.summary, settings)
    _check_payments(claim.payments)
    _check_basic(claim.basic)
    credit_note_buyer.check(claim.buyer)
    attachments.check(content)
    claim = replace(claim, original=_original(claim.head, call, world))
    if claim.original is not None:
        _check_currency(claim.head, claim.original)
        credit_note_lines.check_against(claim.lines, claim.original, world)
        credit_note_sums.check_against(claim.summary, claim.original)
    else:
        _check_without_original(claim, call)
        credit_note_lines.check_without_original(claim.lines, claim.basic.text("invoiceIndustryCode"))
    credit_note_lines.check_excise(claim.lines)
    credit_note_sums.check(claim.lines, claim.taxes, claim.summary, settings)
    if settings.check_goods:
        credit_note_lines.check_registered(claim.lines, call.seller().tin, world)
    return claim


def _take_apart(content: Mapping[str, JsonValue]) -> Claim:
    if is_blank(content.get("goodsDetails")):
        raise Refusal("309")
    if is_blank(content.get("summary")):
        raise Refusal("2072")
    if is_blank(content.get("basicInformation")):
        raise Refusal("2068")
    return Claim(
        head=Block(content, ""),
        lines=rows_of(content, "goodsDetails"),
        taxes=rows_of(content, "taxDetails"),
        summary=object_of(content, "summary"),
        payments=rows_of(content, "payWay"),
        basic=object_of(content, "basicInformation"),
        buyer=object_of(content, "buyerDetails"),
    )


def _check_head(head: Block, settings: Settings) -> None:
    head.fits("oriInvoiceId", 20, "2784")
    head.fits("oriInvoiceNo", 20, "1505")
    if head.text("oriInvoiceId") and not _DIGITS.fullmatch(head.text("oriInvoiceId")):
        head.refuse("2074")
    code = head.one_of("reasonCode", REASONS, "1404")
    if code == OTHER_REASON:
        head.required("reason", "1405")
    demand(head, "reason", "1406", settings)
    head.fits("reason", 1024, "1407")
    head.required("applicationTime", "1408")
    head.moment("applicationTime", "1409")
    head.one_of("invoiceApplyCategoryCode", (CREDIT_NOTE_CATEGORY,), "1410")
    demand(head, "contactName", "1412", settings)
    head.fits("contactName", 200, "1413")
    demand(head, "contactMobileNum", "1414", settings)
    head.fits("contactMobileNum", 30, "1415")
    demand(head, "contactEmail", "1416", settings)
    head.email("contactEmail", "1417", "1418")
    head.one_of("source", DATA_SOURCES, "1140")
    demand(head, "remarks", "1419", settings)
    head.fits("remarks", 500, "1420")
    demand(head, "sellersReferenceNo", "1421", settings)
    head.fits("sellersReferenceNo", 50, "1422")


def _check_payments(payments: tuple[Block, ...]) -> None:
    """PayWay: amounts stay positive on a credit note; that they add up is not demanded."""
    for row in payments:
        row.required("paymentMode", "2262")
        row.one_of("paymentMode", seed.PAYMENT_MODES, "2264")
        if row.amount("paymentAmount", 12, 2, empty="2265", digits="2266") < 0:
            row.refuse("2266")


def _check_basic(basic: Block) -> None:
    basic.required("operator", "1131")
    basic.fits("operator", 150, "1132")
    basic.one_of("invoiceKind", (INVOICE, RECEIPT), "1139")
    basic.one_of("invoiceIndustryCode", ("", *INDUSTRIES), "2047")
    basic.fits("branchId", 18, "2184")


def _original(head: Block, call: Call, world: World) -> Document | None:
    """Find the document to credit, which must be the caller's own and open to a credit note."""
    fdn, identity = head.text("oriInvoiceNo"), head.text("oriInvoiceId")
    if not fdn and not identity:
        return None
    head.required("oriInvoiceId", "2783")
    head.required("oriInvoiceNo", "1504")
    document, named = world.ledger.by_fdn(fdn), world.ledger.by_id(identity)
    if document is None:
        head.refuse("300")
    if named is None:
        head.refuse("1400")
    if document.fdn != named.fdn:
        head.refuse("1403")
    seller = call.seller()
    if document.tin != seller.tin:
        head.refuse("304")
    check_creditable(document, seller, world, call.arrived_at)
    if seller.reference_mandatory:
        head.required("sellersReferenceNo", "1421")
    return document


def _check_currency(head: Block, original: Document) -> None:
    if head.text("currency") != original.currency:
        head.refuse("1411")


def _check_without_original(claim: Claim, call: Call) -> None:
    """Demand permission, a currency and a buyer where no document answers for them."""
    head = claim.head
    if call.global_info.get("agentType") == AGENT:
        head.refuse("3124")
    if not call.seller().credit_without_original:
        head.refuse("2825")
    head.one_of("currency", seed.UGX_RATES, "2180")
    if is_blank(claim.buyer.values):
        head.refuse("2069")
    if claim.head.moment("applicationTime", "1409").date() > kampala(call.arrived_at).date():
        head.refuse("1409")
