import json

import pytest

from risiti.efris.errors import Refused, RefusedForGood
from risiti.efris.return_codes import Verdict, catalogue, lookup
from risiti.gateway.fiscal import references, totals, wire
from risiti.gateway.fiscal.refusals import explain
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.submissions.kind import Explanation
from tests.gateway.fiscal.bad_inputs import LINE, NOW, document

SELLER = wire.Seller("1000000000", "Firm (fictitious)", "", "till@firm.invalid", "", "")
THREE_LINES = {
    "lines": [LINE | {"discount": {"percent": "5"}}, LINE | {"discount": {"percent": "5"}}, LINE],
    "buyer": {"type": "business", "tin": "1000000001", "name": "Kibo Traders (fictitious)"},
}


def explained(code: str, row: int | None = None, **changes: object) -> Explanation:
    invoice = parse_invoice(document(**THREE_LINES | changes), now=NOW)
    computed = totals.compute(invoice)
    payload = wire.freeze(invoice, computed, SELLER, "1000000000_01", references.on_the_wire(invoice.reference))
    said = "some words of the authority's" + ("" if row is None else f"! Collection index:{row}")
    refusal = RefusedForGood(lookup(code, "T109"), return_message=said)
    return explain(refusal, payload, invoice.model_dump_json())


@pytest.mark.parametrize(
    ("row", "path"),
    [
        (0, "/lines/0/category"),
        (1, "/lines/0/category"),
        (2, "/lines/1/category"),
        (3, "/lines/1/category"),
        (4, "/lines/2/category"),
        (5, "/lines"),
        (None, "/lines"),
    ],
)
def test_a_row_of_the_authoritys_is_found_in_the_sellers_lines_although_discounts_are_rows_too(
    row: int | None, path: str
) -> None:
    assert explained("1331", row).path == path


def test_a_refusal_about_a_whole_line_points_at_the_line() -> None:
    assert explained("1600", 2).path == "/lines/1"


def test_a_refusal_of_the_buyer_points_at_the_buyers_field() -> None:
    shown = explained("2249")
    assert (shown.path, shown.message) == ("/buyer/tin", "The authority does not know the buyer's TIN.")
    assert shown.fix


def test_a_refusal_about_a_field_that_the_seller_left_out_points_at_what_holds_it() -> None:
    assert explained("2887", buyer={"type": "consumer"}).path in {"/buyer", "/buyer/tin", "/buyer/name"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "/payment"),
        ({"lines": [LINE], "payments": [{"method": "cash", "amount": "11800.02"}]}, "/payments/0"),
    ],
)
def test_a_refusal_of_a_payment_points_at_the_form_that_the_seller_chose(changes: dict[str, object], path: str) -> None:
    assert explained("2264", 0, **changes).path == path


def test_what_only_the_gateway_writes_is_said_to_be_nothing_that_the_seller_can_mend() -> None:
    shown = explained("2252")
    assert shown.path is None
    assert "whoever runs this gateway" in shown.fix


def test_every_refusal_of_an_invoice_is_a_sentence_with_a_fix_and_a_place_that_exists() -> None:
    final = {Verdict.REFUSED, Verdict.PERIOD}
    codes = [row.code for row in catalogue() if "T109" in row.interfaces and row.verdict in final]
    content = json.loads(parse_invoice(document(**THREE_LINES), now=NOW).model_dump_json())
    assert len(codes) > 400
    for code in codes:
        shown = explained(code, 0)
        assert shown.message.endswith("."), code
        assert shown.fix, code
        found = content
        for step in (shown.path or "").split("/")[1:]:
            found = found[int(step)] if isinstance(found, list) else found.get(step)


@pytest.mark.parametrize(
    ("said", "row"),
    [
        ("goodsDetails-->itemCode:Invalid field value! Collection index:12", 12),
        ("Collection index:0 ", 0),
        ("Collection index:1 of something", None),
        ("", None),
    ],
)
def test_the_row_is_read_from_the_end_of_the_authoritys_message(said: str, row: int | None) -> None:
    assert Refused(lookup("2122", "T109"), return_message=said).row == row
