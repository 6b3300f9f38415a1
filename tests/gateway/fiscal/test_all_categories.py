"""Must hold for every document there can be: sums close, the authority takes it, and it reads back as it was sent."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.gateway.fiscal import references, totals, unwire, wire
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.tax.computed import Totals
from risiti.gateway.fiscal.terms import Terms, settled
from risiti.gateway.fiscal.words import Category, OtherTaxKind
from risiti.gateway.kernel.errors import Invalid
from tests.gateway.fiscal import adversary
from tests.gateway.fiscal.examiner import DEVICE_NO, LEGAL_NAME, TIN, verdict

NOW = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
SELLER = wire.Seller(
    tin=TIN,
    legal_name=LEGAL_NAME,
    business_name="Mango Street Grocers",
    email="till@mango.example",
    phone="+256700000000",
    address="1 Mango Street, Kampala",
)
DOCUMENTS = 2_050
"""Documents of one run that are sent; those that come to nothing or too much are refused and not counted."""
UNFIT = {
    "line_total_zero",
    "line_total_too_large",
    "discount_over_line",
    "discount_over_document",
    "price_not_representable",
    "excise_over_price",
    "gross_zero",
    "gross_too_large",
}
TRIES = 40
BESIDE = {kind.value for kind in OtherTaxKind}


def accepted(seed: int, lines: int) -> NewInvoice:
    """Draw documents until one is taken; those that are not are refused for what is wrong with them."""
    chance = Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(TRIES):
        try:
            return read(adversary.document(chance, lines))
        except Invalid as error:
            if not {fault.code for fault in error.errors} <= UNFIT:
                raise
    return read({"reference": "ADV-1", "lines": [LINE]})


LINE = {"name": "Thing", "code": "T-1", "category": "44121701", "unit": "101", "quantity": "3", "unit_price": "9.99"}
LINE["tax"] = "standard"


def read(document: dict[str, Any]) -> NewInvoice:
    return settled(parse_invoice(json.dumps(document).encode(), now=NOW), Terms())


def sent(invoice: NewInvoice, computed: Totals) -> bytes:
    return wire.freeze(invoice, computed, SELLER, DEVICE_NO, references.on_the_wire(invoice.reference))


def demand_that_sums_close(computed: Totals) -> None:
    rows = computed.rows
    duties = [row for row in rows if row.category is Category.EXCISE_DUTY]
    others = [row for row in rows if row.category is not Category.EXCISE_DUTY]
    beside = sum((row.gross for row in others if row.category.value in BESIDE), Decimal(0))
    assert sum(line.total for line in computed.lines) + beside == computed.gross
    assert sum(row.gross for row in others) == computed.gross
    assert sum(line.tax for line in computed.lines) + beside + sum(row.tax for row in duties) == computed.tax
    assert sum(line.excise or 0 for line in computed.lines) == sum(row.tax for row in duties)
    assert computed.net + computed.tax == computed.gross
    assert sum(payment.amount for payment in computed.payments) == computed.gross
    for row in rows:
        assert row.net + row.tax == row.gross
        assert row.net >= 0
    for amount in (computed.net, computed.tax, computed.gross):
        assert amount == amount.quantize(Decimal("0.01"))


@settings(max_examples=DOCUMENTS, deadline=None, database=None)
@given(st.integers(0, 2**64), st.integers(1, 6))
def test_every_document_closes_is_taken_by_the_authority_and_reads_back_the_same(seed: int, lines: int) -> None:
    invoice = accepted(seed, lines)
    computed = totals.compute(invoice)
    demand_that_sums_close(computed)
    payload = sent(invoice, computed)
    assert verdict(payload, NOW) == "00"
    back = unwire.read(UPLOAD_INVOICE.parse(payload), now=NOW)
    assert back.differences == ()
    assert sent(back.invoice, totals.compute(back.invoice)) == payload
