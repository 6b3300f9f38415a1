"""Rules of the industries (section 12 of the specification's checks): exports, imported services, airlines, fuel.

Telecom (105), stamp duty (106), hotels (107), other taxes (108) and auctions (111) have no blocks of their own; what
sets the first four apart are the tax categories they may carry (`rules/tax_rows.py`).
"""

from collections.abc import Mapping

from risiti.efris.envelope import EnvelopeError, decode_base64
from risiti.simulator import seed
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import DISCOUNT, EXEMPT, rate_of
from risiti.simulator.rules.readings import demand, twin
from risiti.simulator.values import JsonValue, is_blank

EXPORT, IMPORTED_SERVICE, AIRLINE, FUEL, SERVICE_EXPORT = "102", "104", "109", "110", "112"
ATTACHMENT_TYPES = ("png", "doc", "pdf", "jpg", "txt", "docx", "xlsx", "cer", "crt", "der")

_EQUIPMENT = (
    ("tankNo", "2902", 50, "2903"),
    ("pumpNo", "2904", 50, "2905"),
    ("nozzleNo", "2906", 50, "2907"),
)
_MORE_EQUIPMENT = (
    ("controllerNo", "2908", 50, "2909"),
    ("acquisitionEquipmentNo", "2910", 50, "2911"),
    ("levelGaugeNo", "2912", 50, "2913"),
    ("mvrn", "2914", 32, "2915"),
)


def check_fields(draft: Draft, about: Examination) -> None:
    """The blocks of single industries, each for itself; a block that belongs to another industry is refused."""
    industry = draft.basic.text("invoiceIndustryCode")
    _check_imported_fields(draft, about, industry)
    _check_airline_fields(draft, industry)
    _check_fuel_fields(draft, about, industry)


def check_rules(draft: Draft, about: Examination) -> None:
    """What an industry asks of the rest of the document."""
    industry = draft.basic.text("invoiceIndustryCode")
    if industry == EXPORT:
        _check_export(draft, about)
    if industry == IMPORTED_SERVICE:
        draft.seller.required("referenceNo", twin("2119", about.settings))
        if draft.buyer.text("buyerTin") != about.seller.tin:
            draft.buyer.refuse("2826")
    if industry == FUEL:
        _check_nozzle(draft, about)
    for line in draft.lines:
        _check_service(line, industry)
        if about.seller.duty_free and industry not in (EXPORT, IMPORTED_SERVICE) and line.text("taxRate") == EXEMPT:
            line.refuse("2816")


def _check_imported_fields(draft: Draft, about: Examination, industry: str) -> None:
    block = Block(_members(draft, "importServicesSeller"), "importServicesSeller")
    if industry != IMPORTED_SERVICE and is_blank(block.values):
        return
    if not about.seller.imported_services:
        draft.basic.refuse("2778")
    if industry != IMPORTED_SERVICE:
        draft.basic.refuse("2047", "importServicesSeller belongs to industry 104")
    block.required("importBusinessName", "2101")
    block.fits("importBusinessName", 500, "2102")
    demand(block, "importEmailAddress", "2103", about.settings)
    demand(block, "importContactNumber", "2106", about.settings)
    block.email("importEmailAddress", "2104", "2105")
    block.fits("importContactNumber", 30, "2107")
    block.required("importAddress", "2108")
    block.fits("importAddress", 500, "2109")
    block.required("importInvoiceDate", "2115")
    block.day("importInvoiceDate", "2116")
    _check_attachment(block, about)


def _check_attachment(block: Block, about: Examination) -> None:
    content = block.text("importAttachmentContent")
    if content:
        block.required("importAttachmentName", "2117")
    name = block.fits("importAttachmentName", 256, "2118")
    if name and name.rpartition(".")[2].casefold() not in ATTACHMENT_TYPES:
        block.refuse("2121")
    try:
        size = len(decode_base64(content))
    except EnvelopeError:
        block.refuse("2066", "importAttachmentContent is not base64")
    if size > about.settings.max_attachment_bytes:
        block.refuse("3096")


