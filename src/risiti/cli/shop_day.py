"""A shop's day: the invoices of the bundled CSV, one row a line, as the documents that the gateway takes.

The shop is fictitious, and so are its buyers. A few invoices are wrong on purpose, as in any shop; the file does not
say which, for that is the gateway's to find.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sale:
    """One invoice to be posted.

    Attributes:
        key: Its `Idempotency-Key`: the place in the day, so that two sales under one reference stay two requests.
        reference: The shop's own number.
        document: The JSON document for the gateway.
    """

    key: str
    reference: str
    document: JsonObject


def shop_day() -> list[Sale]:
    """Return the day's invoices in their order."""
    text = files("risiti.cli").joinpath("demo_data/shop_day.csv").read_text(encoding="utf-8")
    return list(read_sales(text.splitlines(), key_prefix="shop-day"))


def read_sales(lines: Iterable[str], *, key_prefix: str) -> Iterator[Sale]:
    """Read invoices from CSV lines; consecutive rows with one reference are one invoice.

    Values are passed on as they stand, wrong ones too: to judge them is the gateway's work.
    """
    for number, (reference, rows) in enumerate(groupby(csv.DictReader(lines), key=lambda row: row["reference"]), 1):
        yield Sale(f"{key_prefix}-{number:04d}", reference, _document(list(rows)))


def _document(rows: list[dict[str, str]]) -> JsonObject:
    first = rows[0]
    return {
        "reference": first["reference"],
        "buyer": _without_blanks({"type": first["buyer_type"], "name": first["buyer_name"], "tin": first["buyer_tin"]}),
        "prices": first["prices"],
        "payment": first["payment"],
        "lines": [_line(row) for row in rows],
    }


def _line(row: dict[str, str]) -> JsonObject:
    line: JsonObject = {
        "name": row["item"],
        "code": row["code"],
        "category": row["category"],
        "unit": row["unit"],
        "quantity": row["quantity"],
        "unit_price": row["unit_price"],
        "tax": row["tax"],
    }
    discount = row["discount"]
    if discount.endswith("%"):
        line["discount"] = {"percent": discount.removesuffix("%")}
    elif discount:
        line["discount"] = {"amount": discount}
    return line


def _without_blanks(values: dict[str, str]) -> JsonObject:
    return {name: value for name, value in values.items() if value}
