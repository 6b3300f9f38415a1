import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from risiti.efris import (
    DICTIONARY,
    FIND_GOODS,
    FIND_INVOICES,
    READ_INVOICE,
    SERVER_TIME,
    SIGN_IN,
    UPLOAD_GOODS,
    UPLOAD_INVOICE,
    Frozen,
    Malformed,
    NotReady,
    Refused,
    RefusedForGood,
    RefusedForNow,
    Stamp,
    Unreadable,
    Verdict,
    crypto,
)
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.envelope import Envelope, encode_base64
from risiti.efris.errors import MAX_RAW_BYTES
from risiti.efris.exchange import Reading, prepare, read
from risiti.efris.models.invoices import existing_invoices
from tests.efris import known
from tests.efris.documents import UPLOADED, an_upload

EXCHANGE_ID = "0123456789abcdef0123456789abcdef"
READING = Reading(EXCHANGE_ID, known.session_key())
STAMP = Stamp(EXCHANGE_ID, datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC))


def an_answer(
    content: object = None,
    *,
    code: object = "00",
    interface: str = "T109",
    exchange_id: str = EXCHANGE_ID,
    raw: bytes | None = None,
) -> bytes:
    """Return an encrypted answer to a call."""
    text = b"" if content is None else json.dumps(content).encode()
    text = text if raw is None else raw
    envelope = Envelope(
        content=encode_base64(crypto.encrypt(known.session_key(), text)) if text else "",
        code_type="1",
        encrypt_code="2",
        global_info={"interfaceCode": interface, "dataExchangeId": exchange_id},
        return_message="said the authority",
    )
    document: dict[str, Any] = json.loads(envelope.to_bytes())
    document["returnStateInfo"]["returnCode"] = code
    return json.dumps(document).encode()


def test_a_call_is_one_signed_and_encrypted_message() -> None:
    content = UPLOAD_INVOICE.freeze(an_upload())
    data = prepare(
        UPLOAD_INVOICE, content, credentials=known.credentials(), stamp=STAMP, session_key=known.session_key()
    )
    sent = Envelope.from_bytes(data)
    assert sent.global_text("requestTime") == "2026-03-02 12:00:30"
    assert sent.global_text("dataExchangeId") == EXCHANGE_ID
    assert sent.global_text("deviceNo") == known.messages()["device_no"]
    assert (sent.code_type, sent.encrypt_code, sent.zip_code) == ("1", "2", "0")
    assert sent.content == encode_base64(crypto.encrypt(known.session_key(), content.content))
    assert sent.signature


def test_a_stored_request_is_sent_byte_for_byte() -> None:
    stored = b'{"sellerDetails" : {}, "unusual":"order and blanks"}'
    data = prepare(
        UPLOAD_INVOICE, Frozen(stored), credentials=known.credentials(), stamp=STAMP, session_key=known.session_key()
    )
    sent = Envelope.from_bytes(data)
    assert sent.content == encode_base64(crypto.encrypt(known.session_key(), stored))


def test_content_is_never_sent_in_the_clear_for_want_of_a_key() -> None:
    with pytest.raises(NotReady):
        prepare(UPLOAD_INVOICE, Frozen(b"{}"), credentials=known.credentials(), stamp=STAMP, session_key=None)


@pytest.mark.parametrize(("interface", "content"), [(UPLOAD_INVOICE, b""), (SERVER_TIME, b"{}")])
def test_a_call_has_content_exactly_where_the_interface_takes_it(interface: Any, content: bytes) -> None:  # noqa: ANN401 - either row
    with pytest.raises(Malformed, match="content"):
        prepare(
            interface, Frozen(content), credentials=known.credentials(), stamp=STAMP, session_key=known.session_key()
        )


def test_a_fiscalised_document_is_read_with_its_numbers_exact() -> None:
    document = read(UPLOAD_INVOICE, 200, an_answer(UPLOADED), READING)
    assert document.basic_information.invoice_no == "325043056477"
    assert document.basic_information.antifake_code == "12345678901234567890"
    assert document.basic_information.issued_date == datetime(2026, 3, 2, 12, 0, 30, tzinfo=EAST_AFRICA_TIME)
    assert document.summary.gross_amount == Decimal("11800.02")
    assert document.summary.tax_amount == Decimal(1800)
    assert document.seller_details.reference_no == "INV-000123"


