import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.efris import (
    FIND_GOODS,
    FIND_INVOICES,
    FIND_TAXPAYER,
    SERVER_TIME,
    UPLOAD_GOODS,
    UPLOAD_INVOICE,
    Malformed,
    NoContent,
    wire_json,
)
from risiti.efris.models.codes import DiscountFlag
from risiti.efris.models.goods import GoodsQuery, GoodsUpload, GoodsUploadRow
from risiti.efris.models.invoice_upload import FuelSale, ImportedService, InvoiceUpload
from risiti.efris.models.invoices import InvoiceQuery
from risiti.efris.models.taxpayers import TaxpayerQuery
from tests.efris.documents import a_line, an_upload


def test_an_upload_goes_out_as_the_wire_wants_it() -> None:
    document = json.loads(wire_json(an_upload()))
    assert document["sellerDetails"]["referenceNo"] == "INV-000123"
    assert document["sellerDetails"]["isCheckReferenceNo"] == "1"
    assert document["basicInformation"]["issuedDate"] == "2026-03-02 12:00:30"
    assert document["basicInformation"]["dataSource"] == "103"
    assert document["buyerDetails"]["nonResidentFlag"] == "0"
    line = document["goodsDetails"][0]
    assert (line["qty"], line["unitPrice"], line["total"]) == ("3", "3933.34", "11800.02")
    assert (line["discountTotal"], line["exciseTax"], line["orderNumber"]) == ("", "", "0")
    assert document["taxDetails"][0]["taxAmount"] == "1800.00"
    assert document["summary"]["itemCount"] == "1"
    assert document["payWay"] == [{"paymentMode": "102", "paymentAmount": "11800.02", "orderNumber": "a"}]
    for absent in ("buyerExtend", "extend", "importServicesSeller", "airlineGoodsDetails", "edcDetails"):
        assert absent not in document
    assert "hsCode" not in line


def test_a_discount_row_sends_empty_texts_where_it_has_no_numbers() -> None:
    row = a_line(
        item="Pen (Discount)", qty=None, unit_price=None, unit_of_measure="", total=Decimal(-100),
        tax=Decimal("-15.25"), discount_flag=DiscountFlag.DISCOUNT, order_number=1,
    )  # fmt: skip
    document = json.loads(wire_json(an_upload(goods_details=(a_line(), row))))
    wire = document["goodsDetails"][1]
    assert (wire["qty"], wire["unitPrice"], wire["unitOfMeasure"]) == ("", "", "")
    assert (wire["total"], wire["tax"], wire["discountFlag"]) == ("-100.00", "-15.25", "0")


def test_all_numbers_travel_as_texts() -> None:
    def texts(value: object) -> bool:
        if isinstance(value, dict):
            return all(texts(member) for member in value.values())
        return all(texts(member) for member in value) if isinstance(value, list) else isinstance(value, str)

    assert texts(json.loads(wire_json(an_upload(edc_details=FuelSale(tank_no="1", pump_no="2", nozzle_no="3")))))
    assert texts(json.loads(wire_json(InvoiceQuery(reference_no="INV-1", start_date=date(2026, 3, 2)))))


def test_the_same_request_gives_the_same_bytes_and_they_read_back() -> None:
    upload = an_upload(
        import_services_seller=ImportedService(
            import_business_name="Far (fictitious)", import_invoice_date=date(2026, 3, 1)
        )
    )
    frozen = UPLOAD_INVOICE.freeze(upload)
    assert frozen == UPLOAD_INVOICE.freeze(upload.model_copy(deep=True))
    assert UPLOAD_INVOICE.parse(frozen.content) == upload
    assert UPLOAD_INVOICE.freeze(UPLOAD_INVOICE.parse(frozen.content)) == frozen


@given(
    st.decimals(0, 10**12, places=8, allow_nan=False).filter(lambda value: value < 10**12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC)),  # noqa: DTZ001
)
def test_any_upload_reads_back_from_its_frozen_bytes(quantity: Decimal, remarks: str, issued: datetime) -> None:
    upload = an_upload(goods_details=(a_line(qty=quantity),))
    upload = upload.model_copy(
        update={
            "summary": upload.summary.model_copy(update={"remarks": remarks}),
            "basic_information": upload.basic_information.model_copy(update={"issued_date": issued}),
        }
    )
    assert UPLOAD_INVOICE.parse(UPLOAD_INVOICE.freeze(upload).content) == upload


