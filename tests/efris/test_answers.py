"""Answers as live servers send them: other spellings, other types, things missing, things nobody knows yet."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from risiti.efris import INTERFACES, Interface
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.models.base import Acknowledged, EfrisAnswerRows, read_answer
from risiti.efris.models.dictionaries import (
    Classification,
    CommodityCategories,
    CommodityCategoryPage,
    ExchangeRate,
    ExchangeRates,
    ExciseDuties,
    HsCodes,
)
from risiti.efris.models.goods import GoodsUnitsList, GoodsUploaded, StockLevel
from risiti.efris.models.invoices import (
    ExportStatus,
    InvoiceDetails,
    InvoiceMismatches,
    InvoiceRemainder,
)
from risiti.efris.models.session import DeviceKeys
from risiti.efris.models.taxpayers import Branches, Principal, Relief
from risiti.efris.wirejson import JsonValue
from tests.efris.documents import UPLOADED

NEEDED = {"T101", "T104", "T108", "T109", "T110", "T119", "T186"}
"""Interfaces whose answer is worthless without a certain field."""


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=EAST_AFRICA_TIME)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("interface", [pytest.param(row, id=code) for code, row in INTERFACES.items()])
def test_an_answer_without_content_is_read_unless_it_is_worthless(interface: Interface[Any, Any]) -> None:
    if interface.code in NEEDED:
        with pytest.raises(ValidationError):
            read_answer(interface.answer, None)
    else:
        assert read_answer(interface.answer, None) == interface.answer()


@pytest.mark.parametrize(
    "interface", [pytest.param(row, id=code) for code, row in INTERFACES.items() if code not in NEEDED]
)
def test_fields_nobody_knows_are_kept(interface: Interface[Any, Any]) -> None:
    document: JsonValue = {"aFieldOfNextYear": {"deep": [1]}}
    answer = read_answer(interface.answer, document)
    if isinstance(answer, EfrisAnswerRows):
        assert getattr(answer, answer.wire_list) == ()
    else:
        assert document in (answer.model_extra, getattr(answer, "content", None))


@pytest.mark.parametrize("content", [None, "", "SUCCESS", [], {}, {"note": "done"}])
def test_a_yes_is_a_yes_whatever_stands_beside_it(content: JsonValue) -> None:
    assert read_answer(Acknowledged, content).content == content


def test_a_document_is_read_with_all_its_parts() -> None:
    details = read_answer(
        InvoiceDetails,
        UPLOADED
        | {
            "buyerExtend": {"meterStatus": 101, "effectiveRegistrationDate": "2020-01-31"},
            "extend": {"reasonCode": "102", "reason": "price"},
            "custom": {"sadNumber": 8877, "confirmStatus": "1", "exportRegime": "EX1"},
            "importServicesSeller": {"importInvoiceDate": "01/03/2026", "importAttachmentContent": "JVBERg=="},
            "airlineGoodsDetails": [{"item": "Fare", "total": "900000.00"}],
            "edcDetails": {"nozzleNo": "N1", "updateTimes": "1"},
            "agentEntity": {"tin": "1000000002"},
            "creditNoteExtend": {"preGrossAmount": "11800.02"},
            "goodsDetails": [{"item": "Pen", "invoiceItemId": 5, "vatProjectId": 7007, "highSeaBondFlag": 2}],
        },
    )
    assert details.buyer_extend.meter_status == "101"
    assert details.buyer_extend.effective_registration_date == _at(2020, 1, 31)
    assert (details.extend.reason_code, details.custom.sad_number) == ("102", "8877")
    assert details.import_services_seller.import_invoice_date == _at(2026, 3, 1)
    assert "JVBERg" not in repr(details)
    assert details.airline_goods_details[0].total == Decimal(900_000)
    assert (details.edc_details.nozzle_no, details.agent_entity.tin) == ("N1", "1000000002")
    assert details.credit_note_extend.pre_gross_amount == Decimal("11800.02")
    assert details.goods_details[0].vat_project_id == "7007"


@pytest.mark.parametrize("empty", [None, ""])
def test_parts_of_a_document_may_be_null_or_an_empty_text(empty: JsonValue) -> None:
    parts = ("buyerExtend", "extend", "custom", "importServicesSeller", "airlineGoodsDetails", "edcDetails", "payWay")
    details = read_answer(InvoiceDetails, UPLOADED | dict.fromkeys(parts, empty))
    assert details.custom.sad_number == ""
    assert details.airline_goods_details == ()


@pytest.mark.parametrize("key", ["address", "adress", "Adress"])
def test_the_sellers_address_is_read_in_every_spelling(key: str) -> None:
    assert read_answer(InvoiceDetails, UPLOADED | {"sellerDetails": {key: "1 Mango Street"}}).seller_details.address


def test_what_is_left_of_each_row_is_read() -> None:
    rows: JsonValue = [{"item": "Pen", "remainQty": "2", "remainAmount": Decimal("7866.68")}]
    rest = read_answer(InvoiceRemainder, UPLOADED | {"goodsDetails": rows})
    assert (rest.goods_details[0].item, rest.goods_details[0].remain_qty) == ("Pen", Decimal(2))


def test_a_comparison_lists_only_what_differs() -> None:
    assert read_answer(InvoiceMismatches, []).mismatches == ()
    found = read_answer(InvoiceMismatches, [{"invoiceNo": 325043056477, "invoiceType": 1}]).mismatches
    assert [(row.invoice_no, row.invoice_type) for row in found] == [("325043056477", "1")]


def test_categories_are_read_alone_and_by_the_page() -> None:
    row: JsonValue = {
        "commodityCategoryCode": "50131701", "parentCode": 0, "rate": Decimal("0.18"), "isZeroRate": "101",
        "zeroRateStartDate": "01/07/2020", "zeroRateEndDate": None, "isExempt": "102",
    }  # fmt: skip
    (alone,) = read_answer(CommodityCategories, [row]).categories
    (paged,) = read_answer(CommodityCategoryPage, {"page": {"pageCount": "1"}, "records": [row]}).records
    assert alone == paged
    assert (alone.rate, alone.parent_code, alone.zero_rate_start_date) == ("0.18", "0", _at(2020, 7, 1))


def test_excise_duties_keep_rates_as_numbers_and_in_words() -> None:
    answer = read_answer(
        ExciseDuties,
        {
            "exciseDutyList": [
                {
                    "exciseDutyCode": "LED000002",
                    "rateText": "650 per litre",
                    "effectiveDate": "01/07/2023",
                    "exciseDutyDetailsList": [{"type": "102", "rate": "650", "unit": "102", "currency": 101}],
                }
            ]
        },
    )
    (rate,) = answer.excise_duty_list[0].excise_duty_details_list
    assert (rate.type, rate.rate, rate.unit, rate.currency) == ("102", Decimal(650), "102", "101")


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_of_a_category_and_a_duty_only_the_one_asked_for_is_there(nothing: JsonValue) -> None:
    found = read_answer(
        Classification, {"commodityCategory": {"commodityCategoryCode": "50131701"}, "exciseDuty": nothing}
    )
    assert found.commodity_category is not None
    assert found.commodity_category.commodity_category_code == "50131701"
    assert found.excise_duty is None


def test_exchange_rates_are_exact_and_income_tax_is_read_in_both_spellings() -> None:
    rates = read_answer(ExchangeRates, [{"currency": "USD", "rate": "3798.50", "inComeTax": 3800}]).rates
    assert (rates[0].rate, rates[0].in_come_tax) == (Decimal("3798.50"), Decimal(3800))
    assert read_answer(ExchangeRate, {"currency": "USD", "incomeTax": "3800"}).in_come_tax == Decimal(3800)


def test_a_row_of_goods_that_failed_comes_back_as_it_was_sent() -> None:
    failures = read_answer(
        GoodsUploaded,
        [
            {
                "goodsCode": "P1", "measureUnit": 101, "unitPrice": "3933.34", "returnCode": "602",
                "commodityGoodsExtendEntity": "", "goodsOtherUnits": [{"otherUnit": "102", "otherScaled": "12"}],
            }
        ],
    ).failures  # fmt: skip
    assert (failures[0].measure_unit, failures[0].unit_price) == ("101", Decimal("3933.34"))
    assert failures[0].goods_other_units[0].other_scaled == Decimal(12)


def test_small_answers_are_read_with_numbers_as_text_or_as_numbers() -> None:
    assert read_answer(StockLevel, {"stock": "12.5", "stockPrewarning": 3}).stock == Decimal("12.5")
    units = read_answer(GoodsUnitsList, [{"goodsCode": "P1", "packageScaledValue": "1", "pieceScaledValue": 12}])
    assert units.goods[0].piece_scaled_value == Decimal(12)
    assert read_answer(Branches, [{"branchId": 206, "branchName": "Main"}]).branches[0].branch_id == "206"
    assert read_answer(HsCodes, [{"hsCode": 2101, "isLeaf": 0}]).codes[0].hs_code == "2101"
    assert read_answer(ExportStatus, {"invoiceNo": 325043056477, "documentStatusCode": 102}).document_status_code
    assert read_answer(Principal, {"periodDate": "7", "taxType": None}).period_date == Decimal(7)
    projects: JsonValue = [{"projectId": 7007, "currentAmount": "9000000", "exchangeRateDate": "2026-03-02"}]
    relief = read_answer(Relief, {"taxpayerType": "103", "deemedAndExemptProjectList": projects})
    assert relief.deemed_and_exempt_project_list[0].exchange_rate_date == _at(2026, 3, 2)


def test_secrets_of_answers_do_not_show() -> None:
    keys = read_answer(DeviceKeys, {"clientPriKey": "MIIE", "keyTable": "0123", "serverPubKey": "MIIB"})
    assert "MIIE" not in repr(keys)
    assert "0123" not in repr(keys)
    assert "MIIB" in repr(keys)
