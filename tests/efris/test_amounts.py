from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risiti.efris import amounts

MONEY = st.integers(-(10**14), 10**14).map(lambda cents: Decimal(cents).scaleb(-2))
QUANTITIES = st.integers(1, 10**13).map(lambda units: Decimal(units).scaleb(-8))
CENT = Decimal("0.01")


@given(MONEY)
def test_money_has_two_decimals_and_means_the_same(value: Decimal) -> None:
    text = amounts.money(value)
    assert text[-3] == "."
    assert Decimal(text) == value
    assert "E" not in text
    assert text != "-0.00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.00"),
        ("-0", "0.00"),
        ("1E+6", "1000000.00"),
        ("1.5", "1.50"),
        ("1.500", "1.50"),
        ("-236000", "-236000.00"),
    ],
)
def test_money_is_written_plainly(value: str, text: str) -> None:
    assert amounts.money(Decimal(value)) == text


def test_money_with_a_third_decimal_is_not_rounded_in_passing() -> None:
    with pytest.raises(ValueError, match="two decimals"):
        amounts.money(Decimal("1.005"))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1E+500", "1E-500"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amounts.plain(Decimal(value))


@pytest.mark.parametrize(
    ("value", "integer", "decimals"),
    [
        ("0", 0, 0),
        ("0.5", 0, 1),
        ("12.50", 2, 1),
        ("100", 3, 0),
        ("1E+3", 4, 0),
        ("-99.12345678", 2, 8),
        ("0.00", 0, 0),
    ],
)
def test_digits_are_counted_as_the_service_counts_them(value: str, integer: int, decimals: int) -> None:
    assert amounts.integer_digits_of(Decimal(value)) == integer
    assert amounts.places_of(Decimal(value)) == decimals


@pytest.mark.parametrize(
    ("value", "rounded", "cut"),
    [("1.005", "1.01", "1.00"), ("-1.005", "-1.01", "-1.00"), ("2.675", "2.68", "2.67"), ("1.004", "1.00", "1.00")],
)
def test_halves_go_away_from_zero_and_cutting_goes_towards_it(value: str, rounded: str, cut: str) -> None:
    assert amounts.round_half_up(Decimal(value)) == Decimal(rounded)
    assert amounts.truncate(Decimal(value)) == Decimal(cut)


@pytest.mark.parametrize(
    ("quantity", "price", "total"),
    [
        ("3", "3933.34", "11800.02"),
        ("0.333", "1000", "333.00"),
        ("1.5", "33.333", "49.99"),
        ("999999999999", "999999999999.99999999", "999999999998999999990000.00"),
    ],
)
def test_a_line_is_cut_to_two_decimals(quantity: str, price: str, total: str) -> None:
    assert amounts.line_total(Decimal(quantity), Decimal(price)) == Decimal(total)


@pytest.mark.parametrize(
    ("amount", "vat"),
    [("11800.02", "1800.00"), ("2360000", "360000.00"), ("-236000", "-36000.00"), ("1", "0.15"), ("0", "0.00")],
)
def test_the_vat_inside_an_amount(amount: str, vat: str) -> None:
    assert amounts.vat_inside(Decimal(amount), amounts.STANDARD_RATE) == Decimal(vat)


@given(MONEY, st.sampled_from(["0", "0.05", "0.18", "0.3"]).map(Decimal))
def test_vat_is_within_half_a_cent_and_keeps_the_sign(amount: Decimal, rate: Decimal) -> None:
    vat = amounts.vat_inside(amount, rate)
    assert abs(vat * (1 + rate) - amount * rate) <= CENT / 2 * (1 + rate)
    assert vat == -amounts.vat_inside(-amount, rate)
    assert abs(vat) <= abs(amount)


def test_there_is_no_negative_rate() -> None:
    with pytest.raises(ValueError, match="not negative"):
        amounts.vat_inside(Decimal(1), Decimal("-0.18"))


@given(MONEY.filter(lambda total: total >= 0), QUANTITIES)
def test_a_unit_price_is_found_that_gives_the_total_back(total: Decimal, quantity: Decimal) -> None:
    price = amounts.unit_price_for(total, quantity)
    assume(quantity < 10**6)
    assert price is not None
    assert amounts.line_total(quantity, price) == total
    assert amounts.places_of(price) <= amounts.QUANTITY_PLACES


def test_a_total_that_no_price_gives_is_told() -> None:
    assert amounts.unit_price_for(Decimal("0.01"), Decimal(3_000_000)) is None
