"""A petrol station: its equipment as it was registered, what it reports, and buyers named after the sale."""

import pytest

from tests.simulator import station
from tests.simulator.documents import SELLER_TIN, Wire
from tests.simulator.kinds import KINDS, rig_for, send
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio

EVERY: Wire = {"pageNo": "1", "pageSize": "10", "queryType": "3"}
BUYER: Wire = {"buyerType": "0", "buyerTin": "1000000901", "buyerLegalName": "Lakeside Traders Limited (fictitious)"}


@pytest.fixture
async def station_rig(rig: Rig) -> Rig:
    """A seller with a petrol station."""
    station.open_station(rig)
    return rig


async def test_the_equipment_is_what_was_registered(station_rig: Rig) -> None:
    pumps = station_rig.read(await station_rig.call("T168"))
    assert [row["pumpNo"] for row in pumps["fuelPumpList"]] == ["PU1", "PU2"]
    tree = station_rig.read(await station_rig.call("T169", {"id": station.pump_id(pumps)}))
    assert [row["nozzleNo"] for row in tree["fuelNozzleList"]] == ["N1", "N2"]
    (tank,) = tree["fuelTankList"]
    assert tank["tankNo"] == "T1"
    assert tank["id"] == tree["fuelNozzleList"][0]["tankId"]
    assert [(row["edcDeviceTypeCode"], row["edcDsn"]) for row in tree["fuelEdcDeviceList"]] == [
        ("101", "CO1"),
        ("102", "AC1"),
        ("103", "GA1"),
    ]


async def test_a_seller_without_a_station_has_no_pumps(rig: Rig) -> None:
    assert rig.read(await rig.call("T168")) == {"fuelPumpList": [], "fuelDefaultBuyerList": []}


async def test_equipment_can_be_registered_over_the_control_door(rig: Rig) -> None:
    nozzle = {"tin": SELLER_TIN, "number": "N9", "tank": "T9", "pump": "PU9"}
    assert (await rig.control("PUT", "nozzles", nozzle))[0] == 200
    assert (await rig.control("PUT", "tanks", {"tin": SELLER_TIN, "id": "T9", "commodity_goods_id": "1"}))[0] == 200
    assert rig.read(await rig.call("T168"))["fuelPumpList"][0]["pumpNo"] == "PU9"
    assert (await rig.control("PUT", "nozzles", {"tin": SELLER_TIN}))[0] == 400
    assert (await rig.control("PUT", "tanks", nozzle))[0] == 400
    assert (await rig.control("PUT", "tanks", ["T9"]))[0] == 400


async def test_prices_pump_versions_and_locked_nozzles_are_told_again(station_rig: Rig) -> None:
    rig = station_rig
    pump = station.pump_id(rig.read(await rig.call("T168")))
    tree = rig.read(await rig.call("T169", {"id": pump}))
    goods, nozzle = tree["fuelTankList"][0]["commodityGoodsId"], tree["fuelNozzleList"][0]
    prices = {
        "tankList": [{"goodsId": goods, "presentPrice": "5432.10", "updateDateStr": "2026-03-02 08:00:00"}],
        "pumpList": [{"pumpId": pump, "pumpVersion": "7"}],
    }
    assert (await rig.call("T165", prices)).code == "00"
    locked = {"nozzleId": nozzle["id"], "nozzleNo": nozzle["nozzleNo"], "status": "7"}
    assert (await rig.call("T172", locked)).code == "00"
    tree = rig.read(await rig.call("T169", {"id": pump}))
    assert tree["fuelPump"]["pumpVersion"] == "7"
    assert tree["fuelTankList"][0]["presentPrice"] == "5432.10"
    assert [row["lockedStatusCode"] for row in tree["fuelNozzleList"]] == ["101", "102"]


async def test_an_uploaded_fuel_document_is_found_and_its_buyer_named_once() -> None:
    rig = await rig_for(KINDS["fuel"])
    issued = rig.read(await send(rig, KINDS["fuel"].document()))["basicInformation"]["invoiceNo"]
    (row,) = rig.read(await rig.call("T167", EVERY))["records"]
    assert (row["invoiceNo"], row["pumpNo"], row["nozzleNo"], row["updateTimes"]) == (issued, "P1", "N1", "0")
    assert (await rig.call("T166", BUYER | {"invoiceNo": issued})).code == "00"
    assert rig.read(await rig.call("T167", EVERY | {"queryType": "1"}))["records"] == []
    (row,) = rig.read(await rig.call("T167", EVERY | {"queryType": "2"}))["records"]
    assert (row["buyerTin"], row["updateTimes"]) == ("1000000901", "1")
    details = rig.read(await rig.call("T108", {"invoiceNo": issued}))
    assert details["buyerDetails"]["buyerLegalName"] == BUYER["buyerLegalName"]
    assert (await rig.call("T166", BUYER | {"invoiceNo": issued})).code == "2931"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 1),
        ({"fuelType": "nothing of the kind"}, 0),
        ({"buyerLegalName": "walk-in"}, 1),
        ({"startDate": "2026-03-03"}, 0),
        ({"endDate": "2026-03-01"}, 0),
        ({"invoiceNo": "326999999999"}, 0),
        ({"branchId": "2"}, 0),
    ],
)
async def test_fuel_documents_are_filtered(station_rig: Rig, asked: Wire, found: int) -> None:
    assert len(station_rig.read(await station_rig.call("T167", EVERY | asked))["records"]) == found


async def test_reports_of_a_station_are_kept(station_rig: Rig) -> None:
    assert (await station_rig.call("T163", station.SHIFT)).code == "00"
    assert (await station_rig.call("T164", [station.DISCONNECTION])).code == "00"
    book = station_rig.world.station_book
    assert [report["shiftNo"] for report in book.reports(SELLER_TIN, "shift")] == ["S-1"]
    assert [report["remarks"] for report in book.reports(SELLER_TIN, "disconnection")] == ["cable"]


async def test_fuels_their_units_and_devices_are_listed(rig: Rig) -> None:
    fuels = rig.read(await rig.call("T162"))
    codes = {row["fuelTypeCode"] for row in fuels}
    assert {row["parentCode"] for row in fuels} <= codes | {"0"}
    assert "102" in {row["unitOfMeasure"] for row in rig.read(await rig.call("T171"))}
    assert {row["deviceTypeCode"] for row in rig.read(await rig.call("T173"))} == {"101", "102", "103"}
