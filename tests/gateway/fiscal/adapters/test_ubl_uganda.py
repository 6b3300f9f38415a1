"""UBL in Uganda's terms: every feature of the family, what it becomes at the authority, and what Uganda lacks."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risiti.gateway.fiscal import totals
from risiti.gateway.fiscal.adapters.ubl import uganda
from risiti.gateway.fiscal.adapters.ubl.options import STRICT, Adaptations
from risiti.gateway.fiscal.adapters.ubl.uganda import UblSale
from risiti.gateway.fiscal.shapes import read_invoice
from risiti.gateway.fiscal.totals import Totals
from risiti.gateway.kernel.errors import FieldError, Invalid
from tests.gateway.fiscal.adapters.ubl_files import TIN, Change, Line, Ubl

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
TRIAL = Adaptations(
    foreign_vat=True,
    any_seller=True,
    categories={"standard": "14111514", "zero": "10171605", "exempt": "50131701", "out_of_scope": "14111514"},
    unit="UN",
    item_codes=True,
)


def read(document: Ubl, adaptations: Adaptations = STRICT) -> tuple[UblSale, Totals]:
    """Read a document all the way to the sums that are sent."""
    sale = uganda.read(document.xml(), seller_tin=TIN, adaptations=adaptations)
    return sale, totals.compute(read_invoice(sale.adapted.document, now=NOW))


def faults_of(document: Ubl) -> list[FieldError]:
    """Return the faults of a document, by the places of the XML."""
    try:
        sale = uganda.read(document.xml(), seller_tin=TIN)
    except Invalid as error:
        return list(error.errors)
    try:
        read_invoice(sale.adapted.document, now=NOW)
    except Invalid as error:
        return list(sale.adapted.places.faults(error.errors))
    return []


def codes_of(sale: UblSale) -> list[str]:
    """Return the codes of the notes."""
    return [note.code for note in sale.adapted.notes]


def words_of(sale: UblSale) -> dict[str, Any]:
    """Return the sale in our own words."""
    return dict(sale.adapted.document)


DOCUMENTS = {
    "plain": Ubl(),
    "several lines": Ubl(lines=[Line(), Line(quantity="3", price="999.99"), Line(quantity="0.333", price="100")]),
    "allowance of the document": Ubl(changes=[Change("200", base="1000", multiplier="20")]),
    "charge of the document": Ubl(changes=[Change("25", charge=True)]),
    "both of each": Ubl(
        lines=[Line(), Line(category="Z", percent="0", commodity="10171605")],
        changes=[Change("200"), Change("100", charge=True), Change("50", category="Z", percent="0")],
    ),
    "allowance and charge of a line": Ubl(lines=[Line(changes=[Change("101"), Change("1", charge=True)])]),
    "base quantity": Ubl(lines=[Line(quantity="10", price="200", base="2")]),
    "base quantity that does not divide": Ubl(lines=[Line(quantity="10", price="100", base="3")]),
    "price discount": Ubl(lines=[Line(quantity="10", price="410", price_discount="40")]),
    "categories": Ubl(
        lines=[
            Line(),
            Line(category="Z", percent="0"),
            Line(category="E", percent="0"),
            Line(category="O", percent=""),
            Line(category="G", percent="0"),
        ]
    ),
    "negative line": Ubl(lines=[Line(quantity="7", price="400"), Line(quantity="-3", price="500")]),
    "negative price": Ubl(lines=[Line(quantity="7", price="400"), Line(quantity="1", price="-500")]),
    "negative line of one category": Ubl(
        lines=[Line(), Line(category="Z", percent="0"), Line(quantity="-1", category="Z", percent="0", price="3")]
    ),
    "zero line": Ubl(lines=[Line(), Line(quantity="1", price="0", name="Sample")]),
    "no quantity": Ubl(lines=[Line(quantity="0", price="0", amount="12.50")]),
    "sub-invoice lines": Ubl(lines=[Line(parts=[Line(), Line(category="Z", percent="0")])]),
    "nested sub-invoice lines": Ubl(lines=[Line(parts=[Line(parts=[Line(), Line(price="3")]), Line(price="7.77")])]),
    "prepaid": Ubl(prepaid="1000"),
    "prepaid in full": Ubl(prepaid="3540"),
    "payable rounding": Ubl(lines=[Line(quantity="1", price="99.99")], rounding="0.01"),
    "cents": Ubl(lines=[Line(quantity="1", price="0.03") for _ in range(50)]),
    "foreign currency": Ubl(currency="USD", lines=[Line(quantity="3", price="19.99")]),
    "foreign buyer": Ubl(buyer_tin="SE4598375937", buyer_country="SE"),
    "buyer without TIN": Ubl(buyer_tin=""),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_totals_at_the_authority_are_those_of_the_file(name: str) -> None:
    document = DOCUMENTS[name]
    sale, sums = read(document)
    assert (sums.net, sums.tax, sums.gross) == (document.net, document.tax, document.gross)
    assert (sale.sums.net, sale.sums.tax, sale.sums.gross) == (document.net, document.tax, document.gross)
    assert sum(payment.amount for payment in sums.payments) == document.gross


AMOUNTS = st.decimals("0.01", "99999.99", places=2).map(str)
RATES = st.sampled_from([("S", "18"), ("Z", "0"), ("E", "0"), ("O", "")])


@st.composite
def documents(draw: st.DrawFn) -> Ubl:
    """Draw a document whose total is positive in every category."""
    lines, changes = [], []
    for letter, percent in draw(st.lists(RATES, min_size=1, max_size=4, unique=True)):
        for _ in range(draw(st.integers(1, 3))):
            line = Line(
                quantity=str(draw(st.decimals("0.001", "999.999", places=3))),
                price=str(draw(st.decimals("1", "9999.9999", places=4))),
                base=draw(st.sampled_from(["", "1", "7", "100"])),
                category=letter,
                percent=percent,
            )
            line.changes = [Change(draw(AMOUNTS), charge=True)] if draw(st.booleans()) else []
            if line.net > 1 and draw(st.booleans()):
                taken = draw(st.decimals("0.01", min(line.net, Decimal(9999)) - Decimal("0.5"), places=2))
                line.changes = [*line.changes, Change(str(taken))]
            if line.net > 0:
                lines.append(line)
        rest = sum((line.net for line in lines if line.category == letter), Decimal(0))
        if rest > 1 and draw(st.booleans()):
            amount = str(draw(st.decimals("0.01", min(rest, Decimal(99999)) / 2, places=2)))
            changes.append(Change(amount, category=letter, percent=percent))
        if rest and draw(st.booleans()):
            changes.append(Change(draw(AMOUNTS), charge=True, category=letter, percent=percent))
    return Ubl(lines=lines or [Line()], changes=changes)


@given(documents())
def test_the_totals_of_any_document_are_kept_to_the_cent(document: Ubl) -> None:
    sale, sums = read(document)
    assert (sale.sums.net, sale.sums.tax, sale.sums.gross) == (document.net, document.tax, document.gross)
    assert (sums.net, sums.tax, sums.gross) == (document.net, document.tax, document.gross)


@given(documents(), st.sampled_from(["25", "15", "7.7", "21"]))
def test_with_a_foreign_rate_the_net_is_kept_and_the_tax_is_ugandas(document: Ubl, percent: str) -> None:
    parts: list[Line | Change] = [*document.lines, *document.changes]
    for part in parts:
        if part.category == "S":
            part.percent = percent
    sale, sums = read(document, TRIAL)
    assert (sale.sums.net, sale.sums.tax, sale.sums.gross) == (document.net, document.tax, document.gross)
    assert sums.net == document.net
    assert (sums.net, sums.tax, sums.gross) == sale.expected


def test_a_foreign_rate_is_named_exactly_wherever_it_stands() -> None:
    faults = faults_of(Ubl(lines=[Line(percent="25"), Line(percent="8.00")], changes=[Change("1", percent="25")]))
    assert [(fault.path, fault.message) for fault in faults] == [
        (
            "/Invoice/cac:InvoiceLine[1]/cac:Item/cac:ClassifiedTaxCategory",
            "Uganda has no 25 % rate: VAT is 18 percent, zero or exempt.",
        ),
        (
            "/Invoice/cac:InvoiceLine[2]/cac:Item/cac:ClassifiedTaxCategory",
            "Uganda has no 8 % rate: VAT is 18 percent, zero or exempt.",
        ),
        (
            "/Invoice/cac:AllowanceCharge[1]/cac:TaxCategory",
            "Uganda has no 25 % rate: VAT is 18 percent, zero or exempt.",
        ),
    ]


@pytest.mark.parametrize(
    ("letter", "percent", "code", "says"),
    [
        ("AE", "0", "no_such_treatment", "reverse charge"),
        ("K", "0", "no_such_treatment", "European Union"),
        ("L", "7", "no_such_treatment", "Canary"),
        ("M", "4", "no_such_treatment", "Ceuta"),
        ("B", "22", "no_such_treatment", "split payment"),
        ("S", "0", "no_such_rate", "Z"),
        ("E", "18", "no_such_rate", "not taxed"),
        ("Q", "18", "no_such_treatment", "Q"),
        ("", "", "tax_missing", "how VAT applies"),
    ],
)
def test_a_treatment_that_uganda_does_not_have_is_said_and_can_be_adapted_for_a_trial(
    letter: str, percent: str, code: str, says: str
) -> None:
    document = Ubl(lines=[Line(category=letter, percent=percent)])
    (fault,) = faults_of(document)
    assert fault.code == code
    assert says in fault.message
    sale, sums = read(document, TRIAL)
    assert sums.net == document.net
    assert codes_of(sale)[0] == "adapted_vat"


def test_a_line_without_a_category_takes_the_only_one_that_there_is() -> None:
    body = Ubl(lines=[Line(), Line(category="", percent="")]).xml().replace(b"6000", b"6000")
    with pytest.raises(Invalid):  # two kinds of lines: it is not known which the second is
        uganda.read(body, seller_tin=TIN)
    alone = (
        Ubl()
        .xml()
        .replace(
            b"<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>18</cbc:Percent>"
            b"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>",
            b"",
        )
    )
    assert words_of(uganda.read(alone, seller_tin=TIN))["lines"][0]["tax"] == "standard"


def test_what_the_words_are() -> None:
    document = Ubl(
        lines=[Line(quantity="10", price="410", changes=[Change("101"), Change("1", charge=True)], unit="KGM")],
        changes=[Change("200"), Change("25", charge=True)],
        prepaid="1000",
        means="10",
        clock="14:05:00",
        extra="<c:Note>Handle\n with care</c:Note>",
    )
    sale, _ = read(document)
    assert words_of(sale) == {
        "reference": "INV-0001",
        "issued_at": "2026-03-31T14:05:00+03:00",
        "currency": "UGX",
        "prices": "tax_exclusive",
        "rounding": "per_document",
        "buyer": {
            "type": "business",
            "tin": "1000000901",
            "name": "Lakeside Traders Limited (fictitious)",
            "address": "Plot 1, Example Road, Kampala",
            "email": "accounts@lakeside.example",
        },
        "lines": [
            {
                "name": "Exercise book 96 pages",
                "code": "BOOK-96",
                "category": "14111514",
                "quantity": "10",
                "unit": "103",
                "amount": "4101.00",
                "tax": "standard",
                "discount": {"amount": "101.00"},
                "charge": "25.00",
            }
        ],
        "discounts": [{"amount": "200.00", "tax": "standard"}],
        "remarks": "Handle with care",
        "totals": {"net": "3825.00", "tax": "688.50", "gross": "4513.50"},
        "payments": [{"method": "eft", "amount": "1000.00"}, {"method": "cash", "amount": "3513.50"}],
    }


def test_a_charge_that_no_line_can_carry_is_a_line_of_its_own() -> None:
    document = Ubl(changes=[Change("25", charge=True, category="Z", percent="0")])
    (fault,) = faults_of(document)
    assert (fault.path, fault.code) == ("/Invoice/cac:AllowanceCharge[1]", "missing")
    sale, sums = read(document, TRIAL)
    assert words_of(sale)["charges"] == [
        {
            "name": "Transport",
            "code": "TRANSPORT",
            "unit": "UN",
            "tax": "zero",
            "category": "10171605",
            "amount": "25.00",
        }
    ]
    assert sums.gross == document.gross


@given(st.decimals("0", "99999", places=2), st.lists(st.decimals("0.01", "9999", places=2), min_size=1, max_size=9))
def test_what_is_spread_adds_up(amount: Decimal, shares: list[Decimal]) -> None:
    parts = uganda.spread(amount, shares)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)


def test_what_is_lacking_is_named_at_its_place_in_the_xml() -> None:
    faults = faults_of(Ubl(lines=[Line(code="", commodity="", unit="")]))
    item = "/Invoice/cac:InvoiceLine[1]/cac:Item"
    assert {(fault.path, fault.code) for fault in faults} == {
        (f"{item}/cac:SellersItemIdentification/cbc:ID", "missing"),
        (f"{item}/cac:CommodityClassification/cbc:ItemClassificationCode", "missing"),
        ("/Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity/@unitCode", "missing"),
    }
    assert all("cac:" in fault.fix or "unitCode" in fault.fix for fault in faults)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Ubl(seller_tin="1000000077"), "1000000077"),
        (Ubl(seller_tin="GB1232434", seller_country="GB"), "GB1232434"),
        (Ubl(seller_tin="", seller_country="GB"), "GB"),
    ],
)
def test_somebody_elses_invoice_is_refused(document: Ubl, message: str) -> None:
    (fault,) = faults_of(document)
    assert fault.code == "seller_differs"
    assert message in fault.message


def test_a_seller_may_leave_its_own_number_out() -> None:
    assert faults_of(Ubl(seller_tin="")) == []


@pytest.mark.parametrize(
    ("document", "buyer"),
    [
        (Ubl(buyer_tin="UG1000000901"), {"type": "business", "tin": "1000000901"}),
        (Ubl(buyer_tin="SE4598375937", buyer_country="SE"), {"type": "foreigner", "citizenship": "SE"}),
        (Ubl(buyer_tin="1234567890", buyer_country="HR"), {"type": "foreigner", "citizenship": "HR"}),
        (Ubl(buyer_tin=""), {"type": "consumer"}),
        (Ubl(buyer_tin="12345"), {"type": "consumer"}),
    ],
)
def test_who_the_buyer_is(document: Ubl, buyer: dict[str, str]) -> None:
    sale, _ = read(document)
    found = words_of(sale)["buyer"]
    assert {name: found[name] for name in buyer} == buyer
    assert found["name"] == "Lakeside Traders Limited (fictitious)"


def test_what_does_not_fit_is_left_out_and_noted() -> None:
    attachment = (
        "<a:AdditionalDocumentReference><c:ID>1</c:ID><a:Attachment><c:EmbeddedDocumentBinaryObject "
        f'mimeCode="application/pdf">{"QUJD" * 9_000}</c:EmbeddedDocumentBinaryObject></a:Attachment>'
        "</a:AdditionalDocumentReference>"
    )
    document = Ubl(
        lines=[Line(name="x" * 250), Line(quantity="1", price="0")],
        email="no",
        extra=attachment,
        rounding="0.02",
        stated={},
    )
    body = document.xml().replace(
        b"<cac:LegalMonetaryTotal>",
        b'<cac:TaxTotal><cbc:TaxAmount currencyID="USD">0.15</cbc:TaxAmount></cac:TaxTotal><cac:LegalMonetaryTotal>',
    )
    sale = uganda.read(body, seller_tin=TIN)
    said = " ".join(note.message for note in sale.adapted.notes)
    assert set(codes_of(sale)) == {"left_out", "shortened"}
    for part in ("attachments", "USD", "email", "rounding", "A line of 0", "189 bytes"):
        assert part in said


def test_an_adaptation_for_a_trial_is_said_each_time() -> None:
    document = Ubl(
        id="Snippet1",
        currency="SEK",
        lines=[
            Line(percent="25", code="", commodity="", unit="KWH"),
            Line(percent="25", code="EXERCISE-BOOK-96-PAGES"),
        ],
        seller_tin="GB1",
        seller_country="GB",
        date="2017-11-13",
    )
    changes = Adaptations(
        foreign_vat=True,
        any_seller=True,
        currencies=frozenset({"UGX", "USD"}),
        reference="Snippet1-2",
        issued_at=NOW,
        categories={"standard": "14111514"},
        unit="UN",
        item_codes=True,
    )
    sale, sums = read(document, changes)
    assert set(codes_of(sale)) == {
        *("adapted_vat", "adapted_currency", "adapted_reference", "adapted_date"),
        *("adapted_category", "adapted_unit", "adapted_code"),
    }
    assert words_of(sale)["currency"] == "UGX"
    assert words_of(sale)["reference"] == "Snippet1-2"
    assert sums.net == document.net


def test_different_items_of_one_code_get_different_codes_in_a_trial() -> None:
    document = Ubl(lines=[Line(name="A"), Line(name="B"), Line(name="A")])
    sale, _ = read(document, TRIAL)
    assert [line["code"] for line in words_of(sale)["lines"]] == ["BOOK-96", "BOOK-96-2", "BOOK-96"]
