import json
from typing import Any

import pytest

from risiti.gateway.fiscal import shapes, strict_json
from risiti.gateway.fiscal.strict_json import JsonObject
from risiti.gateway.fiscal.validation.check import Basis, Report
from risiti.gateway.fiscal.validation.known import Category, Duty, Goods, Known
from risiti.gateway.fiscal.validation.mend import Mended, mend
from risiti.gateway.kernel.errors import FieldError
from tests.gateway.fiscal.bad_inputs import DOCUMENT, LINE, NOW
from tests.gateway.fiscal.validation.twelve import KNOWN, TWELVE


def as_read(document: dict[str, Any]) -> JsonObject:
    return strict_json.parse_object(json.dumps(document).encode())


def report(document: dict[str, Any], known: Known = Known()) -> Report:  # noqa: B008 - a value
    return shapes.examine(as_read(document), Basis(NOW, known))


def mended(document: dict[str, Any], known: Known = Known()) -> Mended:  # noqa: B008 - a value
    return mend(as_read(document), lambda changed: shapes.examine(changed, Basis(NOW, known)))


def places(problems: tuple[FieldError, ...]) -> list[tuple[str, str]]:
    return [(problem.path, problem.code) for problem in problems]


def test_twelve_mistakes_are_twelve_problems_in_one_answer() -> None:
    problems = report(TWELVE, KNOWN).problems
    assert places(problems) == [
        ("/invoice_no", "unknown_field"),
        ("/currency", "unknown_value"),
        ("/buyer/type", "unknown_value"),
        ("/buyer/tin", "invalid_tin"),
        ("/lines/0/name", "goods_name_differs"),
        ("/lines/0/qty", "unknown_field"),
        ("/lines/0/unit", "unit_unknown"),
        ("/lines/0/unit_price", "not_a_decimal"),
        ("/lines/1/category", "category_not_leaf"),
        ("/lines/1/quantity", "must_be_positive"),
        ("/lines/1/unit_price", "not_a_decimal"),
        ("/lines/1/tax", "unknown_value"),
    ]
    assert all(problem.message.endswith(".") and problem.fix for problem in problems)
    codes = [problem.authority_code for problem in problems]
    assert codes == ["2254", "2180", "1163", "1143", "2123", "1267", "1208", "1189", "1331", "1186", "1189", "1336"]


def test_the_safe_fixes_of_twelve_mistakes_leave_those_that_need_a_person() -> None:
    after = mended(TWELVE, KNOWN)
    assert [change.path for change in after.changes] == [
        "/invoice_no",
        "/currency",
        "/buyer/type",
        "/buyer/tin",
        "/lines/0/name",
        "/lines/0/qty",
        "/lines/0/unit",
        "/lines/0/unit_price",
    ]
    assert places(after.report.problems) == [
        ("/lines/1/category", "category_not_leaf"),
        ("/lines/1/quantity", "must_be_positive"),
        ("/lines/1/unit_price", "not_a_decimal"),
        ("/lines/1/tax", "unknown_value"),
    ]
    first: Any = after.document["lines"]
    assert first[0] == {
        "name": "Exercise book",
        "code": "EB-96",
        "category": "14111514",
        "quantity": "12",
        "unit": "PCE",
        "unit_price": "2500.00",
        "tax": "standard",
    }
    second = TWELVE["lines"][1]
    assert first[1] == second


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("quantity", " 12 ", "12"),
        ("quantity", "+5", "5"),
        ("quantity", "007", "7"),
        ("quantity", "1e3", "1000"),
        ("quantity", "\uff11\uff12", "12"),
        ("unit_price", "1 250 000", "1250000"),
        ("unit_price", "1,250,000", "1250000"),
        ("unit_price", "1,250.50", "1250.50"),
        ("unit_price", "12,5", "12.5"),
        ("unit_price", "2500.000000000", "2500.00"),
        ("unit_price", "1,250", None),
        ("unit_price", "1.250,00", None),
        ("unit_price", "about 12", None),
        ("unit_price", "-5", None),
        ("quantity", "0", None),
        ("unit_price", "0.123456789", None),
        ("tax", "Standard", "standard"),
        ("tax", "zero-rated", "zero"),
        ("tax", "18%", None),
        ("tax", "0", None),
        ("category", " 14111514", "14111514"),
        ("category", 14111514, "14111514"),
        ("code", "EB-96 ", "EB-96"),
        ("code", 96, "96"),
        ("name", "Exercise\r\nbook", "Exercise book"),
        ("name", "Exercise\u2028book\x07", None),
        ("discount", {"amount": "0", "percent": "5"}, {"percent": "5"}),
        ("discount", {"amount": "5", "percent": "5"}, None),
        ("discount", {}, None),
    ],
)
def test_a_field_of_a_line_is_mended_only_where_one_thing_can_be_meant(
    field: str, written: object, meant: object
) -> None:
    after = mended(DOCUMENT | {"lines": [LINE | {field: written}]})
    line: Any = after.document["lines"]
    if meant is None:
        assert after.report.problems
        assert line[0] == as_read(LINE | {field: written})
    else:
        assert after.report.problems == ()
        assert line[0][field] == meant


