"""T162-T173: fuel stations - pumps, nozzles, tanks, shifts, and buyers named after the sale.

EDC is the authority's word for the electronic device controller of a station, which meters what the nozzles give.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AliasChoices, AwareDatetime, Field

from risiti.efris.models.base import (
    READ_OBJECT,
    READ_ROWS,
    Choice,
    EfrisAnswer,
    EfrisAnswerRows,
    EfrisRequest,
    EfrisRows,
    Moment,
    Number,
    OpenRequest,
    Rows,
    Text,
    WireNumber,
    WireText,
    WireTime,
)
from risiti.efris.models.codes import BuyerModified, Disconnection, LateBuyerType, NozzleStatus
from risiti.efris.models.paging import Page


class FuelType(EfrisAnswer):
    """One kind of fuel in the answer of T162.

    Attributes:
        parent_code: Code of the kind above it.
        fuel_type_level: Depth in the tree.
        is_leaf_node: `101` yes, `102` no.
    """

    fuel_type_code: WireText = ""
    parent_code: WireText = ""
    fuel_type_name: WireText = ""
    fuel_type_level: WireText = ""
    is_leaf_node: WireText = ""


class FuelTypes(EfrisAnswerRows):
    """Answer of T162: the tree of fuels."""

    wire_list: ClassVar[str] = "types"

    types: Annotated[tuple[FuelType, ...], READ_ROWS] = ()


class Shift(EfrisRequest):
    """Request of T163: what an attendant's shift sold at one nozzle. Meters count litres, amounts are in UGX."""

    shift_no: Annotated[str, Text("number of the shift", 20, required=True)]
    start_volume: Annotated[Decimal, Number("meter at the start", 12, 2)]
    end_volume: Annotated[Decimal, Number("meter at the end", 12, 2)]
    fuel_type: Annotated[str, Text("name of the goods", 200, required=True)]
    goods_id: Annotated[str, Text("the authority's id of the goods", 18, required=True)]
    goods_code: Annotated[str, Text("the seller's goods code", 50, required=True)]
    invoice_amount: Annotated[Decimal, Number("invoiced in the shift; no limit is printed", 16, 2, places=2)]
    invoice_number: Annotated[int, Number("number of invoices", 12, 0)]
    nozzle_no: Annotated[str, Text("nozzle", 50, required=True)]
    pump_no: Annotated[str, Text("pump", 50, required=True)]
    tank_no: Annotated[str, Text("tank", 50, required=True)]
    user_name: Annotated[str, Text("attendant", 500, required=True)]
    user_code: Annotated[str, Text("the attendant's code", 100, required=True)]
    start_time: Annotated[AwareDatetime, Moment("start of the shift")]
    end_time: Annotated[AwareDatetime, Moment("end of the shift")]
    modify_type: Annotated[str | None, Text("named by codes 2970-2972 only, values unknown", 1)] = None


class EdcDisconnection(EfrisRequest):
    """One row of T164."""

    device_number: Annotated[str, Text("device", 50, required=True)]
    disconnected_type: Annotated[Disconnection, Choice("what happened")]
    disconnected_time: Annotated[AwareDatetime, Moment("when")]
    remarks: Annotated[str | None, Text("free text; no limit is printed", None)] = None
    edc_order_num: Annotated[str | None, Text("named by codes 2922 and 2923 only", 24)] = None


class EdcDisconnections(EfrisRows):
    """Request of T164: when controllers of the station were out of reach."""

    wire_list: ClassVar[str] = "disconnections"

    disconnections: Annotated[tuple[EdcDisconnection, ...], Rows("disconnections", required=True)]


class Tank(OpenRequest):
    """A tank in T165. Undocumented: what is typed is deduced from the return codes."""

    goods_id: Annotated[str | None, Text("the authority's id of the goods", 18)] = None
    present_price: Annotated[Decimal, Number("price per unit, UGX", 12, 8)]
    update_date_str: Annotated[AwareDatetime, Moment("when the price was set")]


