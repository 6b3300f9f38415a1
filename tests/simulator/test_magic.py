"""Magic references and buyer TINs: failure on demand from within an ERP, once, and then the call goes through."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.simulator import ConnectionDropped, World
from risiti.simulator.faults import FAULTS
from risiti.simulator.magic import MARKERS, TIN_FAULTS, read
from tests.simulator.documents import Wire, document
from tests.simulator.rig import HeldSleep, Rig

pytestmark = pytest.mark.anyio

PAGE: Wire = {"pageNo": "1", "pageSize": "10"}


@pytest.fixture
async def magic(rig: Rig) -> Rig:
    """A stand-in in which references are magic."""
    rig.configure(magic=True)
    return rig


def to(tin: str) -> Wire:
    made = document()
    made["buyerDetails"] |= {"buyerTin": tin, "buyerType": "0", "buyerLegalName": "Somebody (fictitious)"}
    return made


async def stored(rig: Rig, reference: str) -> int:
    return len(rig.world.documents(reference))


async def test_a_reference_is_only_a_reference_unless_magic_is_on(rig: Rig) -> None:
    assert (await rig.upload(document(reference="A-SIM-REFUSE-1316"))).code == "00"


async def test_an_answer_is_lost_once_and_the_next_call_finds_the_document(magic: Rig) -> None:
    lost = document(reference="INV-7-SIM-DROP-AFTER")
    with pytest.raises(ConnectionDropped):
        await magic.upload(lost)
    assert await stored(magic, "INV-7-SIM-DROP-AFTER") == 1
    assert (await magic.upload(lost)).code == "2253"


async def test_a_request_is_lost_once_and_the_next_one_arrives(magic: Rig) -> None:
    lost = document(reference="SIM-DROP-BEFORE")
    with pytest.raises(ConnectionDropped):
        await magic.upload(lost)
    assert await stored(magic, "SIM-DROP-BEFORE") == 0
    assert (await magic.upload(lost)).code == "00"


async def test_other_references_of_the_same_kind_fail_on_their_own(magic: Rig) -> None:
    for reference in ("SIM-99-A", "SIM-99-B"):
        assert (await magic.upload(document(reference=reference))).code == "99"
        assert (await magic.upload(document(reference=reference))).code == "00"


async def test_a_refusal_stays_a_refusal(magic: Rig) -> None:
    refused = document(reference="SIM-REFUSE-1316/1")
    assert [(await magic.upload(refused)).code for _ in range(3)] == ["1316"] * 3
    assert await stored(magic, "SIM-REFUSE-1316/1") == 0


@pytest.mark.parametrize(
    ("suffix", "codes"),
    [("", ["99", "00"]), ("-X3", ["99", "99", "99", "00"]), ("-ALWAYS", ["99"] * 5)],
)
async def test_a_marker_says_how_often_it_strikes(magic: Rig, suffix: str, codes: list[str]) -> None:
    content = document(reference=f"SIM-99{suffix}")
    assert [(await magic.upload(content)).code for _ in codes] == codes


async def test_an_accepted_document_can_be_answered_with_an_error(magic: Rig) -> None:
    assert (await magic.upload(document(reference="SIM-99-AFTER"))).code == "99"
    assert await stored(magic, "SIM-99-AFTER") == 1


async def test_a_call_is_delayed_for_as_long_as_the_reference_says() -> None:
    sleep = HeldSleep()
    rig = Rig.make(sleep=sleep)
    rig.configure(magic=True)
    await rig.open()
    sleep.over.set()
    assert (await rig.upload(document(reference="SIM-DELAY-45"))).code == "00"
    assert sleep.seconds == [45.0]


async def test_a_late_delivery_is_not_struck_again(magic: Rig) -> None:
    with pytest.raises(ConnectionDropped):
        await magic.upload(document(reference="SIM-LATE-0"))
    await magic.app.settled()
    assert await stored(magic, "SIM-LATE-0") == 1


async def test_a_document_stays_hidden_from_queries_until_it_is_old_enough(magic: Rig) -> None:
    await magic.upload(document(reference="SIM-LAG-30"))
    ask = PAGE | {"referenceNo": "SIM-LAG-30"}
    assert magic.read(await magic.call("T106", ask))["records"] == []
    magic.clock.advance(30)
    assert len(magic.read(await magic.call("T106", ask))["records"]) == 1


async def test_a_query_fails_and_the_upload_does_not(magic: Rig) -> None:
    assert (await magic.upload(document(reference="SIM-QUERY-99"))).code == "00"
    ask = PAGE | {"referenceNo": "SIM-QUERY-99"}
    assert [(await magic.call("T106", ask)).code for _ in range(2)] == ["99", "00"]


async def test_buyers_make_documents_fail_where_references_cannot_be_chosen(magic: Rig) -> None:
    assert (await magic.upload(to("9900011316"))).code == "1316"
    with pytest.raises(ConnectionDropped):
        await magic.upload(to("9900000002"))
    assert await stored(magic, "INV-1") == 1


async def test_a_taxpayer_query_can_fail_too(magic: Rig) -> None:
    assert (await magic.call("T119", {"tin": "9900012261"})).code == "2261"
    assert [(await magic.call("T119", {"tin": "9900000006"})).code for _ in range(2)] == ["99", "2261"]


async def test_stock_calls_carry_their_reference_in_the_outer_message(magic: Rig) -> None:
    message = magic.message("T131", {"goodsStockIn": {}, "goodsStockInItem": []})
    message["globalInfo"]["extendField"]["referenceNo"] = "SIM-REFUSE-46"
    assert (await magic.send(message)).code == "46"


async def test_a_restart_does_not_make_a_spent_marker_strike_again(tmp_path: Path) -> None:
    rig = Rig.make(World.open(tmp_path / "state.sqlite"))
    rig.configure(magic=True)
    await rig.open()
    assert (await rig.upload(document(reference="SIM-99"))).code == "99"
    rig.world.close()
    rig = Rig.make(World.open(tmp_path / "state.sqlite"))
    await rig.open()
    assert (await rig.upload(document(reference="SIM-99"))).code == "00"
    rig.world.close()


@pytest.mark.parametrize("marker", MARKERS, ids=lambda marker: marker.name)
def test_each_marker_is_read_as_itself_and_stands_for_a_fault_there_is(marker: object) -> None:
    assert marker in MARKERS
    found = next(row for row in MARKERS if row == marker)
    written = found.form.replace("-nnnn", "-1316").replace("-n", "-7")
    (spell,) = read(f"INV-1 {written}-2026")
    assert spell.marker == found
    assert found.fault in FAULTS
    assert spell.fault.seconds == (Decimal(7) if found.argument == "seconds" else None)


@pytest.mark.parametrize("text", ["SIM-991", "XSIM-99", "SIM-", "SIM-REFUSE", "SIMULATION", "SIM-DROP", ""])
def test_a_text_that_only_looks_like_a_marker_is_none(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(("tin", "marker"), TIN_FAULTS.items())
def test_each_buyer_stands_for_a_marker_there_is(tin: str, marker: str) -> None:
    assert len(tin) == 10
    assert len(read(f"SIM-{marker}")) == 1


@given(st.text(max_size=60))
def test_no_reference_breaks_the_reading(text: str) -> None:
    for spell in read(text):
        assert spell.marker.name.casefold() in text.casefold()


def test_everything_magic_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs/simulator.md").read_text(encoding="utf-8")
    missing = [marker.form for marker in MARKERS if f"`{marker.form}`" not in text]
    assert missing == []
    assert [tin for tin in TIN_FAULTS if tin not in text] == []
