"""Agents, frequent buyers, subscribers by mobile phone, customs and the public: what one call leaves, another finds."""

import pytest

from risiti.simulator import tariff
from tests.simulator import station
from tests.simulator.documents import SELLER_TIN, Wire
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio


async def contacts(rig: Rig, **asked: str) -> list[Wire]:
    found: list[Wire] = rig.read(await rig.call("T182", asked))
    return found


async def test_a_frequent_buyer_is_kept_changed_and_forgotten(rig: Rig) -> None:
    assert (await rig.call("T181", station.CONTACT)).code == "00"
    (kept,) = await contacts(rig, buyerLegalName="LAKE")
    change = station.CONTACT | {"operationType": "102", "id": kept["id"], "buyerLegalName": "Lakeside Limited"}
    assert (await rig.call("T181", change)).code == "00"
    (changed,) = await contacts(rig, buyerTin="1000000901")
    assert (changed["id"], changed["buyerLegalName"]) == (kept["id"], "Lakeside Limited")
    assert await contacts(rig, buyerTin="1000000902") == []
    assert (await rig.call("T181", {"operationType": "103", "id": kept["id"]})).code == "00"
    assert await contacts(rig) == []


async def test_agents_and_principals_find_each_other(rig: Rig) -> None:
    station.open_station(rig)
    principals = rig.read(await rig.call("T179", {}))["agentTaxpayerList"]
    assert [row["tin"] for row in principals] == [station.PRINCIPAL_TIN]
    agents = rig.read(await rig.call("T179", {"tin": station.PRINCIPAL_TIN}))["agentTaxpayerList"]
    assert [(row["tin"], row["branchName"]) for row in agents] == [(SELLER_TIN, "Main"), (SELLER_TIN, "Kawempe")]


async def test_a_subscriber_may_issue_by_mobile_phone(rig: Rig) -> None:
    wanted = {"tin": station.SUBSCRIBER_TIN, "mobileNumber": station.SUBSCRIBER_PHONE}
    assert (await rig.call("T175", wanted)).code == "00"
    subscriber = rig.world.registry.taxpayer(station.SUBSCRIBER_TIN)
    assert subscriber is not None
    assert (subscriber.mobile_number, "107" in subscriber.data_sources) == (station.SUBSCRIBER_PHONE, True)
    assert (await rig.call("T175", wanted)).code == "3066"


async def test_the_public_can_check_a_receipt(rig: Rig) -> None:
    document = station.fuel_document(rig)
    asked = {"invoiceNo": document.fdn, "antifakeCode": document.verification_code}
    assert rig.read(await rig.call("A101", asked))["grossAmount"] == str(document.gross)


async def test_customs_declares_confirms_and_sets_states(rig: Rig) -> None:
    station.open_station(rig)
    document = rig.world.documents("FUEL-1")[0]
    declared = station.EXPORT | {"tin": SELLER_TIN, "invoiceNo": document.fdn}
    code = tariff.hs_codes()[-1].code
    declared["exportSadItems"] = [{"hsCode": code, "invoiceItemId": f"{document.number}0000", "exportedQuantity": "1"}]
    assert (await rig.call("C102", declared)).code == "00"
    assert (await rig.call("C103", {"sadNumber": "SAD-2"})).code == "00"
    assert rig.read(await rig.call("C106", {"invoiceNo": document.fdn}))["exportStatusCode"] == "102"
    assert (await rig.call("C107", {"invoiceNo": document.fdn, "exportStatusCode": "101"})).code == "00"
    assert rig.read(await rig.call("C106", {"invoiceNo": document.fdn}))["exportStatusCode"] == "101"


async def test_what_customs_says_of_an_export_its_seller_is_told(rig: Rig) -> None:
    station.open_station(rig)
    export = station.fuel_document(rig, "EXPORT-1", industry="102")
    rig.configure(export_processing_seconds=0)
    assert rig.read(await rig.call("T187", {"invoiceNo": export.fdn}))["documentStatusCode"] == "102"
    assert (await rig.call("C107", {"invoiceNo": export.fdn, "exportStatusCode": "101"})).code == "00"
    assert rig.read(await rig.call("T187", {"invoiceNo": export.fdn}))["documentStatusCode"] == "101"
