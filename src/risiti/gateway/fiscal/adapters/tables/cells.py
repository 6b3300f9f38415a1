"""A table as it stands in a file: cells with their types, and how a cell is named to a person."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.strict_json import shown
from risiti.gateway.kernel.errors import FieldError, Invalid, TooLarge

MAX_ROWS: Final = 50_000
"""Rows of one file, the header and empty ones counted."""
MAX_COLUMNS: Final = 100
"""Columns of one table."""
MAX_CELL_CHARACTERS: Final = 2_000
"""Characters of one cell."""
MAX_SHEETS: Final = 20
"""Sheets that are read of one workbook."""
_LETTERS: Final = 26

Cell = str | Decimal | bool | date | datetime | time | None
"""What a cell holds; in CSV a text, and None where it is empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet, or a whole CSV file."""

    sheet: str
    """Name of the sheet; empty for CSV."""
    rows: list[list[Cell]]

    def place(self, row: int, column: int | None = None, header: str = "") -> str:
        """Name a row, or a cell of it, as a person finds it (rows count from 1, columns have letters)."""
        sheet = f'sheet "{shown(self.sheet)}", ' if self.sheet else ""
        if column is None:
            return f"{sheet}row {row}"
        name = f' "{shown(header)}"' if header else ""
        return f"{sheet}row {row}, column {letter(column)}{name}"


def letter(column: int) -> str:
    """Return the letter of a column counted from 0: A, B, ... Z, AA."""
    text, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text


def column_of(text: str) -> int | None:
    """Return the column, counted from 0, that a letter names, or None."""
    wanted = text.strip().upper()
    if not (wanted.isascii() and wanted.isalpha() and len(wanted) <= len("AAA")):
        return None
    number = 0
    for char in wanted:
        number = number * _LETTERS + ord(char) - ord("A") + 1
    return number - 1


def refuse(place: str, code: str, message: str, fix: str) -> Invalid:
    """Return a refusal of a whole file."""
    return Invalid(message, code=code, errors=[FieldError(place, code, message, fix)])


def too_large(place: str, code: str, message: str) -> TooLarge:
    """Return a refusal of a file that is larger than is read."""
    return TooLarge(message, code=code, errors=[FieldError(place, code, message, "Split the file.")])
