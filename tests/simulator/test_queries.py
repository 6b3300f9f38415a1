"""T103, T106, T107, T108, T115, T119: what the authority tells about documents, taxpayers and its code lists."""

from typing import Any

import pytest

from risiti.simulator import Device, Taxpayer
from tests.simulator.documents import SELLER_TIN, Wire, document
from tests.simulator.rig import Rig, public_pem

pytestmark = pytest.mark.anyio

PAGE: Wire = {"pageNo": "1", "pageSize": "10"}


async def found(rig: Rig, **filters: Any) -> list[str]:  # noqa: ANN401 - JSON values
    answer = await rig.call("T106", PAGE | filters)
    assert answer.code == "00", answer.message
    return [record["referenceNo"] for record in rig.read(answer)["records"]]


async def test_a_document_is_found_by_its_exact_reference_only(rig: Rig) -> None:
    for reference in ("INV-1", "INV-10", "inv-1"):
        await rig.upload(document(reference=reference))
    assert await found(rig, referenceNo="INV-1") == ["INV-1"]
    assert await found(rig, referenceNo="INV") == []
    rig.configure(reference_match="contains")
    assert sorted(await found(rig, referenceNo="INV-1")) == ["INV-1", "INV-10"]


async def test_a_record_says_what_is_needed_to_compare(rig: Rig) -> None:
    issued = rig.read(await rig.upload(document()))["basicInformation"]
    record = rig.read(await rig.call("T106", PAGE | {"referenceNo": "INV-1"}))["records"][0]
    assert record["id"] == issued["invoiceId"]
    assert record["invoiceNo"] == issued["invoiceNo"]
    assert (record["grossAmount"], record["taxAmount"], record["currency"]) == ("11800.02", "1800.00", "UGX")
    assert (record["deviceNo"], record["uploadingTime"]) == (rig.device_no, "02/03/2026 12:00:00")
    assert not {"antifakeCode", "qrCode"} & set(record)


@pytest.mark.parametrize(
    ("filters", "hit"),
    [
        ({"invoiceType": "1"}, True),
        ({"invoiceType": "1,4"}, True),
        ({"invoiceType": "2,5"}, False),
        ({"invoiceKind": "1"}, True),
        ({"invoiceKind": "2"}, False),
        ({"deviceNo": "1000000000_01"}, True),
        ({"deviceNo": "1000000000_02"}, False),
        ({"startDate": "2026-03-02", "endDate": "2026-03-02"}, True),
        ({"startDate": "2026-03-02 23:59:59"}, True),
        ({"startDate": "2026-03-03"}, False),
        ({"endDate": "2026-03-01"}, False),
        ({"buyerLegalName": "walk-in"}, True),
        ({"buyerTin": "1000000901"}, False),
        ({"dataSource": "103"}, True),
        ({"combineKeywords": "INV"}, True),
        ({"combineKeywords": "nobody"}, False),
        ({"isRefund": "1"}, False),
        ({"queryType": "0"}, False),
    ],
)
async def test_filters_narrow_the_query(rig: Rig, filters: Wire, hit: bool) -> None:  # noqa: FBT001 - a table's column
    await rig.upload(document())
    assert await found(rig, **filters) == (["INV-1"] if hit else [])


@pytest.mark.parametrize(
    ("code", "filters"),
    [
        ("1521", {"pageNo": ""}),
        ("1522", {"pageNo": "1" * 21}),
        ("1522", {"pageNo": "one"}),
        ("1523", {"pageNo": "0"}),
        ("1524", {"pageSize": None}),
        ("1525", {"pageSize": "1000"}),
        ("1525", {"pageSize": "0"}),
        ("1526", {"pageSize": "100"}),
        ("1501", {"invoiceNo": "3" * 21}),
        ("1503", {"deviceNo": "3" * 21}),
        ("1505", {"oriInvoiceNo": "3" * 21}),
        ("1507", {"buyerTin": "3" * 21}),
        ("1509", {"buyerNinBrn": "3" * 21}),
        ("1511", {"buyerLegalName": "x" * 257}),
        ("1513", {"combineKeywords": "x" * 21}),
        ("1514", {"invoiceType": "3"}),
        ("1515", {"isInvalid": "2"}),
        ("1516", {"isRefund": "3"}),
        ("1518", {"startDate": "02/03/2026"}),
        ("1520", {"endDate": "2026-13-01"}),
        ("2060", {"referenceNo": "R" * 51}),
        ("2190", {"branchName": "x" * 501}),
        ("2870", {"queryType": "2"}),
        ("2871", {"queryType": "0", "buyerTin": "1000000901"}),
        ("2898", {"dataSource": "109"}),
        ("2066", {"referenceNo": ["INV-1"]}),
    ],
)
async def test_a_wrong_filter_gives_its_code(rig: Rig, code: str, filters: Wire) -> None:
    assert (await rig.call("T106", PAGE | filters)).code == code


async def test_pages_are_cut_newest_first(rig: Rig) -> None:
    for number in range(5):
        await rig.upload(document(reference=f"INV-{number}", issued=f"2026-03-02 11:5{number}:00"))
    answer = rig.read(await rig.call("T106", {"pageNo": "2", "pageSize": "2"}))
    assert answer["page"] == {"pageNo": 2, "pageSize": 2, "totalSize": 5, "pageCount": 3}
    assert [record["referenceNo"] for record in answer["records"]] == ["INV-2", "INV-1"]
    assert rig.read(await rig.call("T106", {"pageNo": "9", "pageSize": "2"}))["records"] == []


