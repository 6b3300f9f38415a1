"""The life of a credit note: applied for, decided by clock or counter-party, issued, partial, cancelled, remembered."""

from decimal import Decimal
from pathlib import Path

import pytest

from risiti.simulator import World, create_simulator
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
    sold_to_business,
)
from tests.simulator.documents import Wire, document, goods
from tests.simulator.rig import MovedClock, Rig

pytestmark = pytest.mark.anyio


async def details(rig: Rig, fdn: str) -> Wire:
    answer = await rig.call("T108", {"invoiceNo": fdn})
    assert answer.code == "00", answer.message
    told: Wire = rig.read(answer)
    return told


async def left(rig: Rig, fdn: str) -> list[tuple[str, str]]:
    answer = await rig.call("T186", {"invoiceNo": fdn})
    assert answer.code == "00", answer.message
    return [(line["remainQty"], line["remainAmount"]) for line in rig.read(answer)["goodsDetails"]]


async def creditable(rig: Rig) -> list[str]:
    answer = await rig.call("T107", PAGE)
    return [record["invoiceNo"] for record in rig.read(answer)["records"]]


async def test_an_application_is_approved_by_the_clock_and_gets_its_own_number(rig: Rig) -> None:
    issued = await issue(rig)
    reference = await apply(rig, application(issued))
    pending = await record(rig, reference)
    assert (pending["approveStatus"], pending["invoiceNo"]) == ("102", "")
    rig.clock.advance(29)
    assert (await record(rig, reference))["approveStatus"] == "102"
    rig.clock.advance(1)
    approved = await record(rig, reference)
    assert approved["approveStatus"] == "101"
    assert approved["invoiceNo"] not in ("", issued["invoiceNo"])
    note = await details(rig, approved["invoiceNo"])
    basic = note["basicInformation"]
    assert (basic["invoiceType"], basic["oriInvoiceNo"]) == ("2", issued["invoiceNo"])
    assert basic["oriInvoiceId"] == issued["invoiceId"]
    assert len(basic["antifakeCode"]) == 20
    assert note["summary"]["grossAmount"] == "-11800.02"
    assert note["sellerDetails"]["referenceNo"] == "CN-1"
    assert note["creditNoteExtend"]["preGrossAmount"] == "11800.02"
    assert (await details(rig, issued["invoiceNo"]))["basicInformation"]["isRefund"] == "1"


async def test_a_note_bears_the_moment_it_fell_due_whenever_it_is_asked_for(rig: Rig) -> None:
    issued = await issue(rig)
    reference = await apply(rig, application(issued))
    rig.clock.advance(3600)
    fdn = (await record(rig, reference))["invoiceNo"]
    assert (await details(rig, fdn))["basicInformation"]["issuedDate"] == "02/03/2026 12:00:30"


async def test_the_notes_of_a_document_are_listed_by_its_number(rig: Rig) -> None:
    issued = await issue(rig)
    fdn = await approved_note(rig, application(issued))
    answer = await rig.call("T106", PAGE | {"oriInvoiceNo": issued["invoiceNo"], "invoiceType": "2"})
    (row,) = rig.read(answer)["records"]
    assert (row["invoiceNo"], row["oriInvoiceNo"], row["isInvalid"]) == (fdn, issued["invoiceNo"], "0")
    assert Decimal(row["grossAmount"]) == Decimal("-11800.02")
    refunded = rig.read(await rig.call("T106", PAGE | {"isRefund": "1"}))["records"]
    assert [document["invoiceNo"] for document in refunded] == [issued["invoiceNo"]]


async def test_the_header_and_the_content_of_an_application_say_what_was_asked_for(rig: Rig) -> None:
    issued = await issue(rig)
    reference = await apply(rig, application(issued, remarks="Returned unopened", contactName="Okello"))
    identity = (await record(rig, reference))["id"]
    header = rig.read(await rig.call("T112", {"id": identity}))
    assert (header["referenceNo"], header["approveStatusCode"]) == (reference, "102")
    assert (header["oriInvoiceId"], header["sellersReferenceNo"]) == (issued["invoiceId"], "CN-1")
    assert (header["remarks"], header["contactName"]) == ("Returned unopened", "Okello")
    assert (header["grossAmount"], header["totalAmount"]) == ("11800.02", "-11800.02")
    content = rig.read(await rig.call("T118", {"id": identity}))
    assert [(line["itemName"], line["qty"], line["unit"]) for line in content["goodsDetails"]] == [("Pen", "-3", "101")]
    assert content["summary"]["previousGrossAmount"] == "11800.02"
    assert content["basicInformation"]["invoiceType"] == "2"


