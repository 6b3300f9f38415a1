"""T106 and T107 queries, T108 and T186 details, T117 comparison, T187 exports: documents out again."""

from collections.abc import Mapping
from datetime import datetime

from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.handlers.documents import detailed, header, rows_of, text_of
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE, DEBIT_NOTE, INVOICE
from risiti.simulator.refusal import Refusal
from risiti.simulator.remainder import order_number, remainder_of, written
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.header import DATA_SOURCES
from risiti.simulator.rules.original import EXPORT, check_creditable, export_status, industry_of
from risiti.simulator.rules.paging import read_page
from risiti.simulator.standing import Standing, Standings
from risiti.simulator.world import World

MOST_FDN_BYTES = 20
INVOICE_TYPES = (INVOICE, CREDIT_NOTE, DEBIT_NOTE, CREDIT_MEMO)
_QUERY_LENGTHS = (
    ("oriInvoiceNo", 20, "1505"),
    ("invoiceNo", 20, "1501"),
    ("deviceNo", 20, "1503"),
    ("buyerTin", 20, "1507"),
    ("buyerNinBrn", 20, "1509"),
    ("buyerLegalName", 256, "1511"),
    ("combineKeywords", 20, "1513"),
    ("referenceNo", 50, "2060"),
    ("branchName", 500, "2190"),
)


def details(call: Call, world: World) -> Answer:
    """T108: one document by its FDN; only its seller and its buyer may see it."""
    document = _asked(call, world)
    return Answer(detailed(document, Standings(world, document.tin).of(document.fdn), call, world))


def remaining(call: Call, world: World) -> Answer:
    """T186: a document as T108 answers it, and what is left to credit on each line."""
    document = _asked(call, world)
    standing = Standings(world, document.tin).of(document.fdn)
    answer = detailed(document, standing, call, world)
    left = remainder_of(document, world)
    lines: list[dict[str, object]] = []
    for line in rows_of(answer, "goodsDetails"):
        number = order_number(line.get("orderNumber"))
        rest = left.get(number)
        lines.append(
            line
            | {
                "remainQty": "" if rest is None else written(rest.quantity),
                "remainAmount": "0" if rest is None else written(rest.amount),
            }
        )
    return Answer(answer | {"goodsDetails": lines})


def _asked(call: Call, world: World) -> Document:
    """Return the document that is asked for by its FDN; only its seller and its buyer may see it."""
    asked = Block(call.object(), "")
    asked.required("invoiceNo", "1500")
    document = world.ledger.by_fdn(asked.fits("invoiceNo", MOST_FDN_BYTES, "1501"))
    if document is None or call.seller().tin not in (document.tin, document.buyer_tin):
        raise Refusal("41")
    return document


def export_status_of(call: Call, world: World) -> Answer:
    """T187: where customs has an export; other documents have no such state (41)."""
    document = _asked(call, world)
    if industry_of(document) != EXPORT:
        raise Refusal("41")
    return Answer({"invoiceNo": document.fdn, "documentStatusCode": export_status(document, world, call.arrived_at)})


def compare(call: Call, world: World) -> Answer:
    """T117: those of the rows that the authority does not have like this from the caller's device."""
    if call.device is None:
        raise Refusal("400")
    rows = call.content if isinstance(call.content, list) else []
    if len(rows) > world.settings.max_reconciliation_rows:
        raise Refusal("1569")
    differing: list[dict[str, object]] = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        row = Block(values, "", number)
        row.required("invoiceNo", "1500")
        fdn = row.fits("invoiceNo", MOST_FDN_BYTES, "1501")
        kind = row.one_of("invoiceType", INVOICE_TYPES, "1514")
        document = world.ledger.by_fdn(fdn)
        if document is None or (document.tin, document.device_no, document.invoice_type) != (
            call.device.tin,
            call.device.device_no,
            kind,
        ):
            differing.append({"invoiceNo": fdn, "invoiceType": kind})
    return Answer(differing)