class Pump(OpenRequest):
    """A pump in T165. Undocumented: what is typed is deduced from the return codes."""

    pump_id: Annotated[str, Text("id from T168", 18, required=True)]
    pump_version: Annotated[str, Text("version from T168", 15, required=True)]


class TanksAndPumps(OpenRequest):
    """Request of T165: prices of tanks, versions of pumps. Undocumented: deduced from codes 2996-3005 and 3031-3035."""

    tank_list: Annotated[tuple[Tank, ...], Rows("tanks", required=True)]
    pump_list: Annotated[tuple[Pump, ...], Rows("pumps", required=True)]


class LateBuyer(EfrisRequest):
    """Request of T166: name the buyer of a fuel document after the sale.

    Allowed as often (2931) and as long (2932) as `SignedIn` says, and not once a credit note stands against it.
    """

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]
    buyer_type: Annotated[LateBuyerType, Choice("who buys")]
    buyer_tin: Annotated[str, Text("TIN; needed for BUSINESS", 20)] = ""
    buyer_nin_brn: Annotated[str, Text("NIN or BRN", 100)] = ""
    buyer_passport_num: Annotated[str, Text("passport", 20)] = ""
    buyer_legal_name: Annotated[str, Text("legal name", 256)] = ""
    buyer_business_name: Annotated[str, Text("business name", 256)] = ""
    buyer_address: Annotated[str, Text("address", 500)] = ""
    buyer_email_address: Annotated[str, Text("e-mail address", 50)] = ""
    buyer_mobile_phone: Annotated[str, Text("mobile telephone", 30)] = ""
    buyer_line_phone: Annotated[str, Text("landline", 30)] = ""
    buyer_place_of_busi: Annotated[str, Text("place of business", 500)] = ""
    buyer_citizenship: Annotated[str, Text("citizenship", 128)] = ""
    buyer_sector: Annotated[str, Text("sector", 200)] = ""
    buyer_reference_no: Annotated[str | None, Text("the buyer's reference", 50)] = None
    mvrn: Annotated[str, Text("motor vehicle registration number", 32)] = ""
    create_date_str: Annotated[AwareDatetime | None, Moment("when the buyer was named")] = None


class FuelInvoiceQuery(EfrisRequest):
    """Request of T167: search the documents of fuel stations."""

    fuel_type: Annotated[str | None, Text("name of the fuel", 200)] = None
    invoice_no: Annotated[str | None, Text("fiscal document number", 20)] = None
    buyer_legal_name: Annotated[str | None, Text("the buyer's name", 256)] = None
    start_date: Annotated[date | None, Moment("issued from")] = None
    end_date: Annotated[date | None, Moment("issued to")] = None
    page_no: Annotated[int, Number("page, from 1", 10, 0)] = 1
    page_size: Annotated[int, Number("rows per page, at most 99", 2, 0)] = 10
    query_type: Annotated[BuyerModified, Choice("whether the buyer was named afterwards")] = BuyerModified.ALL
    branch_id: Annotated[str | None, Text("branch", 18)] = None


class FuelInvoiceRecord(EfrisAnswer):
    """One document in the answer of T167. The sample has blanks behind some names; they are cut off when it is read.

    Attributes:
        id: Invoice id, which notes name as their original.
        invoice_no: Fiscal document number (FDN).
        gross_amount: In the document's currency.
        is_invalid: "1" for a cancelled note.
        update_times: How often the buyer was named afterwards.
    """

    id: WireText = ""
    invoice_no: WireText = Field(min_length=1)
    ori_invoice_id: WireText = ""
    ori_invoice_no: WireText = ""
    issued_date: WireTime = None
    uploading_time: WireTime = None
    business_name: WireText = ""
    buyer_tin: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_nin_brn: WireText = ""
    currency: WireText = ""
    gross_amount: WireNumber = None
    tax_amount: WireNumber = None
    data_source: WireText = ""
    is_invalid: WireText = ""
    is_refund: WireText = ""
    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    invoice_industry_code: WireText = ""
    branch_name: WireText = ""
    device_no: WireText = ""
    reference_no: WireText = ""
    operator: WireText = ""
    user_name: WireText = ""
    pump_no: WireText = ""
    nozzle_no: WireText = ""
    fuel_type: WireText = ""
    update_times: WireNumber = None


