"""The readable part of a document that has fields which cannot be read: enough of it to add up what is there.

A line whose quantity cannot be read cannot be added up, but the lines beside it can; a line without a name can. What
stands in for an unreadable name or code is never shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from risiti.gateway.fiscal.faults import Place
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.strict_json import JsonObject, JsonValue
from risiti.gateway.kernel.errors import FieldError

_STAND_INS: Final[Mapping[str, str]] = {"name": "-", "code": "-", "category": "0", "unit": "0"}
_NO_SUM: Final = frozenset(
    {"name", "code", "category", "unit", "hs_code", "hs_name", "weight", "pieces", "project", "item"}
)
"""Fields of a row that its sum does not depend on."""
_ROWS: Final = ("lines", "charges", "discounts", "taxes")
"""Lists whose rows enter into the sums."""
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Readable:
    """A document without what cannot be read."""

    invoice: NewInvoice
    is_whole: bool
    """Nothing is missing that enters into the sums."""
    rows: Mapping[str, Sequence[int]]
    """For each list, which rows of the caller's are still there."""

    def own(self, faults: Sequence[FieldError]) -> list[FieldError]:
        """Return faults of the readable part as faults of the document; sums of a part are passed over."""
        found = []
        for fault in faults:
            path = self._own_path(fault.path)
            if path is not None:
                found.append(FieldError(path, fault.code, fault.message, fault.fix))
        return found

    def _own_path(self, path: str) -> str | None:
        parts = path.split("/")
        if len(parts) > 2 and parts[1] in self.rows and parts[2].isdecimal():  # noqa: PLR2004 - a list, then a row
            kept = self.rows[parts[1]]
            return "/".join([*parts[:2], str(kept[int(parts[2])]), *parts[3:]]) if int(parts[2]) < len(kept) else None
        is_of_sums = path in ("", "/lines", "/payments") or path.startswith(("/totals", "/discounts"))
        return None if is_of_sums and not self.is_whole else path


def readable_part(document: JsonObject, places: Sequence[Place], now: datetime) -> Readable | None:
    """Return what is left without the fields at `places`; None if nothing can be added up."""
    part, rows, is_whole = dict(document), _all_rows(document), True
    for _ in range(_ROUNDS):
        whole = _take_out(part, rows, places)
        is_whole = is_whole and whole
        part.setdefault("reference", "-")
        try:
            invoice = NewInvoice.model_validate(part, context={"now": now})
        except ValidationError as error:
            places = [tuple(step for step in detail["loc"]) for detail in error.errors(include_url=False)]
            continue
        return Readable(invoice, is_whole, rows)
    return None


def _all_rows(document: JsonObject) -> dict[str, list[int]]:
    return {name: list(range(len(rows))) for name in _ROWS if isinstance(rows := document.get(name), list)}


def _take_out(part: JsonObject, rows: dict[str, list[int]], places: Sequence[Place]) -> bool:
    """Take out what cannot be read; tell whether everything that enters into the sums is still there."""
    is_whole = True
    lost: dict[str, set[int]] = {}
    for place in places:
        name = str(place[0]) if place else ""
        row = place[1] if len(place) > 1 else None
        if name in rows and isinstance(row, int) and isinstance(part.get(name), list):
            if not _mend_row(part, name, row, place[2:]):
                lost.setdefault(name, set()).add(row)
        else:
            is_whole = is_whole and name not in (*_ROWS, "prices", "exchange_rate", "rounding")
            part.pop(name, None)
    for name, gone in lost.items():
        held = part.get(name)
        if isinstance(held, list):
            part[name] = [row for index, row in enumerate(held) if index not in gone]
            rows[name] = [own for index, own in enumerate(rows[name]) if index not in gone]
    return is_whole and not lost


def _mend_row(part: JsonObject, name: str, index: int, inner: Place) -> bool:
    """Put something in place of a field that a row's sum does not depend on; False if the row has to go."""
    held = part[name]
    row = held[index] if isinstance(held, list) and index < len(held) else None
    field = str(inner[0]) if inner else ""
    if not isinstance(row, dict) or field not in _NO_SUM:
        return False
    changed: dict[str, JsonValue] = {key: value for key, value in row.items() if key != field}
    if field in _STAND_INS:
        changed[field] = _STAND_INS[field]
    if isinstance(held, list):
        part[name] = [changed if at == index else other for at, other in enumerate(held)]
    return True
