import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from risiti.efris.models.base import read_answer
from risiti.efris.models.invoices import InvoiceDetails
from risiti.gateway.fiscal import issued, references, totals, wire
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.kernel.errors import Invalid
from tests.gateway.fiscal.bad_inputs import LINE, NOW, document

SELLER = wire.Seller(
    tin="1000000000",
    legal_name="Mango Street Grocers (fictitious)",
    business_name="Mango Street Grocers",
    email="till@mango.example",
    phone="+256700000000",
    address="1 Mango Street, Kampala",
)
DEVICE = "TCSMANGO01"


def invoice(**changes: object) -> NewInvoice:
    return parse_invoice(document(**changes), now=NOW)


def frozen(new: NewInvoice, seller: wire.Seller = SELLER, operator: str = "") -> bytes:
    reference = references.on_the_wire(new.reference)
    return wire.freeze(new, totals.compute(new), seller, DEVICE, reference, operator=operator)


def sent(**changes: object) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(frozen(invoice(**changes)))
    return content


def test_the_head_asks_for_the_reference_check_and_says_online_system_to_system() -> None:
    content = sent(issued_at="2026-03-31T14:05:07+03:00")
    assert content["sellerDetails"]["isCheckReferenceNo"] == "1"
    assert content["sellerDetails"]["referenceNo"] == "MSG-0001"
    assert content["sellerDetails"]["tin"] == "1000000000"
    head = content["basicInformation"]
    assert (head["dataSource"], head["invoiceType"], head["invoiceKind"]) == ("103", "1", "1")
    assert (head["deviceNo"], head["currency"]) == (DEVICE, "UGX")
    assert head["issuedDate"] == "2026-03-31 14:05:07"
    assert (head["invoiceNo"], head["antifakeCode"]) == ("", "")
    assert content["summary"]["modeCode"] == "1"


def test_a_receipt_of_exempt_goods_is_of_the_other_kind() -> None:
    content = sent(kind="receipt", lines=[LINE | {"tax": "exempt"}])
    assert content["basicInformation"]["invoiceKind"] == "2"
    assert content["goodsDetails"][0]["taxRate"] == "-"
    assert content["taxDetails"][0]["taxCategoryCode"] == "03"


def test_a_discount_is_two_lines_as_the_authority_wants_them() -> None:
    line = LINE | {"name": "Laptop", "quantity": "1", "unit_price": "2360000", "discount": {"percent": "10"}}
    full, off = sent(lines=[line])["goodsDetails"]
    assert {
        name: full[name] for name in ("item", "qty", "unitPrice", "total", "tax", "discountTotal", "discountFlag")
    } == {
        "item": "Laptop",
        "qty": "1",
        "unitPrice": "2360000",
        "total": "2360000.00",
        "tax": "360000.00",
        "discountTotal": "-236000.00",
        "discountFlag": "1",
    }
    assert {
        name: off[name] for name in ("item", "qty", "unitPrice", "unitOfMeasure", "total", "tax", "discountFlag")
    } == {
        "item": "Laptop (Discount)",
        "qty": "",
        "unitPrice": "",
        "unitOfMeasure": "",
        "total": "-236000.00",
        "tax": "-36000.00",
        "discountFlag": "0",
    }
    assert full["discountTaxRate"] == "0.18"
    assert (full["orderNumber"], off["orderNumber"]) == ("0", "1")