async def test_the_buyer_sees_the_document_and_a_stranger_does_not(rig: Rig) -> None:
    upload = document()
    upload["buyerDetails"] |= {"buyerType": "0", "buyerTin": "1000000901"}
    upload["buyerDetails"]["buyerLegalName"] = "Lakeside Traders Limited (fictitious)"
    fdn = rig.read(await rig.upload(upload))["basicInformation"]["invoiceNo"]
    for tin, code, seen in (("1000000901", "00", ["INV-1"]), ("1000000066", "41", [])):
        taxpayer = rig.world.registry.taxpayer(tin) or Taxpayer(tin=tin, legal_name="Stranger (fictitious)")
        rig.world.register(taxpayer, Device(f"{tin}_01", tin, public_pem()))
        other = Rig(rig.world, rig.clock, rig.app, tin, f"{tin}_01")
        await other.open()
        assert (await other.call("T108", {"invoiceNo": fdn})).code == code
        assert await found(other, queryType="0") == seen
        assert await found(other) == []


async def test_documents_show_up_in_queries_after_the_lag_but_in_details_at_once(rig: Rig) -> None:
    rig.configure(query_lag_seconds=120)
    fdn = rig.read(await rig.upload(document()))["basicInformation"]["invoiceNo"]
    rig.clock.advance(119)
    assert await found(rig, referenceNo="INV-1") == []
    assert (await rig.call("T108", {"invoiceNo": fdn})).code == "00"
    rig.clock.advance(1)
    assert await found(rig, referenceNo="INV-1") == ["INV-1"]


async def test_the_oddities_of_live_answers_are_switches(rig: Rig) -> None:
    await rig.upload(document())
    rig.configure(trailing_space_keys=True, gzip_interfaces=["T106"])
    answer = await rig.call("T106", PAGE)
    assert answer.envelope.zip_code == "1"
    assert rig.read(answer)["records"][0]["grossAmount "] == "11800.02"
    rig.configure(sign_answers=False)
    assert (await rig.call("T106", PAGE)).envelope.signature == ""


async def test_creditable_documents_are_listed_whatever_their_reference(rig: Rig) -> None:
    await rig.upload(document())
    answer = await rig.call("T107", PAGE | {"referenceNo": "other", "invoiceType": "1"})
    assert [record["legalName"] for record in rig.read(answer)["records"]] == ["Mango Street Grocers (fictitious)"]
    assert (await rig.call("T107", PAGE | {"invoiceType": "5"})).code == "1514"


async def test_details_are_the_whole_document(rig: Rig) -> None:
    sent = document("mixed")
    fdn = rig.read(await rig.upload(sent))["basicInformation"]["invoiceNo"]
    details = rig.read(await rig.call("T108", {"invoiceNo": fdn}))
    assert details["sellerDetails"]["referenceNo"] == "INV-1"
    assert details["basicInformation"]["isInvalid"] == "0"
    assert [line["total"] for line in details["goodsDetails"]] == [line["total"] for line in sent["goodsDetails"]]
    assert all(line["invoiceItemId"] for line in details["goodsDetails"])
    assert details["payWay"] == sent["payWay"]


@pytest.mark.parametrize(
    ("code", "content"), [("1500", {}), ("1501", {"invoiceNo": "3" * 21}), ("41", {"invoiceNo": "325043056477"})]
)
async def test_details_of_nothing_give_a_code(rig: Rig, code: str, content: Wire) -> None:
    assert (await rig.call("T108", content)).code == code


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("1572", {}),
        ("1574", {"tin": "1" * 21}),
        ("1576", {"ninBrn": "1" * 21}),
        ("2261", {"tin": "1999999999"}),
        ("2261", {"tin": "1000000904"}),
        ("00", {"tin": "1000000903", "ninBrn": ""}),
        ("00", {"ninBrn": "CF00000000902A"}),
    ],
)
async def test_taxpayers_are_found_by_tin_or_nin(rig: Rig, code: str, content: Wire) -> None:
    assert (await rig.call("T119", content)).code == code


async def test_a_taxpayer_record_says_whether_it_is_a_person_or_a_government(rig: Rig) -> None:
    ministry = rig.read(await rig.call("T119", {"tin": "1000000903"}))["taxpayer"]
    person = rig.read(await rig.call("T119", {"tin": "1000000902"}))["taxpayer"]
    assert (ministry["governmentTIN"], ministry["taxpayerType"]) == ("1", "202")
    assert (person["governmentTIN"], person["taxpayerType"]) == ("0", "201")


async def test_the_dictionary_is_compressed_and_holds_what_documents_need(rig: Rig) -> None:
    answer = await rig.call("T115")
    assert answer.envelope.zip_code == "1"
    lists = rig.read(answer)
    assert {"value": "101", "name": "UGX"}.items() <= lists["currencyType"][0].items()
    assert "102" in {mode["value"] for mode in lists["payWay"]}
    assert "103" in {unit["value"] for unit in lists["rateUnit"]}


async def test_sign_in_tells_the_switches_of_the_seller(rig: Rig) -> None:
    switches = rig.read(await rig.call("T103"))
    assert switches["taxpayer"]["tin"] == SELLER_TIN
    assert switches["device"]["deviceNo"] == rig.device_no
    assert [kind["taxTypeCode"] for kind in switches["taxType"]] == ["301", "302"]
    assert (switches["isReferenceNumberMandatory"], switches["periodDate"]) == ("0", "7")
