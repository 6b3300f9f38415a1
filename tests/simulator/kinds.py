"""A valid document of every kind the authority knows, with the seller, the switches and the state it needs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from risiti.simulator import Taxpayer
from risiti.simulator.forecourt import Nozzle
from tests.simulator.documents import DEVICE_NO, SELLER_NAME, SELLER_TIN, Wire, document, goods, line
from tests.simulator.rig import Rig

BUSINESS = {"buyerType": "0", "buyerTin": "1000000901", "buyerLegalName": "Lakeside Traders Limited (fictitious)"}
BUILDER = {"buyerType": "0", "buyerTin": "1000000905", "buyerLegalName": "Nile Bridge Contractors (fictitious)"}
DEEMED = {"id": "700000000000000001", "name": "Owen Bridge (fictitious)"}
EXEMPT = {"id": "700000000000000002", "name": "Owen Bridge surveys (fictitious)"}
NOZZLE = Nozzle(number="N1", tank="T1", pump="P1", controller="C1", acquisition="A1", gauge="L1", branch="1")
PRINCIPAL = Taxpayer(
    tin="1000000960",
    legal_name="Harbour Consultants (fictitious)",
    agents={SELLER_TIN: "S1,S2"},
    address="1 Harbour Lane",
)


def nothing(rig: Rig) -> None:
    """Leave the authority as it is."""


@dataclass(frozen=True)
class Kind:
    """A kind of document.

    Attributes:
        document: Makes a valid one.
        seller: Attributes of the seller.
        settings: Switches of the stand-in.
        agent: globalInfo.agentType.
        prepare: Brings about what must be there before.
    """

    document: Callable[[], Wire]
    seller: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    agent: str = "0"
    prepare: Callable[[Rig], None] = nothing


def whole(rows: list[Wire], taxes: list[Wire], gross: str, tax: str, **blocks: Wire) -> Wire:
    """Put a document together; `blocks` change fields of its blocks."""
    made = document()
    items = sum(1 for row in rows if row["discountFlag"] != "0")
    made["goodsDetails"] = [row | {"orderNumber": str(number)} for number, row in enumerate(rows)]
    made["taxDetails"] = taxes
    made["summary"] |= {
        "netAmount": str(Decimal(gross) - Decimal(tax)),
        "taxAmount": tax,
        "grossAmount": gross,
        "itemCount": str(items),
    }
    made["payWay"] = [{"paymentMode": "102", "paymentAmount": gross, "orderNumber": "a"}]
    for name, changes in blocks.items():
        made[name] = made.get(name, {}) | changes
    return made


def tax_row(code: str, rate: str, gross: str, tax: str, **changes: str) -> Wire:
    """Make one taxDetails row."""
    return {
        "taxCategoryCode": code,
        "netAmount": str(Decimal(gross) - Decimal(tax)),
        "taxRate": rate,
        "taxAmount": tax,
        "grossAmount": gross,
        "exciseUnit": "",
        "exciseCurrency": "",
        "taxRateName": "",
    } | changes


SODA = {
    "item": "Soda",
    "itemCode": "SODA",
    "qty": "10",
    "unitOfMeasure": "102",
    "unitPrice": "1180",
    "total": "11800.00",
    "tax": "1800.00",
    "exciseFlag": "1",
    "categoryId": "LED070100",
    "categoryName": "Soft drinks",
    "goodsCategoryId": "50202306",
    "exciseRate": "0.1",
    "exciseRule": "1",
    "exciseTax": "909.09",
    "exciseRateName": "10%",
}
ADDITIVE = {
    "item": "Fuel additive",
    "itemCode": "ADD",
    "qty": "10",
    "unitOfMeasure": "102",
    "unitPrice": "11800",
    "total": "118000.00",
    "tax": "18000.00",
    "exciseFlag": "1",
    "categoryId": "LED080600",
    "categoryName": "Fuel additives",
    "goodsCategoryId": "15121500",
    "exciseRate": "650",
    "exciseRule": "2",
    "exciseTax": "6500.00",
    "pack": "1",
    "stick": "1",
    "exciseUnit": "102",
    "exciseCurrency": "UGX",
    "exciseRateName": "UGX650 per litre",
}
PER_LITRE = {"exciseUnit": "102", "exciseCurrency": "UGX", "taxRateName": "UGX650 per litre"}
DISCOUNT = {"discountFlag": "0", "qty": "", "unitPrice": "", "unitOfMeasure": ""}


def by_rate() -> Wire:
    """Excise duty as a percentage."""
    taxes = [
        tax_row("01", "0.18", "11800.00", "1800.00"),
        tax_row("05", "0.1", "10000.00", "909.09", taxRateName="10%"),
    ]
    return whole([line() | SODA], taxes, "11800.00", "2709.09")


def by_quantity() -> Wire:
    """Excise duty per litre."""
    taxes = [
        tax_row("01", "0.18", "118000.00", "18000.00"),
        tax_row("05", "650", "100000.00", "6500.00", **PER_LITRE),
    ]
    return whole([line() | ADDITIVE], taxes, "118000.00", "24500.00")


def by_package() -> Wire:
    """Excise duty per litre on something sold by the box of six litres."""
    boxed = ADDITIVE | {"unitOfMeasure": "110", "stick": "6", "exciseTax": "39000.00"}
    taxes = [
        tax_row("01", "0.18", "118000.00", "18000.00"),
        tax_row("05", "650", "100000.00", "39000.00", **PER_LITRE),
    ]
    return whole([line() | boxed], taxes, "118000.00", "57000.00")


def by_rate_discounted() -> Wire:
    """A discount on an excise line, by percentage."""
    sold = line(discountFlag="1", discountTotal="-1180.00", discountTaxRate="0.18") | SODA
    discount = line() | (
        SODA | DISCOUNT | {"item": "Soda (Discount)", "total": "-1180.00", "tax": "-180.00", "exciseTax": "-90.91"}
    )
    taxes = [
        tax_row("01", "0.18", "10620.00", "1620.00"),
        tax_row("05", "0.1", "9000.00", "818.18", taxRateName="10%"),
    ]
    return whole([sold, discount], taxes, "10620.00", "2438.18")


def by_quantity_discounted() -> Wire:
    """A discount on an excise line, per litre: the duty stays."""
    sold = line(discountFlag="1", discountTotal="-11800.00", discountTaxRate="0.18") | ADDITIVE
    changes = {"item": "Fuel additive (Discount)", "total": "-11800.00", "tax": "-1800.00", "exciseTax": "0"}
    taxes = [
        tax_row("01", "0.18", "106200.00", "16200.00"),
        tax_row("05", "650", "90000.00", "6500.00", **PER_LITRE),
    ]
    return whole([sold, line() | ADDITIVE | DISCOUNT | changes], taxes, "106200.00", "22700.00")


def nil() -> Wire:
    """A line whose excise duty is nil."""
    sugar = {
        "item": "Industrial sugar",
        "itemCode": "SUGAR",
        "categoryId": "LED100300",
        "categoryName": "Cane or beet sugar for industrial use",
        "goodsCategoryId": "50161509",
        "exciseRate": "-",
        "exciseTax": "0",
        "exciseRateName": "Nil",
    }
    taxes = [
        tax_row("01", "0.18", "11800.00", "1800.00"),
        tax_row("05", "-", "10000.00", "0", taxRateName="Nil"),
    ]
    return whole([line() | SODA | sugar], taxes, "11800.00", "1800.00")


CEMENT = {
    "item": "Cement (Deemed)",
    "itemCode": "C1",
    "qty": "100",
    "unitPrice": "35400",
    "total": "3540000.00",
    "tax": "540000.00",
    "deemedFlag": "1",
    "goodsCategoryId": "30111601",
    "deemedExemptCode": "101",
    "vatProjectId": DEEMED["id"],
    "vatProjectName": DEEMED["name"],
}


def deemed() -> Wire:
    """A supply whose VAT is deemed paid."""
    taxes = [tax_row("04", "0.18", "3540000.00", "540000.00")]
    return whole([line() | CEMENT], taxes, "3540000.00", "540000.00", buyerDetails=BUILDER)


def deemed_discounted() -> Wire:
    """The same with a discount."""
    sold = line(discountFlag="1", discountTotal="-354000.00", discountTaxRate="0.18") | CEMENT
    changes = {"item": "Cement (Deemed) (Discount)", "total": "-354000.00", "tax": "-54000.00"}
    taxes = [tax_row("04", "0.18", "3186000.00", "486000.00")]
    rows = [sold, line() | CEMENT | DISCOUNT | changes]
    return whole(rows, taxes, "3186000.00", "486000.00", buyerDetails=BUILDER)


def exempt_project() -> Wire:
    """A supply to an exempt project."""
    survey = {
        "item": "Survey",
        "itemCode": "S1",
        "qty": "1",
        "unitPrice": "500000",
        "total": "500000.00",
        "taxRate": "-",
        "tax": "0",
        "goodsCategoryId": "81111800",
        "deemedExemptCode": "102",
        "vatProjectId": EXEMPT["id"],
        "vatProjectName": EXEMPT["name"],
    }
    return whole([line() | survey], [tax_row("03", "-", "500000.00", "0")], "500000.00", "0", buyerDetails=BUILDER)


def _industry(code: str) -> Wire:
    return {"invoiceIndustryCode": code}


def export() -> Wire:
    """An export of goods."""
    paper = {
        "item": "Paper",
        "itemCode": "PAPER",
        "qty": "10",
        "unitOfMeasure": "KGM",
        "unitPrice": "1000",
        "total": "10000.00",
        "taxRate": "0",
        "tax": "0",
        "goodsCategoryId": "14111507",
        "totalWeight": "10",
        "pieceQty": "10",
        "pieceMeasureUnit": "KGM",
    }
    buyer = {"buyerType": "2", "buyerLegalName": "Nairobi Stationers (fictitious)", "deliveryTermsCode": "FOB"}
    return whole(
        [line() | paper],
        [tax_row("02", "0", "10000.00", "0")],
        "10000.00",
        "0",
        basicInformation=_industry("102"),
        buyerDetails=buyer,
    )


SERVICE = {"item": "Support", "itemCode": "S1", "goodsCategoryId": "81111800"}


def _standard(rows: list[Wire], **blocks: Wire) -> Wire:
    return whole(rows, [tax_row("01", "0.18", "11800.02", "1800.00")], "11800.02", "1800.00", **blocks)


def imported() -> Wire:
    """A service from abroad, declared by who received it."""
    abroad = {
        "importBusinessName": "Cloud Abroad (fictitious)",
        "importEmailAddress": "bill@cloud.example",
        "importContactNumber": "00100",
        "importAddress": "1 Far Street",
        "importInvoiceDate": "2026-03-01",
        "importAttachmentName": "bill.pdf",
        "importAttachmentContent": "cGFwZXI=",
    }
    buyer = {"buyerType": "0", "buyerTin": SELLER_TIN, "buyerLegalName": SELLER_NAME}
    return _standard(
        [line() | SERVICE], basicInformation=_industry("104"), buyerDetails=buyer, importServicesSeller=abroad
    )


def airline() -> Wire:
    """An airline's document."""
    made = document()
    made["basicInformation"] |= _industry("109")
    ticket = {"item": "Ticket", "qty": "1", "unitOfMeasure": "101", "unitPrice": "11800", "total": "11800"}
    made["airlineGoodsDetails"] = [ticket | {"orderNumber": "0", "discountFlag": "2"}]
    return made


