import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from risiti.efris import DECLARE_EXPORT, DECLARE_IMPORT, INTERFACES, VERIFY_PUBLICLY, Interface, Malformed, Refused
from risiti.efris.models.customs import ExportDeclaration, ExportItem, ImportDeclaration
from risiti.efris.models.verification import PublicVerification
from tests.efris.answers import answered

UNDOCUMENTED = [pytest.param(row, id=code) for code, row in INTERFACES.items() if not row.documented]


def an_export(**changes: object) -> ExportDeclaration:
    """Return the export of one line of a document."""
    declaration = ExportDeclaration(
        tin="1000000000", nin_brn="80020001234567", taxpayer_name="Mango Street Grocers (fictitious)",
        invoice_no="325043056477", sad_number="S-1", destination_country="KE", origin_country="UG",
        exit_station_office="UGMAL", exit_officer="Amina", exit_date=datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC),
        export_sad_items=(ExportItem(hs_code="08045020", invoice_item_id="1", exported_quantity=Decimal(3)),),
    )  # fmt: skip
    return declaration.model_copy(update=changes)


def test_an_export_goes_out_with_what_its_codes_tell() -> None:
    document = json.loads(DECLARE_EXPORT.freeze(an_export()).content)
    assert document["exitDate"] == "2026-03-02 12:00:30"
    assert document["exportSadItems"] == [{"hsCode": "08045020", "invoiceItemId": "1", "exportedQuantity": "3"}]
    row = ExportItem(hs_code="x" * 51, invoice_item_id="", exported_quantity=Decimal(10) ** 12)
    with pytest.raises(Malformed) as raised:
        DECLARE_EXPORT.freeze(an_export(export_sad_items=(row,)))
    assert [fault.code for fault in raised.value.faults] == ["3146", "3147", "3150"]


def test_an_import_may_be_given_in_words_nobody_has_typed() -> None:
    declaration = ImportDeclaration.model_validate({"containers": ["MSKU 1"], "basic_information": None})
    assert DECLARE_IMPORT.freeze(declaration).content == b'{"containers":["MSKU 1"]}'
    assert VERIFY_PUBLICLY.freeze(PublicVerification.model_validate({"qr": "x"})).content == b'{"qr":"x"}'


@pytest.mark.parametrize("interface", UNDOCUMENTED)
@pytest.mark.parametrize("content", ["", None, [], [{"a": 1}], {"a": [1, None]}, "text", 7])
def test_whatever_an_undocumented_interface_answers_is_handed_over(
    interface: Interface[Any, Any], content: object
) -> None:
    assert answered(interface, content).content == (None if content == "" else content)


@pytest.mark.parametrize("interface", UNDOCUMENTED)
def test_an_undocumented_interface_can_still_refuse(interface: Interface[Any, Any]) -> None:
    with pytest.raises(Refused):
        answered(interface, "", "400")
