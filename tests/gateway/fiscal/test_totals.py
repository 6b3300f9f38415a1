import json
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from risiti.gateway.fiscal import references, totals, wire
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.terms import Terms, settled
from risiti.gateway.fiscal.totals import MAX_AMOUNT, Role, Totals
from risiti.gateway.fiscal.words import Rounding, Tax
from risiti.gateway.kernel.errors import Invalid
from tests.gateway.fiscal.authority_rules import broken_rules
from tests.gateway.fiscal.bad_inputs import LINE, NOW, document

SELLER = wire.Seller(
    tin="1000000000",
    legal_name="Mango Street Grocers (fictitious)",
    business_name="Mango Street Grocers",
    email="till@mango.example",
    phone="+256700000000",
    address="1 Mango Street, Kampala",
)


def sale(*lines: dict[str, Any], **changes: Any) -> NewInvoice:  # noqa: ANN401 - JSON of all kinds
    return parse_invoice(document(lines=[LINE | line for line in lines], **changes), now=NOW)


def payload_of(invoice: NewInvoice) -> bytes:
    computed = totals.compute(invoice)
    return wire.freeze(invoice, computed, SELLER, "TCSMANGO01", references.on_the_wire(invoice.reference))


def rows_of(computed: Totals) -> list[tuple[str, str, str, str]]:
    return [(row.category.value, str(row.net), str(row.tax), str(row.gross)) for row in computed.rows]


def sums_of(computed: Totals) -> tuple[str, str, str]:
    return str(computed.net), str(computed.tax), str(computed.gross)


def test_a_standard_line_contains_its_tax() -> None:
    computed = totals.compute(sale({"quantity": "3", "unit_price": "3933.34"}))
    assert sums_of(computed) == ("10000.02", "1800.00", "11800.02")
    assert rows_of(computed) == [("standard", "10000.02", "1800.00", "11800.02")]
    assert computed.item_count == 1


def test_a_discount_follows_its_line_at_full_price() -> None:
    computed = totals.compute(sale({"quantity": "1", "unit_price": "2360000", "discount": {"amount": "236000"}}))
    full, off = computed.lines
    assert (full.role, str(full.total), str(full.tax), str(full.discount)) == (
        Role.DISCOUNTED,
        "2360000.00",
        "360000.00",
        "-236000.00",
    )
    assert (off.role, str(off.total), str(off.tax)) == (Role.DISCOUNT, "-236000.00", "-36000.00")
    assert off.quantity is None
    assert sums_of(computed) == ("1800000.00", "324000.00", "2124000.00")
    assert computed.item_count == 1


def test_categories_are_added_up_apart() -> None:
    computed = totals.compute(
        sale(
            {"quantity": "1", "unit_price": "2360000", "tax": "standard"},
            {"quantity": "10", "unit_price": "5000", "tax": "zero"},
            {"quantity": "5", "unit_price": "30000", "tax": "exempt"},
        )
    )
    assert rows_of(computed) == [
        ("standard", "2000000.00", "360000.00", "2360000.00"),
        ("zero", "50000.00", "0.00", "50000.00"),
        ("exempt", "150000.00", "0.00", "150000.00"),
    ]
    assert sums_of(computed) == ("2200000.00", "360000.00", "2560000.00")


def test_a_total_is_cut_to_cents_not_rounded() -> None:
    computed = totals.compute(sale({"quantity": "3", "unit_price": "33.33999999", "tax": "zero"}))
    assert str(computed.gross) == "100.01"


def test_a_price_without_tax_becomes_one_with_tax_that_gives_the_same_total() -> None:
    computed = totals.compute(sale({"quantity": "3", "unit_price": "3333.34"}, prices="tax_exclusive"))
    assert sums_of(computed) == ("10000.02", "1800.00", "11800.02")
    assert computed.lines[0].unit_price == Decimal("3933.34")


def test_a_price_without_tax_is_kept_where_there_is_no_tax() -> None:
    computed = totals.compute(sale({"quantity": "3", "unit_price": "12.5", "tax": "exempt"}, prices="tax_exclusive"))
    assert computed.lines[0].unit_price == Decimal("12.5")
    assert str(computed.gross) == "37.50"