def query(call: Call, world: World) -> Answer:
    """T106: the caller's documents, as seller or (queryType 0) as buyer, newest issue date first."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    for name, most, code in _QUERY_LENGTHS:
        asked.fits(name, most, code)
    types = {part for part in asked.text("invoiceType").split(",") if part}
    if not types <= set(INVOICE_TYPES):
        asked.refuse("1514")
    asked.one_of("isInvalid", ("", "0", "1"), "1515")
    asked.one_of("isRefund", ("", "0", "1", "2"), "1516")
    asked.one_of("dataSource", ("", *DATA_SOURCES), "2898")
    bought = asked.one_of("queryType", ("", "0", "1"), "2870") == "0"
    if bought and any(asked.text(name) for name in ("buyerTin", "buyerNinBrn", "buyerLegalName")):
        asked.refuse("2871")
    standings = Standings(world, call.seller().tin)
    documents = _wanted(asked, call, world, standings, bought=bought)
    if types:
        documents = [document for document in documents if document.invoice_type in types]
    return Answer(page.cut([header(document, standings.of(document.fdn), call, world) for document in documents]))


def query_creditable(call: Call, world: World) -> Answer:
    """T107: those of the caller's documents that T110 would take an application for."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    for name, most, code in _QUERY_LENGTHS:
        if name != "referenceNo":
            asked.fits(name, most, code)
    kind = asked.one_of("invoiceType", ("", "1", "4"), "1514")
    without_reference = {name: value for name, value in asked.values.items() if name != "referenceNo"}
    standings = Standings(world, call.seller().tin)
    documents = _wanted(Block(without_reference, ""), call, world, standings, bought=False)
    rows = [
        header(document, standings.of(document.fdn), call, world)
        | {
            "tin": document.tin,
            "legalName": text_of(document, "sellerDetails", "legalName"),
            "buyerBusinessName": text_of(document, "buyerDetails", "buyerBusinessName"),
        }
        for document in documents
        if kind in ("", document.invoice_type) and _creditable(document, call, world)
    ]
    return Answer(page.cut(rows))


def _creditable(document: Document, call: Call, world: World) -> bool:
    try:
        check_creditable(document, call.seller(), world, call.arrived_at)
    except Refusal:
        return False
    return True


def _wanted(asked: Block, call: Call, world: World, standings: Standings, *, bought: bool) -> list[Document]:
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    tin = call.seller().tin
    reference = asked.text("referenceNo")
    exact = world.settings.reference_match == "exact"
    if reference and exact and not bought:
        found = world.ledger.by_reference(reference, tin)
    else:
        found = world.ledger.of_buyer(tin) if bought else world.ledger.of_seller(tin)
    documents = [
        document
        for document in found
        if document.uploaded_at <= call.sees_until
        and (reference == document.reference if exact and reference else reference in document.reference)
        and (start is None or start <= document.issued_at.date())
        and (end is None or document.issued_at.date() <= end)
        and _matches(asked, document, standings.of(document.fdn))
    ]
    return sorted(documents, key=_newest_first, reverse=True)


def _newest_first(document: Document) -> tuple[datetime, int]:
    return document.issued_at, document.number


def _matches(asked: Block, document: Document, standing: Standing) -> bool:
    exact = {
        "invoiceNo": document.fdn,
        "deviceNo": document.device_no,
        "invoiceKind": document.invoice_kind,
        "buyerTin": document.buyer_tin,
        "buyerNinBrn": text_of(document, "buyerDetails", "buyerNinBrn"),
        "dataSource": text_of(document, "basicInformation", "dataSource"),
        "branchName": text_of(document, "sellerDetails", "branchName"),
        "oriInvoiceNo": standing.original_fdn,
        "isInvalid": standing.is_invalid,
        "isRefund": standing.is_refund,
    }
    if any(asked.text(name) not in ("", value) for name, value in exact.items()):
        return False
    buyer = text_of(document, "buyerDetails", "buyerLegalName")
    words = asked.text("combineKeywords").casefold()
    return asked.text("buyerLegalName").casefold() in buyer.casefold() and any(
        words in text.casefold() for text in (document.fdn, document.reference, buyer)
    )
