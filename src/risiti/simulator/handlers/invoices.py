"""T106 and T107 queries, T108 details, T109 upload: fiscal documents in and out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.ledger import Document, Upload
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.header import DATA_SOURCES
from risiti.simulator.rules.invoice import examine
from risiti.simulator.rules.paging import read_page
from risiti.simulator.values import JsonValue, plain
from risiti.simulator.world import World

MOST_FDN_BYTES = 20
_ECHOED = ("buyerExtend", "payWay", "extend")
_TAX_NAMES = {"01": "A: Standard (18%)", "02": "B: Zero (0%)", "03": "C: Exempt (-)", "11": "F: Out of scope"}
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


def upload(call: Call, world: World) -> Answer:
    """T109: examine a document and issue it, in one transaction."""
    if call.device is None:
        raise Refusal("400")
    content = call.object()
    agent = call.global_info.get("agentType")
    about = Examination(
        seller=call.seller(),
        device=call.device,
        agent_type=agent if isinstance(agent, str) else "",
        now=kampala(call.arrived_at),
        settings=world.settings,
        world=world,
        ledger_mark=call.ledger_mark,
    )
    draft = examine(content, about)
    document = world.ledger.issue(_upload(draft, about, content), call.arrived_at)
    return Answer(full(document, call) | {"existInvoiceList": []})


def _upload(draft: Draft, about: Examination, content: Mapping[str, JsonValue]) -> Upload:
    basic, summary = draft.basic, draft.summary
    blocks: dict[str, object] = {
        "sellerDetails": _texts(draft.seller, without=("isCheckReferenceNo",)),
        "basicInformation": _texts(basic, without=()),
        "buyerDetails": _texts(draft.buyer, without=()),
        "goodsDetails": [_texts(line, without=()) for line in draft.lines],
        "taxDetails": [
            _texts(row, without=()) | {"taxCategory": _TAX_NAMES.get(row.text("taxCategoryCode"), "")}
            for row in draft.taxes
        ],
        "summary": _texts(summary, without=()),
    }
    blocks |= {name: content[name] for name in _ECHOED if content.get(name)}
    return Upload(
        tin=about.seller.tin,
        device_no=about.device.device_no,
        reference=draft.seller.text("referenceNo"),
        invoice_type=basic.text("invoiceType"),
        invoice_kind=basic.text("invoiceKind"),
        currency=basic.text("currency"),
        gross=summary.amount("grossAmount", 16, 4, empty="1299", digits="1300"),
        tax=summary.amount("taxAmount", 16, 4, empty="1294", digits="1295"),
        buyer_tin=draft.buyer.text("buyerTin"),
        issued_at=basic.moment("issuedDate", "1130"),
        blocks=blocks,
    )


def _texts(block: Block, without: Sequence[str]) -> dict[str, object]:
    return {
        name: plain(value) if isinstance(value, str) else value
        for name, value in block.values.items()
        if name not in without
    }


def details(call: Call, world: World) -> Answer:
    """T108: one document by its FDN; only its seller and its buyer may see it."""
    asked = Block(call.object(), "")
    asked.required("invoiceNo", "1500")
    document = world.ledger.by_fdn(asked.fits("invoiceNo", MOST_FDN_BYTES, "1501"))
    if document is None or call.seller().tin not in (document.tin, document.buyer_tin):
        raise Refusal("41")
    answer = full(document, call)
    lines = [
        line | {"invoiceItemId": f"{document.number}{position:04d}"}
        for position, line in enumerate(_rows(answer, "goodsDetails"))
    ]
    basic = _block(answer, "basicInformation") | {"isInvalid": "0", "isRefund": "0", "oriInvoiceNo": ""}
    return Answer(answer | {"goodsDetails": lines, "basicInformation": basic})


def full(document: Document, call: Call) -> dict[str, object]:
    """Return a document as T108 and T109 answer it: as sent, with the authority's numbers and dates filled in."""
    _, time_format = dates_of(call)
    blocks = dict(document.blocks)
    basic = _block(blocks, "basicInformation")
    blocks["basicInformation"] = basic | {
        "invoiceId": document.invoice_id,
        "invoiceNo": document.fdn,
        "antifakeCode": document.verification_code,
        "issuedDate": document.issued_at.strftime(time_format),
        "oriInvoiceId": "",
        "currencyRate": basic.get("currencyRate") or "1",
    }
    blocks["summary"] = _block(blocks, "summary") | {"qrCode": document.qr_text}
    return blocks


