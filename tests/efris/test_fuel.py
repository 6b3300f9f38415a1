import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from risiti.efris import (
    EAST_AFRICA_TIME,
    EDC_DEVICE_VERSIONS,
    FIND_DEVICE_LOCATIONS,
    FIND_FUEL_INVOICES,
    FUEL_PUMPS,
    FUEL_TYPES,
    FUEL_UNIT_RATES,
    NAME_FUEL_BUYER,
    READ_FUEL_PUMP,
    UPLOAD_EDC_DISCONNECTIONS,
    UPLOAD_NOZZLE_STATUS,
    UPLOAD_SHIFT,
    UPLOAD_TANKS_AND_PUMPS,
    Malformed,
    Unreadable,
)
from risiti.efris.models.codes import Disconnection, LateBuyerType, NozzleStatus
from risiti.efris.models.fuel import (
    EdcDisconnection,
    EdcDisconnections,
    LateBuyer,
    NozzleReport,
    Pump,
    Shift,
    Tank,
    TanksAndPumps,
)
from tests.efris.answers import answered

SIX = datetime(2026, 3, 2, 3, tzinfo=UTC)


def a_shift(**changes: object) -> Shift:
    """Return a shift of eight hours that sold 120.5 litres."""
    shift = Shift(
        shift_no="S-1", start_volume=Decimal(1000), end_volume=Decimal("1120.5"), fuel_type="Petrol", goods_id="1",
        goods_code="PMS", invoice_amount=Decimal(650700), invoice_number=14, nozzle_no="N1", pump_no="P1", tank_no="T1",
        user_name="Amina", user_code="A-7", start_time=SIX, end_time=SIX.replace(hour=11),
    )  # fmt: skip
    return shift.model_copy(update=changes)


def test_a_shift_goes_out_in_east_africa_time() -> None:
    document = json.loads(UPLOAD_SHIFT.freeze(a_shift()).content)
    assert (document["startTime"], document["endTime"]) == ("2026-03-02 06:00:00", "2026-03-02 14:00:00")
    assert (document["endVolume"], document["invoiceAmount"], document["invoiceNumber"]) == (
        "1120.5",
        "650700.00",
        "14",
    )
    assert "modifyType" not in document


