"""The demo's shop day: what is in the bundled file, and that wrong values reach the gateway as they stand."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from risiti.cli.shop_day import read_sales, shop_day
from risiti.gateway.fiscal import shapes
from risiti.gateway.kernel.errors import Invalid
from tests.make import as_body

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
HEADER = (
    "reference,buyer_type,buyer_name,buyer_tin,prices,payment,item,code,category,unit,quantity,unit_price,discount,tax"
)


def test_the_day_has_200_invoices_each_under_a_key_of_its_own() -> None:
    sales = shop_day()

    assert len(sales) == 200
    assert len({sale.key for sale in sales}) == 200


def test_the_day_is_mixed() -> None:
    documents = [sale.document for sale in shop_day()]
    lines = [line for document in documents if isinstance(rows := document["lines"], list) for line in rows]

    assert {document["prices"] for document in documents} == {"tax_inclusive", "tax_exclusive"}
    assert len({str(document["payment"]) for document in documents}) >= 5
    assert {"standard", "zero", "exempt"} <= {line["tax"] for line in lines}
    assert any("discount" in line for line in lines)


def test_six_of_the_invoices_are_wrong_in_themselves_and_all_others_are_taken() -> None:
    wrong = {}
    for sale in shop_day():
        try:
            shapes.parse_invoice(as_body(sale.document), now=NOW)
        except Invalid as error:
            wrong[sale.reference] = error.errors[0].code

    assert wrong == {
        "MSG-0014": "missing",
        "MSG-0037": "must_be_positive",
        "MSG-0058": "not_a_decimal",
        "MSG-0083": "unknown_value",
        "MSG-0104": "out_of_range",
        "MSG-0149": "empty",
    }


def test_one_reference_comes_twice_with_other_content() -> None:
    counted = Counter(sale.reference for sale in shop_day())

    assert [reference for reference, times in counted.items() if times > 1] == ["MSG-0112"]


@pytest.mark.parametrize(
    ("written", "discount"),
    [("10%", {"percent": "10"}), ("500", {"amount": "500"}), ("-1", {"amount": "-1"}), ("", None)],
)
def test_a_discount_is_a_percentage_or_an_amount_and_passed_on_as_written(
    written: str, discount: dict[str, str] | None
) -> None:
    row = f"A-1,consumer,,,tax_inclusive,cash,Pen,P1,44121701,PCE,1,800,{written},standard"
    (sale,) = read_sales([HEADER, row], key_prefix="day")

    assert sale.key == "day-0001"
    lines = sale.document["lines"]
    assert isinstance(lines, list)
    assert lines[0].get("discount") == discount
    assert sale.document["buyer"] == {"type": "consumer"}
