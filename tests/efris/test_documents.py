"""Uploads of every kind in the words of the wire."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from risiti.efris import UPLOAD_INVOICE, Malformed
from risiti.efris.models.codes import (
    BuyerType,
    DataSource,
    DeemedExempt,
    DeliveryTerms,
    Industry,
    MeterStatus,
    ModeCode,
    UploadType,
    YesNo,
)
from risiti.efris.models.invoice_upload import (
    AirlineLine,
    BuyerExtend,
    Extend,
    FuelSale,
    ImportedService,
    InvoiceUpload,
)
from tests.efris import published
from tests.efris.documents import a_line, an_upload
from tests.efris.worked import worked_uploads


def _wire(upload: InvoiceUpload) -> dict[str, Any]:
    return json.loads(UPLOAD_INVOICE.freeze(upload).content)  # type: ignore[no-any-return]


def _with_head(upload: InvoiceUpload, **changes: object) -> InvoiceUpload:
    return upload.model_copy(update={"basic_information": upload.basic_information.model_copy(update=changes)})


@pytest.mark.parametrize("name", published.documents())
def test_a_worked_document_goes_out_word_for_word(name: str) -> None:
    wire = _wire(worked_uploads()[name])
    assert {part: wire[part] for part in published.documents()[name]} == published.documents()[name]


@pytest.mark.parametrize("name", published.documents())
def test_a_worked_document_reads_back_from_the_wire(name: str) -> None:
    upload = worked_uploads()[name]
    document = _wire(upload) | published.documents()[name]
    assert UPLOAD_INVOICE.parse(json.dumps(document).encode()) == upload


def test_every_kind_of_document_is_among_the_worked_ones() -> None:
    assert set(worked_uploads()) == set(published.documents())


def test_an_export_carries_weights_pieces_tariff_codes_and_terms_of_delivery() -> None:
    line = a_line(
        hs_code="21011100", hs_name="Extracts of coffee", total_weight=Decimal("12.5"), piece_qty=Decimal(3),
        piece_measure_unit="101", high_sea_bond_flag=YesNo.YES, high_sea_bond_code="101", high_sea_bond_no="B-7",
    )  # fmt: skip
    upload = _with_head(
        an_upload(goods_details=(line,)),
        invoice_industry_code=Industry.EXPORT_OF_GOODS,
        currency="USD",
        currency_rate=Decimal("3798.5"),
    )
    buyer = upload.buyer_details.model_copy(
        update={
            "buyer_type": BuyerType.FOREIGNER,
            "delivery_terms_code": DeliveryTerms.FOB,
            "non_resident_flag": True,
        }
    )
    wire = _wire(upload.model_copy(update={"buyer_details": buyer}))
    assert wire["buyerDetails"]["deliveryTermsCode"] == "FOB"
    assert wire["buyerDetails"]["nonResidentFlag"] == "1"
    assert wire["basicInformation"]["invoiceIndustryCode"] == "102"
    assert wire["basicInformation"]["currencyRate"] == "3798.5"
    (row,) = wire["goodsDetails"]
    assert (row["totalWeight"], row["pieceQty"], row["pieceMeasureUnit"]) == ("12.5", "3", "101")
    assert (row["hsCode"], row["hsName"]) == ("21011100", "Extracts of coffee")
    assert (row["highSeaBondFlag"], row["highSeaBondCode"], row["highSeaBondNo"]) == ("1", "101", "B-7")


def test_a_deemed_line_names_its_project() -> None:
    line = a_line(
        deemed_flag=YesNo.YES, deemed_exempt_code=DeemedExempt.DEEMED, vat_project_id="7007",
        vat_project_name="Hill road (fictitious)",
    )  # fmt: skip
    (row,) = _wire(an_upload(goods_details=(line,)))["goodsDetails"]
    assert (row["deemedFlag"], row["deemedExemptCode"]) == ("1", "101")
    assert (row["vatProjectId"], row["vatProjectName"]) == ("7007", "Hill road (fictitious)")


def test_an_imported_service_names_its_seller_and_carries_their_invoice() -> None:
    seller = ImportedService(
        import_business_name="Far Away Software (fictitious)",
        import_address="1 Far Street",
        import_invoice_date=date(2026, 3, 1),
        import_attachment_name="invoice.pdf",
        import_attachment_content="JVBERg==",
    )
    upload = _with_head(an_upload(import_services_seller=seller), invoice_industry_code=Industry.IMPORTED_SERVICE)
    assert _wire(upload)["importServicesSeller"] == {
        "importBusinessName": "Far Away Software (fictitious)",
        "importEmailAddress": "",
        "importContactNumber": "",
        "importAddress": "1 Far Street",
        "importInvoiceDate": "2026-03-01",
        "importAttachmentName": "invoice.pdf",
        "importAttachmentContent": "JVBERg==",
    }


def test_a_ticket_is_broken_down_into_its_parts() -> None:
    part = AirlineLine(item="Fare", qty=Decimal(1), unit_price=Decimal(900_000), total=Decimal(900_000), order_number=0)
    upload = _with_head(an_upload(airline_goods_details=(part,)), invoice_industry_code=Industry.AIRLINE)
    (row,) = _wire(upload)["airlineGoodsDetails"]
    assert (row["item"], row["qty"], row["total"], row["orderNumber"]) == ("Fare", "1", "900000.00", "0")
    assert (row["tax"], row["exciseRule"]) == ("", "")


def test_fuel_names_pump_nozzle_and_tank() -> None:
    sale = FuelSale(tank_no="T1", pump_no="P1", nozzle_no="N1", mvrn="UAA 000X")
    upload = _with_head(an_upload(edc_details=sale), invoice_industry_code=Industry.FUEL)
    assert _wire(upload)["edcDetails"] == {
        "tankNo": "T1", "pumpNo": "P1", "nozzleNo": "N1", "controllerNo": "", "acquisitionEquipmentNo": "",
        "levelGaugeNo": "", "mvrn": "UAA 000X",
    }  # fmt: skip


def test_a_utility_describes_the_customers_property_and_meter() -> None:
    place = BuyerExtend(
        district="Kampala", effective_registration_date=date(2020, 1, 31), meter_status=MeterStatus.ACTIVE
    )
    extend = _wire(an_upload(buyer_extend=place))["buyerExtend"]
    assert (extend["district"], extend["effectiveRegistrationDate"], extend["meterStatus"]) == (
        "Kampala", "2020-01-31", "101",
    )  # fmt: skip
    assert _wire(an_upload(buyer_extend=BuyerExtend()))["buyerExtend"]["meterStatus"] == ""


@pytest.mark.parametrize("kind", [UploadType.DEBIT_NOTE, UploadType.CREDIT_MEMO])
def test_a_note_names_its_original_and_its_reason(kind: UploadType) -> None:
    upload = _with_head(
        an_upload(extend=Extend(reason_code="103", reason="Price agreed by phone")),
        invoice_type=kind,
        ori_invoice_id="159078217852531032",
    )
    wire = _wire(upload)
    assert wire["basicInformation"]["invoiceType"] == kind.value
    assert wire["basicInformation"]["oriInvoiceId"] == "159078217852531032"
    assert wire["extend"] == {"reason": "Price agreed by phone", "reasonCode": "103"}


def test_a_credit_note_with_an_original_cannot_be_uploaded() -> None:
    content = UPLOAD_INVOICE.freeze(an_upload()).content.replace(b'"invoiceType":"1"', b'"invoiceType":"2"')
    with pytest.raises(Malformed) as raised:
        UPLOAD_INVOICE.parse(content)
    assert [(fault.path, fault.code) for fault in raised.value.faults] == [("basicInformation.invoiceType", "1135")]


def test_a_document_numbered_offline_says_so() -> None:
    upload = _with_head(an_upload(), data_source=DataSource.OFFLINE_ENABLER, invoice_no="325043056477")
    offline = upload.summary.model_copy(update={"mode_code": ModeCode.OFFLINE, "qr_code": "https://efris.example/x"})
    wire = _wire(upload.model_copy(update={"summary": offline}))
    assert (wire["summary"]["modeCode"], wire["basicInformation"]["dataSource"]) == ("0", "106")


@pytest.mark.parametrize(
    ("amount", "fits"), [("0.0001", True), ("0.00001", False), ("9" * 16, True), ("9" * 17, False)]
)
def test_sums_may_have_sixteen_digits_and_four_decimals(amount: str, fits: bool) -> None:  # noqa: FBT001 - a column
    upload = an_upload()
    sums = upload.summary.model_copy(update={"net_amount": Decimal(amount)})
    if fits:
        assert _wire(upload.model_copy(update={"summary": sums}))["summary"]["netAmount"]
    else:
        with pytest.raises(Malformed) as raised:
            UPLOAD_INVOICE.freeze(upload.model_copy(update={"summary": sums}))
        assert [(fault.path, fault.code) for fault in raised.value.faults] == [("summary.netAmount", "1290")]


def test_amounts_of_a_line_have_two_decimals_at_most() -> None:
    with pytest.raises(Malformed) as raised:
        UPLOAD_INVOICE.freeze(an_upload(goods_details=(a_line(tax=Decimal("0.001")),)))
    assert [fault.code for fault in raised.value.faults] == ["1201"]
