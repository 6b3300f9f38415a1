"""Makes workbooks for the tests: good ones, and hostile ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """Return a workbook with these sheets, by name."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type] # a new workbook has one
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_parts(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return a workbook with parts added or replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


def sheet_xml(rows: str) -> bytes:
    """Return a sheet's own XML."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()