def fuel() -> Wire:
    """A document of a petrol station."""
    diesel = {"item": "Diesel", "itemCode": "D1", "taxRate": "-", "tax": "0", "goodsCategoryId": "15101505"}
    nozzle = {
        "tankNo": "T1",
        "pumpNo": "P1",
        "nozzleNo": "N1",
        "controllerNo": "C1",
        "acquisitionEquipmentNo": "A1",
        "levelGaugeNo": "L1",
        "mvrn": "UAA 001A",
    }
    return whole(
        [line() | diesel],
        [tax_row("03", "-", "11800.02", "0")],
        "11800.02",
        "0",
        sellerDetails={"branchId": "1", "branchName": "Main"},
        basicInformation=_industry("110"),
        edcDetails=nozzle,
    )


def service_export() -> Wire:
    """An export of services."""
    rows = [line(taxRate="0", tax="0") | SERVICE]
    return whole(rows, [tax_row("02", "0", "11800.02", "0")], "11800.02", "0", basicInformation=_industry("112"))


def _with_tax(industry: str, code: str, name: str = "") -> Callable[[], Wire]:
    """Make documents with a tax beside VAT: 7,400 on top of the price."""

    def make() -> Wire:
        taxes = [
            tax_row("01", "0.18", "11800.02", "1800.00"),
            tax_row(code, "-", "7400.00", "7400.00", taxRateName=name),
        ]
        return whole([line()], taxes, "19200.02", "9200.00", basicInformation=_industry(industry))

    return make


