"""T111-T114, T118, T120, T122: each rule of these calls broken alone gives its code; the unbroken call is answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from risiti.efris.return_codes import catalogue
from risiti.simulator import Device
from tests.simulator.codes import test_t110
from tests.simulator.credit_notes import (
    BUYER_TIN,
    PAGE,
    application,
    apply,
    approved_note,
    buyer_of,
    cancelling,
    credit_memo,
    debit_note,
    issue,
    record,
    second_device,
    sold_to_business,
)
from tests.simulator.documents import Wire
from tests.simulator.rig import Rig, public_pem

pytestmark = pytest.mark.anyio

FILE = {"fileName": "note.pdf", "fileType": "pdf", "fileContent": "JVBERg=="}
QUERY: Wire = PAGE | {
    "referenceNo": "26PL0100000001",
    "oriInvoiceNo": "",
    "invoiceNo": "",
    "queryType": "1",
    "creditNoteType": "1",
    "startDate": "2026-03-01",
    "endDate": "2026-03-31",
}


@dataclass(frozen=True)
class Scene:
    """Who calls, and a valid call."""

    caller: Rig
    content: Wire


async def submitted(rig: Rig) -> Scene:
    """An application waits for the buyer."""
    rig.configure(credit_note_decision="wait")
    sold = sold_to_business()
    await apply(rig, application(await issue(rig, sold), sold))
    return Scene(rig, dict(QUERY))


async def in_detail(rig: Rig) -> Scene:
    scene = await submitted(rig)
    row = await record(rig, QUERY["referenceNo"])
    return Scene(scene.caller, {"id": row["id"]})


async def to_decide(rig: Rig) -> Scene:
    await submitted(rig)
    buyer = await buyer_of(rig)
    row = await record(buyer, QUERY["referenceNo"], "2")
    decision = {
        "referenceNo": row["referenceNo"],
        "approveStatus": "101",
        "taskId": row["taskId"],
        "remark": "Agreed",
    }
    return Scene(buyer, decision)


async def to_void(rig: Rig) -> Scene:
    await submitted(rig)
    row = await record(rig, QUERY["referenceNo"])
    return Scene(rig, {"businessKey": row["id"], "referenceNo": row["referenceNo"]})


async def with_credit_note(rig: Rig) -> Scene:
    issued = await issue(rig)
    fdn = await approved_note(rig, application(issued))
    return Scene(rig, cancelling(fdn, issued["invoiceId"]) | {"reason": "Mistake", "attachmentList": [dict(FILE)]})


async def with_debit_note(rig: Rig) -> Scene:
    issued = await issue(rig)
    note = await issue(rig, debit_note(issued))
    return Scene(rig, cancelling(note["invoiceNo"], issued["invoiceId"], "103"))


async def with_credit_memo(rig: Rig) -> Scene:
    memo = await issue(rig, credit_memo())
    return Scene(rig, cancelling(memo["invoiceNo"], "", "105"))


async def with_cancelled_note(rig: Rig) -> Scene:
    scene = await with_credit_note(rig)
    assert (await rig.call("T114", scene.content)).code == "00"
    return Scene(rig, {"invoiceNo": scene.content["invoiceNo"]})


Making = Callable[[Rig], Awaitable[Scene]]


@dataclass(frozen=True)
class Case:
    """One rule broken: the call is refused with the code, and taken when the changes are left away."""

    code: str
    interface: str
    scene: Making
    changes: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)


def cases(interface: str, scene: Making, *rows: tuple[str, str, Any], **settings: Any) -> list[Case]:  # noqa: ANN401
    return [Case(code, interface, scene, {name: value}, settings) for code, name, value in rows]


STRICT = {"presence": "codes"}

CASES = [
    *cases(
        "T111",
        submitted,
        ("1551", "referenceNo", "2" * 21),
        ("1505", "oriInvoiceNo", "3" * 21),
        ("1501", "invoiceNo", "3" * 21),
        ("1553", "queryType", "4"),
        ("1553", "queryType", ""),
        ("1554", "invoiceApplyCategoryCode", "101,109"),
        ("1552", "approveStatus", "105"),
        ("1518", "startDate", "01/03/2026"),
        ("1520", "endDate", "31/03/2026"),
        ("2894", "creditNoteType", "11"),
        ("2895", "creditNoteType", "3"),
        ("1521", "pageNo", ""),
        ("1526", "pageSize", "100"),
    ),
    *cases("T112", in_detail, ("1555", "id", ""), ("1556", "id", "1" * 21), ("304", "id", "100000000000000099")),
    *cases("T118", in_detail, ("1570", "id", ""), ("1571", "id", "1" * 21), ("304", "id", "100000000000000099")),
    *cases(
        "T113",
        to_decide,
        ("1550", "referenceNo", ""),
        ("1551", "referenceNo", "2" * 21),
        ("304", "referenceNo", "26PL0100000009"),
        ("1552", "approveStatus", "102"),
        ("1559", "taskId", ""),
        ("1560", "taskId", "2" * 21),
        ("2777", "taskId", "200000000000000099"),
        ("1557", "remark", ""),
        ("1558", "remark", "x" * 1025),
    ),
    *cases(
        "T114",
        with_credit_note,
        ("1500", "invoiceNo", ""),
        ("1501", "invoiceNo", "3" * 21),
        ("1561", "invoiceNo", "325999999999"),
        ("1562", "oriInvoiceId", "999"),
        ("1562", "oriInvoiceId", ""),
        ("1564", "invoiceApplyCategoryCode", "103"),
        ("1410", "invoiceApplyCategoryCode", "101"),
        ("1566", "reason", "x" * 1025),
        ("1567", "reasonCode", "104"),
        ("3089", "attachmentList", [FILE | {"fileName": ""}]),
        ("3090", "attachmentList", [FILE | {"fileName": "x" * 257}]),
        ("3091", "attachmentList", [FILE | {"fileType": ""}]),
        ("3092", "attachmentList", [FILE | {"fileType": "spread"}]),
        ("3093", "attachmentList", [FILE | {"fileType": "exe"}]),
        ("3094", "attachmentList", [FILE | {"fileContent": ""}]),
        ("3095", "attachmentList", [FILE | {"fileContent": "not base64"}]),
    ),
    Case("1568", "T114", with_credit_note, {"reasonCode": "103", "reason": ""}),
    Case("1565", "T114", with_credit_note, {"reason": ""}, STRICT),
    *cases("T114", with_debit_note, ("1563", "invoiceApplyCategoryCode", "104")),
    *cases(
        "T114",
        with_credit_memo,
        ("2801", "invoiceApplyCategoryCode", "104"),
        ("2802", "oriInvoiceId", "999"),
    ),
    *cases(
        "T120",
        to_void,
        ("1577", "businessKey", ""),
        ("1578", "businessKey", "1" * 21),
        ("311", "businessKey", "100000000000000099"),
        ("1579", "referenceNo", ""),
        ("1580", "referenceNo", "2" * 21),
        ("304", "referenceNo", "26PL0100000009"),
    ),
    *cases(
        "T122",
        with_cancelled_note,
        ("1500", "invoiceNo", ""),
        ("1501", "invoiceNo", "3" * 21),
        ("41", "invoiceNo", "325999999999"),
    ),
]

FILLED = {"referenceNo": "26PL0100000001", "oriInvoiceNo": "3", "invoiceNo": "3"}
EMPTIED = {
    "1550": "referenceNo",
    "1504": "oriInvoiceNo",
    "1500": "invoiceNo",
    "1517": "startDate",
    "1519": "endDate",
    "2893": "creditNoteType",
}
"""Fields of T111 that are demanded in the strictest reading only."""


@pytest.mark.parametrize("broken", CASES, ids=lambda case: f"{case.interface}-{case.code}-{'-'.join(case.changes)}")
async def test_one_broken_rule_gives_its_code_and_the_unbroken_call_is_answered(broken: Case) -> None:
    rig = Rig.make(rebates=True)
    await rig.open()
    scene = await broken.scene(rig)
    rig.configure(**broken.settings)
    refused = await scene.caller.call(broken.interface, scene.content | broken.changes)
    assert refused.code == broken.code, refused.message
    answered = await scene.caller.call(broken.interface, scene.content)
    assert answered.code == "00", answered.message


@pytest.mark.parametrize("code", EMPTIED)
async def test_the_strictest_reading_demands_every_filter(rig: Rig, code: str) -> None:
    rig.configure(**STRICT)
    assert (await rig.call("T111", QUERY | FILLED)).code == "00"
    assert (await rig.call("T111", QUERY | FILLED | {EMPTIED[code]: ""})).code == code


async def decided_twice(rig: Rig) -> tuple[str, str]:
    scene = await to_decide(rig)
    return (await scene.caller.call("T113", scene.content)).code, (await scene.caller.call("T113", scene.content)).code


async def about_a_withheld_document(rig: Rig) -> tuple[str, str]:
    scene = await with_credit_note(rig)
    fdn = scene.content["invoiceNo"]
    rig.world.notes.withhold(fdn, withheld=True)
    bad = (await rig.call("T114", scene.content)).code
    rig.world.notes.withhold(fdn, withheld=False)
    return (await rig.call("T114", scene.content)).code, bad


async def from_a_blocked_device(rig: Rig) -> tuple[str, str]:
    scene = await with_credit_note(rig)
    other = second_device(rig)
    await other.open()
    rig.world.registry.add_device(Device(rig.device_no, rig.tin, public_pem(), "blocked"))
    bad = (await other.call("T114", scene.content)).code
    rig.world.registry.add_device(Device(rig.device_no, rig.tin, public_pem()))
    return (await other.call("T114", scene.content)).code, bad


async def debit_note_cancelled_twice(rig: Rig) -> tuple[str, str]:
    scene = await with_debit_note(rig)
    return (await rig.call("T114", scene.content)).code, (await rig.call("T114", scene.content)).code


async def debit_note_cancelled_before(rig: Rig) -> tuple[str, str]:
    scene = await with_debit_note(rig)
    good = (await rig.call("T114", scene.content)).code
    rig.clock.advance(30)
    return good, (await rig.call("T114", scene.content)).code


async def memo_cancelled_twice(rig: Rig) -> tuple[str, str]:
    scene = await with_credit_memo(rig)
    return (await rig.call("T114", scene.content)).code, (await rig.call("T114", scene.content)).code


LATER: dict[tuple[str, str], Callable[[Rig], Awaitable[tuple[str, str]]]] = {
    ("T113", "2061"): decided_twice,
    ("T113", "316"): test_t110.approving_for_a_seller_gone,
    ("T113", "317"): test_t110.approving_after_a_debit_note,
    ("T114", "301"): debit_note_cancelled_before,
    ("T114", "318"): debit_note_cancelled_twice,
    ("T114", "319"): test_t110.cancelling_twice,
    ("T114", "2803"): memo_cancelled_twice,
    ("T114", "3125"): from_a_blocked_device,
    ("T114", "3134"): about_a_withheld_document,
}


@pytest.mark.parametrize(("interface", "code"), LATER)
async def test_a_call_is_taken_until_the_state_forbids_it(interface: str, code: str) -> None:
    rig = Rig.make(rebates=True)
    await rig.open()
    assert await LATER[interface, code](rig) == ("00", code)


def provoked(interface: str) -> frozenset[str]:
    """Return the listed codes of an interface that the rows of this module provoke."""
    listed = {row.code for row in catalogue() if interface in row.interfaces}
    found = {broken.code for broken in CASES if broken.interface == interface}
    found |= {code for of, code in LATER if of == interface}
    if interface == "T111":
        found |= set(EMPTIED)
    return frozenset(found & listed)


ELSEWHERE = "listed for T110, T113 and T114 together; T110, T113 or T120 answers it, see test_t110.py"
INSIDE = "a failure inside the authority; the fault plan answers it"
SHARED = {
    "300": ELSEWHERE,
    "303": INSIDE,
    "305": INSIDE,
    "306": ELSEWHERE,
    "307": INSIDE,
    "308": INSIDE,
    "309": ELSEWHERE,
    "310": ELSEWHERE,
    "311": ELSEWHERE,
    "312": ELSEWHERE,
    "313": ELSEWHERE,
    "314": ELSEWHERE,
    "315": "a message of success, not a refusal",
}
LEFT_OUT: dict[str, dict[str, str]] = {
    "T111": {},
    "T112": {},
    "T113": SHARED | {"301": ELSEWHERE, "318": ELSEWHERE, "319": ELSEWHERE},
    "T114": SHARED | {"304": ELSEWHERE, "316": ELSEWHERE, "317": ELSEWHERE},
    "T118": {},
    "T120": {},
    "T122": {},
}
PROVOKED = {interface: provoked(interface) for interface in LEFT_OUT}


@pytest.mark.parametrize("interface", LEFT_OUT)
def test_every_listed_code_is_provoked_or_left_out_for_a_reason(interface: str) -> None:
    listed = {row.code for row in catalogue() if interface in row.interfaces}
    assert provoked(interface) | set(LEFT_OUT[interface]) == listed
    assert not provoked(interface) & set(LEFT_OUT[interface])


async def test_applications_are_seen_by_their_applicant_and_their_counter_party_only(rig: Rig) -> None:
    scene = await in_detail(rig)
    buyer, stranger = await buyer_of(rig, BUYER_TIN), await buyer_of(rig, "1000000905")
    for interface in ("T112", "T118"):
        assert (await buyer.call(interface, scene.content)).code == "00"
        assert (await stranger.call(interface, scene.content)).code == "304"
