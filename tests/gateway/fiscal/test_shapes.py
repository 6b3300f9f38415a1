import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from risiti.gateway.fiscal.faults import MAX_LISTED
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.shapes import InvoiceView, parse_invoice, warnings
from risiti.gateway.fiscal.words import PaymentMethod, Prices, Tax
from risiti.gateway.kernel.errors import Effect, GatewayError, Invalid
from tests.gateway.fiscal.bad_inputs import (
    BAD_INPUTS,
    DOCUMENT,
    JSON,
    LINE,
    NOW,
    ODD_BUT_GOOD,
    BadInput,
    document,
    with_line,
)


def refusal(body: bytes) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        read(body)
    return caught.value


def read(body: bytes) -> NewInvoice:
    return parse_invoice(body, now=NOW)


@pytest.mark.parametrize("bad", [bad for bad in BAD_INPUTS if bad.content_type == JSON], ids=lambda bad: bad.name)
def test_a_bad_input_is_refused_with_its_place_and_a_fix(bad: BadInput) -> None:
    error = refusal(bad.body)
    assert error.status == bad.status
    assert error.effect is Effect.NONE
    found = [(fault.path, fault.code) for fault in error.errors]
    assert (bad.path, bad.code) in found
    for fault in error.errors:
        assert fault.message
        assert fault.fix
        assert len(fault.message) + len(fault.fix) < 400


def test_names_of_bad_inputs_are_unique() -> None:
    assert len({bad.name for bad in BAD_INPUTS}) == len(BAD_INPUTS)


@pytest.mark.parametrize("body", ODD_BUT_GOOD.values(), ids=ODD_BUT_GOOD.keys())
def test_an_odd_but_good_input_is_taken(body: bytes) -> None:
    assert read(body).reference


def test_defaults_are_a_cash_sale_in_shillings_to_a_consumer_with_tax_in_the_price() -> None:
    invoice = read(document())
    assert (invoice.kind, invoice.currency, invoice.prices) == (None, "UGX", Prices.TAX_INCLUSIVE)
    assert invoice.buyer.type == "consumer"
    assert invoice.payment is PaymentMethod.CASH
    assert invoice.revision == 1
    assert invoice.issued_at == NOW


def test_every_fault_of_a_document_is_listed_at_once() -> None:
    error = refusal(
        document(
            reference="",
            currency="ugx",
            buyer={"type": "business", "tin": "12"},
            totals={"gross": "1"},
            payments=[{"method": "cash", "amount": "2"}],
        )
    )
    assert {(fault.path, fault.code) for fault in error.errors} == {
        ("/reference", "empty"),
        ("/currency", "unknown_value"),
        ("/buyer/tin", "invalid_tin"),
        ("/buyer/name", "missing"),
        ("/totals/gross", "total_mismatch"),
        ("/payments", "payments_do_not_add_up"),
    }


def test_a_document_with_faults_on_every_line_lists_two_hundred_and_counts_the_rest() -> None:
    error = refusal(document(lines=[LINE | {"quantity": "0"}] * 1_000))
    assert len(error.errors) == MAX_LISTED + 1
    assert error.errors[-1].code == "more_faults"
    assert "800" in error.errors[-1].message


@pytest.mark.parametrize(
    ("body", "fix"),
    [
        (with_line(quantity="1,000"), "1000"),
        (with_line(quantity="1_000"), "1000"),
        (with_line(quantity=" 12 "), "12"),
        (with_line(quantity="+5"), "5"),
        (with_line(quantity="007"), "7"),
        (with_line(quantity="\uff11\uff12"), "12"),
        (with_line(quantity="0.123456789"), "0.12345679"),
        (document(currency="ugx"), "UGX"),
        (document(totals={"gross": "11800.03"}), "11800.02"),
        (document(refrence="x"), 'Did you mean "reference"?'),
        (document(lines=[LINE | {"qty": "1"}]), 'Did you mean "quantity"?'),
        (document(customer={"type": "consumer"}), 'Did you mean "buyer"?'),
        (document(buyer={"type": "consumer", "nmae": "x"}), 'Did you mean "name"?'),
        (document(reference=1001), '"1001"'),
        (document(issued_at="2026-03-31T14:05:00"), "2026-03-31T14:05:00+03:00"),
    ],
)
def test_the_fix_is_what_was_probably_meant(body: bytes, fix: str) -> None:
    assert [fault.fix for fault in refusal(body).errors] == [fix]