def _block(blocks: Mapping[str, object], name: str) -> dict[str, object]:
    value = blocks.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _rows(blocks: Mapping[str, object], name: str) -> list[dict[str, object]]:
    value = blocks.get(name)
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def query(call: Call, world: World) -> Answer:
    """T106: the caller's documents, as seller or (queryType 0) as buyer, newest issue date first."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    for name, most, code in _QUERY_LENGTHS:
        asked.fits(name, most, code)
    types = {part for part in asked.text("invoiceType").split(",") if part}
    if not types <= {"1", "2", "4", "5"}:
        asked.refuse("1514")
    asked.one_of("isInvalid", ("", "0", "1"), "1515")
    asked.one_of("isRefund", ("", "0", "1", "2"), "1516")
    asked.one_of("dataSource", ("", *DATA_SOURCES), "2898")
    bought = asked.one_of("queryType", ("", "0", "1"), "2870") == "0"
    if bought and any(asked.text(name) for name in ("buyerTin", "buyerNinBrn", "buyerLegalName")):
        asked.refuse("2871")
    documents = _wanted(asked, call, world, bought=bought)
    if types:
        documents = [document for document in documents if document.invoice_type in types]
    spaced = world.settings.trailing_space_keys
    return Answer(page.cut([_header(document, call, spaced=spaced) for document in documents]))


def query_creditable(call: Call, world: World) -> Answer:
    """T107: the caller's documents that no note stands against. There are no notes yet, so it is all of them."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    for name, most, code in _QUERY_LENGTHS:
        if name != "referenceNo":
            asked.fits(name, most, code)
    kind = asked.one_of("invoiceType", ("", "1", "4"), "1514")
    without_reference = {name: value for name, value in asked.values.items() if name != "referenceNo"}
    documents = _wanted(Block(without_reference, ""), call, world, bought=False)
    rows = [
        _header(document, call, spaced=world.settings.trailing_space_keys)
        | {
            "tin": document.tin,
            "legalName": _of(document, "sellerDetails", "legalName"),
            "buyerBusinessName": _of(document, "buyerDetails", "buyerBusinessName"),
        }
        for document in documents
        if kind in ("", document.invoice_type)
    ]
    return Answer(page.cut(rows))


def _wanted(asked: Block, call: Call, world: World, *, bought: bool) -> list[Document]:
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
        and _matches(asked, document)
    ]
    return sorted(documents, key=_newest_first, reverse=True)


def _newest_first(document: Document) -> tuple[datetime, int]:
    return document.issued_at, document.number


def _matches(asked: Block, document: Document) -> bool:
    exact = {
        "invoiceNo": document.fdn,
        "deviceNo": document.device_no,
        "invoiceKind": document.invoice_kind,
        "buyerTin": document.buyer_tin,
        "buyerNinBrn": _of(document, "buyerDetails", "buyerNinBrn"),
        "dataSource": _of(document, "basicInformation", "dataSource"),
        "branchName": _of(document, "sellerDetails", "branchName"),
        "oriInvoiceNo": "",
        "isInvalid": "0",
        "isRefund": "0",
    }
    if any(asked.text(name) not in ("", value) for name, value in exact.items()):
        return False
    buyer = _of(document, "buyerDetails", "buyerLegalName")
    words = asked.text("combineKeywords").casefold()
    return asked.text("buyerLegalName").casefold() in buyer.casefold() and any(
        words in text.casefold() for text in (document.fdn, document.reference, buyer)
    )


def _of(document: Document, block: str, name: str) -> str:
    return str(_block(document.blocks, block).get(name) or "")


def _header(document: Document, call: Call, *, spaced: bool) -> dict[str, object]:
    _, time_format = dates_of(call)
    blank = " " if spaced else ""
    return {
        "id": document.invoice_id,
        "invoiceNo": document.fdn,
        "oriInvoiceId": "",
        "oriInvoiceNo": "",
        "issuedDate": document.issued_at.strftime(time_format),
        "businessName": _of(document, "sellerDetails", "businessName"),
        "buyerTin": document.buyer_tin,
        "buyerLegalName": _of(document, "buyerDetails", "buyerLegalName"),
        "buyerNinBrn": _of(document, "buyerDetails", "buyerNinBrn"),
        "currency": document.currency,
        f"grossAmount{blank}": str(document.gross),
        f"taxAmount{blank}": str(document.tax),
        "dataSource": _of(document, "basicInformation", "dataSource"),
        "isInvalid": "0",
        "isRefund": "0",
        "invoiceType": document.invoice_type,
        "invoiceKind": document.invoice_kind,
        "invoiceIndustryCode": _of(document, "basicInformation", "invoiceIndustryCode") or "101",
        "branchName": _of(document, "sellerDetails", "branchName"),
        "deviceNo": document.device_no,
        "uploadingTime": kampala(document.uploaded_at).strftime(time_format),
        "referenceNo": document.reference,
        "operator": _of(document, "basicInformation", "operator"),
        "userName": "admin",
    }