@pytest.mark.parametrize(
    ("buyer", "wanted"),
    [
        (
            {"type": "business", "tin": "1000000001", "name": "Kibo Traders (fictitious)"},
            {"buyerType": "0", "buyerTin": "1000000001", "buyerLegalName": "Kibo Traders (fictitious)"},
        ),
        ({"type": "consumer"}, {"buyerType": "1", "buyerTin": "", "buyerLegalName": wire.WALK_IN_CUSTOMER}),
        ({"type": "consumer", "phone": "0700000000"}, {"buyerMobilePhone": "0700000000", "buyerLegalName": ""}),
        ({"type": "consumer", "national_id": "CM00"}, {"buyerNinBrn": "CM00", "buyerLegalName": ""}),
        (
            {"type": "foreigner", "passport": "A0000000", "citizenship": "Kenyan"},
            {"buyerType": "2", "buyerPassportNum": "A0000000", "buyerCitizenship": "Kenyan"},
        ),
        ({"type": "government", "tin": "1000000002", "name": "Ministry"}, {"buyerType": "3", "buyerTin": "1000000002"}),
    ],
)
def test_buyers_are_written_by_their_type(buyer: dict[str, str], wanted: dict[str, str]) -> None:
    written = sent(buyer=buyer)["buyerDetails"]
    assert {name: written[name] for name in wanted} == wanted


def test_payments_are_coded_and_lettered() -> None:
    methods = ["credit", "cash", "cheque", "demand_draft", "mobile_money", "card", "eft", "pos", "rtgs", "swift"]
    payments = [{"method": method, "amount": "1180"} for method in methods]
    written = sent(lines=[LINE | {"quantity": "10", "unit_price": "1180"}], payments=payments)["payWay"]
    assert [row["paymentMode"] for row in written] == [str(code) for code in range(101, 111)]
    assert [row["orderNumber"] for row in written] == list("abcdefghij")
    assert {row["paymentAmount"] for row in written} == {"1180.00"}


def test_the_operator_is_the_documents_else_the_default_else_the_seller() -> None:
    def operator(new: NewInvoice, default: str = "") -> object:
        return json.loads(frozen(new, operator=default))["basicInformation"]["operator"]

    assert operator(invoice(operator="Akello"), "Till 3") == "Akello"
    assert operator(invoice(), "Till 3") == "Till 3"
    assert operator(invoice()) == "Mango Street Grocers"


def test_the_same_document_is_frozen_to_the_same_bytes() -> None:
    again = NewInvoice.model_validate_json(invoice().model_dump_json())
    assert frozen(again) == frozen(invoice())


def test_hostile_texts_travel_as_text() -> None:
    name = '<script>"{{7*7}}\\ \t é 🍵'
    assert sent(lines=[LINE | {"name": name}])["goodsDetails"][0]["item"] == name


def test_a_seller_without_e_mail_is_told_what_is_missing() -> None:
    seller = wire.Seller("1000000000", "Mango Street Grocers (fictitious)", "", "", "", "")
    with pytest.raises(Invalid) as caught:
        frozen(invoice(), seller)
    assert [(fault.path, fault.code) for fault in caught.value.errors] == [("", "seller_incomplete")]
    assert "emailAddress" in caught.value.errors[0].message


def test_wire_fields_lead_back_to_the_callers_document() -> None:
    computed = totals.compute(invoice(lines=[LINE | {"discount": {"percent": "10"}}, LINE]))
    assert wire.pointer_of("goodsDetails.qty", computed, 0) == "/lines/0/quantity"
    assert wire.pointer_of("goodsDetails.item", computed, 1) == "/lines/0/name"
    assert wire.pointer_of("goodsDetails.item", computed, 2) == "/lines/1/name"
    assert wire.pointer_of("goodsDetails.item") == "/lines"
    assert wire.pointer_of("buyerDetails.buyerTin") == "/buyer/tin"
    assert wire.pointer_of("globalInfo.appId") is None


# ---------------------------------------------------------------- back from the authority

WHOLE = {
    "lines": [LINE | {"discount": {"percent": "10"}}, LINE | {"tax": "exempt"}],
    "buyer": {"type": "business", "tin": "1000000001", "name": "Kibo Traders (fictitious)"},
    "issued_at": "2026-03-31T14:05:07+03:00",
}


