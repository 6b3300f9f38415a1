"""The authority's arithmetic and line rules for an upload, written from its specification; knows nothing of our code.

Takes the JSON that goes on the wire and returns the return codes it would earn. A line's tax is held to the formula
within a cent, as live servers do; everything else exactly.
"""

import itertools
import json
from decimal import Decimal, localcontext

CENT = Decimal("0.01")


def broken_rules(payload: bytes) -> list[str]:
    """Return the codes of the rules that the payload breaks, in no particular order."""
    document = json.loads(payload)
    with localcontext() as context:
        context.prec = 60
        lines, taxes, summary = document["goodsDetails"], document["taxDetails"], document["summary"]
        return [
            *_order(lines),
            *_lines(lines),
            *_taxes(lines, taxes),
            *_summary(lines, taxes, summary, document["payWay"]),
        ]


def _d(text: object) -> Decimal:
    assert isinstance(text, str), f"{text!r} is not text"
    value = Decimal(text)
    assert "e" not in text.lower()
    return value


def _order(lines: list[dict[str, str]]) -> list[str]:
    broken = []
    flags = [line["discountFlag"] for line in lines]
    if [line["orderNumber"] for line in lines] != [str(number) for number in range(len(lines))]:
        broken.append("1219")
    if flags[0] == "0":
        broken.append("1172")
    if flags[-1] == "1":
        broken.append("1174")
    for before, after in itertools.pairwise(flags):
        if before == "1" and after != "0":
            broken.append("1173")
        if after == "0" and before != "1":
            broken.append("2787")
    return broken


def _lines(lines: list[dict[str, str]]) -> list[str]:
    broken = []
    for number, line in enumerate(lines):
        total, tax = _d(line["total"]), _d(line["tax"])
        rate = {"0.18": Decimal("0.18"), "0": Decimal(0), "-": Decimal(0)}[line["taxRate"]]
        if abs(tax - total * rate / (1 + rate)) > CENT or (not rate and tax):
            broken.append("2776")
        if any(-int(value.as_tuple().exponent) != 2 for value in (total, tax)):
            broken.append("1195")
        broken += _discount(line, lines[number - 1]) if line["discountFlag"] == "0" else _goods(line, total, tax)
    return broken


def _goods(line: dict[str, str], total: Decimal, tax: Decimal) -> list[str]:
    broken = []
    quantity, price = _d(line["qty"]), _d(line["unitPrice"])
    product = quantity * price
    if total != product - product % CENT:
        broken.append("1316")
    if not (quantity > 0 and price > 0 and total > 0 and tax >= 0):
        broken.append("1183")
    for value in (quantity, price):
        _, digits, exponent = value.as_tuple()
        if len(digits) + int(exponent) > 12 or -int(exponent) > 8:
            broken.append("1186")
    if line["discountFlag"] == "1" and not (0 < -_d(line["discountTotal"]) <= total):
        broken.append("3114")
    if line["discountFlag"] == "2" and line["discountTotal"] != "":
        broken.append("1205")
    return broken


def _discount(line: dict[str, str], before: dict[str, str]) -> list[str]:
    broken = []
    if line["total"] != before["discountTotal"]:
        broken.append("1206")
    if line["item"] != before["item"] + " (Discount)":
        broken.append("1178")
    if line["qty"] or line["unitPrice"] or line["unitOfMeasure"]:
        broken.append("1181")
    if line["discountTotal"]:
        broken.append("1205")
    if any(line[name] != before[name] for name in ("itemCode", "goodsCategoryId", "taxRate")):
        broken.append("2124")
    return broken


def _taxes(lines: list[dict[str, str]], taxes: list[dict[str, str]]) -> list[str]:
    broken = []
    rates = {"01": "0.18", "02": "0", "03": "-"}
    if sorted({line["taxRate"] for line in lines}) != sorted(rates[row["taxCategoryCode"]] for row in taxes):
        broken.append("2833")
    for row in taxes:
        members = [line for line in lines if line["taxRate"] == rates[row["taxCategoryCode"]]]
        net, tax, gross = _d(row["netAmount"]), _d(row["taxAmount"]), _d(row["grossAmount"])
        if gross != sum(_d(line["total"]) for line in members):
            broken.append("1317")
        if tax < sum(_d(line["tax"]) for line in members):
            broken.append("2785")
        if net + tax != gross:
            broken.append("1342")
        if row["taxCategoryCode"] in ("02", "03") and tax:
            broken.append("3050")
        if min(net, tax, gross) < 0:
            broken.append("1264")
    return broken


def _summary(
    lines: list[dict[str, str]], taxes: list[dict[str, str]], summary: dict[str, str], payments: list[dict[str, str]]
) -> list[str]:
    broken = []
    gross, tax, net = _d(summary["grossAmount"]), _d(summary["taxAmount"]), _d(summary["netAmount"])
    if net != gross - tax:
        broken.append("1343")
    if tax != sum(_d(row["taxAmount"]) for row in taxes):
        broken.append("1344")
    if gross != sum(_d(row["grossAmount"]) for row in taxes) or gross <= 0:
        broken.append("1345")
    if int(summary["itemCount"]) != sum(line["discountFlag"] != "0" for line in lines):
        broken.append("1304")
    if sum(_d(payment["paymentAmount"]) for payment in payments) != gross:
        broken.append("2270")
    if [payment["orderNumber"] for payment in payments] != [chr(97 + number) for number in range(len(payments))]:
        broken.append("2263")
    return broken
