"""Checks the invoices in a file of any shape without a company, a database or the authority."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from risiti.gateway.fiscal import imports, shapes, strict_json
from risiti.gateway.fiscal.adapters.adapted import AS_THEY_ARE, Places
from risiti.gateway.fiscal.adapters.tables import xlsx_file
from risiti.gateway.fiscal.adapters.ubl import uganda
from risiti.gateway.fiscal.strict_json import JsonObject, Reading
from risiti.gateway.fiscal.validation.check import Basis, Report
from risiti.gateway.fiscal.validation.mend import Mended, mend
from risiti.gateway.kernel.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one document of a file."""

    name: str
    """Its reference, or where it stands."""
    problems: Sequence[FieldError]
    """What is left to do, at the places of the file."""
    changes: Sequence[FieldError] = ()
    """What was mended."""
    document: str = ""
    """Of a JSON file: the document, mended."""


async def validate(content: bytes, mapping: bytes | None = None, *, now: datetime, fix: bool = False) -> list[Verdict]:
    """Check every document in a file: JSON, UBL, CSV or a workbook, told by its content.

    Raises:
        BadRequest, TooLarge, Invalid: the file as a whole cannot be read.
    """
    start = content.lstrip()[:1]
    if not xlsx_file.is_workbook(content) and mapping is None and start in (b"{", b"<"):
        return [_of_json(content, now, fix=fix) if start == b"{" else _of_ubl(content, now, fix=fix)]
    found = []
    for document in await imports.read_file(content, mapping):
        name = document.reference or document.first
        if document.adapted is None:
            found.append(Verdict(name, tuple(document.faults)))
        else:
            read = Reading(document.adapted.document, ())
            found.append(_verdict(name, read, document.adapted.places, now, fix=fix))
    return found


def _of_json(content: bytes, now: datetime, *, fix: bool) -> Verdict:
    return _verdict("", strict_json.read_object(content), AS_THEY_ARE, now, fix=fix)


def _of_ubl(content: bytes, now: datetime, *, fix: bool) -> Verdict:
    try:
        adapted = uganda.read(content, seller_tin=None).adapted
    except Invalid as error:
        return Verdict("(UBL)", tuple(error.errors))
    return _verdict("", Reading(adapted.document, ()), adapted.places, now, fix=fix)


def _verdict(name: str, reading: Reading, places: Places, now: datetime, *, fix: bool) -> Verdict:
    examine = partial(_examine, reading=reading, now=now)
    mended = mend(reading.document, examine) if fix else Mended(reading.document, examine(reading.document), ())
    reference = mended.document.get("reference")
    return Verdict(
        name or (reference if isinstance(reference, str) else "(no reference)"),
        places.faults(mended.report.problems),
        places.faults(mended.changes),
        strict_json.write(mended.document) if places is AS_THEY_ARE else "",
    )


def _examine(document: JsonObject, *, reading: Reading, now: datetime) -> Report:
    return shapes.examine(document, Basis(now, unread=reading.faults))
