"""What a writer plainly meant by a value that is spelled otherwise: the same thing, never another.

Each function returns the plain spelling, or None where more than one thing can be meant. `1,000` is a thousand to one
writer and one to another: it is left alone. Whoever asks has the result read once more by the field itself.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from risiti.gateway.fiscal.decimals import AMOUNT_DECIMALS, plain
from risiti.gateway.fiscal.strict_json import MAX_NUMBER_CHARACTERS, ExponentNumber

_BLANKS: Final = re.compile(r"\s+")
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_GROUPED: Final = re.compile(r"(-?[0-9]{1,3})((?:[ _'\u2019\u00a0\u202f][0-9]{3})+)(\.[0-9]+)?", re.ASCII)
_GROUPED_BY_COMMAS: Final = re.compile(r"-?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)", re.ASCII)
"""Two commas, or a comma and a point after it: the comma can only stand between thousands."""
_DECIMAL_COMMA: Final = re.compile(r"-?[0-9]+,[0-9]{1,2}", re.ASCII)
"""One or two digits after the comma: it cannot stand between thousands."""
_EXPONENT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}", re.ASCII)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r" ?([Zz]|[+-][0-9]{2}:?[0-9]{2})",
    re.ASCII,
)
_BETWEEN_DIGITS: Final = re.compile(r"[\s./-]+")
_TIN_LABEL: Final = re.compile(r"^\s*tin\s*(?:no\.?|number)?\s*[:#]?\s*", re.IGNORECASE)
_AROUND_PHONE: Final = re.compile(r"[\s().-]+")

_SAME_WORD: Final = {
    "airtel_money": "mobile_money",
    "b2b": "business",
    "b2c": "consumer",
    "b2g": "government",
    "check": "cheque",
    "credit_card": "card",
    "debit_card": "card",
    "exclusive": "tax_exclusive",
    "foreign": "foreigner",
    "inclusive": "tax_inclusive",
    "mastercard": "card",
    "mobile": "mobile_money",
    "momo": "mobile_money",
    "mtn_momo": "mobile_money",
    "vat_exclusive": "tax_exclusive",
    "vat_inclusive": "tax_inclusive",
    "standard_rated": "standard",
    "visa": "card",
    "zero_rated": "zero",
}
"""Other words for exactly the same, as other systems have them."""


def number(value: object) -> str | None:
    """Return a number that was written with blanks, groups, an exponent or other digits as a plain decimal."""
    if isinstance(value, ExponentNumber):
        return _from_exponent(value.text)
    if isinstance(value, Decimal):
        return plain(value)
    if not isinstance(value, str) or len(value) > MAX_NUMBER_CHARACTERS:
        return None
    text = unicodedata.normalize("NFKC", value).strip().removeprefix("+")
    if text.isdecimal() and not text.isascii():
        text = "".join(str(unicodedata.decimal(char)) for char in text)
    if grouped := _GROUPED.fullmatch(text):
        text = grouped[1] + re.sub(r"[^0-9]", "", grouped[2]) + (grouped[3] or "")
    elif _GROUPED_BY_COMMAS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if _EXPONENT.fullmatch(text):
        return _from_exponent(text)
    if not _PLAIN.fullmatch(text):
        return None
    whole, point, fraction = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{whole.lstrip('-').lstrip('0') or '0'}{point}{fraction}"


def _from_exponent(text: str) -> str | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return plain(value) if abs(value.adjusted()) < MAX_NUMBER_CHARACTERS // 2 else None


def shorter(value: object, decimals: int) -> str | None:
    """Return a number without the zeros behind its last digit that counts, if it then has no more than `decimals`."""
    text = number(value) if not isinstance(value, int) else str(value)
    if text is None or "." not in text:
        return None
    whole, _, fraction = text.partition(".")
    kept = fraction.rstrip("0")
    if len(kept) > decimals:
        return None
    return f"{whole}.{kept.ljust(min(decimals, AMOUNT_DECIMALS), '0')}" if decimals else whole


def to_cents(value: object) -> str | None:
    """Return a stated sum rounded half up to cents: it is compared with ours, never sent."""
    text = number(value)
    return None if text is None else plain(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_UP))


def word(value: object, words: Sequence[str]) -> str | None:
    """Return the word that is written in other letters, with blanks or hyphens, or by another name."""
    if not isinstance(value, str):
        return None
    for meant in (value.strip(), _BLANKS.sub("_", value.strip().lower()).replace("-", "_")):
        for known in words:
            if known.lower() == meant.lower():
                return known
        if _SAME_WORD.get(meant) in words:
            return _SAME_WORD[meant]
    return None


def digits(value: object) -> str | None:
    """Return an identifier made of digits without what people put between them: blanks, points, hyphens."""
    return _BETWEEN_DIGITS.sub("", _TIN_LABEL.sub("", value)) if isinstance(value, str) else None


def trimmed(value: object) -> str | None:
    """Return a text without blanks around it."""
    return value.strip() if isinstance(value, str) else None


def without_blanks(value: object) -> str | None:
    """Return a code without any blanks."""
    return _BLANKS.sub("", value) if isinstance(value, str) else None


def on_one_line(value: object) -> str | None:
    """Return a text with runs of blanks, tabulators and line breaks as one blank; None if it hides anything else."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return text if text.isprintable() else None


def phone(value: object) -> str | None:
    """Return a telephone number without blanks, brackets and hyphens."""
    return _AROUND_PHONE.sub("", value) if isinstance(value, str) else None


def email(value: object) -> str | None:
    """Return an e-mail address without what a link or an address book puts around it."""
    return value.strip().removeprefix("mailto:").strip("<> ") if isinstance(value, str) else None


def moment(value: object) -> str | None:
    """Return a time as RFC 3339 has it, with T, seconds and a colon in the offset; an offset is never added."""
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, minute, second, offset = match.groups()
    if offset not in ("Z", "z") and ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{day}T{minute}{second or ':00'}{offset.upper()}"


Spelling = Callable[[object], str | None]

BY_CODE: Final[dict[str, tuple[Spelling, ...]]] = {
    "not_a_decimal": (number,),
    "invalid_tin": (digits,),
    "invalid_email": (email,),
    "invalid_code": (trimmed, without_blanks),
    "control_character": (trimmed, on_one_line),
    "not_a_time": (moment,),
    "offset_missing": (),
    "not_a_date": (trimmed,),
}
"""For each of our codes, the spellings to try, the nearest first."""
