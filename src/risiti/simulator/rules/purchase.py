"""Rules about the purchase a T131 increase names: the supplier's fiscal document, or the production batch."""

from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_NOTE, DEBIT_NOTE, INVOICE
from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.stock_book import Kind
from risiti.simulator.world import World

AIRLINE = "109"


def check(header: Block, seller: Taxpayer, world: World) -> Document | None:
    """Return the document an increase was bought with, None if it names none.

    Raises:
        Refusal: it cannot be stocked in, or was before (2841, with isCheckBatchNo 1).
    """
    document = _document(header, seller, world) if header.text("invoiceNo") else None
    if header.text("isCheckBatchNo") == "1":
        _check_first_time(header, seller, world)
    return document


def _document(header: Block, seller: Taxpayer, world: World) -> Document:
    document = world.ledger.by_fdn(header.text("invoiceNo"))
    if document is None:
        header.refuse("2810")
    if document.buyer_tin != seller.tin:
        header.refuse("2811")
    if document.invoice_type not in (INVOICE, DEBIT_NOTE):
        header.refuse("2812")
    if world.notes.cancellation(document.fdn) is not None:
        header.refuse("2813")
    if world.notes.standing(document.fdn, CREDIT_NOTE):
        header.refuse("2814")
    basic = document.blocks.get("basicInformation")
    if isinstance(basic, dict) and basic.get("invoiceIndustryCode") == AIRLINE:
        header.refuse("2819")
    if world.notes.is_withheld(document.fdn):
        header.refuse("3126")
    return document


def _check_first_time(header: Block, seller: Taxpayer, world: World) -> None:
    for name in ("invoiceNo", "productionBatchNo"):
        asked = header.text(name)
        if asked and any(record.header.get(name) == asked for record in world.stock_book.of(seller.tin, Kind.INCREASE)):
            header.refuse("2841")


def check_bought(row: Block, code: str, document: Document) -> None:
    """Demand that goods are on the document they were bought with (2815)."""
    lines = document.blocks.get("goodsDetails")
    sold = {line.get("itemCode") for line in lines if isinstance(line, dict)} if isinstance(lines, list) else set()
    if code not in sold:
        row.refuse("2815")
