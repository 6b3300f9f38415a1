"""The ledger: fiscal numbers of the authority's shape, one document a reference, nothing forgotten by a restart."""

import re
from pathlib import Path

import pytest

from risiti.simulator import World, create_simulator
from tests.simulator.documents import SELLER_TIN, document
from tests.simulator.rig import MovedClock, Rig

pytestmark = pytest.mark.anyio

QR = re.compile(
    r"https://efris\.ura\.go\.ug/site_mobile/#/invoiceValidation\?invoiceNo=([0-9]{12})&antiFakeCode=([0-9]{20})"
)


def reopen(rig: Rig, path: Path) -> Rig:
    """Open the file again without closing it first, as after a kill."""
    world = World.open(path)
    clock = MovedClock(rig.clock.now())
    return Rig(world, clock, create_simulator(world, clock=clock, control=True), session_key=rig.session_key)


async def test_numbers_codes_and_qr_text_have_the_authoritys_shape(rig: Rig) -> None:
    answer = rig.read(await rig.upload(document()))
    basic = answer["basicInformation"]
    assert re.fullmatch(r"326[0-9]{9}", basic["invoiceNo"])
    assert re.fullmatch(r"[0-9]{20}", basic["antifakeCode"])
    assert re.fullmatch(r"[0-9]{18,19}", basic["invoiceId"])
    assert basic["issuedDate"] == "02/03/2026 12:00:00"
    match = QR.fullmatch(answer["summary"]["qrCode"])
    assert match
    assert match.groups() == (basic["invoiceNo"], basic["antifakeCode"])
    assert answer["sellerDetails"]["referenceNo"] == "INV-1"
    assert answer["existInvoiceList"] == []
    assert answer["goodsDetails"][0]["item"] == "Pen"


async def test_dates_are_written_as_the_caller_asks(rig: Rig) -> None:
    message = rig.message("T109", document())
    message["globalInfo"]["extendField"]["responseTimeFormat"] = "yyyy-MM-dd HH:mm:ss"
    assert rig.read(await rig.send(message))["basicInformation"]["issuedDate"] == "2026-03-02 12:00:00"


async def test_a_reference_used_before_is_2253_with_the_first_document(rig: Rig) -> None:
    first = rig.read(await rig.upload(document()))
    again = await rig.upload(document())
    assert again.code == "2253"
    assert again.envelope.encrypt_code == "2"
    assert rig.read(again) == {
        "existInvoiceList": [
            {
                "invoiceNo": first["basicInformation"]["invoiceNo"],
                "antifakeCode": first["basicInformation"]["antifakeCode"],
                "qrCode": first["summary"]["qrCode"],
            }
        ]
    }
    assert re.findall(r"\(([^)]*)\)", again.message)[2] == first["basicInformation"]["invoiceNo"]
    assert len(rig.world.documents("INV-1")) == 1


@pytest.mark.parametrize(
    ("mode", "asked", "documents"),
    [
        ("doc", "1", 1),
        ("doc", "0", 2),
        ("doc", "", 2),
        ("always", "0", 1),
        ("always", "1", 1),
        ("off", "1", 2),
        ("racy", "1", 1),
        ("racy", "0", 2),
    ],
)
async def test_the_duplicate_check_is_as_strict_as_its_mode(rig: Rig, mode: str, asked: str, documents: int) -> None:
    rig.configure(duplicate_check=mode)
    upload = document()
    upload["sellerDetails"]["isCheckReferenceNo"] = asked
    codes = [(await rig.upload(upload)).code for _ in range(2)]
    assert codes == ["00", "00" if documents == 2 else "2253"]
    assert len(rig.world.documents("INV-1", SELLER_TIN)) == documents


async def test_an_empty_reference_is_never_a_duplicate(rig: Rig) -> None:
    rig.configure(duplicate_check="always")
    upload = document(reference="")
    upload["sellerDetails"]["isCheckReferenceNo"] = "0"
    assert [(await rig.upload(upload)).code for _ in range(2)] == ["00", "00"]


async def test_references_are_told_apart_by_case_and_by_seller(rig: Rig) -> None:
    assert (await rig.upload(document(reference="inv-1"))).code == "00"
    assert (await rig.upload(document(reference="INV-1"))).code == "00"
    assert rig.world.documents("INV-1", "1000000002") == []


async def test_everything_issued_is_there_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    rig = Rig.make(World.open(path))
    await rig.open()
    first = rig.read(await rig.upload(document()))
    after = reopen(rig, path)
    second = await after.upload(document(reference="INV-2"))
    assert second.code == "00"
    assert after.read(second)["basicInformation"]["invoiceNo"] > first["basicInformation"]["invoiceNo"]
    assert (await after.upload(document())).code == "2253"
    details = after.read(await after.call("T108", {"invoiceNo": first["basicInformation"]["invoiceNo"]}))
    assert details["summary"] == first["summary"]
    assert after.world.calls() == {"T104": 1, "T108": 1, "T109": 3}
    rig.world.close()
    after.world.close()


async def test_a_restart_keeps_goods_and_switches_and_begins_without_faults(tmp_path: Path) -> None:
    path = tmp_path / "authority.sqlite"
    rig = Rig.make(World.open(path))
    await rig.open()
    rig.configure(query_lag_seconds=7, gzip_interfaces=["T106"], tax_tolerance="0.02")
    await rig.control("PUT", "faults", [{"fault": "drop_after"}])
    after = reopen(rig, path)
    assert after.world.settings == rig.world.settings
    assert after.world.faults.rules == ()
    rig.world.close()
    after.world.close()
