"""Reads an XLSX workbook in a process of its own, with bounded memory and time: see `xlsx_child`."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.adapters.tables.cells import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    Table,
    refuse,
    too_large,
)

WALL_SECONDS: Final = 30.0
"""Time for opening one workbook."""
_CHILD: Final = "risiti.gateway.fiscal.adapters.tables.xlsx_child"
_ARCHIVE: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0"


def is_workbook(content: bytes) -> bool:
    """Tell a workbook from a CSV file by its first bytes, whatever it is called."""
    return content.startswith((_ARCHIVE, _OLD))


async def read(content: bytes, sheets: Sequence[str] = ()) -> list[Table]:
    """Read sheets of a workbook: those named, or the first; formulas give the values that were saved with them.

    Raises:
        Invalid: no XLSX file, macros, a password, no such sheet; or it takes too much time or memory to open.
        TooLarge: too many rows, columns, characters or parts.
    """
    if content.startswith(_OLD):
        message = "This is a workbook of the old format (.xls), or one with a password."
        raise refuse("", "not_xlsx", message, "Save it as .xlsx without a password, or as CSV.")
    if len(sheets) > MAX_SHEETS:
        raise too_large("", "too_many_sheets", f"At most {MAX_SHEETS} sheets are read.")
    limits = {"rows": MAX_ROWS, "columns": MAX_COLUMNS, "cell": MAX_CELL_CHARACTERS}
    request = json.dumps({"sheets": list(sheets), "limits": limits}).encode() + b"\n"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback could quote the caller's data
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    answer = b""
    try:
        async with asyncio.timeout(WALL_SECONDS):
            answer, _ = await child.communicate(request + content)
    except TimeoutError:
        answer = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not answer:
        message = "The workbook takes too much memory or time to open."
        raise refuse("", "workbook_too_large", message, "Save the sheet as CSV.")
    return _tables(answer)


def _tables(answer: bytes) -> list[Table]:
    found = json.loads(answer)
    refused = found.get("refused")
    if refused and refused["large"]:
        raise too_large("", refused["code"], refused["message"])
    if refused:
        raise refuse("", refused["code"], refused["message"], refused["fix"])
    return [
        Table(sheet["sheet"], [[_cell(cell) for cell in row] for row in sheet["rows"]]) for sheet in found["sheets"]
    ]


def _cell(value: str | dict[str, str] | None) -> Cell:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    match kind:
        case "bool":
            return text == "true"
        case "number":
            return Decimal(text)
        case "moment":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
    return time.fromisoformat(text)
