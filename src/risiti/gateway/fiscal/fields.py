"""Texts, words and moments of a caller's document: what is stripped, what is refused, and what to write instead."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Annotated, Final, LiteralString

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from risiti.gateway.fiscal import currencies, references
from risiti.gateway.fiscal.faults import fault
from risiti.gateway.fiscal.strict_json import shown

MAX_CLOCK_AHEAD: Final = timedelta(minutes=10)
"""How far in the future a document may be dated: what the authority allows two clocks to differ."""
EARLIEST_YEAR: Final = 2000
"""Documents dated before are mistakes."""

MAX_NAME_BYTES: Final = 200
"""Name of an item, as UTF-8; so are the other lengths in bytes."""
MAX_PARTY_NAME_BYTES: Final = 256
"""Name of a buyer."""
MAX_ADDRESS_BYTES: Final = 500
MAX_REMARKS_BYTES: Final = 500
MAX_OPERATOR_BYTES: Final = 150
MAX_PHONE_BYTES: Final = 30
MAX_IDENTITY_BYTES: Final = 20
"""National id or passport number."""
MAX_CITIZENSHIP_BYTES: Final = 128
MIN_EMAIL_BYTES: Final = 6
MAX_EMAIL_BYTES: Final = 50
MIN_TIN_DIGITS: Final = 10
MAX_TIN_DIGITS: Final = 20
MAX_ITEM_CODE_CHARACTERS: Final = 50
MAX_CATEGORY_CHARACTERS: Final = 18
"""Commodity category code."""
MAX_UNIT_CHARACTERS: Final = 3
MAX_DEVICE_CHARACTERS: Final = 50
"""Id or number of a device."""
MAX_FOREIGN_NAME_BYTES: Final = 500
"""Name of the supplier of an imported service."""
MAX_BUYER_REFERENCE_BYTES: Final = 50
"""The buyer's own number for a purchase."""
MAX_DUTY_CODE_CHARACTERS: Final = 18
"""Excise duty code; so is the number of a project."""
MAX_DUTY_NAME_BYTES: Final = 1024
MAX_PROJECT_NAME_BYTES: Final = 100
MAX_TARIFF_CHARACTERS: Final = 50
"""Customs tariff code."""
MAX_TARIFF_NAME_BYTES: Final = 1000
MAX_TAX_NAME_BYTES: Final = 100
"""Name of a tax that has no category of its own."""