class FuelInvoicePage(EfrisAnswer):
    """Answer of T167."""

    page: Annotated[Page, READ_OBJECT] = Page()
    records: Annotated[tuple[FuelInvoiceRecord, ...], READ_ROWS] = ()


class PumpVersion(EfrisAnswer):
    """A pump in the answer of T168; it changed if its version did.

    Attributes:
        id: Names the pump in T169.
    """

    id: WireText = ""
    branch_id: WireText = ""
    pump_no: WireText = ""
    pump_version: WireText = ""


class DefaultBuyer(EfrisAnswer):
    """Whom a branch sells fuel to where nobody is named."""

    id: WireText = ""
    taxpayer_id: WireText = ""
    branch_id: WireText = ""
    legal_name: WireText = ""


class FuelPumps(EfrisAnswer):
    """Answer of T168: the pumps of the station and its default buyers."""

    fuel_pump_list: Annotated[tuple[PumpVersion, ...], READ_ROWS] = ()
    fuel_default_buyer_list: Annotated[tuple[DefaultBuyer, ...], READ_ROWS] = ()


class FuelPumpRead(EfrisRequest):
    """Request of T169: a pump with its nozzles and tanks."""

    id: Annotated[str, Text("id from T168", 18, required=True)]


class FuelPump(EfrisAnswer):
    """A pump in the answer of T169.

    Attributes:
        enable_status_code: `101` enabled, `102` disabled.
        acquisition_equipment_no: Device that reads its meters.
    """

    id: WireText = ""
    branch_id: WireText = ""
    pump_no: WireText = ""
    enable_status_code: WireText = ""
    pump_serial_number: WireText = ""
    manufacturer_name: WireText = ""
    manufacture_date_str: WireTime = None
    acquisition_equipment_id: WireText = ""
    acquisition_equipment_no: WireText = ""
    pump_version: WireText = ""


class FuelNozzle(EfrisAnswer):
    """A nozzle in the answer of T169.

    Attributes:
        enable_status_code: `101` enabled, `102` disabled.
        locked_status_code: `101` locked, `102` not.
        ae_channel_no: Its channel at the device that reads the meters.
    """

    id: WireText = ""
    branch_id: WireText = ""
    nozzle_no: WireText = ""
    enable_status_code: WireText = ""
    nozzle_serial_number: WireText = ""
    manufacturer_name: WireText = ""
    manufacture_date_str: WireTime = None
    tank_id: WireText = ""
    tank_no: WireText = ""
    pump_id: WireText = ""
    pump_no: WireText = ""
    acquisition_equipment_id: WireText = ""
    acquisition_equipment_no: WireText = ""
    ae_channel_no: WireText = ""
    locked_status_code: WireText = ""


class FuelTank(EfrisAnswer):
    """A tank in the answer of T169.

    Attributes:
        enable_status_code: `101` enabled, `102` disabled.
        level_gauge_id: Its level gauge. The wire spells it `levelGaugId`.
        level_gauge_no: Number of the gauge. The wire spells it `levelGaugNo`.
        commodity_goods_id: What it holds.
        present_price: Price per unit, UGX.
    """

    id: WireText = ""
    branch_id: WireText = ""
    tank_no: WireText = ""
    enable_status_code: WireText = ""
    tank_serial_number: WireText = ""
    manufacturer_name: WireText = ""
    manufacture_date_str: WireTime = None
    probe_no: WireText = ""
    level_gauge_id: WireText = Field(default="", validation_alias=AliasChoices("levelGaugId", "levelGaugeId"))
    level_gauge_no: WireText = Field(default="", validation_alias=AliasChoices("levelGaugNo", "levelGaugeNo"))
    commodity_goods_id: WireText = ""
    present_price: WireNumber = None
    tank_version: WireText = ""