def _check_airline_fields(draft: Draft, industry: str) -> None:
    rows = draft.airline
    if industry != AIRLINE:
        if any(not is_blank(row.values) for row in rows):
            draft.basic.refuse("2047", "airlineGoodsDetails belong to industry 109")
        return
    if all(is_blank(row.values) for row in rows):
        draft.basic.refuse("2808")
    for row in rows:
        row.required("item", "1175")
        row.fits("item", 200, "1176")
        row.fits("itemCode", 50, "1180")
        row.one_of("discountFlag", ("", "0", "1", "2"), "1171")
        if row.text("discountFlag") != DISCOUNT:
            row.amount("qty", 12, 8, empty="1267", digits="1183")
            row.required("unitOfMeasure", "2139")
            row.one_of("unitOfMeasure", seed.RATE_UNITS, "1208")
            row.amount("unitPrice", 12, 8, empty="1268", digits="1189")
        row.amount("total", 12, 4, empty="1194", digits="1195")
        if row.text("orderNumber") != str(row.row):
            row.refuse("1219")


def _check_fuel_fields(draft: Draft, about: Examination, industry: str) -> None:
    block = Block(_members(draft, "edcDetails"), "edcDetails")
    if industry != FUEL:
        if not is_blank(block.values):
            block.refuse("2974", "edcDetails belong to industry 110")
        return
    for name, empty, most, too_long in _EQUIPMENT:
        block.required(name, empty)
        block.fits(name, most, too_long)
    for name, empty, most, too_long in _MORE_EQUIPMENT:
        demand(block, name, empty, about.settings)
        block.fits(name, most, too_long)


def _check_nozzle(draft: Draft, about: Examination) -> None:
    block = Block(_members(draft, "edcDetails"), "edcDetails")
    nozzle = about.world.forecourt.nozzle(about.seller.tin, block.text("nozzleNo"))
    if nozzle is None:
        block.refuse("2974")
    if block.text("tankNo") != nozzle.tank:
        block.refuse("2975")
    if block.text("pumpNo") != nozzle.pump:
        block.refuse("2976")
    for name, known, code in (
        ("controllerNo", nozzle.controller, "2977"),
        ("acquisitionEquipmentNo", nozzle.acquisition, "2978"),
        ("levelGaugeNo", nozzle.gauge, "2979"),
    ):
        if block.text(name) not in ("", known):
            block.refuse(code)
    if draft.seller.text("branchId") not in ("", nozzle.branch):
        draft.seller.refuse("2929")


def _check_export(draft: Draft, about: Examination) -> None:
    draft.buyer.required("buyerLegalName", "2834")
    terms = draft.buyer.text("deliveryTermsCode") or draft.basic.text("deliveryTermsCode")
    if not terms:
        draft.buyer.refuse("3156")
    if terms not in seed.DELIVERY_TERMS:
        draft.buyer.refuse("3157")
    for line in draft.lines:
        if line.text("discountFlag") != DISCOUNT:
            line.required("totalWeight", "3158")
            unit = line.text("pieceMeasureUnit") or line.text("unitOfMeasure")
            if unit not in seed.EXPORT_UNITS:
                line.refuse("2872")
        if rate_of(line) != about.seller.export_rate:
            line.refuse("2048")


def _check_service(line: Block, industry: str) -> None:
    category = seed.CATEGORIES.get(line.text("goodsCategoryId"))
    if category is None:
        return
    if industry in (SERVICE_EXPORT, IMPORTED_SERVICE) and not category.service:
        line.refuse("2820")
    if industry == EXPORT and category.service:
        line.refuse("3196")


def _members(draft: Draft, name: str) -> Mapping[str, JsonValue]:
    value = draft.others.get(name)
    return value if isinstance(value, Mapping) else {}