def test_a_discount_without_tax_is_taken_off_the_net() -> None:
    computed = totals.compute(
        sale({"quantity": "1", "unit_price": "1000", "discount": {"amount": "100"}}, prices="tax_exclusive")
    )
    assert sums_of(computed) == ("900.00", "162.00", "1062.00")


def test_a_percentage_is_taken_off_the_line_and_rounded_half_up() -> None:
    computed = totals.compute(sale({"quantity": "1", "unit_price": "99.99", "discount": {"percent": "12.5"}}))
    assert str(computed.lines[1].total) == "-12.50"


@pytest.mark.parametrize("discount", [{"amount": "0"}, {"percent": "0"}, {"percent": "0.0001"}])
def test_a_discount_of_nothing_is_none(discount: dict[str, str]) -> None:
    computed = totals.compute(sale({"quantity": "1", "unit_price": "10", "discount": discount}))
    assert [line.role for line in computed.lines] == [Role.PLAIN]


def test_without_payments_everything_is_paid_the_short_way() -> None:
    computed = totals.compute(sale({}, payment="mobile_money"))
    assert [(payment.method.value, payment.amount) for payment in computed.payments] == [
        ("mobile_money", computed.gross)
    ]


def test_the_largest_total_fits_and_a_cent_more_does_not() -> None:
    assert totals.compute(sale({"quantity": "1", "unit_price": str(MAX_AMOUNT)})).gross == MAX_AMOUNT
    with pytest.raises(Invalid) as caught:
        sale({"quantity": "1", "unit_price": str(MAX_AMOUNT)}, {"quantity": "1", "unit_price": "0.01"})
    assert [fault.code for fault in caught.value.errors] == ["gross_too_large"]


def test_all_faulty_lines_are_named() -> None:
    with pytest.raises(Invalid) as caught:
        sale({"discount": {"amount": "99999"}}, {}, {"quantity": "0.00000001"})
    assert [(fault.path, fault.code) for fault in caught.value.errors] == [
        ("/lines/0/discount", "discount_over_line"),
        ("/lines/2", "line_total_zero"),
    ]


def decimals(most_digits: int, places: int) -> st.SearchStrategy[str]:
    """Numbers of very different sizes, many of them just beside a rounding edge."""
    units = st.one_of(
        st.integers(1, 10**most_digits),
        st.integers(1, 1_000),
        st.integers(1, 10 ** (most_digits // 2)).map(lambda value: value * 10 - 5),
        st.sampled_from([1, 5, 49, 50, 51, 99, 118, 59, 177, 999, 1_000, 333_333, 666_667, 999_999]),
    )
    return st.tuples(units, st.integers(0, places)).map(lambda pair: f"{Decimal(pair[0]).scaleb(-pair[1]):f}")


DISCOUNTS = st.one_of(
    st.none(),
    st.builds(
        lambda percent: {"percent": percent}, st.integers(0, 1_000_000).map(lambda n: f"{Decimal(n) / 10_000:f}")
    ),
    st.builds(lambda amount: {"amount": amount}, decimals(6, 2)),
)
LINES = st.fixed_dictionaries(
    {
        "quantity": decimals(6, 8),
        "unit_price": decimals(8, 8),
        "tax": st.sampled_from(["standard", "zero", "exempt"]),
        "discount": DISCOUNTS,
    }
)
UNFIT = {
    "line_total_zero",
    "line_total_too_large",
    "discount_over_line",
    "price_not_representable",
    "gross_zero",
    "gross_too_large",
}


def is_sellable(*lines: dict[str, Any], prices: str) -> bool:
    """Tell whether a sale comes to something; those that do not are refused, which is tested above."""
    try:
        sale(*lines, prices=prices)
    except Invalid as error:
        unexpected = {fault.code for fault in error.errors} - UNFIT
        if unexpected:
            raise
        return False
    return True


def sellable(lines: list[dict[str, Any]], prices: str) -> list[dict[str, Any]]:
    """Return the lines that can be sold, or give the example up if together they come to nothing or too much."""
    fit = [line for line in lines if is_sellable(line, prices=prices)]
    assume(fit and is_sellable(*fit, prices=prices))
    return fit


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=5), st.sampled_from(["tax_inclusive", "tax_exclusive"]))
def test_whatever_is_sold_closes_to_the_cent_by_the_authoritys_rules(lines: list[dict[str, Any]], prices: str) -> None:
    invoice = sale(*sellable(lines, prices), prices=prices)
    assert broken_rules(payload_of(invoice)) == []
    computed = totals.compute(invoice)
    assert sum(line.total for line in computed.lines) == sum(row.gross for row in computed.rows) == computed.gross
    assert sum(line.tax for line in computed.lines) == sum(row.tax for row in computed.rows) == computed.tax
    assert computed.net + computed.tax == computed.gross