@pytest.mark.parametrize(
    ("changes", "becomes"),
    [
        ({"revision": "2"}, {"revision": 2}),
        ({"reference": 1001}, {"reference": "1001"}),
        ({"reference": "INV-1\n"}, {"reference": "INV-1"}),
        ({"reference": "INV\u200b1"}, None),
        ({"remarks": ""}, {}),
        ({"customer_group": None}, {}),
        ({"prices": None}, None),
        ({"currency": None}, None),
        ({"currency": "Ugx "}, {"currency": "UGX"}),
        ({"prices": "inclusive"}, {"prices": "tax_inclusive"}),
        ({"payment": "Mobile Money"}, {"payment": "mobile_money"}),
        ({"payment": "visa"}, {"payment": "card"}),
        ({"payment": "bank"}, None),
        ({"issued_at": "2026-03-31 14:05+0300"}, {"issued_at": "2026-03-31T14:05:00+03:00"}),
        ({"issued_at": "2026-03-31T14:05:00"}, None),
        ({"issued_at": "2026-03-31"}, None),
        ({"totals": {"gross": "11800.0200"}}, {"totals": {"gross": "11800.02"}}),
        ({"totals": {"gross": "11800.0249"}}, {"totals": {"gross": "11800.02"}}),
        ({"buyer": {"type": "B2B", "tin": "1000-000-001", "name": "Kibo"}}, {"buyer": {"type": "business"}}),
        ({"buyer": {"type": "consumer", "email": ""}}, {"buyer": {"type": "consumer"}}),
        ({"buyer": {"type": "consumer", "phone": 256700000000}}, {"buyer": {"phone": "256700000000"}}),
        ({"buyer": {"type": "consumer", "email": " Amina@kibo.example "}}, {"buyer": {"email": "Amina@kibo.example"}}),
        ({"buyer": {"type": "firm", "tin": "1000000001", "name": "Kibo"}}, None),
        ({"discont": {"percent": "5"}}, None),
        (
            {"payment": "cash", "payments": [{"method": "cash", "amount": "11800.02"}]},
            {"payments": [{"method": "cash", "amount": "11800.02"}]},
        ),
        ({"payment": "card", "payments": [{"method": "cash", "amount": "11800.02"}]}, None),
        (
            {"payments": [{"method": "cash", "amount": "0"}, {"method": "card", "amount": "11800.02"}]},
            {"payments": [{"method": "card", "amount": "11800.02"}]},
        ),
    ],
)
def test_a_field_of_the_document_is_mended_only_where_neither_the_debt_nor_the_parties_can_change(
    changes: dict[str, Any], becomes: dict[str, Any] | None
) -> None:
    document = DOCUMENT | changes
    after = mended(document)
    if becomes is None:
        assert after.report.problems
        assert after.document == as_read(document)
        return
    assert after.report.problems == ()
    for name, value in becomes.items():
        found = after.document[name]
        if isinstance(value, dict):
            assert isinstance(found, dict)
            assert value.items() <= found.items()
        else:
            assert found == value
    assert set(after.document) <= set(document) | {"reference"}


def test_what_is_inside_a_misnamed_field_is_reported_where_the_caller_wrote_it() -> None:
    document = {"Invoice-Number": "A-1", "items": [LINE | {"qty": "x", "quantity": None}, {"UnitPrice": "1 000"}]}
    problems = places(report(document).problems)
    assert ("/items", "unknown_field") in problems
    assert ("/items/1/UnitPrice", "not_a_decimal") in problems
    assert ("/items/1/name", "missing") in problems


def test_a_renamed_field_keeps_its_place_and_is_never_laid_over_another() -> None:
    after = mended({"invoice_no": "A-1", "lines": [LINE], "Currency": "UGX"})
    assert list(after.document) == ["reference", "lines", "currency"]
    both = mended(DOCUMENT | {"lines": [LINE | {"qty": "7"}]})
    assert places(both.report.problems) == [("/lines/0/qty", "unknown_field")]


