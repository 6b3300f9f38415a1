"""T162-T173: fuel stations - kinds of fuel, pumps, shifts, disconnections, and buyers named after the sale.

The equipment is what `/_control/nozzles` and `/_control/tanks` registered; pumps and controllers follow from the
nozzles.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NoReturn

from risiti.simulator import tariff
from risiti.simulator.answers import Answer
from risiti.simulator.applications import FOR_CREDIT_NOTE
from risiti.simulator.clock import kampala
from risiti.simulator.gate import Call
from risiti.simulator.handlers.dates import dates_of
from risiti.simulator.handlers.fuel_equipment import (
    ACQUISITION,
    CONTROLLER,
    GAUGE,
    MAKER,
    device_rows,
    equipment_id,
    nozzle_row,
    pump_row,
    pumps_of,
    tank_row,
    version_of,
)
from risiti.simulator.ledger import Document
from risiti.simulator.notes import CREDIT_MEMO, CREDIT_NOTE
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.fuel import FUEL_FAMILY, UNITS
from risiti.simulator.rules.paging import read_page
from risiti.simulator.rules.readings import demand
from risiti.simulator.station_book import DISCONNECTION, NOZZLE_STATUS, PRICE, PUMP_VERSION, SHIFT
from risiti.simulator.values import JsonValue, is_blank
from risiti.simulator.world import World

FUEL_INDUSTRY = "110"
NOZZLE_STATES = ("1", "2", "3", "4", "5", "6", "7", "10")
YES, NO = "101", "102"
UNCODED = "2066"
"""Answered where a value breaks a rule that no return code is printed for."""

NOT_MODIFIED, MODIFIED, EVERY = "1", "2", "3"

_SHIFT_TEXTS = (
    ("shiftNo", 20, "2933", "2934"),
    ("fuelType", 200, "2945", "2946"),
    ("goodsId", 18, "2947", "2948"),
    ("goodsCode", 50, "2949", "2950"),
    ("nozzleNo", 50, "2956", "2957"),
    ("pumpNo", 50, "2958", "2959"),
    ("tankNo", 50, "2960", "2961"),
    ("userName", 500, "2962", "2963"),
    ("userCode", 100, "2964", "2965"),
)
_LATE_BUYER_LENGTHS = (
    ("buyerNinBrn", 100, "1145"),
    ("buyerPassportNum", 20, "1147"),
    ("buyerLegalName", 256, "1149"),
    ("buyerBusinessName", 256, "1151"),
    ("buyerAddress", 500, "1153"),
    ("buyerMobilePhone", 30, "1158"),
    ("buyerLinePhone", 30, "1160"),
    ("buyerPlaceOfBusi", 500, "1162"),
    ("buyerCitizenship", 128, "1165"),
    ("buyerSector", 200, "1167"),
    ("buyerReferenceNo", 50, "1169"),
    ("mvrn", 32, "2915"),
)


def fuel_types(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T162: the commodity categories that are fuel, as a tree of two levels."""
    family = tariff.categories().get(FUEL_FAMILY)
    kinds = [category for category in tariff.categories().values() if category.parent == FUEL_FAMILY]
    rows = [(family, "0", "1", NO)] if family else []
    rows += [(kind, FUEL_FAMILY, "2", YES) for kind in kinds]
    return Answer(
        [
            {
                "fuelTypeCode": kind.code,
                "parentCode": parent,
                "fuelTypeName": kind.name,
                "fuelTypeLevel": level,
                "isLeafNode": leaf,
            }
            for kind, parent, level, leaf in rows
        ]
    )


def upload_shift(call: Call, world: World) -> Answer:
    """T163: keep what an attendant's shift sold."""
    asked = Block(call.object(), "")
    for name, most, empty, long in _SHIFT_TEXTS:
        asked.required(name, empty)
        asked.fits(name, most, long)
    if asked.amount("startVolume", 12, 2, empty="2935", digits="2936") < 0:
        asked.refuse("2939")
    if asked.amount("endVolume", 12, 2, empty="2940", digits="2941") < 0:
        asked.refuse("2944")
    if asked.amount("invoiceNumber", 12, 0, empty="2951", digits="2952") < 0:
        asked.refuse("2955")
    for name, empty, form in (("startTime", "2966", "2967"), ("endTime", "2968", "2969")):
        asked.required(name, empty)
        asked.moment(name, form)
    demand(asked, "modifyType", "2970", world.settings)
    asked.fits("modifyType", 1, "2971")
    world.station_book.report(call.seller().tin, SHIFT, [asked.values], call.arrived_at)
    return Answer()