_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIN = re.compile(rf"[0-9]{{{MIN_TIN_DIGITS},{MAX_TIN_DIGITS}}}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


# ---------------------------------------------------------------- texts

_INVISIBLE = "Cf"
_LINE_BREAKING = ("Zl", "Zp")


@dataclass(frozen=True, slots=True)
class FreeText:
    """Cleans a text that is shown and printed, and holds it to a number of bytes as UTF-8.

    Markup and formulas are text like any other: whoever shows them escapes them. Invisible format characters
    (right-to-left overrides, zero-width ones, byte order marks) are taken out; line breaks and control characters
    other than the tabulator are refused.
    """

    max_bytes: int

    def __call__(self, value: str) -> str:
        """Return the text, or raise what is wrong with it."""
        if value.isascii() and value.isprintable() and len(value) <= self.max_bytes and value.strip():
            return value
        text = visible(value)
        if any(_breaks(char) for char in text):
            cleaned = "".join(" " if _breaks(char) else char for char in text)
            message = "Line breaks and control characters do not fit into one line of a receipt."
            raise fault("control_character", message, shown(" ".join(cleaned.split())))
        if not text.strip():
            raise fault("empty", "The text is empty.", "Fill it in, or leave an optional field out.")
        size = len(text.encode())
        if size > self.max_bytes:
            message = f"The text takes {size} bytes as UTF-8; at most {self.max_bytes} fit."
            raise fault("too_long", message, f"Shorten it to {self.max_bytes} bytes.")
        return text

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after pydantic has."""
        return no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in the OpenAPI document what can be said there: it counts characters, and knows none by their kind."""
        return {**handler(schema), "minLength": 1, "maxLength": self.max_bytes}


def visible(text: str) -> str:
    """Return the text without Unicode's invisible format characters."""
    if text.isascii():
        return text
    return "".join(char for char in text if unicodedata.category(char) != _INVISIBLE)


def _breaks(char: str) -> bool:
    category = unicodedata.category(char)
    return (category == "Cc" and char != "\t") or category in _LINE_BREAKING


@dataclass(frozen=True, slots=True)
class Pattern:
    """Holds an identifier to the characters it is made of: nothing is stripped, nothing guessed."""

    pattern: re.Pattern[str]
    code: LiteralString
    message: str
    fix: str = ""

    def __call__(self, value: str) -> str:
        """Return the text, or raise what is wrong with it."""
        if not self.pattern.fullmatch(value):
            raise fault(self.code, self.message, self.fix)
        return value

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after pydantic has."""
        return no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say the same in the OpenAPI document."""
        return {**handler(schema), "pattern": f"^(?:{self.pattern.pattern})$"}


def _reference(value: str) -> str:
    try:
        return references.normalise(value)
    except references.BadReference as error:
        fixes = {"too_long": "Use at most 50 characters.", "empty": "Send the number of the document in your books."}
        fix = fixes.get(error.code, "Use letters, digits and . _ / - only.")
        raise fault(error.code, str(error), fix) from None


def _email(value: str) -> str:
    smallest, largest = MIN_EMAIL_BYTES, MAX_EMAIL_BYTES
    if not (_EMAIL.fullmatch(value) and smallest <= len(value.encode()) <= largest) or visible(value) != value:
        message = f"This is not an e-mail address of {smallest} to {largest} bytes."
        raise fault("invalid_email", message, "Correct it, or leave the field out.")
    return value


Reference = Annotated[str, AfterValidator(_reference), Field(json_schema_extra={"minLength": 1})]
"""The seller's own number, 1 to 50 characters, normalised as `references.normalise` says."""
Name = Annotated[str, FreeText(MAX_NAME_BYTES)]
PartyName = Annotated[str, FreeText(MAX_PARTY_NAME_BYTES)]
Address = Annotated[str, FreeText(MAX_ADDRESS_BYTES)]
Remarks = Annotated[str, FreeText(MAX_REMARKS_BYTES)]
Operator = Annotated[str, FreeText(MAX_OPERATOR_BYTES)]
Phone = Annotated[str, FreeText(MAX_PHONE_BYTES)]
Identity = Annotated[str, FreeText(MAX_IDENTITY_BYTES)]
Citizenship = Annotated[str, FreeText(MAX_CITIZENSHIP_BYTES)]
Email = Annotated[str, AfterValidator(_email)]
ForeignName = Annotated[str, FreeText(MAX_FOREIGN_NAME_BYTES)]
BuyerReference = Annotated[str, FreeText(MAX_BUYER_REFERENCE_BYTES)]
DutyName = Annotated[str, FreeText(MAX_DUTY_NAME_BYTES)]
ProjectName = Annotated[str, FreeText(MAX_PROJECT_NAME_BYTES)]
TariffName = Annotated[str, FreeText(MAX_TARIFF_NAME_BYTES)]
TaxName = Annotated[str, FreeText(MAX_TAX_NAME_BYTES)]
Tin = Annotated[
    str,
    Pattern(_TIN, "invalid_tin", "A TIN is 10 digits (20 at most).", "Check the TIN with the buyer."),
]
ItemCode = Annotated[
    str,
    Pattern(
        re.compile(rf"[!-~](?:[ -~]{{0,{MAX_ITEM_CODE_CHARACTERS - 2}}}[!-~])?"),
        "invalid_code",
        "An item code is 1 to 50 plain characters without blanks around them.",
        "Send the code under which the item is registered.",
    ),
]
CategoryCode = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9]{{1,{MAX_CATEGORY_CHARACTERS}}}"),
        "invalid_code",
        "A commodity category code is 1 to 18 letters and digits.",
        'Send the code from the authority\'s list, as in "50131701".',
    ),
]
UnitCode = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9]{{1,{MAX_UNIT_CHARACTERS}}}"),
        "invalid_code",
        "A unit is the authority's code of 1 to 3 letters and digits.",
        'Send the unit with which the item is registered, as in "101".',
    ),
]
DutyCode = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9]{{1,{MAX_DUTY_CODE_CHARACTERS}}}"),
        "invalid_code",
        "An excise duty code is 1 to 18 letters and digits.",
        'Send the code from the authority\'s list, as in "LED070100".',
    ),
]
ProjectId = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9]{{1,{MAX_DUTY_CODE_CHARACTERS}}}"),
        "invalid_code",
        "A project is named by the authority's number for it, 1 to 18 letters and digits.",
        "Ask the buyer for it; the authority lists their projects.",
    ),
]
TariffCode = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9.]{{1,{MAX_TARIFF_CHARACTERS}}}"),
        "invalid_code",
        "A customs tariff code is 1 to 50 letters, digits and points.",
        'Send it as in "48025700", or leave it out.',
    ),
]
DeviceName = Annotated[
    str,
    Pattern(
        re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_DEVICE_CHARACTERS}}}"),
        "invalid_code",
        "A device is named by its id, 1 to 50 letters, digits, _ and -.",
        "Send the id of one of your devices, or leave it out.",
    ),
]