def offline() -> Wire:
    """A document issued offline, uploaded later."""
    made = document(issued="2026-03-01 18:00:00")
    made["basicInformation"] |= {"invoiceNo": "900000000001", "antifakeCode": "12345678901234567890"}
    made["summary"] |= {"modeCode": "0", "qrCode": "printed"}
    return made


def for_principal() -> Wire:
    """A document an agent issues for its principal."""
    seller = {"tin": PRINCIPAL.tin, "legalName": PRINCIPAL.legal_name}
    return _standard([line() | SERVICE], sellerDetails=seller)


def over_ussd() -> Wire:
    """A receipt issued from a mobile phone."""
    made = document("exempt")
    made["basicInformation"] |= {"invoiceKind": "2", "dataSource": "107"}
    return made


def complete() -> Wire:
    """A document with every field that owns a "must not be empty" code."""
    made = document()
    made["sellerDetails"] |= {"ninBrn": "8002", "linePhone": "0400", "branchId": "1", "branchName": "Main"}
    made["buyerDetails"] |= BUSINESS | {
        "buyerNinBrn": "80020000000901",
        "buyerPassportNum": "A1",
        "buyerBusinessName": "Lakeside",
        "buyerAddress": "Plot 1",
        "buyerEmail": "accounts@lakeside.example",
        "buyerMobilePhone": "0700000901",
        "buyerLinePhone": "0400000901",
        "buyerPlaceOfBusi": "Kampala",
        "buyerCitizenship": "UG-Uganda",
        "buyerSector": "1",
        "buyerReferenceNo": "PO-1",
    }
    made["buyerExtend"] = {
        "propertyType": "House",
        "district": "Mbale",
        "municipalityCounty": "Mbale",
        "divisionSubcounty": "North",
        "town": "Mbale",
        "cellVillage": "Hill",
        "effectiveRegistrationDate": "2020-01-01",
        "meterStatus": "101",
    }
    made["goodsDetails"][0]["goodsCategoryName"] = "Ball point pens"
    made["taxDetails"][0]["taxCategory"] = "A: Standard (18%)"
    made["summary"]["remarks"] = "Thank you"
    return made


