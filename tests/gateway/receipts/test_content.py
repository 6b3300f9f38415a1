from dataclasses import replace
from decimal import Decimal

import pytest

from risiti.gateway.receipts.content import FiscalNumbers, NotFiscalised, money, number
from tests.gateway.receipts.sample import NUMBERS, receipt


@pytest.mark.parametrize(
    "numbers", [FiscalNumbers("", "1", "q"), FiscalNumbers(" ", "1", "q"), FiscalNumbers("1", "", "q")]
)
def test_there_is_no_receipt_without_the_authoritys_numbers(numbers: FiscalNumbers) -> None:
    with pytest.raises(NotFiscalised):
        receipt(numbers=numbers)
    with pytest.raises(NotFiscalised):
        replace(receipt(), numbers=numbers)


def test_date_and_time_are_kampalas() -> None:
    assert (receipt().date, receipt().time) == ("01/04/2026", "00:05:07")


def test_lines_carry_the_letters_of_their_category_and_discounts_stand_alone() -> None:
    lines = receipt().lines
    assert [(line.name, line.letter, line.is_discount) for line in lines] == [
        ("Exercise book", "A", False),
        ("Discount", "A", True),
        ("Fresh milk", "B", False),
        ("Gloves", "C", False),
    ]
    assert sum(line.total for line in lines) == receipt().gross


def test_the_title_says_what_was_issued() -> None:
    exempt = [
        {
            "name": "Gloves",
            "code": "G",
            "category": "1",
            "quantity": "1",
            "unit": "1",
            "unit_price": "1",
            "tax": "exempt",
        }
    ]
    assert receipt().title == "FISCAL INVOICE"
    assert receipt(kind="receipt", lines=exempt).title == "FISCAL RECEIPT"


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0.00"), ("1234567.5", "1,234,567.50"), ("-1180", "-1,180.00"), ("999999999999.99", "999,999,999,999.99")],
)
def test_money_is_written_with_cents_and_thousands(value: str, text: str) -> None:
    assert money(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"), [("3.000", "3"), ("100", "100"), ("1234.50", "1,234.5"), ("0.00000001", "0.00000001")]
)
def test_quantities_lose_needless_zeros_only(value: str, text: str) -> None:
    assert number(Decimal(value)) == text


def test_numbers_are_the_authoritys() -> None:
    assert receipt().numbers == NUMBERS