def test_sums_of_readable_lines_are_checked_beside_lines_that_cannot_be_read() -> None:
    lines = [LINE | {"quantity": "x"}, LINE | {"discount": {"amount": "99999999"}}, LINE | {"name": ""}]
    problems = places(report(DOCUMENT | {"lines": lines, "totals": {"gross": "1"}}).problems)
    assert problems == [
        ("/lines/0/quantity", "not_a_decimal"),
        ("/lines/1/discount", "discount_over_line"),
        ("/lines/2/name", "empty"),
    ]
    whole = places(report(DOCUMENT | {"lines": [LINE | {"name": ""}], "totals": {"gross": "1"}}).problems)
    assert whole == [("/lines/0/name", "empty"), ("/totals/gross", "total_mismatch")]


def test_a_body_with_values_that_cannot_be_read_still_says_what_else_is_wrong() -> None:
    body = b'{"reference": "A", "reference": "B", "currency": "ugx", "lines": [{"quantity": NaN}]}'
    reading = strict_json.read_object(body)
    found = shapes.examine(reading.document, Basis(NOW, unread=reading.faults)).problems
    assert {("/reference", "duplicate_key"), ("/lines/0/quantity", "not_a_number")} <= set(places(found))
    assert ("/currency", "unknown_value") in places(found)
    assert ("/reference", "missing") not in places(found)
    assert ("/lines/0/quantity", "missing") not in places(found)


def test_the_order_is_that_of_the_document_whoever_found_what() -> None:
    document = {"lines": [LINE | {"unit": "?"}], "currency": "x", "reference": "", "more": 1}
    assert [problem.path for problem in report(document).problems] == [
        "/lines/0/unit",
        "/currency",
        "/reference",
        "/more",
    ]


LISTED = Known(
    units={"101": "per stick", "PCE": "Piece"},
    currencies=frozenset({"UGX"}),
    categories={
        "14111514": Category(code="14111514", name="Notebooks"),
        "50131701": Category(code="50131701", name="Milk", is_exempt=True, relief_ends=NOW.date().replace(year=2025)),
        "10171605": Category(code="10171605", name="Fertilizers", is_zero_rated=True),
    },
    duties={"LED1": Duty(code="LED1", name="Spirits", ends=NOW.date().replace(year=2025))},
    goods={"EB-96": Goods(code="EB-96", name="Exercise book", category="14111514", units=("101",))},
)
DUTY = {"code": "LED1", "name": "Spirits", "percent": "10"}


@pytest.mark.parametrize(
    ("line", "place", "code", "authority"),
    [
        ({"unit": "BX"}, "/unit", "unit_unknown", "1208"),
        ({"unit": "PCE"}, "/unit", "goods_unit_differs", "2197"),
        ({"category": "999"}, "/category", "category_unknown", "1318"),
        ({"category": "10171605"}, "/category", "goods_category_differs", "2124"),
        ({"tax": "exempt"}, "/tax", "category_not_exempt", "1332"),
        ({"tax": "zero"}, "/tax", "category_not_zero_rated", "1334"),
        ({"code": "M", "category": "50131701", "tax": "exempt"}, "/tax", "exemption_not_in_force", "1333"),
        ({"name": "Copy book"}, "/name", "goods_name_differs", "2123"),
        ({"excise": DUTY}, "/excise/code", "duty_not_in_force", "1339"),
        ({"excise": DUTY}, "/excise", "goods_duty_unexpected", "2850"),
        ({"excise": DUTY | {"code": "LED2"}}, "/excise/code", "duty_unknown", "1327"),
    ],
)
def test_a_line_is_held_to_the_lists_that_there_are(
    line: dict[str, Any], place: str, code: str, authority: str
) -> None:
    document = DOCUMENT | {"lines": [LINE | line]}
    found = {(problem.path, problem.code): problem for problem in report(document, LISTED).problems}
    assert found[f"/lines/0{place}", code].authority_code == authority


def test_without_lists_nothing_is_said_about_what_they_would_hold() -> None:
    line = LINE | {"unit": "BX", "category": "999", "code": "NONE"}
    assert report(DOCUMENT | {"lines": [line], "currency": "KES", "exchange_rate": "29"}).problems == ()


def test_goods_that_our_copy_does_not_show_are_worth_a_look_and_no_problem() -> None:
    found = report(DOCUMENT | {"lines": [LINE | {"code": "NEW-1"}]}, LISTED)
    assert found.problems == ()
    assert places(found.advice) == [("/lines/0/code", "goods_not_registered")]


def test_what_registration_tells_is_filled_in() -> None:
    line = {name: value for name, value in LINE.items() if name not in ("name", "category", "unit")}
    after = mended(DOCUMENT | {"lines": [line]}, LISTED)
    assert after.report.problems == ()
    filled: Any = after.document["lines"]
    assert (filled[0]["name"], filled[0]["category"], filled[0]["unit"]) == ("Exercise book", "14111514", "101")
