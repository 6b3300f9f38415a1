"""One JSON object of a request under examination: reads its fields as texts and refuses with the code of the rule."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NoReturn

from risiti.simulator.refusal import Refusal
from risiti.simulator.values import JsonValue, decimal_of, plain

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


class Block:
    """A JSON object, its path in the document and, for a row of a list, the row's number from 0.

    A missing field, null and "" are all empty, as the authority treats them. Lengths count bytes of UTF-8.
    """

    def __init__(self, values: Mapping[str, JsonValue], path: str, row: int | None = None) -> None:
        self.values = values
        self.path = path
        self.row = row

    def refuse(self, code: str, message: str = "") -> NoReturn:
        """Refuse the document with a code, naming the row."""
        raise Refusal(code, message, row=self.row)

    def text(self, name: str) -> str:
        """Return a field as text, "" if empty; texts and numbers only (2066)."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse("2066", f"{self.path}.{name} is neither text nor number".lstrip("."))
        return plain(value)

    def required(self, name: str, code: str) -> str:
        """Return a field that must not be empty or blank."""
        text = self.text(name)
        if not text.strip():
            self.refuse(code)
        return text

    def fits(self, name: str, most: int, code: str, *, least: int = 0) -> str:
        """Return a field that is empty or `least` to `most` bytes long."""
        text = self.text(name)
        if text and not least <= len(text.encode("utf-8", "surrogatepass")) <= most:
            self.refuse(code)
        return text

    def one_of(self, name: str, allowed: Collection[str], code: str) -> str:
        """Return a field that has one of the allowed values ("" among them allows it to be empty)."""
        text = self.text(name)
        if text not in allowed:
            self.refuse(code)
        return text

    def empty(self, name: str, code: str) -> None:
        """Demand that a field is empty."""
        if self.text(name):
            self.refuse(code)

    def email(self, name: str, length_code: str, form_code: str) -> str:
        """Return a field that is empty or an e-mail address of 6 to 50 bytes."""
        text = self.fits(name, 50, length_code, least=6)
        if text and not _EMAIL.fullmatch(text):
            self.refuse(form_code)
        return text

    def number(self, name: str, whole: int, decimals: int, code: str) -> Decimal | None:
        """Return a field that is empty (None) or a plain decimal of limited digits."""
        text = self.text(name)
        if not text:
            return None
        number = decimal_of(text, whole, decimals)
        if number is None:
            self.refuse(code)
        return number

    def amount(self, name: str, whole: int, decimals: int, *, empty: str, digits: str) -> Decimal:
        """Return a number that must be there."""
        self.required(name, empty)
        number = self.number(name, whole, decimals, digits)
        if number is None:
            self.refuse(empty)
        return number

    def moment(self, name: str, code: str) -> datetime:
        """Return a `yyyy-MM-dd HH:mm:ss` field, Kampala wall time."""
        text = self.text(name)
        if _TIME.fullmatch(text):
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        return self.refuse(code)

    def day(self, name: str, code: str) -> date | None:
        """Return a date field, None if empty: `yyyy-MM-dd`, with or without a time of day after it."""
        text = self.text(name)
        if not text:
            return None
        if _DATE.fullmatch(text) or _TIME.fullmatch(text):
            try:
                return datetime.fromisoformat(text).date()
            except ValueError:
                pass
        return self.refuse(code)
