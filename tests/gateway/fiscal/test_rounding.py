"""The rounding rules, each with the example of `docs/tax.md`, and what no rule may do."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from risiti.gateway.fiscal import totals
from risiti.gateway.fiscal.closing import MAX_MOVES, closure_of
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.reckoning import reckon
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.tax.computed import Totals
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.fiscal.words import Kind, Rounding
from risiti.gateway.kernel.errors import Invalid

NOW = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
LINE = {
    "name": "Maize flour",
    "code": "MZ",
    "category": "50221200",
    "unit": "103",
    "quantity": "1",
    "unit_price": "0.333",
    "tax": "exempt",
}


def invoice(*lines: dict[str, Any], **changes: Any) -> NewInvoice:  # noqa: ANN401 - JSON of all kinds
    document = {"reference": "R-1", "lines": [LINE | line for line in lines]} | changes
    return parse_invoice(json.dumps(document).encode(), now=NOW, on=None)


def computed(*lines: dict[str, Any], **changes: Any) -> Totals:  # noqa: ANN401 - JSON of all kinds
    return totals.compute(invoice(*lines, **changes))


def faults(*lines: dict[str, Any], **changes: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401 - JSON of all kinds
    with pytest.raises(Invalid) as caught:
        computed(*lines, **changes)
    return [(fault.path, fault.code, fault.fix) for fault in caught.value.errors]


@pytest.mark.parametrize(
    ("rule", "lines", "gross"),
    [
        ("per_line", ["0.33", "0.33", "0.33"], "0.99"),
        ("per_document", ["0.34", "0.33", "0.33"], "1.00"),
        ("largest_line", ["0.34", "0.33", "0.33"], "1.00"),
    ],
)
def test_three_thirds_of_a_shilling_come_to_what_the_rule_says(rule: str, lines: list[str], gross: str) -> None:
    sums = computed({}, {}, {}, rounding=rule)
    assert [str(line.total) for line in sums.lines] == lines
    assert str(sums.gross) == gross


def test_refuse_refuses_what_would_have_to_be_moved_and_names_the_value() -> None:
    assert faults({}, {}, {}, rounding="refuse") == [("/rounding", "rounding_refused", "0.99")]
    assert str(computed({"unit_price": "0.33"}, rounding="refuse").gross) == "0.33"


def test_the_company_s_rule_holds_where_the_document_names_none() -> None:
    company = Terms(rounding=Rounding.PER_DOCUMENT)
    assert str(reckon(invoice({}, {}, {}), company).totals.gross) == "1.00"
    assert str(reckon(invoice({}, {}, {}, rounding="per_line"), company).totals.gross) == "0.99"


def test_tax_is_rounded_once_per_document_and_moved_by_a_cent_a_line_at_most() -> None:
    lines = [{"unit_price": "10.03", "tax": "standard", "quantity": "1"}] * 10
    alone = computed(*lines)
    once = computed(*lines, rounding="per_document")
    assert (str(alone.tax), str(once.tax)) == ("15.30", "15.30")
    lines = [{"unit_price": "0.03", "tax": "standard"}] * 10
    alone = computed(*lines)
    once = computed(*lines, rounding="per_document")
    assert (str(alone.tax), str(once.tax)) == ("0.00", "0.05")
    assert sorted(str(line.tax) for line in once.lines) == ["0.00"] * 5 + ["0.01"] * 5
    assert once.gross == alone.gross


def test_the_largest_line_takes_up_a_stated_total_in_whole_shillings() -> None:
    lines = [{"unit_price": "1180.40", "tax": "standard"}, {"unit_price": "99.20"}]
    sums = computed(*lines, rounding="largest_line", totals={"gross": "1280.00"})
    assert [str(line.total) for line in sums.lines] == ["1180.80", "99.20"]
    assert str(sums.gross) == "1280.00"
    assert faults(*lines, totals={"gross": "1280.00"}) == [("/totals/gross", "total_mismatch", "1279.60")]


def test_half_a_shilling_is_rounding_and_a_cent_more_is_not() -> None:
    line = {"unit_price": "1000"}
    assert str(computed(line, rounding="largest_line", totals={"gross": "1000.50"}).gross) == "1000.50"
    wrong = faults(line, rounding="largest_line", totals={"gross": "1000.51"})
    assert wrong == [("/totals/gross", "total_mismatch", "1000.00")]


def test_in_a_foreign_currency_a_cent_a_line_is_rounding_and_more_is_not() -> None:
    lines = [{"unit_price": "10"}, {"unit_price": "20"}]
    abroad = {"rounding": "per_document", "currency": "USD", "exchange_rate": "3700.5"}
    assert str(computed(*lines, **abroad, totals={"gross": "30.02"}).gross) == "30.02"
    assert faults(*lines, **abroad, totals={"gross": "30.03"}) == [("/totals/gross", "total_mismatch", "30.00")]


def test_a_discount_on_the_document_is_spread_over_its_lines_to_the_cent() -> None:
    lines = [{"unit_price": "100", "tax": "standard"}, {"unit_price": "100"}, {"unit_price": "100", "tax": "standard"}]
    sums = computed(*lines, discounts=[{"amount": "100"}])
    assert [str(line.total) for line in sums.lines] == ["100.00", "-33.34", "100.00", "-33.33", "100.00", "-33.33"]
    assert str(sums.gross) == "200.00"
    only = computed(*lines, discounts=[{"percent": "10", "tax": "exempt"}])
    assert [str(line.total) for line in only.lines] == ["100.00", "100.00", "-10.00", "100.00"]


def test_a_discount_on_the_document_can_take_off_all_and_no_more() -> None:
    lines = [{"unit_price": "100"}, {"unit_price": "50"}]
    transport = {"name": "Transport", "code": "TR", "category": "78101800", "unit": "101", "tax": "exempt"}
    charges = [transport | {"amount": "5"}]
    assert str(computed(*lines, charges=charges, discounts=[{"amount": "150"}]).gross) == "5.00"
    too_much = faults(*lines, charges=charges, discounts=[{"amount": "150.01"}])
    assert too_much == [("/discounts/0", "discount_over_document", "150.00")]


def test_a_duty_may_be_all_of_the_price_without_vat_and_no_more() -> None:
    duty = {"code": "LED080600", "name": "Fuel additives", "amount": "1000", "per": "litre"}
    line = {"unit": "102", "tax": "standard", "excise": duty}
    assert str(computed(line | {"unit_price": "1180"}).net) == "0.00"
    assert faults(line | {"unit_price": "1179.98"})[0][:2] == ("/lines/0/excise", "excise_over_price")


def test_a_duty_by_quantity_in_dollars_needs_the_rate() -> None:
    duty = {"code": "LED160400", "name": "Incoming international calls", "amount": "0.09", "per": "minute"}
    line = {"unit": "105", "quantity": "10", "unit_price": "1180", "tax": "standard"}
    missing = faults(line | {"excise": duty | {"currency": "USD"}})
    assert [fault[:2] for fault in missing] == [("/lines/0/excise", "exchange_rate_missing")]
    sums = computed(line | {"excise": duty | {"currency": "USD", "exchange_rate": "3700"}})
    assert str(sums.lines[0].excise) == "3330.00"
    abroad = computed(line | {"excise": duty | {"amount": "370"}}, currency="USD", exchange_rate="3700")
    assert str(abroad.lines[0].excise) == "1.00"


def test_the_report_says_which_line_was_moved_by_how_much_under_which_rule() -> None:
    report = closure_of(reckon(invoice({}, {}, {}, rounding="largest_line"), Terms()))
    assert (report.seller_gross, report.gross, report.difference) == (Decimal("1.00"), Decimal("1.00"), Decimal("0.00"))
    assert [(move.path, str(move.sent), str(move.by), move.rule.value) for move in report.moves] == [
        ("/lines/0", "0.34", "0.00700000", "largest_line"),
        ("/lines/1", "0.33", "-0.00300000", "per_line"),
        ("/lines/2", "0.33", "-0.00300000", "per_line"),
    ]
    stated = closure_of(reckon(invoice({"unit_price": "5"}, totals={"gross": "5"}), Terms()))
    assert (stated.is_stated, stated.moves, str(stated.difference)) == (True, (), "0.00")


def test_a_report_lists_a_hundred_moves_and_counts_the_rest() -> None:
    report = closure_of(reckon(invoice(*[{}] * (MAX_MOVES + 7)), Terms()))
    assert (len(report.moves), report.moves_left_out) == (MAX_MOVES, 7)


def test_a_foreign_gross_is_told_in_shillings_at_the_rate_given_or_known() -> None:
    abroad = invoice({"unit_price": "10.01"}, currency="USD")
    known = Terms(rates={"USD": Decimal("3700.123")})
    assert closure_of(reckon(abroad, known)).gross_in_shillings == Decimal("37038.23")
    assert closure_of(reckon(abroad, Terms())).gross_in_shillings is None
    given = invoice({"unit_price": "10.01"}, currency="USD", exchange_rate="3000")
    assert closure_of(reckon(given, known)).gross_in_shillings == Decimal("30030.00")


def test_a_company_issues_what_its_vat_status_says() -> None:
    shop, kiosk = Terms(), Terms(vat_registered=False)
    assert reckon(invoice({}), shop).invoice.kind is Kind.INVOICE
    assert reckon(invoice({}), kiosk).invoice.kind is Kind.RECEIPT
    for company, wrong in ((shop, "receipt"), (kiosk, "invoice")):
        with pytest.raises(Invalid) as caught:
            reckon(invoice({}, kind=wrong), company)
        assert [fault.path for fault in caught.value.errors] == ["/kind"]
    with pytest.raises(Invalid) as caught:
        reckon(invoice({"tax": "standard"}, {"tax": "zero"}), kiosk)
    assert [(fault.path, fault.code) for fault in caught.value.errors] == [
        ("/lines/0/tax", "tax_on_receipt"),
        ("/lines/1/tax", "tax_on_receipt"),
    ]