def test_json_numbers_are_read_exactly_as_written() -> None:
    body = json.dumps(DOCUMENT).replace('"3933.34"', "0.10000001").replace('"3"', "100000000000").encode()
    line = read(body).lines[0]
    assert line.unit_price == Decimal("0.10000001")
    assert line.quantity == Decimal(100_000_000_000)


def test_what_is_kept_as_json_is_read_back_the_same() -> None:
    for body in ODD_BUT_GOOD.values():
        invoice = read(body)
        assert NewInvoice.model_validate_json(invoice.model_dump_json()) == invoice


def test_a_moment_is_kept_in_utc() -> None:
    invoice = read(document(issued_at="2026-03-31T14:05:07.123456789+03:00"))
    assert invoice.issued_at == datetime(2026, 3, 31, 11, 5, 7, 123456, tzinfo=UTC)


def test_texts_are_kept_as_they_are_but_for_what_cannot_be_seen() -> None:
    assert read(with_line(name="<b>{{7*7}}</b> \U0001f375")).lines[0].name == "<b>{{7*7}}</b> \U0001f375"
    body = with_line(name="Ex\u202eercise\u200b book")
    assert read(body).lines[0].name == "Exercise book"
    assert [(warning.path, warning.code) for warning in warnings(body)] == [("/lines/0/name", "invisible_characters")]


def test_a_clean_document_has_no_warnings() -> None:
    assert warnings(document()) == ()


@pytest.mark.parametrize(
    "again",
    [
        document(),
        json.dumps(DOCUMENT, indent=3, sort_keys=True).encode(),
        with_line(quantity=3, unit_price=3933.34),
        with_line(quantity="3.000", unit_price="3933.3400"),
        document(currency="UGX", taxes=[], payment="cash", remarks=None),
        document(reference=" MSG-0001 "),
    ],
)
def test_the_same_content_has_the_same_fingerprint_however_it_is_spelled(again: bytes) -> None:
    later = NOW.replace(hour=20)
    assert parse_invoice(again, now=later).fingerprint() == read(document()).fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        with_line(quantity="4"),
        with_line(name="Exercise Book"),
        document(kind="receipt", lines=[LINE | {"tax": "exempt"}]),
        document(issued_at="2026-03-31T10:00:00Z"),
        document(buyer={"type": "consumer", "name": "Akello"}),
        document(revision=2),
    ],
)
def test_other_content_has_another_fingerprint(other: bytes) -> None:
    assert read(other).fingerprint() != read(document()).fingerprint()


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (lambda: document(reference="x" * 50), lambda: document(reference="x" * 51)),
        (lambda: document(lines=[LINE] * 1_000), lambda: document(lines=[LINE] * 1_001)),
        (lambda: with_line(name="x" * 200), lambda: with_line(name="x" * 201)),
        (lambda: with_line(code="x" * 50), lambda: with_line(code="x" * 51)),
        (lambda: with_line(category="1" * 18), lambda: with_line(category="1" * 19)),
        (lambda: with_line(unit="abc"), lambda: with_line(unit="abcd")),
        (lambda: with_line(quantity="1.12345678"), lambda: with_line(quantity="1.123456789")),
        (
            lambda: with_line(quantity="999999999999", unit_price="1"),
            lambda: with_line(quantity="1000000000000", unit_price="1"),
        ),
        (lambda: with_line(discount={"percent": "12.3456"}), lambda: with_line(discount={"percent": "12.34567"})),
        (lambda: with_line(discount={"amount": "11800.01"}), lambda: with_line(discount={"amount": "11800.03"})),
        (
            lambda: with_line(name="x" * 189, discount={"percent": "1"}),
            lambda: with_line(name="x" * 190, discount={"percent": "1"}),
        ),
        (lambda: document(operator="x" * 150), lambda: document(operator="x" * 151)),
        (lambda: document(remarks="x" * 500), lambda: document(remarks="x" * 501)),
        (lambda: document(device="x" * 50), lambda: document(device="x" * 51)),
        (lambda: document(revision=9_999), lambda: document(revision=10_000)),
        (lambda: _consumer(name="x" * 256), lambda: _consumer(name="x" * 257)),
        (lambda: _consumer(address="x" * 500), lambda: _consumer(address="x" * 501)),
        (lambda: _consumer(phone="x" * 30), lambda: _consumer(phone="x" * 31)),
        (lambda: _consumer(national_id="x" * 20), lambda: _consumer(national_id="x" * 21)),
        (lambda: _consumer(email="a@" + "b" * 44 + ".com"), lambda: _consumer(email="a@" + "b" * 45 + ".com")),
        (lambda: _consumer(email="a@b.cd"), lambda: _consumer(email="a@b.c")),
        (lambda: _consumer(tin="1" * 10), lambda: _consumer(tin="1" * 9)),
        (lambda: _consumer(tin="1" * 20), lambda: _consumer(tin="1" * 21)),
        (
            lambda: document(buyer={"type": "foreigner", "citizenship": "x" * 128}),
            lambda: document(buyer={"type": "foreigner", "citizenship": "x" * 129}),
        ),
        (lambda: document(issued_at="2026-03-31T11:15:00Z"), lambda: document(issued_at="2026-03-31T11:15:01Z")),
        (lambda: document(issued_at="2000-01-01T00:00:00Z"), lambda: document(issued_at="1999-12-31T23:59:59Z")),
        (lambda: _paid(26), lambda: _paid(27)),
    ],
)
def test_a_limit_holds_on_both_sides(within: Callable[[], bytes], beyond: Callable[[], bytes]) -> None:
    assert read(within()).lines
    assert isinstance(refusal(beyond()), Invalid)


