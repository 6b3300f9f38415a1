"""Exact decimals from a caller's document: quantities, prices, amounts; each refusal with its own sentence.

pydantic alone reads `"1_000"`, `" 12 "`, full-width digits and `"1E+999999"` as numbers; here a number is what
`docs/limits.md` says, whether it comes as a JSON string or as a JSON number.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from risiti.gateway.fiscal.faults import fault
from risiti.gateway.fiscal.strict_json import ExponentNumber, shown

MAX_INTEGER_DIGITS: Final = 12
"""Digits before the point, of every number."""
QUANTITY_DECIMALS: Final = 8
"""Digits after the point of quantities and unit prices."""
AMOUNT_DECIMALS: Final = 2
"""Digits after the point of amounts of money."""
PERCENT_DECIMALS: Final = 4
"""Digits after the point of a discount in percent."""
DUTY_DECIMALS: Final = 6
"""Digits after the point of an excise duty in percent; 8 of the fraction that the authority takes."""
DUTY_INTEGER_DIGITS: Final = 4
"""Digits before the point of an excise duty in percent."""

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_EXAMPLE: Final = 'Send a decimal in quotes, as in "1180.00".'


def plain(value: Decimal) -> str:
    """Return a number as people write it, without exponent: `1180.00`."""
    return f"{value:f}"


@dataclass(frozen=True, slots=True)
class Number:
    """Reads an exact decimal from a JSON string or number, within a number of digits."""

    decimals: int
    may_be_zero: bool = False
    integer_digits: int = MAX_INTEGER_DIGITS

    def __call__(self, value: object) -> Decimal:
        """Return the number, or raise what is wrong with it."""
        if type(value) is str and _DECIMAL.fullmatch(value) and value[0] != "-":
            whole, _, decimals = value.partition(".")
            if len(whole) <= self.integer_digits and len(decimals) <= self.decimals:
                read = Decimal(value)
                if read or self.may_be_zero:
                    return read
        return self._examined(value)

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read before pydantic does."""
        return no_info_before_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in the OpenAPI document what is taken; it cannot say how many digits a JSON number may have."""
        said = handler(schema)
        if handler.mode != "validation":
            return said
        zero = "" if self.may_be_zero else r"(?!0(?:\.0+)?$)"
        pattern = rf"^{zero}(?:0|[1-9][0-9]{{0,{self.integer_digits - 1}}})(?:\.[0-9]{{1,{self.decimals}}})?$"
        least = {"minimum": 0} if self.may_be_zero else {"exclusiveMinimum": 0}
        number = {"type": "number", **least, "exclusiveMaximum": 10**self.integer_digits}
        return {"anyOf": [number, {"type": "string", "pattern": pattern}]}

    def _examined(self, value: object) -> Decimal:
        """Read what is not plainly good; say what is wrong with it, if anything is."""
        number = _exact(value)
        if number.is_signed():
            if number != 0 or not self.may_be_zero:
                raise fault(
                    "must_be_positive",
                    "This cannot be negative.",
                    plain(abs(number)) if number else "Check the amount.",
                )
            number = abs(number)
        if number == 0 and not self.may_be_zero:
            raise fault(
                "must_be_positive", "This must be more than 0.", "Leave the line out, or discount it by 100 percent."
            )
        _, digits, exponent = number.as_tuple()
        decimals = -int(exponent)
        if len(digits) - decimals > self.integer_digits:
            message = f"At most {self.integer_digits} digits fit before the point; here are {len(digits) - decimals}."
            raise fault("too_many_digits", message, "Check the amount.")
        if decimals > self.decimals:
            message = (
                f"At most {self.decimals} digits fit after the point; here are {decimals}. We never round for you."
            )
            rounded = number.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
            raise fault("too_many_decimals", message, plain(rounded))
        return number


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str | ExponentNumber):
        given = {True: "true", False: "false", None: "null"}[value] if isinstance(value, bool | None) else "no number"
        raise fault("wrong_type", f"A number is needed; this is {given}.", _EXAMPLE)
    if isinstance(value, ExponentNumber):
        raise fault("not_a_decimal", f"{value.text} has an exponent.", "Write the number out in digits.")
    if not isinstance(value, str):
        return Decimal(value)
    if _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise _why_not_a_decimal(value)


# What people write instead of a plain decimal: how it looks, what to say, what to take out to get it right.
_HABITS: Final = (
    (re.compile(r"\s*"), "The number is empty.", None),
    (re.compile(r"\s.*|.*\s", re.DOTALL), "There are blanks around the number.", re.compile(r"^\s+|\s+$")),
    (re.compile(r".*[^\x00-\x7f].*", re.DOTALL), "The number is not written in the digits 0 to 9.", re.compile(r"$")),
    (re.compile(r"\+.*"), "The number begins with a plus sign.", re.compile(r"^\+")),
    (re.compile(r"[0-9]{1,3}(?:[_, '][0-9]{3})+(?:\.[0-9]+)?"), "The number groups its digits.", re.compile(r"[_, ']")),
    (re.compile(r"-?[0-9.]+[eE][+-]?[0-9]+"), "The number has an exponent.", None),
    (re.compile(r"0[0-9]+(?:\.[0-9]+)?"), "The number begins with a zero too many.", re.compile(r"^0+(?=[0-9])")),
)


def _why_not_a_decimal(text: str) -> PydanticCustomError:
    for looks, message, to_take_out in _HABITS:
        if looks.fullmatch(text):
            right = unicodedata.normalize("NFKC", to_take_out.sub("", text)) if to_take_out else ""
            return fault("not_a_decimal", message, right if _DECIMAL.fullmatch(right) else _EXAMPLE)
    return fault("not_a_decimal", f'"{shown(text)}" is not a decimal number.', _EXAMPLE)


_WRITTEN_OUT: Final = PlainSerializer(plain, return_type=str, when_used="json")

Quantity = Annotated[Decimal, Number(QUANTITY_DECIMALS), _WRITTEN_OUT]
"""More than zero, 12 digits before and 8 after the point."""
UnitPrice = Annotated[Decimal, Number(QUANTITY_DECIMALS), _WRITTEN_OUT]
"""As `Quantity`, in the document's currency."""
Amount = Annotated[Decimal, Number(AMOUNT_DECIMALS), _WRITTEN_OUT]
"""More than zero, 12 digits before and 2 after the point."""
AmountOrZero = Annotated[Decimal, Number(AMOUNT_DECIMALS, may_be_zero=True), _WRITTEN_OUT]
"""As `Amount`, or zero."""
Percent = Annotated[Decimal, Number(PERCENT_DECIMALS, may_be_zero=True), _WRITTEN_OUT]
"""0 to 100 (the discount checks it) with 4 digits after the point."""
DutyPercent = Annotated[
    Decimal,
    Number(DUTY_DECIMALS, may_be_zero=True, integer_digits=DUTY_INTEGER_DIGITS),
    _WRITTEN_OUT,
]
"""An excise duty by rate: 0 (nil) or more, 4 digits before and 6 after the point."""
DutyAmount = Annotated[Decimal, Number(QUANTITY_DECIMALS), _WRITTEN_OUT]
"""An excise duty for one unit: as a unit price."""