def upload_disconnections(call: Call, world: World) -> Answer:
    """T164: keep when the controllers of a station were out of reach."""
    rows = call.content if isinstance(call.content, list) else []
    if not rows or is_blank(rows):
        raise Refusal("2070")
    kept: list[Mapping[str, JsonValue]] = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        row = Block(values, "", number)
        row.required("deviceNumber", "2918")
        row.fits("deviceNumber", 50, "2919")
        demand(row, "edcOrderNum", "2922", world.settings)
        row.fits("edcOrderNum", 24, "2923")
        row.required("disconnectedType", "2924")
        row.fits("disconnectedType", 3, "2925")
        row.one_of("disconnectedType", ("101", "102"), "2926")
        row.required("disconnectedTime", "2927")
        row.moment("disconnectedTime", "2928")
        kept.append(values)
    world.station_book.report(call.seller().tin, DISCONNECTION, kept, call.arrived_at)
    return Answer()


def upload_tanks_and_pumps(call: Call, world: World) -> Answer:
    """T165: prices of fuel and versions of pumps. Undocumented; built from its return codes."""
    content, tin = call.object(), call.seller().tin
    tanks, pumps = _list(content, "tankList", "2996"), _list(content, "pumpList", "2997")
    numbers = {equipment_id("pump", tin, pump): pump for pump in pumps_of(world, tin)}
    for row in tanks:
        price = row.amount("presentPrice", 12, 8, empty="3031", digits="3032")
        if price <= 0:
            row.refuse("3034" if price == 0 else "3035")
        row.required("updateDateStr", "3004")
        row.moment("updateDateStr", "3005")
        if row.text("goodsId"):
            goods = world.shelf.by_id(tin, row.text("goodsId"))
            if goods is None or not goods.fuel:
                row.refuse("3002")
            world.station_book.note(tin, PRICE, goods.commodity_goods_id, str(price))
    for row in pumps:
        row.required("pumpId", "2998")
        pump_id = row.fits("pumpId", 18, "2999")
        row.required("pumpVersion", "3000")
        version = row.fits("pumpVersion", 15, "3001")
        if pump_id not in numbers:
            row.refuse("3003")
        world.station_book.note(tin, PUMP_VERSION, numbers[pump_id], version)
    return Answer()


def name_buyer(call: Call, world: World) -> Answer:
    """T166: name the buyer of a fuel document after the sale, as often and as long as the seller's switches allow."""
    asked, seller = Block(call.object(), ""), call.seller()
    document = world.ledger.by_fdn(asked.required("invoiceNo", "2973"))
    if document is None or document.tin != seller.tin:
        asked.refuse("2973")
    if document.invoice_type in (CREDIT_NOTE, CREDIT_MEMO):
        asked.refuse("3053")
    if not _is_fuel(document):
        asked.refuse("2973", "Only buyers of fuel documents can be named afterwards")
    _check_late_buyer(asked, world)
    if world.notes.standing(document.fdn, CREDIT_NOTE):
        asked.refuse("3054")
    if world.applications.pending_for(document.fdn, FOR_CREDIT_NOTE):
        asked.refuse("3055")
    if world.station_book.buyer_changes(document.fdn) >= seller.buyer_modified_times:
        asked.refuse("2931")
    if kampala(call.arrived_at) > document.issued_at + timedelta(hours=seller.buyer_modification_hours):
        asked.refuse("2932")
    known = _block(document.blocks, "buyerDetails")
    buyer = {name: value for name, value in asked.values.items() if name not in ("invoiceNo", "createDateStr")}
    buyer["buyerEmail"] = buyer.pop("buyerEmailAddress", "")
    world.ledger.rename_buyer(document, {**known, **buyer})
    world.station_book.buyer_changed(document.fdn, call.arrived_at)
    return Answer()


