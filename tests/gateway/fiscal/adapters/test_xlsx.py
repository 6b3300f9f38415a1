"""Workbooks are opened in a process of their own: what is read, and what a hostile file costs."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import anyio
import pytest

from risiti.gateway.fiscal.adapters.tables import cells, xlsx_child, xlsx_file
from risiti.gateway.fiscal.adapters.tables.cells import Table
from risiti.gateway.kernel.errors import GatewayError, Invalid, TooLarge
from tests.gateway.fiscal.adapters.workbooks import sheet_xml, with_parts, workbook

SALES = workbook(Sales=[["a", "b"], ["x", 1.5]])


def read(content: bytes, *sheets: str) -> list[Table]:
    """Read a workbook."""
    return anyio.run(xlsx_file.read, content, sheets)


def refused(content: bytes, *sheets: str) -> GatewayError:
    """Return why a workbook is refused."""
    with pytest.raises(GatewayError) as caught:
        read(content, *sheets)
    return caught.value


def test_cells_keep_their_types_and_numbers_their_fifteen_digits() -> None:
    row = ["text", 3, 0.1 + 0.2, 12345678901.25, True, date(2026, 3, 31), datetime(2026, 3, 31, 14, 5), None, "end"]  # noqa: DTZ001 - as in a sheet
    (table,) = read(workbook(Sales=[row]))
    assert table.sheet == "Sales"
    assert table.rows == [
        [
            *("text", Decimal(3), Decimal("0.3"), Decimal("12345678901.25"), True),
            *(date(2026, 3, 31), datetime(2026, 3, 31, 14, 5), None, "end"),  # noqa: DTZ001 - as above
        ]
    ]


def test_a_row_has_the_number_that_the_sheet_shows() -> None:
    (table,) = read(workbook(Sales=[[], [], ["a"]]))
    assert table.place(3, 0) == 'sheet "Sales", row 3, column A'
    assert table.rows[2] == ["a"]


def test_a_formula_gives_the_value_that_was_saved_with_it() -> None:
    xml = sheet_xml(
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>WEBSERVICE("http://127.0.0.1")</f></c></row>'
    )
    (table,) = read(with_parts(SALES, {"xl/worksheets/sheet1.xml": xml}))
    assert table.rows == [[Decimal(2)]]


def test_sheets_are_chosen_by_name_and_the_first_is_the_default() -> None:
    book = workbook(January=[["j"]], February=[["f"]])
    assert [table.sheet for table in read(book)] == ["January"]
    assert [table.rows for table in read(book, "February", "January")] == [[["f"]], [["j"]]]
    assert "January, February" in refused(book, "March").errors[0].fix


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 and nothing more", "not_xlsx"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "not_xlsx"),
        (with_parts(SALES, {"xl/vbaProject.bin": b"macros"}), "macros"),
        (with_parts(SALES, {"../../evil": b""}), "not_xlsx"),
        (with_parts(SALES, {"xl/worksheets/sheet1.xml": b"<no"}), "not_xlsx"),
    ],
)
def test_what_is_no_plain_workbook_is_refused_by_name(content: bytes, code: str) -> None:
    error = refused(content)
    assert isinstance(error, Invalid)
    assert error.code == code
    assert error.errors[0].fix


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("nested.zip", SALES)
    assert refused(file.getvalue()).code == "not_xlsx"


def test_an_archive_that_becomes_too_large_is_refused_before_it_is_unpacked() -> None:
    bomb = with_parts(SALES, {"xl/worksheets/sheet1.xml": b"0" * (xlsx_child.MAX_RATIO * 200_000)})
    error = refused(bomb)
    assert isinstance(error, TooLarge)
    assert error.code == "workbook_too_large"


def test_an_archive_of_too_many_parts_is_refused() -> None:
    parts = {f"xl/part{number}": b"" for number in range(xlsx_child.MAX_ENTRIES)}
    assert refused(with_parts(SALES, parts)).code == "workbook_too_large"


def test_one_far_cell_does_not_cost_the_memory_of_all_cells_before_it() -> None:
    xml = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    error = refused(with_parts(SALES, {"xl/worksheets/sheet1.xml": xml}))
    assert error.code in ("too_many_columns", "workbook_too_large")
    assert error.status in (413, 422)


def test_rows_columns_and_cells_are_bounded() -> None:
    assert refused(workbook(Sales=[["x"] * (cells.MAX_COLUMNS + 1)])).code == "too_many_columns"
    assert refused(workbook(Sales=[["x" * (cells.MAX_CELL_CHARACTERS + 1)]])).code == "cell_too_long"
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, cells.MAX_ROWS + 2))
    assert refused(with_parts(SALES, {"xl/worksheets/sheet1.xml": sheet_xml(rows)})).code == "too_many_rows"
    full = [["x" * cells.MAX_CELL_CHARACTERS] + ["y"] * (cells.MAX_COLUMNS - 1)]
    assert read(workbook(Sales=full))[0].rows == full
