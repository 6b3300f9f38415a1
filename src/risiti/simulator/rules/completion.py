"""Sections the authority works out itself for sellers it allows that (T103 autoCalculateSectionE and F).

The specification prints the switches and no more: here a missing taxDetails (E) or summary (F) is filled in from the
lines, as a careful client would have done. Lines that cannot be read fill in nothing; their own rules refuse them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.lines import DISCOUNT, EXEMPT, OUT_OF_SCOPE, YES
from risiti.simulator.rules.tax_rows import DEEMED, EXCISE, EXEMPT_ROW, OUTSIDE, STANDARD, ZERO
from risiti.simulator.values import JsonValue, decimal_of, is_blank, plain

DIGITS = 60
_RATES = {STANDARD: "0.18", ZERO: "0", EXEMPT_ROW: EXEMPT, DEEMED: "0.18", OUTSIDE: "0"}
_Row = dict[str, JsonValue]


def completed(content: Mapping[str, JsonValue], seller: Taxpayer) -> Mapping[str, JsonValue]:
    """Return a document with the sections filled in that its seller may leave out."""
    without_taxes = seller.auto_calculate_taxes and is_blank(content.get("taxDetails"))
    without_summary = seller.auto_calculate_summary and is_blank(content.get("summary"))
    lines = content.get("goodsDetails")
    if not (without_taxes or without_summary) or not isinstance(lines, Sequence) or isinstance(lines, str):
        return content
    objects = [line for line in lines if isinstance(line, Mapping)]
    with localcontext() as context:
        context.prec = DIGITS
        taxes = _tax_rows(objects) if without_taxes else content.get("taxDetails")
        if not isinstance(taxes, list) or not taxes:
            return content
        filled: dict[str, JsonValue] = dict(content) | {"taxDetails": taxes}
        if without_summary:
            filled["summary"] = _summary(taxes, objects)
    return filled


def _tax_rows(lines: Sequence[Mapping[str, JsonValue]]) -> list[JsonValue]:
    gross: defaultdict[tuple[str, str, str, str, str], Decimal] = defaultdict(Decimal)
    tax: defaultdict[tuple[str, str, str, str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        total, vat = _amount(line, "total"), _amount(line, "tax")
        code = _category(line)
        key = (code, _RATES[code], "", "", "")
        gross[key] += total
        tax[key] += vat
        if _text(line, "exciseFlag") == YES:
            names = ("exciseRate", "exciseRateName", "exciseUnit", "exciseCurrency")
            rate, name, unit, currency = (_text(line, field) for field in names)
            duty = (EXCISE, rate, name, unit, currency)
            gross[duty] += total - vat
            tax[duty] += _amount(line, "exciseTax")
    return [
        {
            "taxCategoryCode": key[0],
            "netAmount": format(gross[key] - tax[key], "f"),
            "taxRate": key[1],
            "taxAmount": format(tax[key], "f"),
            "grossAmount": format(gross[key], "f"),
            "exciseUnit": key[3],
            "exciseCurrency": key[4],
            "taxRateName": key[2],
        }
        for key in gross
    ]


def _summary(taxes: Sequence[JsonValue], lines: Sequence[Mapping[str, JsonValue]]) -> _Row:
    rows = [row for row in taxes if isinstance(row, Mapping)]
    gross = sum((_amount(row, "grossAmount") for row in rows if _text(row, "taxCategoryCode") != EXCISE), Decimal(0))
    tax = sum((_amount(row, "taxAmount") for row in rows), Decimal(0))
    return {
        "netAmount": format(gross - tax, "f"),
        "taxAmount": format(tax, "f"),
        "grossAmount": format(gross, "f"),
        "itemCount": str(sum(1 for line in lines if _text(line, "discountFlag") != DISCOUNT)),
        "modeCode": "1",
        "remarks": "",
        "qrCode": "",
    }


def _category(line: Mapping[str, JsonValue]) -> str:
    if _text(line, "vatApplicableFlag") == OUT_OF_SCOPE:
        return OUTSIDE
    if _text(line, "taxRate") == EXEMPT:
        return EXEMPT_ROW
    if _text(line, "deemedFlag") == YES:
        return DEEMED
    return STANDARD if decimal_of(_text(line, "taxRate"), 1, 4) else ZERO


def _text(values: Mapping[str, JsonValue], name: str) -> str:
    value = values.get(name)
    return plain(value) if isinstance(value, str) else ""


def _amount(values: Mapping[str, JsonValue], name: str) -> Decimal:
    return decimal_of(_text(values, name), 16, 4) or Decimal(0)
