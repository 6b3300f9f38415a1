"""T109 with invoiceType 4 and 5: each rule of debit notes and credit memos broken alone gives its own code.

The codes count for T109; its own table takes `PROVOKED` from here.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.simulator.codes.test_t110 import (
    Sale,
    State,
    an_hour_later,
    changed,
    credited,
    credited_in_part,
    credited_to_a_note,
    debit_note_cancelled,
    debit_note_in_cancellation,
    debited,
    exported,
    put,
    sold_by_another,
    withheld,
)
from tests.simulator.credit_notes import cancelling, credit_memo, debit_note, issue
from tests.simulator.documents import Wire, document
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio

B, U, E = "basicInformation", "buyerDetails", "extend"
PENS = Sale(document())
ABROAD = {
    "importBusinessName": "Far Away Limited (fictitious)",
    "importAddress": "1 Far Road",
    "importInvoiceDate": "2026-03-01",
}


@dataclass(frozen=True)
class Case:
    """One rule broken.

    Attributes:
        code: The code it must give.
        changes: Value by dotted path in the debit note or credit memo.
        seller: Attributes of the seller.
        settings: Switches that make the difference.
        state: What happens to the original before; may return another document to debit.
    """

    code: str
    changes: dict[str, Any] = field(default_factory=dict)
    seller: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    state: State | None = None


async def fuel_sold(rig: Rig, _: Wire, sale: Sale) -> Wire:
    return put(rig, sale.sold, invoiceIndustryCode="110")


async def first_debit_note_in_cancellation(rig: Rig, issued: Wire, sale: Sale) -> None:
    await debit_note_in_cancellation(rig, issued, sale)


DEBIT_NOTES = [
    Case("1136", {f"{B}.oriInvoiceId": ""}),
    Case("1138", {f"{B}.oriInvoiceId": "1" * 21}),
    Case("1400", {f"{B}.oriInvoiceId": "999"}),
    Case("1400", {f"{B}.oriInvoiceId": "INV-1"}),
    Case("1400", state=sold_by_another),
    Case("2073", {E: None}),
    Case("1314", {f"{E}.reasonCode": ""}),
    Case("1404", {f"{E}.reasonCode": "104"}),
    Case("1405", {E: {"reasonCode": "103", "reason": ""}}),
    Case("1411", {f"{B}.currency": "USD"}),
    Case("1480", state=credited_to_a_note),
    Case("301", state=debit_note_cancelled),
    Case("3134", state=withheld),
    Case("2049", state=exported),
    Case("3029", state=fuel_sold),
    Case("318", state=first_debit_note_in_cancellation),
    Case("1402", state=debited),
    Case("1401", state=credited),
    Case("306", seller={"debit_after_credit": False}, state=credited_in_part),
    Case("312", settings={"credit_note_days": 0}, state=an_hour_later),
]

MEMOS = [
    Case("2804", seller={"rebates": False}),
    Case("2822", seller={"duty_free": True}),
    Case("2805", {f"{U}.buyerType": "2"}),
    Case("2806", {U: {"buyerType": "1", "buyerLegalName": "Walk-in customer"}}),
    Case(
        "2807",
        {f"{B}.invoiceIndustryCode": "104", "importServicesSeller": ABROAD},
        seller={"imported_services": True},
    ),
    Case("1404", {f"{E}.reasonCode": "104"}),
    Case("2073", {E: None}),
    Case("312", {f"{B}.issuedDate": "2026-02-14 12:00:00"}),
]

PROVOKED = frozenset(broken.code for broken in (*DEBIT_NOTES, *MEMOS))


def name(broken: Case) -> str:
    return f"{broken.code}-{'-'.join(broken.changes)}"


@pytest.mark.parametrize("broken", DEBIT_NOTES, ids=name)
async def test_a_debit_note_that_breaks_one_rule_is_refused_and_the_unbroken_one_issued(broken: Case) -> None:
    rig = Rig.make(**broken.seller)
    await rig.open()
    issued, twin = await PENS.copies(rig)
    assert (await rig.upload(debit_note(twin, "DN-0"))).code == "00"
    other = await broken.state(rig, issued, PENS) if broken.state else None
    rig.configure(**broken.settings)
    stored = rig.world.ledger.last_number()
    answer = await rig.upload(changed(debit_note(other or issued, "DN-9"), broken.changes))
    assert (answer.code, rig.world.ledger.last_number()) == (broken.code, stored), answer.message


@pytest.mark.parametrize("broken", MEMOS, ids=name)
async def test_a_credit_memo_that_breaks_one_rule_is_refused_and_the_unbroken_one_issued(broken: Case) -> None:
    rig = Rig.make(rebates=True)
    await rig.open()
    assert (await rig.upload(credit_memo())).code == "00"
    known = rig.world.registry.taxpayer(rig.tin)
    assert known is not None
    await rig.control("PUT", "taxpayers", known.to_json() | broken.seller)
    answer = await rig.upload(changed(credit_memo("CM-9"), broken.changes))
    assert (answer.code, rig.world.ledger.last_number()) == (broken.code, 1), answer.message


async def test_a_credit_memo_carries_no_excise() -> None:
    rig = Rig.make(rebates=True, excise_registered=True)
    await rig.open()
    memo = credit_memo()
    memo["goodsDetails"][0] |= {"exciseFlag": "1"} | {
        "categoryId": "LED050000",
        "categoryName": "Excise by rate",
        "exciseRate": "0.1",
        "exciseRule": "1",
        "exciseTax": "909.09",
        "exciseRateName": "10%",
    }
    assert (await rig.upload(memo)).code == "2827"


async def test_a_debit_note_may_follow_a_partial_credit_note_where_the_seller_may(rig: Rig) -> None:
    issued = await issue(rig)
    await credited_in_part(rig, issued, PENS)
    assert (await rig.upload(debit_note(issued))).code == "00"


async def test_a_debit_note_may_follow_one_that_was_cancelled(rig: Rig) -> None:
    issued = await issue(rig)
    note = await issue(rig, debit_note(issued))
    assert (await rig.call("T114", cancelling(note["invoiceNo"], issued["invoiceId"], "103"))).code == "00"
    rig.clock.advance(30)
    assert (await rig.upload(debit_note(issued, "DN-2"))).code == "00"


async def test_a_credit_memo_has_its_own_window_of_days() -> None:
    rig = Rig.make(rebates=True)
    await rig.open()
    ten_days_old = changed(credit_memo(), {f"{B}.issuedDate": "2026-02-20 12:00:00"})
    assert (await rig.upload(ten_days_old)).code == "00"
    assert (await rig.upload(document(issued="2026-02-20 12:00:00", reference="INV-9"))).code == "2789"
