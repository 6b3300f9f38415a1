"""UBL as it comes: encodings, prefixes, hostile XML, and what is no invoice."""

import pytest

from risiti.gateway.fiscal.adapters.ubl import tree, uganda
from risiti.gateway.kernel.errors import BadRequest, GatewayError, Invalid, TooLarge
from tests.gateway.fiscal.adapters.ubl_files import TIN, Change, Line, Ubl


def refused(body: bytes) -> GatewayError:
    """Return why a body is refused."""
    with pytest.raises(GatewayError) as caught:
        uganda.read(body, seller_tin=TIN)
    return caught.value


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "ISO-8859-15", "windows-1252"])
def test_a_document_may_be_written_in_any_encoding_that_it_declares(encoding: str) -> None:
    sale = uganda.read(Ubl(lines=[Line(name="Café crème")]).xml(encoding=encoding), seller_tin=TIN)
    assert sale.document.lines[0].name == "Café crème"


def test_a_byte_order_mark_wins_over_what_the_transport_says() -> None:
    body = b"\xef\xbb\xbf" + Ubl(lines=[Line(name="Café")]).xml()
    assert uganda.read(body, seller_tin=TIN, charset="iso-8859-1").document.lines[0].name == "Café"


def test_prefixes_are_the_files_own_and_places_are_named_with_the_usual_ones() -> None:
    error = refused(Ubl(lines=[Line(percent="25")]).xml(prefixes=("x", "y")))
    assert error.errors[0].path == "/Invoice/cac:InvoiceLine[1]/cac:Item/cac:ClassifiedTaxCategory"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"{}", "malformed_xml"),
        (b"<Invoice>", "malformed_xml"),
        (b"<a/><b/>", "malformed_xml"),
        (b"<a>\x00</a>", "malformed_xml"),
        (b"<a>&nothing;</a>", "malformed_xml"),
        (b"<Order/>", "not_ubl"),
        (b'<Invoice xmlns="urn:another"><ID>1</ID></Invoice>', "not_ubl"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml_entities"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>', "xml_entities"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml_entities"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "unknown_encoding"),
    ],
)
def test_what_is_no_ubl_invoice_is_refused_by_name(body: bytes, code: str) -> None:
    error = refused(body)
    assert isinstance(error, BadRequest)
    assert error.code == code
    assert error.errors[0].fix


def test_a_thousand_million_laughs_cost_nothing() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE lolz [<!ENTITY l0 "ha">{entities}]><lolz>&l11;</lolz>'
    assert refused(body.encode()).code == "xml_entities"


@pytest.mark.parametrize(("depth", "read"), [(tree.MAX_DEPTH, True), (tree.MAX_DEPTH + 1, False)])
def test_the_depth_of_a_document_is_bounded(depth: int, read: bool) -> None:  # noqa: FBT001 - a case
    body = b"<a>" * depth + b"</a>" * depth
    if read:
        assert tree.parse(body).name == "a"
    else:
        with pytest.raises(TooLarge) as caught:
            tree.parse(body)
        assert caught.value.code == "too_deep"


@pytest.mark.parametrize(("count", "read"), [(tree.MAX_ELEMENTS, True), (tree.MAX_ELEMENTS + 1, False)])
def test_the_number_of_elements_is_bounded(count: int, read: bool) -> None:  # noqa: FBT001 - a case
    body = b"<a>" + b"<b/>" * (count - 1) + b"</a>"
    if read:
        assert len(tree.parse(body).children) == count - 1
    else:
        with pytest.raises(TooLarge) as caught:
            tree.parse(body)
        assert caught.value.code == "too_many_elements"


def test_a_long_text_is_cut_and_costs_no_more_than_it_may() -> None:
    assert len(tree.parse(b"<a>" + b"x" * 100_000 + b"</a>").text) == tree.MAX_TEXT_CHARACTERS


def test_every_value_that_cannot_be_read_is_named_in_one_answer() -> None:
    body = Ubl(lines=[Line(quantity="two", price="1e3", amount="3000")], changes=[Change("12")]).xml()
    body = body.replace(b"<cbc:ChargeIndicator>false<", b"<cbc:ChargeIndicator>no<").replace(
        b"2026-03-31", b"31/03/2026"
    )
    body = body.replace(b'<cbc:Amount currencyID="UGX">', b'<cbc:Amount currencyID="USD">')
    error = refused(body)
    assert isinstance(error, Invalid)
    assert {(fault.path, fault.code) for fault in error.errors} == {
        ("/Invoice/cbc:IssueDate", "not_a_date"),
        ("/Invoice/cac:AllowanceCharge[1]/cbc:ChargeIndicator", "unknown_value"),
        ("/Invoice/cac:AllowanceCharge[1]/cbc:Amount", "currency_mixed"),
        ("/Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity", "not_a_decimal"),
        ("/Invoice/cac:InvoiceLine[1]/cac:Price/cbc:PriceAmount", "not_a_decimal"),
    }


@pytest.mark.parametrize(
    ("document", "code", "says"),
    [
        (Ubl(root="CreditNote", type_code="381", preceding="INV-7"), "credit_note_needed", "INV-7"),
        (Ubl(type_code="381"), "credit_note_needed", "381"),
        (Ubl(lines=[Line(quantity="-2")], preceding="INV-7"), "credit_note_needed", "negative"),
        (Ubl(type_code="384", preceding="INV-7"), "correction_needed", "INV-7"),
        (Ubl(type_code="383", preceding="INV-7"), "debit_note_needed", "INV-7"),
        (Ubl(type_code="389"), "self_billed", "seller"),
        (Ubl(type_code="751"), "not_an_invoice", "information"),
        (Ubl(type_code="999"), "unknown_value", "999"),
    ],
)
def test_what_is_no_invoice_in_uganda_is_answered_with_what_uganda_needs(document: Ubl, code: str, says: str) -> None:
    (fault,) = refused(document.xml()).errors
    assert fault.code == code
    assert says in fault.message
    assert fault.fix


def test_a_prepayment_invoice_is_an_invoice_and_says_so() -> None:
    sale = uganda.read(Ubl(type_code="386").xml(), seller_tin=TIN)
    assert [note.code for note in sale.adapted.notes] == ["prepayment"]