def test_answers_are_read_however_they_are_spelt() -> None:
    raw = b"""{"basicInformation":{"invoiceNo":325043056477,"antiFakeCode":"123","issuedDate":"2026-03-02 12:00:30",
        "isInvalid":null,"newField":"kept"},"sellerDetails":{"Adress":"Plot 1"},"summary":{"grossAmount ":11800.02,
        "mode":"1","itemCount":"-"},"goodsDetails":null,"taxDetails":"","payWay":[{"paymentAmount":"1,000"}],
        "buyerDetails":null,"unheardOf":{"a":1.5}}"""
    document = read(READ_INVOICE, 200, an_answer(raw=raw, interface="T108"), READING)
    assert document.basic_information.invoice_no == "325043056477"
    assert document.basic_information.antifake_code == "123"
    assert document.basic_information.is_invalid == ""
    assert document.basic_information.model_extra == {"newField": "kept"}
    assert document.seller_details.address == "Plot 1"
    assert document.summary.gross_amount == Decimal("11800.02")
    assert (document.summary.mode_code, document.summary.item_count) == ("1", None)
    assert (document.goods_details, document.tax_details) == ((), ())
    assert document.pay_way[0].payment_amount == Decimal(1000)
    assert document.model_extra == {"unheardOf": {"a": Decimal("1.5")}}


@pytest.mark.parametrize(
    "content", [None, {}, {"page": None, "records": None}, {"page": {"pageCount": "0"}, "records": []}]
)
def test_nothing_found_is_an_empty_page(content: object) -> None:
    page = read(FIND_INVOICES, 200, an_answer(content, interface="T106"), READING)
    assert page.records == ()
    assert read(FIND_GOODS, 200, an_answer(content, interface="T127"), READING).records == ()


@pytest.mark.parametrize("content", [None, []])
def test_goods_that_were_all_stored_leave_no_failures(content: object) -> None:
    assert read(UPLOAD_GOODS, 200, an_answer(content, interface="T130"), READING).failures == ()


def test_goods_that_failed_come_back_with_their_codes() -> None:
    rows = [{"goodsCode": "P1", "returnCode": "602", "returnMessage": "goodsCode already exists!"}]
    uploaded = read(UPLOAD_GOODS, 200, an_answer(rows, code="45", interface="T130"), READING)
    assert uploaded.failures[0].return_code == "602"
    with pytest.raises(Unreadable):
        read(UPLOAD_INVOICE, 200, an_answer(rows, code="45"), READING)


def test_switches_and_dictionaries_are_read() -> None:
    signed_in = read(
        SIGN_IN,
        200,
        an_answer({"taxpayer": {"id": 1}, "maxGrossAmount": "1000", "isAllowOutOfScopeVAT": "1"}, interface="T103"),
        READING,
    )
    assert (signed_in.taxpayer.id, signed_in.max_gross_amount) == ("1", Decimal(1000))
    assert signed_in.is_allow_out_of_scope_vat == "1"
    dictionary = read(
        DICTIONARY, 200, an_answer({"currencyType": [{"name": "UGX", "value": "101"}]}, interface="T115"), READING
    )
    assert dictionary.currency_type[0].name == "UGX"


@pytest.mark.parametrize(
    "body",
    [
        an_answer(),
        an_answer({}),
        an_answer([]),
        an_answer({"basicInformation": {}}),
        an_answer({"basicInformation": {"invoiceNo": ""}}),
        an_answer(raw=b"no json at all"),
        an_answer(raw=b'"text"'),
    ],
)
def test_accepted_without_a_readable_document_is_in_doubt_but_known_as_accepted(body: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, 200, body, READING)
    assert raised.value.accepted_opaque
    assert raised.value.raw == body


def test_accepted_under_another_session_key_is_in_doubt_but_known_as_accepted() -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, 200, an_answer(UPLOADED), replace(READING, session_key=b"k" * 16))
    assert raised.value.accepted_opaque


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        b"{}",
        an_answer(UPLOADED, code=0),
        an_answer(UPLOADED, code=None),
        an_answer(UPLOADED, code=""),
        an_answer(UPLOADED, interface="T106"),
        an_answer(UPLOADED, interface=""),
        an_answer(UPLOADED, exchange_id="f" * 32),
        an_answer(UPLOADED, exchange_id=""),
    ],
)
def test_what_is_no_answer_to_this_call_settles_nothing(body: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, 200, body, READING)
    assert not raised.value.accepted_opaque
    assert (raised.value.interface, raised.value.exchange_id) == ("T109", EXCHANGE_ID)
    assert raised.value.raw == body


