"""What a cell means: numbers with decimal commas and thousands, dates in several formats, words for other words."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from risiti.gateway.fiscal.adapters.tables.cells import Cell
from risiti.gateway.fiscal.adapters.tables.mapping import MOMENTS, NUMBERS, WHOLE_NUMBERS, Source, TableMapping
from risiti.gateway.fiscal.strict_json import JsonValue, shown

_MAX_DIGITS: Final = 64


class Unreadable(ValueError):
    """A cell does not hold what its field needs."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Values:
    """Reads cells as a mapping says."""

    mapping: TableMapping

    def read(self, field: str, source: Source, cell: Cell) -> JsonValue:
        """Return the value of a field as our JSON has it, or None where there is none.

        Raises:
            Unreadable: the cell holds something else.
        """
        if isinstance(cell, str):
            cell = source.words.get(cell.casefold(), cell)
        elif isinstance(cell, Decimal) and source.words:
            cell = source.words.get(_plain(cell), cell)
        if cell is None:
            cell = source.default
        if cell is None or cell == "":
            return None
        if field in NUMBERS:
            return self._number(cell)
        if field in WHOLE_NUMBERS:
            text = self._number(cell)
            if not text.isdigit():
                raise Unreadable("not_a_decimal", f'"{shown(text)}" is not a whole number.', "1")
            return int(text)
        if field in MOMENTS:
            return self._moment(cell)
        return self._text(cell)

    def _number(self, cell: Cell) -> str:
        if isinstance(cell, Decimal):
            return _plain(cell)
        text = str(cell).replace("\u00a0", " ").replace("\u202f", " ").strip()
        mapping = self.mapping
        point, group = re.escape(mapping.decimal), re.escape(mapping.thousands)
        whole = rf"[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+" if mapping.thousands else "[0-9]+"
        match = re.fullmatch(rf"(-?)({whole})(?:{point}([0-9]+))?", text, re.ASCII)
        if match is None or not isinstance(cell, str) or len(text) > _MAX_DIGITS:
            other = "," if mapping.decimal == "." else "."
            fix = f'Write it as in 1180{mapping.decimal}50; the mapping says decimal = "{mapping.decimal}"'
            fix += f', not "{other}".' if other in text else "."
            raise Unreadable("not_a_decimal", f'"{shown(text)}" is not a number.', fix)
        digits = match[2].replace(mapping.thousands, "") if mapping.thousands else match[2]
        fraction = f".{match[3]}" if match[3] else ""
        return f"{match[1]}{digits.lstrip('0') or '0'}{fraction}"

    def _moment(self, cell: Cell) -> str:
        zone = self.mapping.zone
        if isinstance(cell, datetime):
            return cell.replace(microsecond=0, tzinfo=None).isoformat() + zone
        if isinstance(cell, date):
            return f"{cell.isoformat()}T00:00:00{zone}"
        text = str(cell).strip()
        if isinstance(cell, str):
            if re.fullmatch(r"[0-9-]{10}[Tt][0-9:.]+(?:[Zz]|[+-][0-9]{2}:[0-9]{2})", text, re.ASCII):
                return text
            for pattern in self.mapping.dates:
                try:
                    moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the mapping's
                except ValueError:
                    continue
                return moment.replace(microsecond=0).isoformat() + zone
        formats = ", ".join(self.mapping.dates)
        fix = f"Write it as one of {formats}, or name its format in the mapping's `dates`."
        raise Unreadable("not_a_date", f'"{shown(text)}" is not a date in a format that the mapping names.', fix)

    def _text(self, cell: Cell) -> str:
        if isinstance(cell, Decimal):
            return _plain(cell)
        if isinstance(cell, bool):
            return str(cell).lower()
        if isinstance(cell, datetime | date | time):
            return cell.isoformat()
        return str(cell)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
