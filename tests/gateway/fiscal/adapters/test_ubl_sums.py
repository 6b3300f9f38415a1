"""A UBL document's own totals: reproduced exactly, or the difference is named."""

import json

import pytest

from risiti.gateway.fiscal.adapters.ubl import uganda
from risiti.gateway.kernel.errors import FieldError, Invalid
from tests.gateway.fiscal.adapters.ubl_files import TIN, Change, Line, Ubl


def faults_of(document: Ubl) -> dict[str, FieldError]:
    """Return the faults of a document by the last part of their place."""
    with pytest.raises(Invalid) as caught:
        uganda.read(document.xml(), seller_tin=TIN)
    return {fault.path.rpartition("/")[2]: fault for fault in caught.value.errors}


@pytest.mark.parametrize(
    ("element", "stated", "right"),
    [
        ("LineExtensionAmount", "3000.01", "3000.00"),
        ("AllowanceTotalAmount", "0.00", "200.00"),
        ("ChargeTotalAmount", "60.50", "50.50"),
        ("TaxExclusiveAmount", "2850.49", "2850.50"),
        ("TaxInclusiveAmount", "3364.00", "3363.59"),
        ("PayableAmount", "0.00", "3363.59"),
        ("TaxAmount", "513.10", "513.09"),
    ],
)
def test_each_stated_total_is_held_against_the_sum_of_its_parts(element: str, stated: str, right: str) -> None:
    document = Ubl(changes=[Change("200"), Change("50.50", charge=True)], stated={element: stated})
    faults = faults_of(document)
    assert list(faults) == [f"cbc:{element}"]
    fault = faults[f"cbc:{element}"]
    assert fault.code == "total_mismatch"
    assert fault.fix == right
    assert stated in fault.message
    assert right in fault.message


def test_a_difference_is_said_with_its_amount_and_direction() -> None:
    fault = faults_of(Ubl(stated={"TaxExclusiveAmount": "2999.5"}))["cbc:TaxExclusiveAmount"]
    assert fault.message.endswith("the parts add up to 3000.00: 0.50 too little.")


def test_tax_rounded_line_by_line_is_taken_as_the_file_states_it() -> None:
    lines = [Line(quantity="1", price="0.33") for _ in range(3)]  # 18 % of 0.99 is 0.18, of 0.33 each 0.06: 0.18
    lines += [Line(quantity="1", price="0.14") for _ in range(4)]  # 0.03 each, 0.28 of all 1.55 together
    document = Ubl(lines=lines, stated={"TaxAmount": "0.30", "TaxInclusiveAmount": "1.85", "PayableAmount": "1.85"})
    body = document.xml().replace(
        b'<cbc:TaxableAmount currencyID="UGX">1.55</cbc:TaxableAmount><cbc:TaxAmount currencyID="UGX">0.28<',
        b'<cbc:TaxableAmount currencyID="UGX">1.55</cbc:TaxableAmount><cbc:TaxAmount currencyID="UGX">0.30<',
    )
    sale = uganda.read(body, seller_tin=TIN)
    assert [str(amount) for amount in sale.expected] == ["1.55", "0.30", "1.85"]
    assert "tax_rounded" in [note.code for note in sale.adapted.notes]


def test_tax_that_no_rounding_explains_is_a_fault() -> None:
    body = Ubl(stated={"TaxAmount": "600", "TaxInclusiveAmount": "3600", "PayableAmount": "3600"}).xml()
    body = body.replace(b'<cbc:TaxAmount currencyID="UGX">540.00<', b'<cbc:TaxAmount currencyID="UGX">600.00<')
    with pytest.raises(Invalid) as caught:
        uganda.read(body, seller_tin=TIN)
    assert "60.00 too much" in caught.value.errors[0].message


def test_a_taxable_amount_that_is_not_the_sum_of_its_lines_is_a_fault() -> None:
    body = Ubl().xml().replace(b'<cbc:TaxableAmount currencyID="UGX">3000', b'<cbc:TaxableAmount currencyID="UGX">2000')
    with pytest.raises(Invalid) as caught:
        uganda.read(body, seller_tin=TIN)
    assert [fault.path.rpartition("/")[2] for fault in caught.value.errors] == ["cbc:TaxableAmount"]


def test_what_a_line_says_it_is_worth_is_taken_and_a_difference_noted() -> None:
    sale = uganda.read(Ubl(lines=[Line(quantity="2", price="1500", amount="2500.00")]).xml(), seller_tin=TIN)
    assert '"amount": "2500.00"' in json.dumps(sale.adapted.document)
    assert [note.code for note in sale.adapted.notes] == ["line_differs"]