def _filled(made: Wire) -> Wire:
    """Fill in what `complete` has and a document lacks, where it says nothing else."""
    pattern = complete()
    made["sellerDetails"] = pattern["sellerDetails"]
    given = made["buyerDetails"]
    own = {key: value for key, value in given.items() if value} if given["buyerTin"] else {}
    made["buyerDetails"] = pattern["buyerDetails"] | own
    for row in made["taxDetails"]:
        row["taxCategory"] = "a name"
    made["summary"]["remarks"] = "Thank you"
    return made


def complete_discounted() -> Wire:
    """A discount, every field filled."""
    made = _filled(document("standard_discount"))
    for row in made["goodsDetails"]:
        row["goodsCategoryName"] = "Notebook computers"
    return made


def complete_deemed() -> Wire:
    """A deemed supply, every field filled."""
    made = _filled(deemed())
    made["goodsDetails"][0]["goodsCategoryName"] = "Cement"
    return made


def complete_import() -> Wire:
    """An imported service, every field filled."""
    made = _filled(imported())
    made["goodsDetails"][0]["goodsCategoryName"] = "Computer support services"
    return made


def complete_fuel() -> Wire:
    """A petrol station's document, every field filled."""
    made = _filled(fuel())
    made["goodsDetails"][0]["goodsCategoryName"] = "Diesel fuel"
    return made


def without_category() -> Wire:
    """A document whose tax row has a name and no category, as T103 may allow."""
    made = document()
    made["taxDetails"][0] |= {"taxCategoryCode": "", "taxRateName": "18%"}
    return made


def unsummed() -> Wire:
    """A document without tax rows and summary, which the authority may work out itself."""
    made = by_rate()
    del made["taxDetails"], made["summary"]
    return made


def _station(rig: Rig) -> None:
    rig.world.forecourt.put(SELLER_TIN, NOZZLE)


def _principal(rig: Rig) -> None:
    rig.world.registry.add_taxpayer(PRINCIPAL)


def register(rig: Rig, row: Wire) -> None:
    """Put goods on the seller's shelf, as T130 would."""
    code, name = row["goodsCode"], row["goodsName"]
    rig.world.shelf.put(SELLER_TIN, code, name, json.loads(json.dumps(row)), rig.clock.now())


