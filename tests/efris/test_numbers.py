"""Numbers in answers, in every form that live servers send them."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from risiti.efris.models.base import WireNumber

READ = TypeAdapter[Decimal | None](WireNumber)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("1,000.00", "1000.00"),
        ("1,000", "1000"),
        ("-12,345,678.90", "-12345678.90"),
        (" 1,180.00 ", "1180.00"),
        ("999.5", "999.5"),
        ("1000000.00", "1000000.00"),
        ("1E+3", "1000"),
        (Decimal("11800.02"), "11800.02"),
        (1800, "1800"),
    ],
)
def test_a_number_is_read_exactly_however_it_is_written(sent: object, meant: str) -> None:
    assert READ.validate_python(sent) == Decimal(meant)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "-",
        None,
        True,
        "1,00",
        "1,0000",
        ",100",
        "1,,000",
        "1000,000",
        "0,1",
        "0,100",
        "1.000,00",
        "1,000,",
        "1 000",
        "N/A",
    ],
)
def test_commas_that_do_not_stand_between_thousands_make_it_no_number(sent: object) -> None:
    assert READ.validate_python(sent) is None