def held(payload: bytes) -> dict[str, Any]:
    """Return what the authority would show of an upload: the same in its own spelling, with its own numbers."""
    content: dict[str, Any] = json.loads(payload)
    content["basicInformation"] |= {
        "invoiceId": "1000000000000000001",
        "invoiceNo": "325000000001",
        "antifakeCode": "12345678901234567890",
        "issuedDate": "31/03/2026 14:05:07",
    }
    content["summary"]["qrCode"] = "https://efris.example/q?code=1"
    return content


def differences(payload: bytes, content: dict[str, Any]) -> list[str]:
    return [found.field for found in issued.same_content(payload, read_answer(InvoiceDetails, content))]


def test_the_document_we_sent_is_recognised() -> None:
    payload = frozen(invoice(**WHOLE))
    assert differences(payload, held(payload)) == []


def test_other_spellings_of_the_same_values_are_no_difference() -> None:
    payload = frozen(invoice(**WHOLE))
    content = held(payload)
    content["summary"] |= {"grossAmount": 22420.04, "taxAmount": "1620.0", "itemCount": 2}
    content["summary"]["grossAmount"] = "22420.0400"
    content["basicInformation"] |= {"issuedDate": "2026-03-31 14:05:07", "deviceNo": f" {DEVICE} "}
    assert differences(payload, content) == []


@pytest.mark.parametrize(
    ("part", "field", "value", "difference"),
    [
        ("sellerDetails", "tin", "1000000009", "tin"),
        ("sellerDetails", "referenceNo", "MSG-0002", "reference"),
        ("basicInformation", "deviceNo", "OTHER", "device"),
        ("basicInformation", "dataSource", "101", "channel"),
        ("basicInformation", "invoiceKind", "2", "kind"),
        ("basicInformation", "invoiceType", "4", "type"),
        ("basicInformation", "currency", "USD", "currency"),
        ("basicInformation", "issuedDate", "31/03/2026 14:05:08", "issued_at"),
        ("basicInformation", "issuedDate", "yesterday", "issued_at"),
        ("buyerDetails", "buyerTin", "1000000003", "buyer_tin"),
        ("buyerDetails", "buyerTin", "", "buyer_tin"),
        ("summary", "grossAmount", "22420.05", "gross"),
        ("summary", "grossAmount", "", "gross"),
        ("summary", "grossAmount", "twenty", "gross"),
        ("summary", "grossAmount", "22420.04000000000000000000000000000001", "gross"),
        ("summary", "taxAmount", "1619.99", "tax"),
        ("summary", "itemCount", "3", "line_count"),
        ("basicInformation", "antifakeCode", "1" * 21, "verification_code"),
        ("summary", "qrCode", "x" * 501, "qr"),
    ],
)
def test_any_other_value_is_a_difference(part: str, field: str, value: str, difference: str) -> None:
    payload = frozen(invoice(**WHOLE))
    content = copy.deepcopy(held(payload))
    content[part][field] = value
    assert differences(payload, content) == [difference]


def test_lines_are_counted_where_the_authority_does_not_say_how_many() -> None:
    payload = frozen(invoice(**WHOLE))
    content = held(payload)
    del content["summary"]["itemCount"]
    assert differences(payload, content) == []
    content["goodsDetails"].pop()
    assert differences(payload, content) == ["line_count"]


def test_an_original_is_what_the_authority_gave() -> None:
    payload = frozen(invoice(**WHOLE))
    found = issued.original(read_answer(InvoiceDetails, held(payload)))
    assert (found.fdn, found.verification_code) == ("325000000001", "12345678901234567890")
    assert (found.qr, found.authority_document_id) == ("https://efris.example/q?code=1", "1000000000000000001")


def test_a_moment_is_compared_in_kampala_whatever_the_offset_it_came_with() -> None:
    payload = frozen(invoice(issued_at="2026-03-30T23:30:00Z"))
    content = held(payload)
    content["basicInformation"]["issuedDate"] = "31/03/2026 02:30:00"
    assert differences(payload, content) == []
    assert invoice(issued_at="2026-03-30T23:30:00Z").issued_at == datetime(2026, 3, 30, 23, 30, tzinfo=UTC)