async def test_the_clock_may_reject_and_then_the_document_can_be_credited_again(rig: Rig) -> None:
    rig.configure(credit_note_decision="reject", credit_note_decision_seconds=5)
    issued = await issue(rig)
    reference = await apply(rig, application(issued))
    rig.clock.advance(5)
    assert (await record(rig, reference))["approveStatus"] == "103"
    assert await left(rig, issued["invoiceNo"]) == [("3", "11800.02")]
    assert (await rig.call("T110", application(issued))).code == "00"


async def test_the_counter_party_approves_what_waits_for_it(rig: Rig) -> None:
    rig.configure(credit_note_decision="wait")
    sold = sold_to_business()
    issued = await issue(rig, sold)
    reference = await apply(rig, application(issued, sold))
    rig.clock.advance(86_400)
    await rig.open()
    buyer = await buyer_of(rig)
    waiting = await record(buyer, reference, "2")
    assert (waiting["approveStatus"], waiting["tin"], waiting["waitingDate"]) == ("102", rig.tin, "1")
    decision = {"referenceNo": reference, "approveStatus": "101", "taskId": waiting["taskId"], "remark": "Agreed"}
    assert (await rig.call("T113", decision)).code == "2777"
    answer = await buyer.call("T113", decision)
    assert (answer.code, answer.envelope.content) == ("00", "")
    assert (await buyer.call("T113", decision)).code == "2061"
    assert (await record(buyer, reference, "3"))["approveStatus"] == "101"
    fdn = (await record(rig, reference))["invoiceNo"]
    assert (await details(buyer, fdn))["summary"]["grossAmount"] == "-11800.02"
    assert rig.read(await rig.call("T112", {"id": waiting["id"]}))["approveRemarks"] == "Agreed"


async def test_the_counter_party_rejects(rig: Rig) -> None:
    rig.configure(credit_note_decision="wait")
    sold = sold_to_business()
    issued = await issue(rig, sold)
    reference = await apply(rig, application(issued, sold))
    buyer = await buyer_of(rig)
    task = (await record(buyer, reference, "2"))["taskId"]
    decision = {"referenceNo": reference, "approveStatus": "103", "taskId": task, "remark": "Goods were kept"}
    assert (await buyer.call("T113", decision)).code == "00"
    rejected = await record(rig, reference)
    assert (rejected["approveStatus"], rejected["invoiceNo"]) == ("103", "")
    assert issued["invoiceNo"] in await creditable(rig)


async def test_applicants_approve_their_own_where_the_switch_says_so(rig: Rig) -> None:
    rig.configure(credit_note_decision="wait", self_approval=True)
    reference = await apply(rig, application(await issue(rig)))
    task = (await record(rig, reference, "2"))["taskId"]
    decision = {"referenceNo": reference, "approveStatus": "101", "taskId": task, "remark": "Agreed"}
    assert (await rig.call("T113", decision)).code == "00"
    assert (await record(rig, reference))["approveStatus"] == "101"


async def test_an_application_is_voided_by_its_applicant_only_while_it_waits(rig: Rig) -> None:
    issued = await issue(rig)
    reference = await apply(rig, application(issued))
    key = {"businessKey": (await record(rig, reference))["id"], "referenceNo": reference}
    stranger = await buyer_of(rig)
    assert (await stranger.call("T120", key)).code == "311"
    assert (await rig.call("T120", key)).code == "00"
    assert (await rig.call("T120", key)).code == "313"
    rig.clock.advance(60)
    assert (await record(rig, reference))["approveStatus"] == "104"
    assert rig.world.ledger.last_number() == 1
    assert issued["invoiceNo"] in await creditable(rig)


