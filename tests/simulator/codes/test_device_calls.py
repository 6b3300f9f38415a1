"""Devices, stations, agents, customs: each rule broken alone gives its code and keeps nothing; unbroken, it is done."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from risiti.efris.return_codes import catalogue
from risiti.simulator import Taxpayer, tariff
from risiti.simulator.applications import FOR_CREDIT_NOTE, Request
from risiti.simulator.notes import CREDIT_NOTE
from tests.simulator import station
from tests.simulator.documents import Wire
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio

STRICT = {"presence": "codes"}
LATE_BUYER: Wire = {"invoiceNo": "@fdn", "buyerType": "0", "buyerTin": "1000000901", "buyerLegalName": "Lakeside"}
FUEL_QUERY: Wire = {"pageNo": "1", "pageSize": "10", "queryType": "3"}
TANKS: Wire = {
    "tankList": [{"goodsId": "@F1", "presentPrice": "5400", "updateDateStr": "2026-03-02 08:00:00"}],
    "pumpList": [{"pumpId": "@PU1", "pumpVersion": "2"}],
}
SUBSCRIPTION: Wire = {"tin": station.SUBSCRIBER_TIN, "mobileNumber": station.SUBSCRIBER_PHONE}
REGISTRATION: Wire = {"tin": "@tin", "branchId": "1", "deviceNo": "NEW_01", "deviceType": "1"}
VALID: dict[str, Any] = {
    "T105": {"userName": "admin", "changedPassword": "a new one"},
    "T132": [station.LOG_ENTRY],
    "T133": {"tcsVersion": "2", "osType": "0"},
    "T140": {"tin": "@tin", "password": "efris-in-a-box"},
    "T141": {"deliveryMethod": "001", "contactEmail": "till@mango.example"},
    "T142": {"tin": "@tin", "otp": "@otp"},
    "T143": REGISTRATION,
    "T163": station.SHIFT,
    "T164": [station.DISCONNECTION],
    "T165": TANKS,
    "T166": LATE_BUYER,
    "T167": FUEL_QUERY,
    "T169": {"id": "@PU1"},
    "T170": {"deviceNumber": "@device"},
    "T172": {"nozzleId": "@N1", "nozzleNo": "N1", "status": "3"},
    "T175": SUBSCRIPTION,
    "T176": {"deviceNo": "@device", "deviceIssuingStatus": "101"},
    "T178": {"destinationBranchId": "2", "remarks": ""},
    "T179": {"tin": station.PRINCIPAL_TIN},
    "T181": station.CONTACT,
    "T182": {"buyerTin": "", "buyerLegalName": ""},
    "A101": {"invoiceNo": "@fdn", "antifakeCode": ""},
    "C101": station.IMPORT,
    "C102": station.EXPORT,
    "C103": {"invoiceNo": "@declared"},
    "C105": {"tin": "@tin"},
    "C106": {"invoiceNo": "@fdn"},
    "C107": {"invoiceNo": "@fdn", "exportStatusCode": "102"},
}


@dataclass(frozen=True)
class Case:
    """One rule broken.

    Attributes:
        interface: What is called.
        code: The code it must give.
        path: The field that is changed, dotted; rows by number. "" changes nothing.
        value: What it becomes.
        more: Further fields, by name.
        settings: Switches of the stand-in.
        scene: What is prepared before, a name of `SCENES`.
    """

    interface: str
    code: str
    path: str = ""
    value: Any = ""
    more: Wire = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    scene: str = ""


def required(interface: str, at: str, *rows: tuple[str, str]) -> list[Case]:
    return [Case(interface, code, f"{at}{name}", "") for code, name in rows]


def too_long(interface: str, at: str, *rows: tuple[str, str, int]) -> list[Case]:
    return [Case(interface, code, f"{at}{name}", "9" * (most + 1)) for code, name, most in rows]


DEVICES = [
    Case("T105", "2779", "userName"),
    Case("T105", "2780", "userName", "x" * 201),
    Case("T105", "2781", "changedPassword"),
    Case("T105", "2782", "changedPassword", "x" * 201),
    Case("T132", "2052", "0.interruptionTypeCode", "106"),
    Case("T132", "2053", "0.description"),
    Case("T132", "2054", "0.description", "é" * 101),
    Case("T132", "2055", "0.errorDetail", "", settings=STRICT),
    Case("T132", "2056", "0.errorDetail", "x" * 201),
    Case("T132", "2057", "0.interruptionTime"),
    Case("T132", "2058", "0.interruptionTime", "02/03/2026"),
    Case("T132", "2066", "0", "row"),
    Case("T133", "47", "tcsVersion", "1"),
    Case("T133", "47", "tcsVersion", "4"),
    Case("T133", "2066", "osType", "2"),
    Case("T133", "2066", "tcsVersion", "two"),
    *required("T140", "", ("2110", "tin"), ("2155", "password")),
    *too_long("T140", "", ("2111", "tin", 20), ("2156", "password", 500)),
    Case("T140", "2162", "tin", "1000000901"),
    Case("T140", "2163", "password", "guessed"),
    Case("T140", "2164", scene="another user signs in"),
    Case("T141", "2157", "deliveryMethod"),
    Case("T141", "2158", "deliveryMethod", "0001"),
    Case("T141", "2159", "deliveryMethod", "003"),
    Case("T141", "2160", "contactMobile", "0700000000"),
    Case("T141", "2161", "deliveryMethod", "002"),
    *required("T142", "", ("2110", "tin"), ("2166", "otp")),
    *too_long("T142", "", ("2111", "tin", 20), ("2167", "otp", 6)),
    Case("T142", "2165", "otp", "x"),
    Case("T142", "2165", "tin", "1000000901"),
    Case("T142", "2172", scene="five minutes pass"),
    *required("T143", "", ("2110", "tin"), ("2168", "branchId"), ("2170", "deviceNo"), ("3117", "deviceType")),
    *too_long("T143", "", ("2111", "tin", 20), ("2169", "branchId", 18), ("2171", "deviceNo", 18)),
    Case("T143", "3118", "deviceType", "12"),
    Case("T143", "3119", "deviceType", "x"),
    Case("T143", "2173", "deviceNo", "no good"),
    Case("T143", "40", "tin", "1000000901"),
    Case("T143", "40", scene="half an hour passes"),
    Case("T143", "2174", "branchId", "9"),
    Case("T143", "3120", "deviceNo", f"{station.OTHER_TIN}_01"),
    Case("T143", "3121", "deviceNo", "@device"),
    Case("T143", "2175", "deviceNo", "@device", scene="the device is moved"),
    Case("T176", "3084", "deviceIssuingStatus"),
    Case("T176", "3085", "deviceIssuingStatus", "1010"),
    Case("T176", "3086", "deviceIssuingStatus", "104"),
    Case("T176", "400", "deviceNo", f"{station.OTHER_TIN}_01"),
    Case("T178", "41", "destinationBranchId", "9"),
]
SHIFT_TEXTS = (
    ("2933", "2934", "shiftNo", 20),
    ("2945", "2946", "fuelType", 200),
    ("2947", "2948", "goodsId", 18),
    ("2949", "2950", "goodsCode", 50),
    ("2956", "2957", "nozzleNo", 50),
    ("2958", "2959", "pumpNo", 50),
    ("2960", "2961", "tankNo", 50),
    ("2962", "2963", "userName", 500),
    ("2964", "2965", "userCode", 100),
)
STATIONS = [
    *(Case("T163", empty, name) for empty, _, name, _ in SHIFT_TEXTS),
    *(Case("T163", long, name, "9" * (most + 1)) for _, long, name, most in SHIFT_TEXTS),
    *required("T163", "", ("2935", "startVolume"), ("2940", "endVolume"), ("2951", "invoiceNumber")),
    *required("T163", "", ("2966", "startTime"), ("2968", "endTime")),
    Case("T163", "2936", "startVolume", "1.001"),
    Case("T163", "2939", "startVolume", "-1"),
    Case("T163", "2941", "endVolume", "1.001"),
    Case("T163", "2944", "endVolume", "-1"),
    Case("T163", "2952", "invoiceNumber", "1.5"),
    Case("T163", "2955", "invoiceNumber", "-1"),
    Case("T163", "2967", "startTime", "06:00"),
    Case("T163", "2969", "endTime", "14:00"),
    Case("T163", "2970", settings=STRICT),
    Case("T163", "2971", "modifyType", "10"),
    Case("T164", "2918", "0.deviceNumber"),
    Case("T164", "2919", "0.deviceNumber", "9" * 51),
    Case("T164", "2922", settings=STRICT),
    Case("T164", "2923", "0.edcOrderNum", "9" * 25),
    Case("T164", "2924", "0.disconnectedType"),
    Case("T164", "2925", "0.disconnectedType", "1010"),
    Case("T164", "2926", "0.disconnectedType", "103"),
    Case("T164", "2927", "0.disconnectedTime"),
    Case("T164", "2928", "0.disconnectedTime", "yesterday"),
    Case("T165", "2996", "tankList", []),
    Case("T165", "2997", "pumpList", []),
    *required("T165", "pumpList.0.", ("2998", "pumpId"), ("3000", "pumpVersion")),
    *too_long("T165", "pumpList.0.", ("2999", "pumpId", 18), ("3001", "pumpVersion", 15)),
    Case("T165", "3002", "tankList.0.goodsId", "@P1"),
    Case("T165", "3003", "pumpList.0.pumpId", "123"),
    *required("T165", "tankList.0.", ("3004", "updateDateStr"), ("3031", "presentPrice")),
    Case("T165", "3005", "tankList.0.updateDateStr", "today"),
    Case("T165", "3032", "tankList.0.presentPrice", "1" * 13),
    Case("T165", "3034", "tankList.0.presentPrice", "0"),
    Case("T165", "3035", "tankList.0.presentPrice", "-1"),
    Case("T166", "2973", "invoiceNo", "326999999999"),
    Case("T166", "2973", scene="the document is none of fuel"),
    Case("T166", "3053", scene="the document is a credit note"),
    Case("T166", "3006", settings=STRICT),
    Case("T166", "3007", "createDateStr", "now"),
    Case("T166", "1142", "buyerTin"),
    Case("T166", "1163", "buyerType", "3"),
    Case("T166", "3054", scene="a credit note stands against it"),
    Case("T166", "3055", scene="a credit note is applied for"),
    Case("T166", "2931", scene="the buyer was named"),
    Case("T166", "2932", scene="49 hours pass"),
    Case("T167", "2916", settings=STRICT),
    Case("T167", "2917", "fuelType", "x" * 201),
    Case("T169", "2921", "id", "123"),
    Case("T170", "2918", "deviceNumber"),
    Case("T170", "2919", "deviceNumber", "9" * 21),
    Case("T170", "2920", "deviceNumber", f"{station.OTHER_TIN}_01"),
    *required("T172", "", ("2984", "nozzleId"), ("2986", "nozzleNo"), ("2989", "status")),
    *too_long("T172", "", ("2985", "nozzleId", 18), ("2987", "nozzleNo", 50), ("2990", "status", 3)),
    Case("T172", "2988", "nozzleNo", "N2"),
    Case("T172", "2991", "status", "8"),
]
AGENTS = [
    Case("T175", "3056", "mobileNumber"),
    Case("T175", "3057", "mobileNumber", "0" * 31),
    Case("T175", "3059", "tin"),
    Case("T175", "3060", "tin", "1000000999"),
    Case("T175", "3064", "tin", "1000000904"),
    Case("T175", "3065", "mobileNumber", "0700000000"),
    Case("T175", "3066", scene="the number is taken"),
    Case("T175", "3067", scene="the subscriber has two branches"),
    Case("T175", "3068", "tin", "1000000901"),
    Case("T175", "3070", scene="the subscriber has a device"),
    Case("T179", "41", "tin", "1000000999"),
    Case("T179", "40", "tin", "1000000901"),
    Case("T181", "2066", "operationType", "104"),
    Case("T181", "2066", "buyerType", "4"),
    Case("T181", "3129", "buyerTin"),
    Case("T181", "3129", "buyerTin", "", {"buyerType": "3"}),
    Case("T181", "3130", "buyerTin", "", {"buyerType": "1", "buyerLegalName": ""}),
    Case("T181", "3131", "buyerLegalName", "", {"buyerType": "2"}),
    Case("T181", "3132", scene="forty contacts are kept"),
    Case("T181", "3133", "operationType", "102"),
    Case("T181", "3133", "operationType", "103", {"id": "300000000000000099"}),
]
BASICS = (
    ("2000", "2001", "sadNumber", 20),
    ("2004", "2005", "cpcCode", 16),
    ("2006", "2007", "cpcDescription", 256),
    ("2008", "2009", "wareHouseNumber", 16),
    ("2010", "2011", "wareHouseName", 256),
    ("2038", "2039", "office", 35),
    ("2040", "2041", "cif", 50),
    ("2042", "2043", "valuationMethod", 128),
)
EXPORTS = (
    ("2016", "2017", "tin", 20),
    ("2018", "2019", "ninBrn", 100),
    ("2020", "2021", "taxpayerName", 256),
    ("2022", "2023", "invoiceNo", 20),
    ("2024", "2025", "sadNumber", 20),
    ("2026", "2027", "destinationCountry", 256),
    ("2028", "2029", "originCountry", 256),
    ("3136", "3137", "exitStationOffice", 100),
    ("3138", "3139", "exitOfficer", 100),
)
CUSTOMS = [
    Case("A101", "508", "invoiceNo"),
    Case("A101", "504", "invoiceNo", "326999999999"),
    Case("A101", "503", "antifakeCode", "123"),
    *(Case("C101", empty, f"basicInformation.{name}") for empty, _, name, _ in BASICS),
    *(Case("C101", long, f"basicInformation.{name}", "9" * (most + 1)) for _, long, name, most in BASICS),
    Case("C101", "2002", "basicInformation.sadDate"),
    Case("C101", "2003", "basicInformation.sadDate", "2026-03-01"),
    Case("C101", "2012", "goodsDetails.0.hsCode"),
    Case("C101", "2013", "goodsDetails.0.hsCode", "9" * 17),
    Case("C101", "2014", "goodsDetails.0.hsCode", "99"),
    Case("C101", "2062", "goodsDetails.0.pack"),
    Case("C101", "2063", "goodsDetails.0.pack", "9" * 1025),
    Case("C101", "2044", "summary.prn"),
    Case("C101", "2045", "summary.prn", "9" * 81),
    Case("C101", "2015", "basicInformation.cif", "2", scene="it was imported"),
    Case("C101", "2046", "basicInformation.sadNumber", "SAD-9", scene="it was imported"),
    *(Case("C102", empty, name) for empty, _, name, _ in EXPORTS),
    *(Case("C102", long, name, "9" * (most + 1)) for _, long, name, most in EXPORTS),
    Case("C102", "3140", "exitDate"),
    Case("C102", "3141", "exitDate", "today"),
    Case("C102", "3144", "exportSadItems", []),
    *required("C102", "exportSadItems.0.", ("3145", "hsCode"), ("3147", "invoiceItemId"), ("3149", "exportedQuantity")),
    *too_long("C102", "exportSadItems.0.", ("3146", "hsCode", 50), ("3148", "invoiceItemId", 18)),
    Case("C102", "3150", "exportSadItems.0.exportedQuantity", "1" * 13),
    Case("C102", "3152", "exportSadItems.0.exportedQuantity", "0"),
    Case("C102", "3153", "exportSadItems.0.exportedQuantity", "-1"),
    Case("C102", "2030", "sadNumber", "SAD-1", scene="it was imported"),
    Case("C102", "2031", "invoiceNo", "326999999999"),
    Case("C102", "2032", "sadNumber", "SAD-3", scene="it was exported"),
    Case("C102", "2033", "tin", "1000000901"),
    Case("C102", "3154", "exportSadItems.0.invoiceItemId", "99"),
    Case("C102", "3160", scene="a credit note is applied for"),
    Case("C102", "3161", "exportSadItems.0.exportedQuantity", "1000"),
    Case("C103", "2035", scene="it was confirmed"),
    Case("C103", "2036", scene="it was cancelled"),
    Case("C103", "2037", "invoiceNo", "326999999999"),
    *required("C106", "", ("2022", "invoiceNo")),
    *too_long("C106", "", ("2023", "invoiceNo", 20)),
    Case("C106", "2031", "invoiceNo", "326999999999"),
    *required("C107", "", ("2022", "invoiceNo"), ("3142", "exportStatusCode")),
    *too_long("C107", "", ("2023", "invoiceNo", 20), ("3143", "exportStatusCode", 3)),
    Case("C107", "2031", "invoiceNo", "326999999999"),
    Case("C107", "3159", "exportStatusCode", "103"),
    Case("C107", "3160", scene="a credit note is applied for"),
    *(Case(code, "2034", scene="they are not customs") for code in ("C101", "C102", "C103", "C105", "C106", "C107")),
]
CASES = [*DEVICES, *STATIONS, *AGENTS, *CUSTOMS]

PROVOKED = {interface: frozenset(case.code for case in CASES if case.interface == interface) for interface in VALID}

LEFT_OUT: dict[str, dict[str, str]] = {
    "T163": {
        "2937": "forbids a positive meter reading; the meter cannot be anything else",
        "2938": "forbids a meter at zero, where a new one stands",
        "2942": "forbids a positive meter reading; the meter cannot be anything else",
        "2943": "forbids a meter at zero, where a new one stands",
        "2953": "forbids a positive number of invoices",
        "2954": "forbids a shift without invoices, which happens",
        "2972": "the values of modifyType are not published",
    },
    "T165": {
        "3033": "forbids a positive price",
    },
    "C102": {
        "3151": "forbids a positive quantity",
    },
    "C105": {
        "2112": "the gate answers 2070 before the handler is asked",
        "2113": "the gate answers 2066 before the handler is asked",
    },
    "A101": {
        "501": "there is no captcha here",
        "502": "there is no captcha here",
        "505": "there are no reports here",
        "506": "there is no lottery here",
        "507": "there is no lottery here",
        "509": "attempts are not counted here",
    },
    "T175": {
        "3058": "the gate checks agentType",
        "3061": "a failure inside the authority; a fault can answer it",
        "3062": "every taxpayer here has a head office",
        "3063": "said of the caller's own TIN, which the gate has found",
        "3069": "said of a seller that uploads (T109)",
        "3071": "the call carries no name",
        "3072": "the gate checks the device",
        "3073": "the call carries no device",
        "3074": "the call carries no branch",
    },
}
"""Codes of these interfaces that are not provoked, and why."""


async def prepare(rig: Rig, interface: str) -> dict[str, str]:
    """Open the station and return what cases name with `@`."""
    station.open_station(rig)
    rig.world.accounts.new_otp(rig.tin, rig.clock.now())
    rig.world.accounts.prove(rig.tin, rig.clock.now())
    pump, nozzles = "", [{"id": ""}]
    if interface in ("T165", "T169", "T172"):
        pump = station.pump_id(rig.read(await rig.call("T168")))
        nozzles = rig.read(await rig.call("T169", {"id": pump}))["fuelNozzleList"]
    goods = {code: rig.world.shelf.find(rig.tin, code) for code in ("F1", "P1")}
    fuel = rig.world.documents("FUEL-1")[0]
    return {f"@{code}": known.commodity_goods_id for code, known in goods.items() if known} | {
        "@tin": rig.tin,
        "@device": rig.device_no,
        "@otp": rig.world.accounts.otp(rig.tin, rig.clock.now()) or "",
        "@fdn": fuel.fdn,
        "@declared": fuel.fdn,
        "@item": f"{fuel.number}0000",
        "@hs": tariff.hs_codes()[-1].code,
        "@PU1": pump,
        "@N1": nozzles[0]["id"],
    }


def named(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Put in what `@` names stand for; always a fresh copy."""
    if isinstance(value, dict):
        return {key: named(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [named(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def spoiled(case: Case, names: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    made = named(VALID[case.interface], names)
    if case.path:
        parent = made
        *steps, last = case.path.split(".")
        for step in steps:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        parent[int(last) if isinstance(parent, list) else last] = named(case.value, names)
    return made | case.more if case.more else made


async def set_scene(rig: Rig, scene: str, names: dict[str, str]) -> None:  # noqa: C901, PLR0912 - a table of scenes
    """Bring about what a case needs besides its request."""
    world, now = rig.world, rig.clock.now()
    match scene:
        case "another user signs in":
            names["@user"] = "nobody"
        case "five minutes pass":
            rig.clock.advance(300)
        case "half an hour passes":
            rig.clock.advance(1800)
        case "49 hours pass":
            rig.clock.advance(49 * 3600)
            await rig.open()
        case "the device is moved":
            world.device_book.move(rig.device_no, "1")
        case "the document is none of fuel":
            names["@fdn"] = station.fuel_document(rig, "PLAIN-1", industry="101").fdn
        case "the document is a credit note":
            names["@fdn"] = station.fuel_document(rig, "NOTE-1", invoice_type="2").fdn
        case "a credit note stands against it":
            note = station.fuel_document(rig, "NOTE-1", invoice_type="2")
            world.notes.tie(note.fdn, names["@fdn"], CREDIT_NOTE, rig.tin, "")
        case "a credit note is applied for":
            request = Request(
                category=FOR_CREDIT_NOTE,
                tin=rig.tin,
                device_no=rig.device_no,
                buyer_tin="",
                original_fdn=names["@fdn"],
                note_fdn="",
                blocks={},
            )
            world.applications.submit(request, now, None, "")
        case "the buyer was named":
            assert (await rig.call("T166", named(LATE_BUYER, names))).code == "00"
        case "the number is taken":
            world.accounts.subscribe(station.SUBSCRIBER_PHONE, "1000000001")
        case "the subscriber has two branches":
            change(rig, station.SUBSCRIBER_TIN, branches={"1": "Here", "2": "There"})
        case "the subscriber has a device":
            subscriber = world.registry.taxpayer(station.SUBSCRIBER_TIN)
            assert subscriber is not None
            await rig.control("PUT", "devices", {"tin": subscriber.tin, "device_no": "PHONE", "public_key_pem": ""})
        case "forty contacts are kept":
            for _ in range(40):
                world.contacts.add(rig.tin, {"buyerTin": "1", "buyerLegalName": "A"})
        case "it was imported":
            assert (await rig.call("C101", named(station.IMPORT, names))).code == "00"
        case "it was exported":
            assert (await rig.call("C102", named(station.EXPORT, names))).code == "00"
        case "it was confirmed" | "it was cancelled":
            decision = {"invoiceNo": names["@fdn"], "operationType": "101" if scene == "it was confirmed" else "102"}
            assert (await rig.call("C102", named(station.EXPORT, names))).code == "00"
            assert (await rig.call("C103", decision)).code == "00"
        case "they are not customs":
            change(rig, rig.tin, customs=False)
        case _:
            assert not scene, scene


def change(rig: Rig, tin: str, **changes: object) -> None:
    known = rig.world.registry.taxpayer(tin)
    assert known is not None
    rig.world.registry.add_taxpayer(Taxpayer.from_json(known.to_json() | changes))


async def called(rig: Rig, interface: str, content: object, names: dict[str, str]) -> str:
    message = rig.message(interface, content)
    if "@user" in names:
        message["globalInfo"]["userName"] = names["@user"]
    return (await rig.send(message)).code


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.interface}-{case.code}-{case.path or case.scene}")
async def test_one_rule_broken_gives_its_code(rig: Rig, case: Case) -> None:
    names = await prepare(rig, case.interface)
    rig.configure(**case.settings)
    await set_scene(rig, case.scene, names)
    assert await called(rig, case.interface, spoiled(case, names), names) == case.code


@pytest.mark.parametrize("interface", VALID)
async def test_the_unbroken_call_is_done(rig: Rig, interface: str) -> None:
    names = await prepare(rig, interface)
    if interface == "C103":
        await set_scene(rig, "it was exported", names)
    content = deepcopy(named(VALID[interface], names))
    answer = await rig.call(interface, content)
    assert (answer.code, answer.message) == ("00", "SUCCESS")


def test_every_code_of_these_interfaces_is_provoked_or_left_out_for_a_reason() -> None:
    provoked = {(interface, code) for interface, codes in PROVOKED.items() for code in codes}
    left_out = {(interface, code) for interface, codes in LEFT_OUT.items() for code in codes}
    listed = {
        (interface, row.code)
        for row in catalogue()
        for interface in row.interfaces
        if interface in VALID and "ALL" not in row.interfaces
    }
    assert listed - provoked - left_out == set()
    assert provoked & left_out == set()