@pytest.mark.parametrize("status", [301, 302, 500, 502, 503, 504])
def test_an_http_error_settles_nothing_even_with_a_message_inside(status: int) -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, status, an_answer(UPLOADED), READING)
    assert raised.value.http_status == status
    assert not raised.value.accepted_opaque


@pytest.mark.parametrize("status", [400, 404, 408])
def test_a_client_error_counts_only_with_a_refusal_inside(status: int) -> None:
    with pytest.raises(RefusedForGood):
        read(UPLOAD_INVOICE, status, an_answer(code="1106"), READING)
    for body in (b"not found", an_answer(UPLOADED)):
        with pytest.raises(Unreadable):
            read(UPLOAD_INVOICE, status, body, READING)


def test_too_many_requests_were_not_processed() -> None:
    with pytest.raises(RefusedForNow) as raised:
        read(UPLOAD_INVOICE, 429, b"slow down", READING)
    assert raised.value.verdict is Verdict.NOT_PROCESSED
    assert raised.value.code == "HTTP 429"


@pytest.mark.parametrize("code", ["99", "46", "23", "2125", "45", "4711", "0", "000"])
def test_codes_that_may_have_acted_settle_nothing(code: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, 200, an_answer(code=code), READING)
    assert raised.value.return_code is not None
    assert raised.value.return_code.code == code
    assert raised.value.return_message == "said the authority"


@pytest.mark.parametrize(
    ("code", "kind", "verdict"),
    [
        ("402", RefusedForNow, Verdict.NOT_PROCESSED),
        ("28", RefusedForNow, Verdict.NOT_PROCESSED),
        ("38", RefusedForNow, Verdict.KEY_SUSPECT),
        ("3088", RefusedForNow, Verdict.LANE),
        ("1106", RefusedForGood, Verdict.REFUSED),
        ("2789", RefusedForGood, Verdict.PERIOD),
        ("2253", RefusedForGood, Verdict.SEEN),
    ],
)
def test_refusals_say_whether_they_pass(code: str, kind: type[Refused], verdict: Verdict) -> None:
    with pytest.raises(Refused) as raised:
        read(UPLOAD_INVOICE, 200, an_answer(code=code), READING)
    assert type(raised.value) is kind
    assert raised.value.verdict is verdict
    assert raised.value.code == code
    assert "said the authority" not in str(raised.value)


def test_a_reference_seen_before_names_the_documents_that_carry_it() -> None:
    existing = {"existInvoiceList": [{"invoiceNo": "325043056477", "antiFakeCode": "1", "qrCode": "q"}, {"x": 1}, None]}
    with pytest.raises(RefusedForGood) as raised:
        read(UPLOAD_INVOICE, 200, an_answer(existing, code="2253"), READING)
    assert raised.value.field == "sellerDetails.referenceNo"
    [found] = existing_invoices(raised.value.content)
    assert (found.invoice_no, found.antifake_code) == ("325043056477", "1")


@pytest.mark.parametrize("content", [None, [], "x", {}, {"existInvoiceList": None}, {"existInvoiceList": {}}])
def test_a_reference_seen_before_may_name_nothing(content: Any) -> None:  # noqa: ANN401 - any JSON
    assert existing_invoices(content) == ()


def test_a_refusal_counts_though_its_content_cannot_be_read() -> None:
    with pytest.raises(RefusedForGood) as raised:
        read(UPLOAD_INVOICE, 200, an_answer(raw=b"garbage", code="2253"), READING)
    assert raised.value.content is None


def test_a_compressed_body_is_unpacked_within_the_limit() -> None:
    body = gzip.compress(an_answer(UPLOADED))
    assert read(UPLOAD_INVOICE, 200, body, READING).basic_information.invoice_no == "325043056477"
    with pytest.raises(Unreadable):
        read(UPLOAD_INVOICE, 200, gzip.compress(b" " * 2000), replace(READING, max_answer_bytes=1999))


def test_only_the_beginning_of_an_unsettled_answer_is_kept() -> None:
    with pytest.raises(Unreadable) as raised:
        read(UPLOAD_INVOICE, 200, b"<html>" + b"x" * MAX_RAW_BYTES, READING)
    assert len(raised.value.raw) == MAX_RAW_BYTES
    assert "xxxx" not in str(raised.value)