def _pens(rig: Rig) -> None:
    register(rig, goods())


def _additive(rig: Rig) -> None:
    excise = {"haveExciseTax": "101", "exciseDutyCode": "LED080600"}
    units = {"havePieceUnit": "101", "pieceMeasureUnit": "102", "packageScaledValue": "1", "pieceScaledValue": "6"}
    names = {"goodsName": "Fuel additive", "measureUnit": "110", "commodityCategoryId": "15121500"}
    register(rig, goods("ADD", **names, **excise, **units))


STRICT = {"presence": "codes"}
COMPLETE = {"nin_brn": "8002", "branches": {"1": "Main"}}
KINDS: Mapping[str, Kind] = {
    "general": Kind(document),
    "excise by rate": Kind(by_rate, {"excise_registered": True}),
    "excise by quantity": Kind(by_quantity, {"excise_registered": True}),
    "excise by package": Kind(by_package, {"excise_registered": True}),
    "excise by rate, discounted": Kind(by_rate_discounted, {"excise_registered": True}),
    "excise by quantity, discounted": Kind(by_quantity_discounted, {"excise_registered": True}),
    "excise nil": Kind(nil, {"excise_registered": True}),
    "deemed": Kind(deemed, {"deemed_supplies": True}),
    "deemed, discounted": Kind(deemed_discounted, {"deemed_supplies": True}),
    "exempt project": Kind(exempt_project),
    "export": Kind(export),
    "imported service": Kind(imported, {"imported_services": True}),
    "airline": Kind(airline),
    "fuel": Kind(fuel, {"branches": {"1": "Main", "2": "Hill"}}, prepare=_station),
    "auction": Kind(lambda: document() | {"basicInformation": document()["basicInformation"] | _industry("111")}),
    "service export": Kind(service_export),
    "over the top": Kind(_with_tax("105", "06")),
    "stamp duty": Kind(_with_tax("106", "07")),
    "hotel": Kind(_with_tax("107", "08")),
    "levy": Kind(_with_tax("105", "09")),
    "other taxes": Kind(_with_tax("108", "10", "City tax")),
    "offline": Kind(offline, {"offline_documents": 10, "offline_numbers": {DEVICE_NO: "900000000001-900000000100"}}),
    "agent": Kind(for_principal, {"agent": True}, agent="2", prepare=_principal),
    "ussd": Kind(
        over_ussd,
        {"vat_registered": False, "mobile_number": "0700000000", "data_sources": ["107"]},
        agent="1",
    ),
    "duty free": Kind(lambda: document("standard"), {"duty_free": True}),
    "registered goods": Kind(document, settings={"check_goods": True}, prepare=_pens),
    "registered excise goods": Kind(by_package, {"excise_registered": True}, {"check_goods": True}, prepare=_additive),
    "tax row without category": Kind(without_category, {"tax_category_mandatory": False}),
    "worked out by the authority": Kind(
        unsummed, {"excise_registered": True, "auto_calculate_taxes": True, "auto_calculate_summary": True}
    ),
    "complete": Kind(complete, COMPLETE, STRICT),
    "complete, discounted": Kind(complete_discounted, COMPLETE, STRICT),
    "complete, deemed": Kind(complete_deemed, COMPLETE | {"deemed_supplies": True}, STRICT),
    "complete, imported service": Kind(complete_import, COMPLETE | {"imported_services": True}, STRICT),
    "complete, fuel": Kind(complete_fuel, COMPLETE, STRICT, prepare=_station),
}
"""Every kind of document by name."""


async def rig_for(
    kind: Kind, seller: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
) -> Rig:
    """Make the authority a kind of document needs, with more attributes of the seller and more switches on top."""
    made = Rig.make()
    known = made.world.registry.taxpayer(SELLER_TIN)
    assert known is not None
    attributes = known.to_json() | dict(kind.seller) | dict(seller or {})
    made.world.registry.add_taxpayer(Taxpayer.from_json(attributes))
    made.configure(**(dict(kind.settings) | dict(settings or {})))
    await made.open()
    kind.prepare(made)
    return made


async def send(rig: Rig, content: object, agent: str = "0") -> Any:  # noqa: ANN401 - Answered
    """Offer a document to T109, by an agent if wanted."""
    message = rig.message("T109", content)
    message["globalInfo"]["agentType"] = agent
    return await rig.send(message)