def _check_late_buyer(asked: Block, world: World) -> None:
    if asked.one_of("buyerType", ("0", "1", "2"), "1163") == "0":
        asked.required("buyerTin", "1142")
    asked.fits("buyerTin", 20, "1143", least=10)
    for name, most, code in _LATE_BUYER_LENGTHS:
        asked.fits(name, most, code)
    asked.email("buyerEmailAddress", "1155", "1156")
    demand(asked, "createDateStr", "3006", world.settings)
    if asked.text("createDateStr"):
        asked.moment("createDateStr", "3007")


def query(call: Call, world: World) -> Answer:
    """T167: the caller's fuel documents, newest first."""
    asked = Block(call.object(), "")
    page = read_page(asked)
    demand(asked, "fuelType", "2916", world.settings)
    asked.fits("fuelType", 200, "2917")
    asked.fits("invoiceNo", 20, "1501")
    asked.fits("buyerLegalName", 256, "1511")
    wanted = asked.one_of("queryType", (NOT_MODIFIED, MODIFIED, EVERY), "2870")
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    rows = []
    for document in reversed(world.ledger.of_seller(call.seller().tin)):
        changes = world.station_book.buyer_changes(document.fdn)
        if (
            _is_fuel(document)
            and document.uploaded_at <= call.sees_until
            and (wanted == EVERY or (wanted == MODIFIED) == bool(changes))
            and (start is None or start <= document.issued_at.date())
            and (end is None or document.issued_at.date() <= end)
        ):
            row = _document(document, changes, call)
            if (
                asked.text("invoiceNo") in ("", document.fdn)
                and asked.text("branchId") in ("", _of(document, "sellerDetails", "branchId"))
                and asked.text("fuelType").casefold() in str(row["fuelType"]).casefold()
                and asked.text("buyerLegalName").casefold() in str(row["buyerLegalName"]).casefold()
            ):
                rows.append(row)
    return Answer(page.cut(rows))


def pump_versions(call: Call, world: World) -> Answer:
    """T168: the caller's pumps with their versions, and whom each branch sells to where nobody is named."""
    seller = call.seller()
    pumps = pumps_of(world, seller.tin)
    branches = sorted({nozzle.branch for nozzles in pumps.values() for nozzle in nozzles})
    return Answer(
        {
            "fuelPumpList": [
                {
                    "id": equipment_id("pump", seller.tin, pump),
                    "branchId": nozzles[0].branch,
                    "pumpNo": pump,
                    "pumpVersion": version_of(world, seller.tin, pump),
                }
                for pump, nozzles in pumps.items()
            ],
            "fuelDefaultBuyerList": [
                {
                    "id": equipment_id("buyer", seller.tin, branch),
                    "taxpayerId": "",
                    "branchId": branch,
                    "legalName": "Walk-in customer",
                }
                for branch in branches
            ],
        }
    )


def pump(call: Call, world: World) -> Answer:
    """T169: one pump with everything that hangs on it."""
    asked, tin = Block(call.object(), ""), call.seller().tin
    named = {equipment_id("pump", tin, number): number for number in pumps_of(world, tin)}.get(asked.text("id"))
    if named is None:
        asked.refuse("2921")
    nozzles = pumps_of(world, tin)[named]
    first = nozzles[0]
    tanks = {nozzle.tank: world.tanks.find(tin, nozzle.tank) for nozzle in nozzles}
    return Answer(
        {
            "fuelPump": pump_row(world, tin, named, first),
            "fuelNozzleList": [nozzle_row(world, tin, nozzle) for nozzle in nozzles],
            "fuelTankList": [tank_row(world, tin, number, tank, first) for number, tank in tanks.items()],
            "fuelEdcDeviceList": device_rows(tin, nozzles),
        }
    )


