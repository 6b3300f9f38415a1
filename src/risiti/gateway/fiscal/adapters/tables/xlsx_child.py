"""The child process that opens a workbook: bounded memory and time, no macros, values only.

`python -m risiti.gateway.fiscal.adapters.tables.xlsx_child` reads a request from standard input (one line of JSON, then
the file) and writes one JSON object: `{"sheets": [...]}`, or `{"refused": {...}}`.
"""

import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import python_calamine

CPU_SECONDS: Final = 20
MEMORY_BYTES: Final = 512 * 1024**2
MAX_ENTRIES: Final = 200
"""Files in the workbook, which is a ZIP archive."""
MAX_RATIO: Final = 100
"""How many times larger than itself the archive may become."""
MAX_UNPACKED_BYTES: Final = 100 * 1024**2
MAX_CHARACTERS: Final = 20_000_000
"""Characters of all cells together."""
_EXACT_DIGITS: Final = 15
"""Significant digits of a number in a workbook: more are noise of binary fractions."""


class Refused(Exception):
    """The workbook is not read."""

    def __init__(self, code: str, message: str, fix: str, *, large: bool = False) -> None:
        super().__init__(message)
        self.answer = {"code": code, "message": message, "fix": fix, "large": large}


def look_into(content: bytes) -> None:
    """Check the archive by its table of contents, before anything of it is unpacked.

    Raises:
        Refused: it is no archive, holds macros, or would become too large.
    """
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise Refused("not_xlsx", "The file is no XLSX workbook.", "Save it as .xlsx or as CSV.") from None
    unpacked = sum(entry.file_size for entry in entries)
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * max(len(content), 1):
        message = f"The workbook unpacks to {len(entries)} parts of {unpacked} bytes in all; that is not read."
        raise Refused("workbook_too_large", message, "Save the sheet as CSV, or split it.", large=True)
    if any("vbaproject" in name.lower() for name in names):
        raise Refused("macros", "The workbook holds macros; such files are not read.", "Save it as .xlsx or as CSV.")
    if any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names):
        raise Refused("not_xlsx", "The workbook holds parts with strange names.", "Save it anew as .xlsx or as CSV.")
    if "xl/workbook.xml" not in names:
        raise Refused("not_xlsx", "The file is no XLSX workbook.", "Save it as .xlsx or as CSV.")


def sheets_of(content: bytes, wanted: Sequence[str], limits: dict[str, int]) -> list[dict[str, object]]:
    """Return the wanted sheets (the first, if none is named) as JSON values.

    Raises:
        Refused: a sheet is missing, or has too many rows, columns or characters.
    """
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except python_calamine.PasswordError:
        raise Refused("password", "The workbook is protected by a password.", "Save it without one.") from None
    except python_calamine.CalamineError:
        raise Refused("not_xlsx", "The workbook cannot be read.", "Save it anew as .xlsx or as CSV.") from None
    names = workbook.sheet_names
    budget = Budget(limits)
    found: list[dict[str, object]] = []
    for name in wanted or names[:1]:
        if name not in names:
            listed = ", ".join(name[:60] for name in names[:20])
            raise Refused("sheet_missing", f'The workbook has no sheet "{name[:60]}".', f"There are: {listed}.")
        try:
            sheet = workbook.get_sheet_by_name(name)
        except python_calamine.CalamineError:
            message = f'The sheet "{name[:60]}" cannot be read.'
            raise Refused("not_xlsx", message, "Save it anew as .xlsx or as CSV.") from None
        if sheet.total_width > limits["columns"] + 1:  # before the cells between are made
            raise too_wide(name, sheet.total_width, limits["columns"])
        rows = sheet.to_python(skip_empty_area=False, nrows=limits["rows"] + 1)
        found.append({"sheet": name, "rows": list(budget.written(name, rows))})
    return found


def too_wide(sheet: str, width: int, most: int) -> Refused:
    """Return the refusal of a sheet with too many columns."""
    message = f'The sheet "{sheet[:60]}" has {width} columns; at most {most} are read.'
    return Refused("too_many_columns", message, "Delete the columns that are not needed.", large=True)


class Budget:
    """What all sheets together may hold."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits
        self._rows = 0
        self._characters = 0

    def written(self, sheet: str, rows: Sequence[Sequence[object]]) -> Iterator[list[object]]:
        """Yield the rows with each cell as a JSON value."""
        for number, row in enumerate(rows, start=1):
            self._rows += 1
            if self._rows > self._limits["rows"]:
                message = f"The workbook has more than {self._limits['rows']} rows."
                raise Refused("too_many_rows", message, "Split the file.", large=True)
            cells = [as_json(cell) for cell in row]
            for cell in cells:
                size = len(cell) if isinstance(cell, str) else 0
                self._characters += size
                if size > self._limits["cell"]:
                    message = f'Sheet "{sheet[:60]}", row {number} has a cell of {size} characters; at most '
                    raise Refused(
                        "cell_too_long", f"{message}{self._limits['cell']} are read.", "Shorten it.", large=True
                    )
            if self._characters > MAX_CHARACTERS:
                raise Refused("workbook_too_large", "The cells hold too much text.", "Split the file.", large=True)
            while cells and cells[-1] is None:
                cells.pop()
            if len(cells) > self._limits["columns"]:
                raise too_wide(sheet, len(cells), self._limits["columns"])
            yield cells


def as_json(cell: object) -> object:
    """Return a cell as a JSON value: texts as they are, all others as `{type: text}`, None where it is empty."""
    match cell:
        case bool():
            found: object = {"bool": str(cell).lower()}
        case int() | float():
            found = {"number": f"{cell:.{_EXACT_DIGITS}g}"}
        case datetime():
            found = {"moment": cell.isoformat()}
        case date():
            found = {"date": cell.isoformat()}
        case time():
            found = {"time": cell.isoformat()}
        case timedelta():
            found = {"number": f"{cell / timedelta(days=1):.{_EXACT_DIGITS}g}"}
        case _:
            found = str(cell).strip() or None
    return found


def main() -> int:
    """Answer one request."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    answer: dict[str, object]
    try:
        look_into(content)
        answer = {"sheets": sheets_of(content, request["sheets"], request["limits"])}
    except Refused as refused:
        answer = {"refused": refused.answer}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
