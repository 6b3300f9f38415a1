"""Rows become documents: grouping, columns, decimal commas, dates, and a row and column in every fault."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from risiti.gateway.fiscal.adapters.tables import csv_file, documents, mapping
from risiti.gateway.fiscal.adapters.tables.cells import Cell, Table, column_of, letter
from risiti.gateway.fiscal.adapters.tables.documents import TableDocument
from risiti.gateway.fiscal.shapes import read_invoice
from risiti.gateway.kernel.errors import FieldError, GatewayError, Invalid, TooLarge

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
PLAIN = """
[document]
reference = "No"
issued_at = "Date"
"buyer.name" = "Customer"
"buyer.tin" = "TIN"
[line]
name = "Item"
code = "Code"
quantity = "Qty"
unit_price = "Price"
category = { constant = "14111514" }
unit = { column = "Unit", words = { "pcs" = "PCE" }, default = "UN" }
tax = { column = "VAT", words = { "18%" = "standard", "none" = "exempt" } }
"discount.percent" = "Off"
"""
HEAD: list[Cell] = ["No", "Date", "Customer", "TIN", "Item", "Code", "Qty", "Price", "Unit", "VAT", "Off"]
ROW: list[Cell] = ["INV-1", "31/03/2026", "Amina", None, "Book", "B-1", "2", "1500", "pcs", "18%", None]


def documents_of(*rows: list[Cell], text: str = PLAIN, head: list[Cell] | None = None) -> list[TableDocument]:
    """Read rows below the usual headers."""
    return documents.documents_of([Table("", [HEAD if head is None else head, *rows])], mapping.parse(text.encode()))


def changed(**cells: Cell) -> list[Cell]:
    """Return the usual row with other cells, by header."""
    return [cells.get(str(name), cell) for name, cell in zip(HEAD, ROW, strict=True)]


def refusal_of(text: str, *rows: list[Cell], head: list[Cell] | None = None) -> list[FieldError]:
    """Return why a mapping, or a file under it, is refused."""
    with pytest.raises(GatewayError) as caught:
        documents_of(*(rows or (ROW,)), text=text, head=head)
    return list(caught.value.errors)


def test_the_ready_made_mapping_and_its_example_fit_and_the_documents_are_whole() -> None:
    found = documents.documents_of([csv_file.read(mapping.example_text().encode())], mapping.default())
    assert [(one.reference, one.first, one.rows) for one in found] == [
        ("MSG-2026-0101", "row 2", 1),
        ("MSG-2026-0102", "row 3", 2),
    ]
    for one in found:
        assert one.adapted is not None
        assert read_invoice(one.adapted.document, now=NOW).reference == one.reference


def test_a_row_is_a_line_and_rows_with_one_reference_are_one_document_wherever_they_stand() -> None:
    found = documents_of(ROW, changed(No="INV-2"), changed(No=" inv-1 ", Item="Pen"))
    assert [(one.reference, one.rows) for one in found] == [("INV-1", 2), ("INV-2", 1)]
    assert found[0].adapted is not None
    assert found[0].adapted.document == {
        "reference": "INV-1",
        "issued_at": "2026-03-31T00:00:00+03:00",
        "buyer": {"name": "Amina", "type": "consumer"},
        "lines": [
            {
                "name": name,
                "code": "B-1",
                "category": "14111514",
                "quantity": "2",
                "unit": "PCE",
                "unit_price": "1500",
                "tax": "standard",
            }
            for name in ("Book", "Pen")
        ],
    }


def test_a_buyer_with_a_tin_is_a_business() -> None:
    (one,) = documents_of(changed(TIN=Decimal(1000000901)))
    assert one.adapted is not None
    assert one.adapted.document["buyer"] == {"name": "Amina", "tin": "1000000901", "type": "business"}


def test_a_bad_row_spoils_its_own_document_only_and_says_where() -> None:
    found = documents_of(ROW, changed(No="INV-2", Qty="two"), changed(No="INV-3", Date="soon"), changed(No="INV-2"))
    assert [bool(one.adapted) for one in found] == [True, False, False]
    assert [(fault.path, fault.code) for fault in found[1].faults] == [('row 3, column G "Qty"', "not_a_decimal")]
    assert [(fault.path, fault.code) for fault in found[2].faults] == [('row 4, column B "Date"', "not_a_date")]


def test_what_the_check_of_documents_finds_names_row_and_column_too() -> None:
    (one,) = documents_of(changed(Price="0"), changed(Unit="boxes"))
    assert one.adapted is not None
    with pytest.raises(Invalid) as caught:
        read_invoice(one.adapted.document, now=NOW)
    faults = one.adapted.places.faults(caught.value.errors)
    assert [fault.path for fault in faults] == ['row 2, column H "Price"', 'row 3, column I "Unit"']


def test_rows_of_one_document_must_agree() -> None:
    (one,) = documents_of(ROW, changed(Customer="Grace"), changed(Customer=None))
    (fault,) = one.faults
    assert (fault.path, fault.code) == ('row 3, column C "Customer"', "rows_differ")
    assert 'row 2, column C "Customer"' in fault.message


def test_a_row_without_a_reference_is_a_fault_of_its_own() -> None:
    found = documents_of(ROW, changed(No=None), changed(No=None))
    assert [one.reference for one in found] == ["INV-1", "", ""]
    assert [fault.path for fault in found[1].faults] == ['row 3, column A "No"']


def test_references_may_be_left_out_below_the_first_where_the_mapping_says_so() -> None:
    found = documents_of(ROW, changed(No=None), changed(No="INV-2"), text="[table]\nfill_down = true\n" + PLAIN)
    assert [(one.reference, one.rows) for one in found] == [("INV-1", 2), ("INV-2", 1)]


@pytest.mark.parametrize(
    ("settings", "cell", "value"),
    [
        ("", "1180.50", "1180.50"),
        ("", Decimal("1180.50"), "1180.5"),
        ("", "007", "7"),
        ('decimal = ","', "1180,50", "1180.50"),
        ('decimal = ","\nthousands = "."', "1.234.567,89", "1234567.89"),
        ('thousands = ","', "1,234,567", "1234567"),
        ('thousands = " "', "1\u00a0234\u00a0567", "1234567"),
        ('thousands = "\'"', "1'234.5", "1234.5"),
    ],
)
def test_numbers_are_read_as_the_mapping_says(settings: str, cell: Cell, value: str) -> None:
    (one,) = documents_of(changed(Price=cell), text=f"[table]\n{settings}\n{PLAIN}")
    assert one.adapted is not None
    assert one.adapted.document["lines"][0]["unit_price"] == value  # type: ignore[index,call-overload] # JSON


@pytest.mark.parametrize("cell", ["1,180", "1 180", "1.2.3", "UGX 5", "1e3", "\u0661", "--1", True, "1" * 65])
def test_a_number_that_could_mean_two_things_is_not_guessed(cell: Cell) -> None:
    (one,) = documents_of(changed(Price=cell))
    assert [fault.code for fault in one.faults] == ["not_a_decimal"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-03-31", "2026-03-31T00:00:00+03:00"),
        ("31/03/2026 14:05", "2026-03-31T14:05:00+03:00"),
        ("2026-03-31T14:05:00Z", "2026-03-31T14:05:00Z"),
        (date(2026, 3, 31), "2026-03-31T00:00:00+03:00"),
        (datetime(2026, 3, 31, 14, 5), "2026-03-31T14:05:00+03:00"),  # noqa: DTZ001 - as in a sheet
    ],
)
def test_dates_are_read_in_the_formats_of_the_mapping(cell: Cell, value: str) -> None:
    (one,) = documents_of(changed(Date=cell))
    assert one.adapted is not None
    assert one.adapted.document["issued_at"] == value


def test_columns_are_named_by_letter_where_there_is_no_header() -> None:
    text = '[table]\nheader_row = 0\n[document]\nreference = { letter = "B" }\n[line]\nname = { letter = "a" }\n'
    found = documents.documents_of([Table("", [["Book", "INV-1"], ["Pen", "INV-2"]])], mapping.parse(text.encode()))
    assert [(one.reference, one.first) for one in found] == [("INV-1", "row 1"), ("INV-2", "row 2")]


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")])
def test_letters_of_columns(column: int, name: str) -> None:
    assert (letter(column), column_of(name)) == (name, column)


def test_a_column_that_is_missing_is_named_with_the_nearest_there_is() -> None:
    (fault,) = refusal_of(PLAIN, head=["No", "Date", "Customer", "TIN", "Items", "Code", "Qty", "Price"])[:1]
    assert (fault.code, fault.path) == ("column_missing", "row 1")
    assert fault.fix == 'Did you mean "Items"?'


def test_two_columns_of_one_name_are_not_guessed_between() -> None:
    (fault,) = refusal_of(PLAIN, head=[*HEAD, " price "])
    assert fault.code == "ambiguous_column"
    assert '{ letter = "H" }' in fault.fix


@pytest.mark.parametrize(
    ("text", "where", "code"),
    [
        ("no toml", "mapping:", "bad_mapping"),
        ("[lines]", "mapping: lines", "unknown_field"),
        ('[document]\nreference = "No"\nnumber = "No"', "mapping: document.number", "unknown_field"),
        ('[line]\nqty = "Qty"\n[document]\nreference = "No"', "mapping: line.qty", "unknown_field"),
        ("[line]\n", "mapping: document", "missing"),
        ("[document]\nreference = {}", "mapping: document.reference", "bad_mapping"),
        ("[document]\nreference = 1", "mapping: document.reference", "wrong_type"),
        ('[document]\nreference = { letter = "1" }', "mapping: document.reference.letter", "bad_mapping"),
        ('[document]\nreference = { column = "a", words = 1 }', "mapping: document.reference.words", "wrong_type"),
        ('[table]\ndecimal = ";"\n[document]\nreference = "No"', "mapping: table.decimal", "unknown_value"),
        (
            '[table]\ndecimal = ","\nthousands = ","\n[document]\nreference = "No"',
            "mapping: table.thousands",
            "bad_mapping",
        ),
        ('[table]\nencoding = "ebcdic"\n[document]\nreference = "No"', "mapping: table.encoding", "unknown_value"),
        ('[table]\nheader_row = -1\n[document]\nreference = "No"', "mapping: table.header_row", "out_of_range"),
        ('[table]\nzone = "EAT"\n[document]\nreference = "No"', "mapping: table.zone", "unknown_value"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_with_its_place(text: str, where: str, code: str) -> None:
    assert (where, code) in [(fault.path, fault.code) for fault in refusal_of(text)]


def test_a_long_mapping_is_refused() -> None:
    assert refusal_of("#" * (mapping.MAX_MAPPING_BYTES + 1))[0].code == "bad_mapping"


def test_an_empty_table_is_said_to_be_one() -> None:
    with pytest.raises(Invalid) as caught:
        documents_of()
    assert caught.value.errors[0].code == "empty"


def test_the_number_of_documents_is_bounded() -> None:
    rows = [changed(No=f"INV-{number}") for number in range(documents.MAX_DOCUMENTS + 1)]
    assert len(documents_of(*rows[:-1])) == documents.MAX_DOCUMENTS
    with pytest.raises(TooLarge) as caught:
        documents_of(*rows)
    assert caught.value.code == "too_many_documents"