async def test_a_document_is_credited_in_parts_until_nothing_is_left(rig: Rig) -> None:
    issued = await issue(rig)
    await approved_note(rig, application(issued, quantity="1"))
    assert await left(rig, issued["invoiceNo"]) == [("2", "7866.68")]
    assert await creditable(rig) == [issued["invoiceNo"]]
    too_much = await rig.call("T110", application(issued, quantity="3"))
    assert too_much.code == "3163"
    await approved_note(rig, application(issued, quantity="2"))
    assert await left(rig, issued["invoiceNo"]) == [("0", "0")]
    assert await creditable(rig) == []
    assert (await rig.call("T110", application(issued, quantity="1"))).code == "1401"


async def test_a_discounted_line_is_credited_net_of_its_discount(rig: Rig) -> None:
    sold = document("standard_discount")
    issued = await issue(rig, sold)
    assert await left(rig, issued["invoiceNo"]) == [("1", "2124000"), ("", "0")]
    wrong = application(issued, sold)
    wrong["goodsDetails"][0] |= {"total": "-2124000.01"}
    assert (await rig.call("T110", wrong)).code == "1460"
    await approved_note(rig, application(issued, sold))
    assert await left(rig, issued["invoiceNo"]) == [("0", "0"), ("", "0")]


async def test_two_lines_of_one_application_share_what_is_left(rig: Rig) -> None:
    issued = await issue(rig)
    twice = application(issued, quantity="2", lines=(0, 0))
    assert (await rig.call("T110", twice)).code == "3163"


async def test_a_cancelled_credit_note_gives_the_remainder_back(rig: Rig) -> None:
    issued = await issue(rig)
    fdn = await approved_note(rig, application(issued))
    answer = await rig.call("T114", cancelling(fdn, issued["invoiceId"], reasonCode="103", reason="Issued by mistake"))
    assert (answer.code, answer.envelope.content) == ("00", "")
    assert (await rig.call("T114", cancelling(fdn, issued["invoiceId"]))).code == "319"
    assert (await details(rig, fdn))["basicInformation"]["isInvalid"] == "1"
    assert (await details(rig, issued["invoiceNo"]))["basicInformation"]["isRefund"] == "0"
    assert await left(rig, issued["invoiceNo"]) == [("3", "11800.02")]
    assert await creditable(rig) == [issued["invoiceNo"]]
    told = rig.read(await rig.call("T122", {"invoiceNo": fdn}))
    assert (told["reasonCode"], told["reason"]) == ("103", "Issued by mistake")
    assert Decimal(told["grossAmount"]) == Decimal("-11800.02")
    assert (await rig.call("T110", application(issued))).code == "00"


async def test_returned_goods_come_back_into_stock_and_leave_it_with_the_note(rig: Rig) -> None:
    assert (await rig.call("T130", [goods()])).code == "00"
    pens = rig.world.shelf.find(rig.tin, "P1")
    assert pens is not None
    rig.world.stock.bring(pens, "", Decimal(10))
    issued = await issue(rig)
    assert rig.world.stock.level(pens, "") == 7
    fdn = await approved_note(rig, application(issued, quantity="2"))
    assert rig.world.stock.level(pens, "") == 9
    assert (await rig.call("T114", cancelling(fdn, issued["invoiceId"]))).code == "00"
    assert rig.world.stock.level(pens, "") == 7


