"""C101-C103, C105-C107: the customs side. Undocumented: what they do here follows from their return codes alone.

Only taxpayers registered with `customs` may call them (2034).
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from risiti.simulator import tariff
from risiti.simulator.answers import Answer
from risiti.simulator.applications import FOR_CREDIT_NOTE
from risiti.simulator.customs_book import (
    CANCELLED,
    CONFIRMED,
    DECLARED,
    EXPORT,
    IMPORT,
    Declaration,
)
from risiti.simulator.gate import Call
from risiti.simulator.ledger import Document
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.values import JsonValue, decimal_of, is_blank
from risiti.simulator.world import World

EXITED = "102"
EXPORT_STATES = ("101", EXITED)
_BASICS = (
    ("sadNumber", 20, "2000", "2001"),
    ("cpcCode", 16, "2004", "2005"),
    ("cpcDescription", 256, "2006", "2007"),
    ("wareHouseNumber", 16, "2008", "2009"),
    ("wareHouseName", 256, "2010", "2011"),
    ("office", 35, "2038", "2039"),
    ("cif", 50, "2040", "2041"),
    ("valuationMethod", 128, "2042", "2043"),
)
_EXPORT_TEXTS = (
    ("tin", 20, "2016", "2017"),
    ("ninBrn", 100, "2018", "2019"),
    ("taxpayerName", 256, "2020", "2021"),
    ("invoiceNo", 20, "2022", "2023"),
    ("sadNumber", 20, "2024", "2025"),
    ("destinationCountry", 256, "2026", "2027"),
    ("originCountry", 256, "2028", "2029"),
    ("exitStationOffice", 100, "3136", "3137"),
    ("exitOfficer", 100, "3138", "3139"),
)


def declare_import(call: Call, world: World) -> Answer:
    """C101: keep what was imported."""
    _check_permission(call)
    content = call.object()
    basic = Block(_object(content, "basicInformation"), "basicInformation")
    for name, most, empty, long in _BASICS:
        basic.required(name, empty)
        basic.fits(name, most, long)
    basic.required("sadDate", "2002")
    basic.moment("sadDate", "2003")
    for row in _rows(content, "goodsDetails"):
        row.required("hsCode", "2012")
        code = row.fits("hsCode", 16, "2013")
        if code not in {known.code for known in tariff.hs_codes()}:
            row.refuse("2014")
        row.required("pack", "2062")
        row.fits("pack", 1024, "2063")
    summary = Block(_object(content, "summary"), "summary")
    summary.required("prn", "2044")
    summary.fits("prn", 80, "2045")
    number, office, cif = (basic.text(name) for name in ("sadNumber", "office", "cif"))
    if world.customs_book.by_sad(number) is not None:
        basic.refuse("2015")
    if world.customs_book.shipment(office, cif) is not None:
        basic.refuse("2046")
    world.customs_book.declare(Declaration(number, IMPORT, "", office, cif, DECLARED, content))
    return Answer()


def declare_export(call: Call, world: World) -> Answer:
    """C102: keep what left the country of a fiscal document; T187 tells its seller."""
    _check_permission(call)
    content = call.object()
    asked = Block(content, "")
    for name, most, empty, long in _EXPORT_TEXTS:
        asked.required(name, empty)
        asked.fits(name, most, long)
    asked.required("exitDate", "3140")
    asked.moment("exitDate", "3141")
    if is_blank(content.get("exportSadItems")):
        asked.refuse("3144")
    rows = _rows(content, "exportSadItems")
    quantities = [_quantity(row) for row in rows]
    if world.customs_book.by_sad(asked.text("sadNumber")) is not None:
        asked.refuse("2030")
    document = world.ledger.by_fdn(asked.text("invoiceNo"))
    if document is None:
        asked.refuse("2031")
    if document.tin != asked.text("tin"):
        asked.refuse("2033")
    if any(earlier.state != CANCELLED for earlier in world.customs_book.of_document(document.fdn)):
        asked.refuse("2032")
    _check_pending(asked, document, world)
    sold = _sold(document)
    for row, quantity in zip(rows, quantities, strict=True):
        if row.text("invoiceItemId") not in sold:
            row.refuse("3154")
        if quantity > sold[row.text("invoiceItemId")]:
            row.refuse("3161")
    world.customs_book.declare(Declaration(asked.text("sadNumber"), EXPORT, document.fdn, "", "", DECLARED, content))
    return Answer()


def decide(call: Call, world: World) -> Answer:
    """C103: confirm a declaration, named by document or SAD; with `operationType` 102 cancel it.

    How a real request says which of the two it wants is not published.
    """
    _check_permission(call)
    asked = Block(call.object(), "")
    sad, fdn = asked.text("sadNumber"), asked.text("invoiceNo")
    found = world.customs_book.by_sad(sad) if sad else None
    if not sad and fdn:
        found = next(iter(world.customs_book.of_document(fdn)), None)
    if found is None:
        asked.refuse("2037")
    if found.state == CONFIRMED:
        asked.refuse("2035")
    if found.state == CANCELLED:
        asked.refuse("2036")
    state = CANCELLED if asked.text("operationType") == "102" else CONFIRMED
    world.customs_book.declare(replace(found, state=state))
    if state == CONFIRMED and found.fdn:
        world.customs_book.set_export_status(found.fdn, EXITED)
    return Answer()


def query(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """C105: unknown what it asks for; those who may ask are answered with the TIN they named."""
    if is_blank(call.content):
        raise Refusal("2112")
    if not isinstance(call.content, Mapping):
        raise Refusal("2113")
    _check_permission(call)
    return Answer({"tin": Block(call.content, "").text("tin")})


def read_document(call: Call, world: World) -> Answer:
    """C106: a fiscal document as customs sees it."""
    document = _document(call, world)
    return Answer(
        {
            "invoiceNo": document.fdn,
            "tin": document.tin,
            "grossAmount": str(document.gross),
            "currency": document.currency,
            "exportStatusCode": world.customs_book.export_status(document.fdn),
        }
    )


def set_export_status(call: Call, world: World) -> Answer:
    """C107: set how far the export of a document is; T187 tells its seller."""
    document = _document(call, world)
    asked = Block(call.object(), "")
    asked.required("exportStatusCode", "3142")
    asked.fits("exportStatusCode", 3, "3143")
    status = asked.one_of("exportStatusCode", EXPORT_STATES, "3159")
    _check_pending(asked, document, world)
    world.customs_book.set_export_status(document.fdn, status)
    return Answer()


def _check_permission(call: Call) -> None:
    if not call.seller().customs:
        raise Refusal("2034")


def _document(call: Call, world: World) -> Document:
    _check_permission(call)
    asked = Block(call.object(), "")
    asked.required("invoiceNo", "2022")
    document = world.ledger.by_fdn(asked.fits("invoiceNo", 20, "2023"))
    if document is None:
        asked.refuse("2031")
    return document


def _check_pending(asked: Block, document: Document, world: World) -> None:
    if world.applications.pending_for(document.fdn, FOR_CREDIT_NOTE):
        asked.refuse("3160")


def _quantity(row: Block) -> Decimal:
    row.required("hsCode", "3145")
    row.fits("hsCode", 50, "3146")
    row.required("invoiceItemId", "3147")
    row.fits("invoiceItemId", 18, "3148")
    quantity = row.amount("exportedQuantity", 12, 8, empty="3149", digits="3150")
    if quantity <= 0:
        row.refuse("3152" if quantity == 0 else "3153")
    return quantity


def _sold(document: Document) -> dict[str, Decimal]:
    """Return the quantities of a document by `invoiceItemId`, as T108 numbers its lines."""
    rows = document.blocks.get("goodsDetails")
    lines = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return {
        f"{document.number}{position:04d}": decimal_of(str(line.get("qty") or ""), 12, 8) or Decimal(0)
        for position, line in enumerate(lines)
    }


def _object(content: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    value = content.get(name)
    return value if isinstance(value, Mapping) else {}


def _rows(content: Mapping[str, JsonValue], name: str) -> list[Block]:
    rows = content.get(name)
    if rows is None or rows == "":
        return []
    if not isinstance(rows, list):
        raise Refusal("2066", f"{name} is no list")
    blocks = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        blocks.append(Block(values, name, number))
    return blocks