@settings(max_examples=600, deadline=None)
@given(decimals(6, 8), decimals(9, 8), st.sampled_from([Tax.STANDARD, Tax.ZERO, Tax.EXEMPT]))
def test_a_net_price_keeps_the_sellers_own_net_and_tax(quantity: str, price: str, tax: Tax) -> None:
    line = {"quantity": quantity, "unit_price": price, "tax": tax.value}
    assume(is_sellable(line, prices="tax_exclusive"))
    computed = totals.compute(sale(line, prices="tax_exclusive"))
    with localcontext() as context:
        context.prec = 60
        cent = Decimal("0.01")
        net = (Decimal(quantity) * Decimal(price)).quantize(cent, ROUND_HALF_UP)
        rate = Decimal("0.18") if tax is Tax.STANDARD else Decimal(0)
        assert (computed.net, computed.tax) == (net, (net * rate).quantize(cent, ROUND_HALF_UP))


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=3), st.data())
def test_payments_that_add_up_are_taken_and_a_cent_off_is_not(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = sellable(lines, "tax_inclusive")
    gross = totals.compute(sale(*lines)).gross
    cents = int(gross * 100)
    assume(cents > 1)
    first = Decimal(data.draw(st.integers(1, cents - 1))).scaleb(-2)
    payments = [{"method": "cash", "amount": f"{first:f}"}, {"method": "card", "amount": f"{gross - first:f}"}]
    assert totals.compute(sale(*lines, payments=payments)).gross == gross
    payments[0]["amount"] = f"{first + Decimal('0.01'):f}"
    with pytest.raises(Invalid) as caught:
        sale(*lines, payments=payments)
    assert [(fault.code, fault.fix) for fault in caught.value.errors] == [("payments_do_not_add_up", f"{gross:f}")]


def test_the_checker_of_rules_finds_what_is_broken() -> None:
    good = json.loads(payload_of(sale({"discount": {"percent": "10"}}, {"tax": "zero"})))
    assert broken_rules(json.dumps(good).encode()) == []
    for path, value, code in [
        (("goodsDetails", 0, "total"), "11800.03", "1316"),
        (("goodsDetails", 1, "total"), "-1180.01", "1206"),
        (("goodsDetails", 0, "tax"), "1800.02", "2776"),
        (("taxDetails", 0, "grossAmount"), "10620.03", "1317"),
        (("taxDetails", 0, "taxAmount"), "1619.99", "2785"),
        (("taxDetails", 0, "netAmount"), "9000.03", "1342"),
        (("summary", "netAmount"), "1", "1343"),
        (("summary", "taxAmount"), "1", "1344"),
        (("summary", "grossAmount"), "1", "1345"),
        (("summary", "itemCount"), "3", "1304"),
        (("payWay", 0, "paymentAmount"), "1", "2270"),
        (("goodsDetails", 1, "orderNumber"), "2", "1219"),
    ]:
        bad = json.loads(json.dumps(good))
        place = bad
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        assert code in broken_rules(json.dumps(bad).encode())


@pytest.mark.parametrize(
    "change",
    [{"lines": sale({"unit_price": "2000"}).lines}, {"rounding": Rounding.PER_DOCUMENT}, {"currency": "USD"}],
    ids=["lines", "rounding", "currency"],
)
def test_what_a_document_came_to_is_remembered_for_just_that_document(change: dict[str, object]) -> None:
    document = settled(sale({"quantity": "3", "unit_price": "9.99"}), Terms())
    first = totals.compute_once(document)
    assert totals.compute_once(document.model_copy(update={"remarks": "the same sums"})) is first
    other = document.model_copy(update=change)
    assert totals.compute_once(other) == totals.compute(other)
    assert totals.compute_once(other) is not first
    assert document == document.model_copy()