async def test_a_debit_note_is_issued_at_once_and_blocks_credit_until_it_is_cancelled(rig: Rig) -> None:
    issued = await issue(rig)
    note = await issue(rig, debit_note(issued))
    assert note["oriInvoiceId"] == issued["invoiceId"]
    assert (await details(rig, issued["invoiceNo"]))["basicInformation"]["isRefund"] == "2"
    assert (await details(rig, note["invoiceNo"]))["basicInformation"]["oriInvoiceNo"] == issued["invoiceNo"]
    assert (await rig.call("T110", application(issued))).code == "1402"
    assert await creditable(rig) == [note["invoiceNo"]]
    wish = cancelling(note["invoiceNo"], issued["invoiceId"], "103")
    assert (await rig.call("T114", wish)).code == "00"
    assert (await rig.call("T114", wish)).code == "318"
    found = rig.read(await rig.call("T111", PAGE | {"queryType": "1", "invoiceApplyCategoryCode": "103"}))["records"]
    assert [(row["oriInvoiceNo"], row["invoiceNo"], row["approveStatus"]) for row in found] == [
        (issued["invoiceNo"], note["invoiceNo"], "102")
    ]
    content = rig.read(await rig.call("T118", {"id": found[0]["id"]}))
    assert content["basicInformation"]["invoiceType"] == "4"
    assert (await details(rig, note["invoiceNo"]))["basicInformation"]["isInvalid"] == "0"
    rig.clock.advance(30)
    assert (await details(rig, note["invoiceNo"]))["basicInformation"]["isInvalid"] == "1"
    assert (await details(rig, issued["invoiceNo"]))["basicInformation"]["isRefund"] == "0"
    assert (await rig.call("T110", application(issued))).code == "00"


async def test_a_debit_note_can_itself_be_credited(rig: Rig) -> None:
    issued = await issue(rig)
    note = await issue(rig, debit_note(issued))
    fdn = await approved_note(rig, application(note))
    assert (await details(rig, fdn))["basicInformation"]["oriInvoiceNo"] == note["invoiceNo"]


async def test_a_credit_note_without_original_becomes_a_memo_that_is_cancelled_as_one() -> None:
    rig = Rig.make(credit_without_original=True)
    await rig.open()
    buyer = {"buyerType": "0", "buyerTin": BUYER_TIN, "buyerLegalName": "Lakeside Traders Limited (fictitious)"}
    reference = await apply(rig, application({}, buyerDetails=buyer))
    assert (await rig.call("T111", PAGE | {"queryType": "1", "referenceNo": reference})).code == "00"
    rig.clock.advance(30)
    found = await record(rig, reference, creditNoteType="2")
    note = await details(rig, found["invoiceNo"])
    assert (note["basicInformation"]["invoiceType"], note["basicInformation"]["oriInvoiceNo"]) == ("5", "")
    assert note["buyerDetails"]["buyerTin"] == BUYER_TIN
    wish = cancelling(found["invoiceNo"], "", "105")
    assert [(await rig.call("T114", wish)).code for _ in range(2)] == ["00", "2803"]


async def test_a_credit_memo_is_issued_at_once_and_cancelled_at_once() -> None:
    rig = Rig.make(rebates=True)
    await rig.open()
    memo = await issue(rig, credit_memo())
    assert (await details(rig, memo["invoiceNo"]))["basicInformation"]["invoiceType"] == "5"
    assert (await rig.call("T114", cancelling(memo["invoiceNo"], "", "105"))).code == "00"
    assert (await details(rig, memo["invoiceNo"]))["basicInformation"]["isInvalid"] == "1"


async def test_goods_renamed_meanwhile_stop_the_approval(rig: Rig) -> None:
    rig.configure(check_goods=True)
    assert (await rig.call("T130", [goods()])).code == "00"
    reference = await apply(rig, application(await issue(rig)))
    assert (await rig.call("T130", [goods(operationType="102", goodsName="Fountain pen")])).code == "00"
    rig.clock.advance(30)
    rejected = await record(rig, reference)
    assert rejected["approveStatus"] == "103"
    assert rig.read(await rig.call("T112", {"id": rejected["id"]}))["approveRemarks"].startswith("2198")


async def test_reconciliation_returns_only_what_differs(rig: Rig) -> None:
    issued = await issue(rig)
    fdn = await approved_note(rig, application(issued))
    right = [{"invoiceNo": issued["invoiceNo"], "invoiceType": "1"}, {"invoiceNo": fdn, "invoiceType": "2"}]
    wrong = [{"invoiceNo": fdn, "invoiceType": "4"}, {"invoiceNo": "325999999999", "invoiceType": "1"}]
    assert rig.read(await rig.call("T117", right)) == []
    assert rig.read(await rig.call("T117", right + wrong)) == wrong


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("1500", [{"invoiceType": "1"}]),
        ("1501", [{"invoiceNo": "3" * 21, "invoiceType": "1"}]),
        ("1514", [{"invoiceNo": "3", "invoiceType": "3"}]),
        ("1569", [{"invoiceNo": "3", "invoiceType": "1"}] * 3),
        ("2066", ["325043056477"]),
    ],
)
async def test_reconciliation_lists_have_limits(rig: Rig, code: str, rows: list[object]) -> None:
    rig.configure(max_reconciliation_rows=2)
    assert (await rig.call("T117", rows)).code == code


