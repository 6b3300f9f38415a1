"""The bytes of an upload are written without its models, and are those that the models would give."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risiti.efris.interfaces import UPLOAD_INVOICE
from risiti.efris.models.straight import NotPlain
from risiti.gateway.fiscal import references, wire
from risiti.gateway.fiscal.payloads import NewInvoice
from risiti.gateway.fiscal.reckoning import reckon
from risiti.gateway.fiscal.shapes import parse_invoice
from risiti.gateway.fiscal.terms import Terms
from risiti.gateway.kernel.errors import Invalid
from tests.gateway.fiscal import adversary
from tests.gateway.fiscal.test_every_category import JOURNEYS, Journey

NOW = datetime(2026, 3, 31, 11, 5, tzinfo=UTC)
SELLER = wire.Seller(
    tin="1000000000",
    legal_name="Kampala Löwen (fictitious)",
    business_name='The "Lion" \\ Sons',
    email="till@lion.example",
    phone="+256700000000",
    address="1 Mango Street, Kampala",
)
RATES = {"USD": Decimal("3705.5")}
ODD_NAMES = ('<script>"{{7*7}}\\ é 🍵', "x" * 180, "Sukari ya kahawia", "\u2028", "\x7f")


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_kind_of_document_is_written_plainly(name: str) -> None:
    message = _message(_read(JOURNEYS[name]), JOURNEYS[name].vat_registered)
    assert message.plainly() == UPLOAD_INVOICE.freeze(message.build()).content


@settings(max_examples=250, deadline=None, database=None)
@given(st.integers(0, 2**64), st.integers(1, 6), st.sampled_from(ODD_NAMES), st.booleans())
def test_any_document_gives_the_bytes_of_the_models(seed: int, lines: int, name: str, is_odd: bool) -> None:  # noqa: FBT001
    document = adversary.document(Random(seed), lines)  # noqa: S311 - repeatable on purpose
    if is_odd:
        document["lines"][0]["name"] = name
    try:
        message = _message(parse_invoice(json.dumps(document).encode(), now=NOW))
    except Invalid:
        return
    try:
        plain = message.plainly()
    except NotPlain:  # the models have the word
        plain = UPLOAD_INVOICE.freeze(message.build()).content
    assert plain == UPLOAD_INVOICE.freeze(message.build()).content
    assert plain == wire.freeze(
        message.invoice, message.totals, message.seller, message.device_no, message.wire_reference
    )


def test_a_seller_who_does_not_fit_is_found_by_the_models() -> None:
    message = replace(_message(_read(next(iter(JOURNEYS.values())))), seller=replace(SELLER, email=""))
    with pytest.raises(NotPlain):
        message.plainly()
    with pytest.raises(Invalid) as refused:
        wire.freeze(message.invoice, message.totals, message.seller, message.device_no, message.wire_reference)
    assert [fault.code for fault in refused.value.errors] == ["seller_incomplete"]


def _read(journey: Journey) -> NewInvoice:
    terms = Terms(vat_registered=journey.vat_registered, rates=RATES)
    return parse_invoice(json.dumps({"reference": "KIND-1", **journey.document}).encode(), now=NOW, on=terms)


def _message(invoice: NewInvoice, vat_registered: bool = True) -> wire.InvoiceMessage:  # noqa: FBT001, FBT002
    on = Terms(vat_registered=vat_registered, rates=RATES, tin=SELLER.tin, legal_name=SELLER.legal_name)
    reckoned = reckon(invoice, on)
    reference = references.on_the_wire(invoice.reference)
    return wire.InvoiceMessage(reckoned.invoice, reckoned.totals, SELLER, "1000000000_01", reference)