def device_positions(call: Call, world: World) -> Answer:
    """T170: where a device of the caller was when it signed in; the newest positions only."""
    asked = Block(call.object(), "")
    asked.required("deviceNumber", "2918")
    device_no = asked.fits("deviceNumber", 20, "2919")
    device = world.registry.device(device_no)
    if device is None or device.tin != call.seller().tin:
        asked.refuse("2920")
    start, end = asked.day("startDate", "1518"), asked.day("endDate", "1520")
    _, time_format = dates_of(call)
    return Answer(
        [
            {
                "deviceNumber": device_no,
                "longitude": position.longitude,
                "latitude": position.latitude,
                "recordDate": kampala(position.recorded_at).strftime(time_format),
            }
            for position in world.device_book.positions(device_no)
            if (start is None or start <= kampala(position.recorded_at).date())
            and (end is None or kampala(position.recorded_at).date() <= end)
        ]
    )


def unit_rates(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T171: each unit of fuel as so many litres."""
    return Answer([{"unitOfMeasure": unit, "exchangeRate": str(rate)} for unit, rate in UNITS.items()])


def nozzle_status(call: Call, world: World) -> Answer:
    """T172: note down what a nozzle is doing."""
    asked, tin = Block(call.object(), ""), call.seller().tin
    asked.required("nozzleId", "2984")
    nozzle_id = asked.fits("nozzleId", 18, "2985")
    asked.required("nozzleNo", "2986")
    number = asked.fits("nozzleNo", 50, "2987")
    asked.required("status", "2989")
    asked.fits("status", 3, "2990")
    status = asked.one_of("status", NOZZLE_STATES, "2991")
    if world.forecourt.nozzle(tin, number) is None or nozzle_id != equipment_id("nozzle", tin, number):
        asked.refuse("2988")
    world.station_book.note(tin, NOZZLE_STATUS, number, status)
    return Answer()


def device_versions(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T173: the devices a station may have."""
    kinds = ((CONTROLLER, "C-100"), (ACQUISITION, "A-20"), (GAUGE, "G-7"))
    return Answer(
        [
            {
                "id": equipment_id("model", "", version),
                "manufacturerCode": "101",
                "manufacturerName": MAKER,
                "deviceTypeCode": kind,
                "versionNo": version,
            }
            for kind, version in kinds
        ]
    )


def _document(document: Document, changes: int, call: Call) -> dict[str, object]:
    _, time_format = dates_of(call)
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
        "grossAmount": str(document.gross),
        "taxAmount": str(document.tax),
        "dataSource": _of(document, "basicInformation", "dataSource"),
        "isInvalid": "0",
        "isRefund": "0",
        "invoiceType": document.invoice_type,
        "invoiceKind": document.invoice_kind,
        "invoiceIndustryCode": FUEL_INDUSTRY,
        "branchName": _of(document, "sellerDetails", "branchName"),
        "deviceNo": document.device_no,
        "uploadingTime": kampala(document.uploaded_at).strftime(time_format),
        "referenceNo": document.reference,
        "operator": _of(document, "basicInformation", "operator"),
        "userName": _of(document, "edcDetails", "userName"),
        "pumpNo": _of(document, "edcDetails", "pumpNo"),
        "nozzleNo": _of(document, "edcDetails", "nozzleNo"),
        "fuelType": _first_item(document),
        "updateTimes": str(changes),
    }


def _is_fuel(document: Document) -> bool:
    return _of(document, "basicInformation", "invoiceIndustryCode") == FUEL_INDUSTRY


def _first_item(document: Document) -> str:
    rows = document.blocks.get("goodsDetails")
    first = rows[0] if isinstance(rows, list) and rows else {}
    return str(first.get("item") or "") if isinstance(first, Mapping) else ""


def _of(document: Document, block: str, name: str) -> str:
    return str(_block(document.blocks, block).get(name) or "")


def _block(blocks: Mapping[str, object], name: str) -> dict[str, object]:
    value = blocks.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _list(content: Mapping[str, JsonValue], name: str, empty: str) -> list[Block]:
    rows = content.get(name)
    if is_blank(rows) or not rows:
        raise Refusal(empty)
    if not isinstance(rows, list):
        _no_list(name)
    blocks = []
    for number, values in enumerate(rows):
        if not isinstance(values, Mapping):
            raise Refusal("2066", row=number)
        blocks.append(Block(values, name, number))
    return blocks


def _no_list(name: str) -> NoReturn:
    raise Refusal(UNCODED, f"{name} is no list")
