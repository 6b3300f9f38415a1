"""Sums worked out by hand from the authority's rules, reproduced to the cent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from risiti.gateway.fiscal import codes, references, totals, wire
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.words import Category
from tests.gateway.fiscal.test_all_categories import SELLER

EXAMPLES = json.loads(Path(__file__).with_name("worked_examples.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
LINE_FIELDS = {
    "name": "item",
    "quantity": "qty",
    "unit_price": "unitPrice",
    "total": "total",
    "tax": "tax",
    "tax_rate": "taxRate",
    "discount": "discountTotal",
    "excise": "exciseTax",
    "excise_rate": "exciseRate",
    "excise_rate_name": "exciseRateName",
}
ROLES = {"discount": "0", "discounted": "1", "plain": "2"}


def sent(document: dict[str, Any]) -> dict[str, Any]:
    invoice = parse_invoice(json.dumps(document).encode(), now=NOW)
    frozen = wire.freeze(invoice, totals.compute(invoice), SELLER, "D1", references.on_the_wire(invoice.reference))
    content: dict[str, Any] = json.loads(frozen)
    return content


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_a_worked_example_comes_out_to_the_cent(example: dict[str, Any]) -> None:
    content = sent(example["document"])
    for row, wanted in zip(content["goodsDetails"], example["lines"], strict=True):
        assert row["discountFlag"] == ROLES[wanted.pop("role")]
        assert {ours: row[theirs] for ours, theirs in LINE_FIELDS.items() if ours in wanted} == wanted
    for row, wanted in zip(content["taxDetails"], example["rows"], strict=True):
        assert row["taxCategoryCode"] == codes.CATEGORIES[Category(wanted["category"])].value
        assert (row["taxRate"], row["taxRateName"]) == (wanted["rate"], wanted.get("rate_name", ""))
        assert [row[name] for name in ("netAmount", "taxAmount", "grossAmount")] == [
            wanted[name] for name in ("net", "tax", "gross")
        ]
    sums = content["summary"]
    assert [sums[name] for name in ("netAmount", "taxAmount", "grossAmount", "itemCount")] == [
        example["sums"][name] for name in ("net", "tax", "gross", "items")
    ]
    assert [(row["paymentMode"], row["paymentAmount"]) for row in content["payWay"]] == [
        ("102", example["sums"]["gross"])
    ]
