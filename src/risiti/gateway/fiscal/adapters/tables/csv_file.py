"""Reads a CSV file: encoding, delimiter and quotes, within bounds; every fault names its row."""

import codecs
import csv
import io
from typing import Final

from risiti.gateway.fiscal.adapters.tables.cells import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Table,
    refuse,
    too_large,
)
from risiti.gateway.fiscal.strict_json import shown

ENCODINGS: Final = ("utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15")
DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_SAMPLE_ROWS: Final = 20


def read(content: bytes, *, encoding: str = "utf-8", delimiter: str = "") -> Table:
    """Read a CSV file.

    Args:
        content: The file.
        encoding: One of `ENCODINGS`; a byte order mark wins over it.
        delimiter: One character; empty: the one that the first rows have most of.

    Raises:
        Invalid: another encoding, a zero character, quotes that do not close; with the row.
        TooLarge: too many rows or columns, or a cell that is too long.
    """
    text = _decode(content, encoding)
    if "\x00" in text:
        row = _row(text, text.index("\x00"))
        fix = "Export the file again as CSV in UTF-8."
        raise refuse(f"row {row}", "nul_character", f"Row {row} holds the character U+0000.", fix)
    longest = max((len(line) for line in text.split("\n")), default=0)
    if longest > MAX_COLUMNS * (MAX_CELL_CHARACTERS + 1):
        raise too_large("", "row_too_long", f"A row of the file has {longest} characters.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text), strict=True)
    rows: list[list[Cell]] = []
    try:
        for cells in reader:
            _bound(len(rows) + 1, cells)
            rows.append([cell.strip() or None for cell in cells])
    except csv.Error as error:
        row = len(rows) + 1
        message = f"Row {row} cannot be read ({error})."
        raise refuse(f"row {row}", "malformed_csv", message, "Check the quotes in this row.") from None
    return Table("", rows)


def _decode(content: bytes, encoding: str) -> str:
    if content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        message = f"Row {row} is not {encoding} (byte {error.start} of the file)."
        fix = 'Export the file as CSV in UTF-8, or say in the mapping: encoding = "windows-1252".'
        raise refuse(f"row {row}", "not_utf8", message, fix) from None


def _bound(row: int, cells: list[str]) -> None:
    if row > MAX_ROWS:
        raise too_large(f"row {row}", "too_many_rows", f"The file has more than {MAX_ROWS} rows.")
    if len(cells) > MAX_COLUMNS:
        message = f"Row {row} has {len(cells)} columns; at most {MAX_COLUMNS} are read."
        raise too_large(f"row {row}", "too_many_columns", message)
    for cell in cells:
        if len(cell) > MAX_CELL_CHARACTERS:
            message = f'Row {row} has a cell of {len(cell)} characters ("{shown(cell)}"); at most '
            raise too_large(f"row {row}", "cell_too_long", f"{message}{MAX_CELL_CHARACTERS} are read.")


def _delimiter(text: str) -> str:
    """Return the delimiter that stands most evenly in the first rows."""
    sample = text.splitlines()[:_SAMPLE_ROWS]
    counts = {char: [_outside_quotes(line, char) for line in sample if line.strip()] for char in DELIMITERS.values()}
    best = max(counts, key=lambda char: (min(counts[char], default=0), sum(counts[char])))
    return best if any(counts[best]) else ","


def _outside_quotes(line: str, char: str) -> int:
    return sum(part.count(char) for part in line.split('"')[::2])


def _row(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
