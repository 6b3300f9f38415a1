"""T116 reports, T132 faults, T133/T135 enabler versions, T136 certificate, T140-T143 registration, T176, T178."""

from collections.abc import Mapping

from risiti.simulator.accounts import Message
from risiti.simulator.answers import Answer
from risiti.simulator.clock import kampala
from risiti.simulator.device_book import FaultReport
from risiti.simulator.gate import Call
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Device
from risiti.simulator.reports import Report
from risiti.simulator.rules import certificate
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.values import JsonValue, is_blank
from risiti.simulator.world import World

INTERRUPTIONS = ("101", "102", "103", "104", "105")
MOST_LOG_BYTES = 200
"""Codes 2054 and 2056 say 200 bytes, the field table more; the codes decide."""

ISSUING_STATES = ("101", "102", "103")
LATEST_ENABLER, OLDEST_UPGRADED = 3, 2
"""Enabler versions: the newest, and the oldest that an upgrade exists for (47)."""

EMAIL, SMS = "001", "002"
UNCODED = "2066"
"""Answered where a value breaks a rule that no return code is printed for."""


def daily_report(call: Call, world: World) -> Answer:
    """T116: keep a device's report of the day; its content is not specified, so any object is taken."""
    world.reports.keep(Report(_device(call).device_no, call.arrived_at, call.content))
    return Answer()


def exception_log(call: Call, world: World) -> Answer:
    """T132: keep what went wrong at the device."""
    rows = _rows(call)
    reports = []
    for number, values in enumerate(rows):
        row = _row(values, number)
        kind = row.one_of("interruptionTypeCode", INTERRUPTIONS, "2052")
        description = row.required("description", "2053")
        row.fits("description", MOST_LOG_BYTES, "2054")
        demand(row, "errorDetail", "2055", world.settings)
        detail = row.fits("errorDetail", MOST_LOG_BYTES, "2056")
        row.required("interruptionTime", "2057")
        reports.append(FaultReport(kind, description, detail, row.moment("interruptionTime", "2058").isoformat(" ")))
    world.device_book.report_faults(_device(call).device_no, reports)
    return Answer()