# ---------------------------------------------------------------- words and moments


@dataclass(frozen=True, slots=True)
class Word:
    """Reads one word of a fixed list, spelled exactly so."""

    words: type[StrEnum]

    def __call__(self, value: object) -> StrEnum:
        """Return the word, or raise which there are."""
        if not isinstance(value, str):
            raise fault("wrong_type", "A word in quotes is needed.", _one_of(self.words))
        word = _by_text(self.words).get(value)
        if word is None:
            same = [word for word in self.words if word.lower() == value.strip().lower()]
            message = f'"{shown(value)}" is not one of the words for this.'
            raise fault("unknown_value", message, same[0].value if same else _one_of(self.words))
        return word


@cache
def _by_text(words: type[StrEnum]) -> dict[str, StrEnum]:
    return {word.value: word for word in words}


def _currency(value: object) -> str:
    if not isinstance(value, str):
        raise fault("wrong_type", "A word in quotes is needed.", "One of: " + ", ".join(currencies.NEAR))
    if value not in currencies.CODES:
        meant = value.strip().upper()
        message = f'"{shown(value)}" is no currency of ISO 4217.'
        fix = meant if meant in currencies.CODES else "One of: " + ", ".join(currencies.NEAR)
        raise fault("unknown_value", message, fix)
    return value


Currency = Annotated[str, BeforeValidator(_currency), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]
"""Three capital letters, as in `UGX`."""


def _one_of(words: type[StrEnum]) -> str:
    return "One of: " + ", ".join(words)


def _moment(value: object, info: ValidationInfo) -> datetime:
    now: datetime | None = info.context["now"] if info.context else None
    if value is None and now is not None:
        return now
    if not isinstance(value, str):
        raise fault("wrong_type", "A time in quotes is needed.", '"2026-03-31T14:05:00+03:00"')
    moment = _read_moment(value)
    if moment.year < EARLIEST_YEAR:
        raise fault("out_of_range", f"Documents dated before {EARLIEST_YEAR} are not taken.", "Check the date.")
    if now is not None and moment > now + MAX_CLOCK_AHEAD:
        minutes = MAX_CLOCK_AHEAD // timedelta(minutes=1)
        message = f"The document is dated more than {minutes} minutes in the future."
        raise fault("in_the_future", message, "Check the clock and the offset.")
    return moment


def _read_moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        message = f'"{shown(text)}" is not a time as RFC 3339 writes it.'
        raise fault("not_a_time", message, '"2026-03-31T14:05:00+03:00"')
    *date_and_time, fraction, utc, sign, hours, minutes = match.groups()
    if utc is None and sign is None:
        raise fault("offset_missing", "The offset from UTC is missing.", f"{shown(text)}+03:00")
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    year, month, day, hour, minute, second = (int(part) for part in date_and_time)
    try:
        zone = timezone(-offset if sign == "-" else offset)
        return datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f'"{shown(text)}" is a moment that does not exist.'
        raise fault("not_a_time", message, "Check day, hour (0 to 23), second (0 to 59) and offset.") from None


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise fault("not_a_date", "A date in quotes is needed.", '"2026-03-31"')
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise fault("not_a_date", f'"{shown(value)}" is a day that does not exist.', "Check month and day.") from None


Day = Annotated[date, BeforeValidator(_day)]
"""A day as RFC 3339 writes it, `2026-03-31`."""
Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A time with its offset (RFC 3339), kept in UTC; not before 2000, at most ten minutes after `now` in the context."""
