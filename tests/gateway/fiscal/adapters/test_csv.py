"""CSV files: encodings, delimiters, bounds, and a row in every fault."""

import pytest

from risiti.gateway.fiscal.adapters.tables import cells, csv_file
from risiti.gateway.kernel.errors import GatewayError, Invalid, TooLarge


def refused(content: bytes, **how: str) -> GatewayError:
    """Return why a file is refused."""
    with pytest.raises(GatewayError) as caught:
        csv_file.read(content, **how)
    return caught.value


@pytest.mark.parametrize("encoding", csv_file.ENCODINGS)
def test_a_file_is_read_in_the_encoding_that_is_said(encoding: str) -> None:
    assert csv_file.read("a,b\nCafé,x\n".encode(encoding), encoding=encoding).rows[1] == ["Café", "x"]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins(mark: str) -> None:
    assert csv_file.read("a,b\nCafé,x\n".encode(mark), encoding="iso-8859-1").rows == [["a", "b"], ["Café", "x"]]


@pytest.mark.parametrize("delimiter", csv_file.DELIMITERS.values())
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = '"Item, with; all|of\tthem"~Price\nBook~"1,50"\nPen~2\n'.replace("~", delimiter)
    assert csv_file.read(text.encode()).rows[1:] == [["Book", "1,50"], ["Pen", "2"]]


def test_a_single_column_has_no_delimiter() -> None:
    assert csv_file.read(b"reference\nINV-1\n").rows == [["reference"], ["INV-1"]]


def test_quotes_keep_delimiters_quotes_and_line_breaks() -> None:
    content = b'a,b\r\n"x, ""y""\r\nz",1\r\n,\r\n'
    assert csv_file.read(content).rows == [["a", "b"], ['x, "y"\r\nz', "1"], [None, None]]


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (b"a,b\nc,d\n\xff\xfe,e\n", "not_utf8", "row 3"),
        ("a,b\nCafé".encode("latin-1"), "not_utf8", "row 2"),
        (b"a,b\nc\x00,d\n", "nul_character", "row 2"),
        (b'a,b\nc,"d\n', "malformed_csv", "row 2"),
        (b'a,b\nc,"d"e\n', "malformed_csv", "row 2"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_row(content: bytes, code: str, row: str) -> None:
    error = refused(content)
    assert isinstance(error, Invalid)
    assert (error.errors[0].code, error.errors[0].path) == (code, row)
    assert error.errors[0].fix


def test_the_number_of_rows_is_bounded() -> None:
    assert len(csv_file.read(b"a\n" * cells.MAX_ROWS).rows) == cells.MAX_ROWS
    error = refused(b"a\n" * (cells.MAX_ROWS + 1))
    assert isinstance(error, TooLarge)
    assert error.code == "too_many_rows"


def test_the_number_of_columns_is_bounded() -> None:
    assert len(csv_file.read(b"," * (cells.MAX_COLUMNS - 1)).rows[0]) == cells.MAX_COLUMNS
    assert refused(b"," * cells.MAX_COLUMNS).code == "too_many_columns"


def test_the_length_of_a_cell_is_bounded() -> None:
    assert csv_file.read(b"x" * cells.MAX_CELL_CHARACTERS).rows
    assert refused(b"x" * (cells.MAX_CELL_CHARACTERS + 1)).code == "cell_too_long"


def test_a_file_of_one_endless_line_is_refused_before_it_is_split() -> None:
    assert refused(b"x," * 5_000_000).code == "row_too_long"