def enabler_upgrade(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T133: what leads from one version of the offline enabler to the newest; the files are placeholders."""
    asked = Block(call.object(), "")
    version = asked.number("tcsVersion", 9, 0, UNCODED)
    if version is None:
        asked.refuse(UNCODED, "tcsVersion is missing")
    asked.one_of("osType", ("0", "1"), UNCODED)
    if version < OLDEST_UPGRADED or version > LATEST_ENABLER:
        asked.refuse("47")
    upgrade = version < LATEST_ENABLER
    return Answer(
        {
            "precommand": "",
            "precommandurl": "",
            "precommandfilename": "",
            "command": "",
            "commandurl": "",
            "commandfilename": "",
            "tcsversion": str(LATEST_ENABLER),
            "fileList": [
                {"updatefile": "", "iszip": "0", "updateurl": "/tcs/VERSION", "deleteurl": "", "ordernumber": "1"}
            ]
            if upgrade
            else [],
            "sqlList": [{"updatesql": "SELECT 1", "ordernumer": "1"}] if upgrade else [],
        }
    )


def enabler_version(call: Call, world: World) -> Answer:  # noqa: ARG001 - every handler has this shape
    """T135: the newest version of the offline enabler."""
    return Answer({"latesttcsversion": str(LATEST_ENABLER)})


def upload_certificate(call: Call, world: World) -> Answer:
    """T136: take the certificate that signatures of this device are checked with from now on."""
    device, seller = _device(call), call.seller()
    pem = certificate.examine(Block(call.object(), ""), seller.tin, kampala(call.arrived_at), world.device_book)
    world.registry.add_device(Device(device.device_no, seller.tin, pem, device.status))
    return Answer()


def log_in(call: Call, world: World) -> Answer:
    """T140: check a portal user's password. Undocumented; the user is globalInfo.userName, the TIN the caller's."""
    asked = Block(call.object(), "")
    tin = _tin(asked)
    asked.required("password", "2155")
    password = asked.fits("password", 500, "2156")
    user = _text(call.global_info, "userName")
    if tin != call.seller().tin:
        asked.refuse("2162")
    if not world.accounts.has_user(tin, user):
        asked.refuse("2164")
    if not world.accounts.opens(tin, user, password):
        asked.refuse("2163")
    return Answer()


def send_otp(call: Call, world: World) -> Answer:
    """T141: send a one-time password by e-mail or SMS; the page and the control door show what was sent."""
    asked = Block(call.object(), "")
    asked.required("deliveryMethod", "2157")
    asked.fits("deliveryMethod", 3, "2158")
    method = asked.one_of("deliveryMethod", (EMAIL, SMS), "2159")
    if method == EMAIL:
        asked.empty("contactMobile", "2160")
    else:
        asked.empty("contactEmail", "2161")
    seller = call.seller()
    given = asked.text("contactEmail") if method == EMAIL else asked.text("contactMobile")
    address = given or (seller.email if method == EMAIL else seller.phone)
    digits = world.accounts.new_otp(seller.tin, call.arrived_at)
    world.accounts.send(Message(seller.tin, address, f"One-time password: {digits}", call.arrived_at))
    return Answer()


def check_otp(call: Call, world: World) -> Answer:
    """T142: check the one-time password."""
    asked = Block(call.object(), "")
    tin = _tin(asked)
    asked.required("otp", "2166")
    given = asked.fits("otp", 6, "2167")
    expected = world.accounts.otp(tin, call.arrived_at) if tin == call.seller().tin else None
    if expected == "":
        asked.refuse("2172")
    if given != expected:
        asked.refuse("2165")
    world.accounts.prove(tin, call.arrived_at)
    return Answer()


def register_device(call: Call, world: World) -> Answer:
    """T143: register a device, without a key yet (T136 brings one). The kinds of device are unknown: any digit will do.

    It takes a one-time password that was right a short while ago (40).
    """
    asked = Block(call.object(), "")
    tin, seller = _tin(asked), call.seller()
    asked.required("branchId", "2168")
    branch = asked.fits("branchId", 18, "2169")
    asked.required("deviceNo", "2170")
    device_no = asked.fits("deviceNo", 18, "2171")
    asked.required("deviceType", "3117")
    asked.fits("deviceType", 1, "3118")
    asked.one_of("deviceType", tuple("0123456789"), "3119")
    if not (device_no.isascii() and device_no.replace("_", "").isalnum()):
        asked.refuse("2173")
    if tin != seller.tin or not world.accounts.proved(tin, call.arrived_at):
        raise Refusal("40")
    if branch not in seller.branches:
        asked.refuse("2174")
    known = world.registry.device(device_no)
    if known is not None:
        if known.tin != tin:
            asked.refuse("3120")
        asked.refuse("2175" if world.device_book.branch(device_no) == branch else "3121")
    world.registry.add_device(Device(device_no, tin, ""))
    world.device_book.move(device_no, branch)
    return Answer()


def issuing_status(call: Call, world: World) -> Answer:
    """T176: note down what a device of the caller is doing."""
    asked = Block(call.object(), "")
    asked.required("deviceIssuingStatus", "3084")
    asked.fits("deviceIssuingStatus", 3, "3085")
    status = asked.one_of("deviceIssuingStatus", ISSUING_STATES, "3086")
    named = asked.text("deviceNo") or _device(call).device_no
    device = world.registry.device(named)
    if device is None or device.tin != call.seller().tin:
        asked.refuse("400")
    world.device_book.report_status(named, status, call.arrived_at)
    return Answer()


def transfer(call: Call, world: World) -> Answer:
    """T178: move the calling device to another branch of its owner."""
    asked = Block(call.object(), "")
    branch = asked.text("destinationBranchId")
    asked.fits("remarks", 1024, UNCODED)
    if branch not in call.seller().branches:
        asked.refuse("41", "There is no such branch")
    world.device_book.move(_device(call).device_no, branch)
    return Answer()


def _device(call: Call) -> Device:
    if call.device is None:
        raise Refusal("400")
    return call.device


def _tin(asked: Block) -> str:
    asked.required("tin", "2110")
    return asked.fits("tin", 20, "2111")


def _rows(call: Call) -> list[JsonValue]:
    rows = call.content if isinstance(call.content, list) else []
    if not rows or is_blank(rows):
        raise Refusal("2070")
    return rows


def _row(values: JsonValue, number: int) -> Block:
    if not isinstance(values, Mapping):
        raise Refusal("2066", row=number)
    return Block(values, "", number)


def _text(block: Mapping[str, JsonValue], name: str) -> str:
    value = block.get(name)
    return value if isinstance(value, str) else ""