def _consumer(**fields: str) -> bytes:
    return document(buyer={"type": "consumer"} | fields)


def _paid(times: int) -> bytes:
    rest = str(Decimal("11800.02") - (times - 1))
    payments = [{"method": "cash", "amount": "1"}] * (times - 1) + [{"method": "credit", "amount": rest}]
    return document(payments=payments)


def test_every_kind_of_buyer_is_read() -> None:
    buyers = [
        {"type": "business", "tin": "1000000001", "name": "Kibo Traders (fictitious)", "email": "buy@kibo.example"},
        {"type": "government", "tin": "1000000002", "name": "Ministry of Samples (fictitious)"},
        {"type": "foreigner", "passport": "A0000000"},
        {"type": "consumer", "name": "Akello", "national_id": "CM0000000000AA"},
    ]
    assert [read(document(buyer=buyer)).buyer.type for buyer in buyers] == [buyer["type"] for buyer in buyers]


def test_every_tax_word_is_read() -> None:
    lines = [LINE | {"tax": tax} for tax in ("standard", "zero", "exempt")]
    assert [line.tax for line in read(document(lines=lines)).lines] == [Tax.STANDARD, Tax.ZERO, Tax.EXEMPT]


def test_a_view_writes_money_as_text_and_what_is_unknown_as_null() -> None:
    view = InvoiceView.model_validate(
        {
            "id": "doc_1",
            "reference": "MSG-0001",
            "revision": 1,
            "state": "waiting",
            "kind": "invoice",
            "currency": "UGX",
            "totals": {"net": Decimal("10000.02"), "tax": Decimal("1800.00"), "gross": Decimal("11800.02")},
            "buyer": {"type": "consumer"},
            "issued_at": NOW,
            "created_at": NOW,
            "links": {"self": "/api/companies/com_1/invoices/doc_1", "events": "/api/events"},
        }
    )
    shown = json.loads(view.model_dump_json())
    assert shown["totals"] == {"net": "10000.02", "tax": "1800.00", "gross": "11800.02"}
    assert shown["fdn"] is None
    assert shown["issued_at"] == "2026-03-31T11:05:00Z"