def test_a_time_without_zone_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        EdcDisconnection(
            device_number="D1",
            disconnected_type=Disconnection.CONTROLLER_LOST,
            disconnected_time=datetime(2026, 3, 2),  # noqa: DTZ001 - the point
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"shift_no": ""}, "2933"),
        ({"start_volume": Decimal("0.001")}, "2936"),
        ({"invoice_number": 10**12}, "2952"),
        ({"user_code": "x" * 101}, "2965"),
        ({"modify_type": "12"}, "2971"),
    ],
)
def test_a_shift_that_breaks_a_limit_is_refused_with_the_authoritys_code(changes: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as raised:
        UPLOAD_SHIFT.freeze(a_shift(**changes))
    assert [fault.code for fault in raised.value.faults] == [code]


def test_disconnections_go_out_as_a_list() -> None:
    row = EdcDisconnection(
        device_number="D1", disconnected_type=Disconnection.ABNORMAL_TRANSACTION, disconnected_time=SIX
    )
    frozen = UPLOAD_EDC_DISCONNECTIONS.freeze(EdcDisconnections(disconnections=(row,)))
    assert json.loads(frozen.content) == [
        {"deviceNumber": "D1", "disconnectedType": "102", "disconnectedTime": "2026-03-02 06:00:00"}
    ]
    broken = frozen.content.replace(b"102", b"109")
    with pytest.raises(Malformed) as raised:
        UPLOAD_EDC_DISCONNECTIONS.parse(broken)
    assert [(fault.path, fault.code) for fault in raised.value.faults] == [("[0].disconnectedType", "2926")]


def test_a_nozzle_may_be_offline_though_its_code_has_two_characters() -> None:
    report = NozzleReport(nozzle_id="1", nozzle_no="N1", status=NozzleStatus.OFFLINE)
    assert json.loads(UPLOAD_NOZZLE_STATUS.freeze(report).content)["status"] == "10"
    with pytest.raises(Malformed) as raised:
        UPLOAD_NOZZLE_STATUS.parse(b'{"nozzleId":"1","nozzleNo":"N1","status":"8"}')
    assert [fault.code for fault in raised.value.faults] == ["2991"]


def test_a_buyer_named_afterwards_cannot_be_a_government() -> None:
    buyer = LateBuyer(invoice_no="325043056477", buyer_type=LateBuyerType.BUSINESS, buyer_tin="1000000001")
    document = json.loads(NAME_FUEL_BUYER.freeze(buyer).content)
    assert (document["buyerType"], document["buyerNinBrn"]) == ("0", "")
    with pytest.raises(Malformed):
        NAME_FUEL_BUYER.parse(json.dumps(document | {"buyerType": "3"}).encode())


def test_an_undocumented_upload_carries_members_nobody_described() -> None:
    upload = TanksAndPumps.model_validate(
        {
            "tank_list": (Tank(goods_id="1", present_price=Decimal(5400), update_date_str=SIX),),
            "pump_list": (Pump(pump_id="7", pump_version="1.0"),),
            "stationNo": 4,
            "level": {"b": Decimal("1.50"), "a": [None, True, "x"]},
        }
    )
    frozen = UPLOAD_TANKS_AND_PUMPS.freeze(upload)
    assert frozen.content.endswith(b'"level":{"a":[null,true,"x"],"b":"1.5"},"stationNo":4}')
    assert not UPLOAD_TANKS_AND_PUMPS.documented
    with pytest.raises(Malformed) as raised:
        UPLOAD_TANKS_AND_PUMPS.freeze(upload.model_copy(update={"pump_list": ()}))
    assert [fault.code for fault in raised.value.faults] == ["2997"]


@pytest.mark.parametrize("member", [0.5, b"x", {1: 2}, Decimal("NaN"), "\ud83e", {"\ud83e": 1}, [{"x": 1.5}]])
def test_a_member_that_is_no_json_is_named_and_not_sent(member: object) -> None:
    upload = TanksAndPumps.model_validate({"tank_list": (), "pump_list": (), "odd": member})
    with pytest.raises(Malformed) as raised:
        UPLOAD_TANKS_AND_PUMPS.freeze(upload)
    assert [fault.path.partition("[")[0].partition(".")[0] for fault in raised.value.faults] == [
        "tankList", "pumpList", "odd",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", None, {}, [], {"surprise": 1}, "OK", 1, False])
def test_an_upload_without_answer_is_done_whatever_comes_with_the_success(content: object) -> None:
    assert answered(UPLOAD_SHIFT, content).content == (None if content == "" else content)


def test_an_undocumented_answer_is_handed_over_as_it_came() -> None:
    assert answered(UPLOAD_TANKS_AND_PUMPS, b'{"rate": 0.10}').content == {"rate": Decimal("0.10")}


def test_lists_at_the_root_are_read() -> None:
    assert answered(FUEL_TYPES, [{"fuelTypeCode": "1", "fuelTypeLevel": 1}]).types[0].fuel_type_level == "1"
    assert answered(FUEL_UNIT_RATES, [{"unitOfMeasure": "102", "exchangeRate": 0.264}]).rates[
        0
    ].exchange_rate == Decimal("0.264")
    assert answered(EDC_DEVICE_VERSIONS, [{"id": "1", "versionNo": "2"}]).versions[0].version_no == "2"
    assert answered(FUEL_TYPES, "").types == ()


def test_fuel_documents_are_read_with_the_blanks_that_the_authority_puts_behind_names() -> None:
    record = {
        "invoiceNo": "325043056477",
        "grossAmount ": "11800.02",
        "taxAmount ": 1800,
        "issuedDate": "02/03/2026 06:00:30",
    }
    page = answered(FIND_FUEL_INVOICES, {"page": {}, "records": [record | {"updateTimes": 1}]})
    (found,) = page.records
    assert (found.gross_amount, found.tax_amount, found.update_times) == (
        Decimal("11800.02"),
        Decimal(1800),
        Decimal(1),
    )
    assert found.issued_date == datetime(2026, 3, 2, 6, 0, 30, tzinfo=EAST_AFRICA_TIME)
    with pytest.raises(Unreadable, match="invoiceNo"):
        answered(FIND_FUEL_INVOICES, {"records": [{"grossAmount": "1"}]})


@pytest.mark.parametrize("spelling", ["levelGaugNo", "levelGaugeNo"])
def test_a_level_gauge_is_read_however_it_is_spelt(spelling: str) -> None:
    details = answered(READ_FUEL_PUMP, {"fuelTankList": [{"tankNo": "T1", spelling: "G1", "presentPrice": "5400"}]})
    (tank,) = details.fuel_tank_list
    assert (tank.level_gauge_no, tank.present_price) == ("G1", Decimal(5400))
    assert details.fuel_pump.pump_no == ""


@pytest.mark.parametrize("written", ["2026-03-02 06:00:30", "02/03/2026 06:00:30", "2026/03/02 06:00:30"])
def test_positions_are_read_with_times_in_every_form(written: str) -> None:
    (position,) = answered(FIND_DEVICE_LOCATIONS, [{"deviceNumber": "D1", "recordDate": written}]).locations
    assert position.record_date == datetime(2026, 3, 2, 6, 0, 30, tzinfo=EAST_AFRICA_TIME)


def test_the_pumps_of_a_station_may_be_missing() -> None:
    assert answered(FUEL_PUMPS, {"fuelPumpList": None}).fuel_default_buyer_list == ()
