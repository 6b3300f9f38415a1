"""Petrol stations."""

from conformance import sales
from conformance.cases import Case, expect
from conformance.online.stage import Stage, content, done, records, rows_of


def pumps(at: Stage) -> str:
    rows = content(at.client.query_fuel_pump_version())["fuelPumpList"]
    at.known["pump"] = rows[0]["id"]
    return rows_of(rows, "pumps")


def equipment(at: Stage) -> str:
    nozzles = content(at.client.query_pump_nozzle_tank(at.known["pump"]))["fuelNozzleList"]
    at.known["nozzle"] = nozzles[0]["id"]
    return rows_of(nozzles, "nozzles")


def name_buyer(at: Stage) -> str:
    at.sell("fuel", sales.fuel("FUEL-1", at.now()))
    buyer = {"buyerType": "0", "buyerTin": sales.BUYER_TIN, "buyerLegalName": sales.BUYER_NAME, "mvrn": "UAA 001A"}
    return done(at.client.update_buyer_details(buyer | {"invoiceNo": at.known["fuel.fdn"], "createDateStr": at.now()}))


def fuel_documents(at: Stage) -> str:
    filters = {"fuelType": "Diesel", "queryType": "2", "startDate": at.today(), "endDate": at.today()}
    rows = records(at.client.edc_invoice_query(sales.PAGE | filters))
    expect(rows[0]["buyerLegalName"], sales.BUYER_NAME, "buyerLegalName")
    return rows_of(rows, "documents")


def shift(at: Stage) -> str:
    numbers = {"startVolume": "10.00", "endVolume": "40.00", "invoiceNumber": "1"}
    texts = {"shiftNo": "1", "fuelType": "Diesel", "goodsId": "1", "goodsCode": "D1", "nozzleNo": "N1", "pumpNo": "P1"}
    who = {"tankNo": "T1", "userName": "Amina", "userCode": "7", "startTime": at.now(), "endTime": at.now()}
    return done(at.client.upload_shift_info(numbers | texts | who))


def disconnection(at: Stage) -> str:
    row = {"deviceNumber": "C1", "edcOrderNum": "1", "disconnectedType": "101", "disconnectedTime": at.now()}
    return done(at.client.upload_edc_disconnect([row | {"remarks": ""}]))


CASES: list[Case[Stage]] = [
    Case("T162", "query_fuel_type", lambda at: rows_of(content(at.client.query_fuel_type()), "kinds")),
    Case("T171", "query_edc_uom_rate", lambda at: rows_of(content(at.client.query_edc_uom_rate()), "units")),
    Case(
        "T173", "query_edc_device_version", lambda at: rows_of(content(at.client.query_edc_device_version()), "devices")
    ),
    Case("T168", "query_fuel_pump_version", pumps),
    Case("T169", "query_pump_nozzle_tank", equipment),
    Case(
        "T172", "upload_nozzle_status", lambda at: done(at.client.upload_nozzle_status(at.known["nozzle"], "N1", "1"))
    ),
    Case("T163", "upload_shift_info", shift),
    Case("T164", "upload_edc_disconnect", disconnection),
    Case("T166", "update_buyer_details", name_buyer),
    Case("T167", "edc_invoice_query", fuel_documents),
    Case(
        "T170",
        "query_edc_location",
        lambda at: rows_of(content(at.client.query_edc_location(sales.DEVICE_NO, at.today(), at.today())), "positions"),
    ),
]