def test_every_fault_is_named_with_its_place_and_the_code_the_authority_would_answer() -> None:
    upload = an_upload(
        goods_details=(
            a_line(),
            a_line(item="x" * 201, qty=Decimal("0.123456789"), total=Decimal("1.005"), goods_category_id=""),
        ),
    )
    with pytest.raises(Malformed) as raised:
        UPLOAD_INVOICE.freeze(upload)
    faults = {fault.path: (fault.rule, fault.code) for fault in raised.value.faults}
    assert faults == {
        "goodsDetails[1].item": ("max_length", "1176"),
        "goodsDetails[1].qty": ("max_digits", "1183"),
        "goodsDetails[1].total": ("max_digits", "1195"),
        "goodsDetails[1].goodsCategoryId": ("required", "1227"),
    }
    assert raised.value.interface == "T109"
    assert "and 1 more" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("x" * 50, True), ("x" * 51, False), ("é" * 25, True), ("é" * 26, False), ("🧾" * 12, True), ("🧾" * 13, False)],
)
def test_texts_are_measured_in_bytes(text: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    upload = an_upload(text)
    if fits:
        assert UPLOAD_INVOICE.freeze(upload).content
    else:
        with pytest.raises(Malformed, match="at most 50") as raised:
            UPLOAD_INVOICE.freeze(upload)
        assert raised.value.faults[0].code == "1121"


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("999999999999.99999999", True),
        ("1000000000000", False),
        ("0.000000001", False),
        ("1E+11", True),
        ("1E+12", False),
        ("NaN", False),
        ("Infinity", False),
        ("9" * 30, False),
        ("1E+999", False),
    ],
)
def test_numbers_are_measured_in_digits(value: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    upload = an_upload(goods_details=(a_line(qty=Decimal(value)),))
    if fits:
        assert UPLOAD_INVOICE.freeze(upload).content
    else:
        with pytest.raises(Malformed) as raised:
            UPLOAD_INVOICE.freeze(upload)
        assert [(fault.path, fault.code) for fault in raised.value.faults] == [("goodsDetails[0].qty", "1183")]


def test_half_a_letter_cannot_be_sent() -> None:
    with pytest.raises(Malformed, match="half a character"):
        UPLOAD_INVOICE.freeze(an_upload("\ud83e"))


def test_an_invoice_needs_lines_and_taxes() -> None:
    with pytest.raises(Malformed) as raised:
        UPLOAD_INVOICE.freeze(an_upload(goods_details=(), tax_details=()))
    assert [fault.path for fault in raised.value.faults] == ["goodsDetails", "taxDetails"]
    assert raised.value.faults[0].code == "2071"


def test_a_value_outside_its_list_is_malformed_with_the_authoritys_code() -> None:
    document = json.loads(wire_json(an_upload()))
    document["buyerDetails"]["buyerType"] = "7"
    document["payWay"][0]["paymentMode"] = "999"
    del document["summary"]["grossAmount"]
    with pytest.raises(Malformed) as raised:
        UPLOAD_INVOICE.parse(json.dumps(document).encode())
    assert {fault.path: (fault.rule, fault.code) for fault in raised.value.faults} == {
        "buyerDetails.buyerType": ("invalid_value", "1163"),
        "payWay[0].paymentMode": ("invalid_value", "2264"),
        "summary.grossAmount": ("required", "1299"),
    }


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b"{", b'{"nonsense":1}'])
def test_a_request_that_is_none_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        UPLOAD_INVOICE.parse(content)


def test_goods_go_out_as_a_list() -> None:
    row = GoodsUploadRow(
        goods_name="Pen", goods_code="P1", measure_unit="101", unit_price=Decimal("3933.34"), currency="101",
        commodity_category_id="44121701", stock_prewarning=Decimal(0),
    )  # fmt: skip
    document = json.loads(UPLOAD_GOODS.freeze(GoodsUpload(goods=(row,))).content)
    assert document[0]["haveExciseTax"] == "102"
    assert document[0]["stockPrewarning"] == "0"
    assert document[0]["operationType"] == "101"
    assert UPLOAD_GOODS.parse(json.dumps(document).encode()) == GoodsUpload(goods=(row,))
    with pytest.raises(Malformed) as raised:
        UPLOAD_GOODS.freeze(GoodsUpload(goods=(row, row.model_copy(update={"goods_code": ""}))))
    assert (raised.value.faults[0].path, raised.value.faults[0].code) == ("[1].goodsCode", "600")
    with pytest.raises(Malformed, match="at least one row"):
        UPLOAD_GOODS.freeze(GoodsUpload(goods=()))


def test_queries_leave_out_what_they_do_not_ask_for() -> None:
    assert json.loads(FIND_INVOICES.freeze(InvoiceQuery(reference_no="INV-1")).content) == {
        "referenceNo": "INV-1", "invoiceKind": "1", "queryType": "1", "pageNo": "1", "pageSize": "10",
    }  # fmt: skip
    assert json.loads(FIND_GOODS.freeze(GoodsQuery(goods_code="P1", page_size=99)).content)["pageSize"] == "99"
    assert FIND_TAXPAYER.freeze(TaxpayerQuery(nin_brn="CAFÉ Ñandú")).content.decode() == (
        '{"tin":"","ninBrn":"CAFÉ Ñandú"}'
    )
    with pytest.raises(Malformed):
        FIND_INVOICES.freeze(InvoiceQuery(page_size=100))


def test_interfaces_without_content_freeze_to_nothing() -> None:
    assert SERVER_TIME.freeze(NoContent()).content == b""


def test_a_request_with_faults_has_no_wire_form_of_its_own() -> None:
    with pytest.raises(ValueError, match=r"sellerDetails\.referenceNo: must not be empty"):
        wire_json(an_upload(""))


def test_a_field_nobody_knows_is_refused_in_a_request() -> None:
    document = json.loads(wire_json(an_upload()))
    document["sellerDetails"]["nonsense"] = "x"
    with pytest.raises(Malformed, match=r"sellerDetails\.nonsense"):
        UPLOAD_INVOICE.parse(json.dumps(document).encode())


def test_an_interface_is_a_value() -> None:
    assert replace(UPLOAD_INVOICE) == UPLOAD_INVOICE
    assert UPLOAD_INVOICE.request is InvoiceUpload