class FuelEdcDevice(EfrisAnswer):
    """A device of the controller in the answer of T169.

    Attributes:
        parent_id: The device it hangs on.
        edc_device_type_code: `101` controller, `102` acquisition equipment, `103` level gauge.
        edc_dsn: Serial number.
        enable_status_code: `101` enabled, `102` disabled.
    """

    id: WireText = ""
    parent_id: WireText = ""
    branch_id: WireText = ""
    edc_device_type_code: WireText = ""
    edc_dsn: WireText = ""
    manufacturer_name: WireText = ""
    manufacture_date_str: WireTime = None
    enable_status_code: WireText = ""


class FuelPumpDetails(EfrisAnswer):
    """Answer of T169: a pump with everything that hangs on it."""

    fuel_pump: Annotated[FuelPump, READ_OBJECT] = FuelPump()
    fuel_nozzle_list: Annotated[tuple[FuelNozzle, ...], READ_ROWS] = ()
    fuel_tank_list: Annotated[tuple[FuelTank, ...], READ_ROWS] = ()
    fuel_edc_device_list: Annotated[tuple[FuelEdcDevice, ...], READ_ROWS] = ()


class DeviceLocationQuery(EfrisRequest):
    """Request of T170: where a device was."""

    device_number: Annotated[str, Text("device", 20, required=True)]
    start_date: Annotated[date | None, Moment("recorded from")] = None
    end_date: Annotated[date | None, Moment("recorded to")] = None


class DeviceLocation(EfrisAnswer):
    """One position in the answer of T170.

    Attributes:
        longitude: Decimal degrees, as text.
        latitude: Decimal degrees, as text.
    """

    device_number: WireText = ""
    longitude: WireText = ""
    latitude: WireText = ""
    record_date: WireTime = None


class DeviceLocations(EfrisAnswerRows):
    """Answer of T170: the newest positions, usually at most ten."""

    wire_list: ClassVar[str] = "locations"

    locations: Annotated[tuple[DeviceLocation, ...], READ_ROWS] = ()


class FuelUnitRate(EfrisAnswer):
    """A factor between units in the answer of T171.

    Attributes:
        unit_of_measure: Value of the code list rateUnit.
    """

    unit_of_measure: WireText = ""
    exchange_rate: WireNumber = None


class FuelUnitRates(EfrisAnswerRows):
    """Answer of T171: how the units of fuel convert."""

    wire_list: ClassVar[str] = "rates"

    rates: Annotated[tuple[FuelUnitRate, ...], READ_ROWS] = ()


class NozzleReport(EfrisRequest):
    """Request of T172: what a nozzle is doing."""

    nozzle_id: Annotated[str, Text("id from T169", 18, required=True)]
    nozzle_no: Annotated[str, Text("number; must belong to the id (2988)", 50, required=True)]
    status: Annotated[NozzleStatus, Choice("state")]


class EdcDeviceVersion(EfrisAnswer):
    """A supported device in the answer of T173.

    Attributes:
        device_type_code: `101` controller, `102` acquisition equipment, `103` level gauge.
    """

    id: WireText = ""
    manufacturer_code: WireText = ""
    manufacturer_name: WireText = ""
    device_type_code: WireText = ""
    version_no: WireText = ""


class EdcDeviceVersions(EfrisAnswerRows):
    """Answer of T173: the devices a station may have."""

    wire_list: ClassVar[str] = "versions"

    versions: Annotated[tuple[EdcDeviceVersion, ...], READ_ROWS] = ()