async def test_a_daily_report_is_kept_as_it_came(rig: Rig) -> None:
    answer = await rig.call("T116", {"date": "2026-03-02", "gross": "11800.02"})
    assert (answer.code, answer.envelope.content) == ("00", "")
    assert [report.content for report in rig.world.reports.of(rig.device_no)] == [
        {"date": "2026-03-02", "gross": "11800.02"}
    ]


async def test_only_exports_have_a_customs_state(rig: Rig) -> None:
    issued = await issue(rig)
    assert (await rig.call("T187", {"invoiceNo": issued["invoiceNo"]})).code == "41"
    assert (await rig.call("T187", {})).code == "1500"


async def test_a_person_decides_over_the_control_door(rig: Rig) -> None:
    rig.configure(credit_note_decision="wait")
    issued = await issue(rig)
    reference = await apply(rig, application(issued, quantity="1"))
    _, listed = await rig.control("GET", "applications")
    assert [(row["reference"], row["status"]) for row in listed["applications"]] == [(reference, "102")]
    assert (await rig.control("PUT", f"applications/{reference}", {"decision": "maybe"}))[0] == 400
    assert (await rig.control("PUT", "applications/none", {"decision": "approve"}))[0] == 404
    status, decided = await rig.control("PUT", f"applications/{reference}", {"decision": "approve"})
    assert (status, decided["status"], decided["note_fdn"] != "") == (200, "101", True)
    assert (await rig.control("PUT", f"applications/{reference}", {"decision": "reject"}))[0] == 409
    other = await apply(rig, application(issued, quantity="1"))
    assert (await rig.control("PUT", f"applications/{other}", {"decision": "reject"}))[1]["status"] == "103"


async def test_a_withheld_document_gets_no_note(rig: Rig) -> None:
    issued = await issue(rig)
    assert (await rig.control("PUT", f"documents/{issued['invoiceNo']}", {"withheld": True}))[0] == 200
    assert (await rig.call("T110", application(issued))).code == "3134"
    assert (await rig.control("PUT", f"documents/{issued['invoiceNo']}", {"withheld": False}))[0] == 200
    assert (await rig.call("T110", application(issued))).code == "00"
    assert (await rig.control("PUT", "documents/none", {"withheld": True}))[0] == 404
    assert (await rig.control("PUT", f"documents/{issued['invoiceNo']}", {"withheld": 1}))[0] == 400


async def test_applications_notes_and_cancellations_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    rig = Rig.make(World.open(path))
    await rig.open()
    issued = await issue(rig)
    cancelled = await approved_note(rig, application(issued, quantity="1"))
    assert (await rig.call("T114", cancelling(cancelled, issued["invoiceId"]))).code == "00"
    standing = await approved_note(rig, application(issued, quantity="2"))
    pending = await apply(rig, application(issued, quantity="1"))
    world = World.open(path)
    clock = MovedClock(rig.clock.now())
    after = Rig(world, clock, create_simulator(world, clock=clock, control=True), session_key=rig.session_key)
    assert await left(after, issued["invoiceNo"]) == [("1", "3933.34")]
    assert (await details(after, cancelled))["basicInformation"]["isInvalid"] == "1"
    assert (await details(after, standing))["basicInformation"]["isInvalid"] == "0"
    assert (await record(after, pending))["approveStatus"] == "102"
    clock.advance(30)
    assert (await record(after, pending))["approveStatus"] == "101"
    assert await left(after, issued["invoiceNo"]) == [("0", "0")]
    rig.world.close()
    after.world.close()
