"""Credit notes in the words of the wire: applied for, followed, decided, cancelled."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from risiti.efris import (
    APPLY_CREDIT_NOTE,
    CANCEL_NOTE,
    DECIDE_APPLICATION,
    FIND_APPLICATIONS,
    WITHDRAW_APPLICATION,
    Malformed,
)
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.models.base import read_answer
from risiti.efris.models.codes import (
    ApplicationQueryType,
    ApprovalState,
    AttachmentType,
    CancellationCategory,
    CancellationReason,
    CreditNoteReason,
    Decision,
    InvoiceKind,
    PaymentMode,
    TaxCategory,
)
from risiti.efris.models.credit_notes import (
    ApplicationContent,
    ApplicationDecision,
    ApplicationDetails,
    ApplicationPage,
    ApplicationQuery,
    ApplicationWithdrawal,
    Attachment,
    CreditInformation,
    CreditLine,
    CreditNoteApplication,
    CreditSummary,
    CreditTaxRow,
    NoteCancellation,
)
from risiti.efris.models.invoice_upload import Payment


def an_application(**changes: object) -> CreditNoteApplication:
    """Return an application to take one of three pens back."""
    application = CreditNoteApplication(
        ori_invoice_id="159078217852531032",
        ori_invoice_no="325043056477",
        reason_code=CreditNoteReason.RETURNED,
        application_time=datetime(2026, 3, 5, 6, 30, tzinfo=UTC),
        currency="UGX",
        sellers_reference_no="CN-7",
        goods_details=(
            CreditLine(
                item="Pen",
                item_code="P1",
                qty=Decimal(-1),
                unit_of_measure="101",
                unit_price=Decimal("3933.34"),
                total=Decimal("-3933.34"),
                tax_rate="0.18",
                tax=Decimal("-600.00"),
                order_number=0,
                goods_category_id="44121701",
            ),
        ),
        tax_details=(
            CreditTaxRow(
                tax_category_code=TaxCategory.STANDARD,
                net_amount=Decimal("-3333.34"),
                tax_rate="0.18",
                tax_amount=Decimal("-600.00"),
                gross_amount=Decimal("-3933.34"),
            ),
        ),
        summary=CreditSummary(
            net_amount=Decimal("-3333.34"), tax_amount=Decimal(-600), gross_amount=Decimal("-3933.34"), item_count=1
        ),
        pay_way=(Payment(payment_mode=PaymentMode.CASH, payment_amount=Decimal("3933.34"), order_number="a"),),
        basic_information=CreditInformation(operator="Amina", invoice_kind=InvoiceKind.INVOICE),
    )
    return application.model_copy(update=changes)


def test_an_application_takes_quantities_and_amounts_back_and_leaves_the_price() -> None:
    wire = json.loads(APPLY_CREDIT_NOTE.freeze(an_application()).content)
    assert (wire["oriInvoiceId"], wire["oriInvoiceNo"]) == ("159078217852531032", "325043056477")
    assert (wire["reasonCode"], wire["invoiceApplyCategoryCode"], wire["source"]) == ("101", "101", "103")
    assert wire["applicationTime"] == "2026-03-05 09:30:00"
    (row,) = wire["goodsDetails"]
    assert (row["qty"], row["unitPrice"], row["total"], row["tax"]) == ("-1", "3933.34", "-3933.34", "-600.00")
    assert wire["taxDetails"][0]["netAmount"] == "-3333.34"
    assert wire["summary"] == {
        "netAmount": "-3333.34", "taxAmount": "-600.00", "grossAmount": "-3933.34", "itemCount": "1",
        "modeCode": "1", "qrCode": "",
    }  # fmt: skip
    assert wire["payWay"][0]["paymentAmount"] == "3933.34"
    assert "attachmentList" not in wire


def test_every_fault_of_an_application_has_the_authoritys_code() -> None:
    line = an_application().goods_details[0].model_copy(update={"total": Decimal("-1.005")})
    with pytest.raises(Malformed) as raised:
        APPLY_CREDIT_NOTE.freeze(
            an_application(ori_invoice_id="1" * 21, reason="x" * 1025, contact_email="a@b", goods_details=(line,))
        )
    assert {fault.path: fault.code for fault in raised.value.faults} == {
        "oriInvoiceId": "2784",
        "reason": "1407",
        "contactEmail": "1417",
        "goodsDetails[0].total": "1451",
    }


def test_an_attachment_is_of_a_kind_the_authority_opens() -> None:
    cancellation = NoteCancellation(
        ori_invoice_id="159078217852531032",
        invoice_no="325043056499",
        reason_code=CancellationReason.OTHER,
        reason="issued twice",
        invoice_apply_category_code=CancellationCategory.CREDIT_NOTE,
        attachment_list=(Attachment(file_name="letter", file_type=AttachmentType.PDF, file_content="JVBERg=="),),
    )
    frozen = CANCEL_NOTE.freeze(cancellation)
    wire = json.loads(frozen.content)
    assert wire["attachmentList"] == [{"fileName": "letter", "fileType": "pdf", "fileContent": "JVBERg=="}]
    assert wire["invoiceApplyCategoryCode"] == "104"
    with pytest.raises(Malformed) as raised:
        CANCEL_NOTE.parse(frozen.content.replace(b'"pdf"', b'"exe"'))
    assert [(fault.path, fault.code) for fault in raised.value.faults] == [("attachmentList[0].fileType", "3093")]


def test_a_search_asks_for_several_states_at_once() -> None:
    query = ApplicationQuery(
        reference_no="29001293017",
        approve_status=(ApprovalState.APPROVED, ApprovalState.SUBMITTED),
        query_type=ApplicationQueryType.WAITING_FOR_ME,
        start_date=date(2026, 3, 1),
    )
    frozen = FIND_APPLICATIONS.freeze(query)
    assert json.loads(frozen.content) == {
        "referenceNo": "29001293017", "approveStatus": "101,102", "queryType": "2", "startDate": "2026-03-01",
        "pageNo": "1", "pageSize": "10",
    }  # fmt: skip
    assert FIND_APPLICATIONS.parse(frozen.content) == query


def test_a_page_of_more_than_99_rows_is_refused_with_the_authoritys_code() -> None:
    with pytest.raises(Malformed) as raised:
        FIND_APPLICATIONS.freeze(ApplicationQuery(page_size=100))
    assert [(fault.path, fault.code) for fault in raised.value.faults] == [("pageSize", "1526")]


def test_a_decision_and_a_withdrawal_name_the_application() -> None:
    decision = ApplicationDecision(
        reference_no="29001293017", approve_status=Decision.REJECT, task_id="12", remark="wrong original"
    )
    assert json.loads(DECIDE_APPLICATION.freeze(decision).content) == {
        "referenceNo": "29001293017", "approveStatus": "103", "taskId": "12", "remark": "wrong original",
    }  # fmt: skip
    with pytest.raises(Malformed) as raised:
        WITHDRAW_APPLICATION.freeze(ApplicationWithdrawal(business_key="", reference_no="2" * 21))
    assert [fault.code for fault in raised.value.faults] == ["1577", "1580"]


def test_an_application_is_followed_to_the_number_of_its_note() -> None:
    page = read_answer(
        ApplicationPage,
        {
            "page": {"pageNo": "1", "pageSize": 10, "totalSize": "1", "pageCount": 1},
            "records": [
                {
                    "id": 128, "invoiceNo": None, "referenceNo": "29001293017", "approveStatus": "102",
                    "applicationTime": "05/03/2026 09:30:00", "grossAmount": "-3933.34", "taskId": 12,
                    "waitingDate": "2", "somethingNew": "kept",
                }
            ],
        },
    )  # fmt: skip
    (record,) = page.records
    assert (record.id, record.task_id, record.invoice_no) == ("128", "12", "")
    assert record.gross_amount == Decimal("-3933.34")
    assert record.application_time == datetime(2026, 3, 5, 9, 30, tzinfo=EAST_AFRICA_TIME)
    assert record.model_extra == {"somethingNew": "kept"}


def test_an_application_is_read_under_each_of_the_wires_names() -> None:
    for key in ("oriInvoiceId", "oriReceiptId"):
        assert read_answer(ApplicationDetails, {key: "159078217852531032"}).ori_invoice_id == "159078217852531032"
    content = read_answer(
        ApplicationContent,
        {
            "goodsDetails": [{"itemName": "Pen", "unit": "101"}, {"item": "Milk", "unitOfMeasure": "102"}],
            "summary": {"grossAmount": "-1", "previousGrossAmount": 11800},
            "taxDetails": None,
        },
    )
    assert [(line.item, line.unit_of_measure) for line in content.goods_details] == [("Pen", "101"), ("Milk", "102")]
    assert content.summary.previous_gross_amount == Decimal(11800)
    assert content.tax_details == ()
