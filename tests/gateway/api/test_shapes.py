"""Other shapes through the HTTP door: UBL as XML, tables as files."""

import json
from typing import Any

import aiohttp
import pytest

from risiti.gateway.api import imports, incoming, multipart
from risiti.gateway.fiscal.adapters.tables import mapping
from risiti.gateway.fiscal.knowledge import Knowledge
from risiti.gateway.fiscal.validation.known import Known
from risiti.gateway.kernel.errors import BadRequest
from tests.gateway.api.door import Door
from tests.gateway.fiscal.adapters.ubl_files import Line, Ubl
from tests.gateway.fiscal.adapters.workbooks import workbook
from tests.make import an_invoice

pytestmark = pytest.mark.anyio
TABLE = b"""reference,item,item code,category,unit,quantity,unit price,tax
T-1,Book,B-1,14111514,PCE,2,1500,standard
T-2,Book,B-1,14111514,PCE,two,1500,standard
T-3,Book,B-1,14111514,PCE,1,1500,standard
T-3,Pen,P-1,44121701,PCE,1,-3,standard
"""


async def post_xml(door: Door, body: bytes, content_type: str = "application/xml") -> tuple[int, Any]:
    """Post a document as XML."""
    answer = await door.ask("POST", door.firm.path("/invoices"), data=body, headers={"Content-Type": content_type})
    return answer.status, await answer.json()


async def post_table(door: Door, body: bytes, content_type: str = imports.CSV, query: str = "") -> tuple[int, Any]:
    """Post a table."""
    path = door.firm.path(f"/imports{query}")
    answer = await door.ask("POST", path, data=body, headers={"Content-Type": content_type})
    return answer.status, await answer.json()


async def test_a_ubl_invoice_is_fiscalised_with_its_own_totals(door: Door) -> None:
    document = Ubl(id="UBL-1", lines=[Line(quantity="3", price="1500.50")])
    status, view = await post_xml(door, document.xml())
    assert (status, view["reference"], view["state"]) == (202, "UBL-1", "waiting")
    assert view["totals"] == {"net": str(document.net), "tax": str(document.tax), "gross": str(document.gross)}
    await door.work()
    (issued,) = door.authority.documents("UBL-1")
    assert (issued.gross, issued.tax) == (document.gross, document.tax)


async def test_the_same_ubl_invoice_again_is_the_same_document(door: Door) -> None:
    body = Ubl(id="UBL-2").xml()
    first, again = await post_xml(door, body, "text/xml; charset=utf-8"), await post_xml(door, body)
    assert first[1]["id"] == again[1]["id"]
    status, problem = await post_xml(door, Ubl(id="UBL-2", lines=[Line(quantity="9")]).xml())
    assert (status, problem["code"]) == (409, "reference_taken")
    assert problem["errors"][0]["path"] == "/Invoice/cbc:ID"


async def test_the_faults_of_a_ubl_invoice_name_its_own_elements(door: Door) -> None:
    document = Ubl(id="UBL-3", lines=[Line(commodity="", unit="no-such")], seller_tin="1000000077")
    status, problem = await post_xml(door, document.xml())
    assert (status, [fault["code"] for fault in problem["errors"]]) == (422, ["seller_differs"])
    status, problem = await post_xml(door, Ubl(id="UBL-3", lines=[Line(commodity="", unit="no-such")]).xml())
    assert status == 422
    assert sorted(fault["path"] for fault in problem["errors"]) == [
        "/Invoice/cac:InvoiceLine[1]/cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode",
        "/Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity/@unitCode",
    ]


async def test_what_was_decided_about_a_ubl_invoice_is_a_warning(door: Door) -> None:
    status, view = await post_xml(door, Ubl(id="UBL-4", type_code="386").xml())
    assert (status, [warning["code"] for warning in view["warnings"]]) == (202, ["prepayment"])


@pytest.mark.parametrize("content_type", ["text/plain", "application/pdf", "", "application/jsonx"])
async def test_another_type_is_refused_with_those_that_are_read(door: Door, content_type: str) -> None:
    status, problem = await post_xml(door, json.dumps(an_invoice("UBL-5")).encode(), content_type)
    assert (status, problem["code"]) == (415, "unsupported_media_type")
    assert all(name in problem["detail"] for name in incoming.ACCEPTED)


async def test_hostile_xml_is_refused_at_the_door(door: Door) -> None:
    body = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    status, problem = await post_xml(door, body)
    assert (status, problem["code"]) == (400, "xml_entities")


async def test_an_xml_body_over_the_limit_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "MAX_XML_BYTES", 5_000)
    status, problem = await post_xml(door, Ubl(id="UBL-6").xml() + b" " * 5_000)
    assert (status, problem["code"]) == (413, "body_too_large")


async def test_a_table_is_taken_on_document_by_document(door: Door) -> None:
    status, report = await post_table(door, TABLE)
    assert status == 200
    found = {one["reference"]: one for one in report["documents"]}
    assert {name: one["outcome"] for name, one in found.items()} == {
        "T-1": "accepted",
        "T-2": "faulty",
        "T-3": "faulty",
    }
    assert found["T-1"]["invoice"]["state"] == "waiting"
    assert [fault["path"] for fault in found["T-2"]["errors"]] == ['row 3, column F "quantity"']
    assert [fault["path"] for fault in found["T-3"]["errors"]] == ['row 5, column G "unit price"']
    assert (report["accepted"], report["known"], report["faulty"]) == (1, 0, 2)
    assert not await door.state_of("T-2")

    status, report = await post_table(door, TABLE.replace(b"two", b"2").replace(b",-3,", b",3,"))
    assert (report["accepted"], report["known"], report["faulty"]) == (2, 1, 0)
    await door.work()
    assert [len(door.authority.documents(name)) for name in ("T-1", "T-2", "T-3")] == [1, 1, 1]


async def test_a_table_that_is_only_checked_takes_nothing_on(door: Door) -> None:
    status, report = await post_table(door, TABLE.replace(b"T-", b"C-"), query="?check=true")
    assert (status, report["correct"], report["accepted"], report["faulty"]) == (200, 1, 0, 2)
    assert not await door.state_of("C-1")


async def test_a_workbook_and_its_mapping_come_as_a_form(door: Door) -> None:
    form = aiohttp.FormData()
    rows: list[list[object]] = [["Nr", "Ware", "Menge"], ["F-1", "Buch", 2], ["F-2", "Buch", "x"]]
    form.add_field("file", workbook(Leer=[[]], Umsatz=rows), filename="sales.xlsx")
    text = """
[table]
sheets = ["Umsatz"]
[document]
reference = "Nr"
[line]
name = "Ware"
quantity = "Menge"
code = { constant = "B-1" }
category = { constant = "14111514" }
unit = { constant = "PCE" }
unit_price = { constant = "1500" }
tax = { constant = "standard" }
"""
    form.add_field("mapping", text, filename="mapping.toml")
    answer = await door.ask("POST", door.firm.path("/imports"), data=form)
    report = await answer.json()
    assert (answer.status, report["accepted"], report["faulty"]) == (200, 1, 1)
    assert report["documents"][1]["errors"][0]["path"] == 'sheet "Umsatz", row 3, column C "Menge"'


async def test_a_reference_that_is_taken_by_another_document_is_a_fault_of_its_row(door: Door) -> None:
    await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("R-1"))
    _, report = await post_table(door, TABLE.replace(b"T-1", b"R-1"))
    assert report["documents"][0]["outcome"] == "faulty"
    assert [(one["path"], one["code"]) for one in report["documents"][0]["errors"]] == [
        ('row 2, column A "reference"', "reference_taken")
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"a,b\n", "application/json", 415, "unsupported_media_type"),
        (b"a,b\n", "multipart/form-data", 400, "broken_form"),
        (b"a,b\n", "multipart/form-data; boundary=x", 400, "broken_form"),
        (
            b'--x\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
            "missing",
        ),
        (b"a,b\n1,2\n", imports.CSV, 422, "invalid"),
        (b"PK\x03\x04", imports.XLSX, 422, "not_xlsx"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_as_a_whole(
    door: Door, body: bytes, content_type: str, status: int, code: str
) -> None:
    answered, problem = await post_table(door, body, content_type)
    assert (answered, problem["code"]) == (status, code)
    assert problem["errors"]


async def test_the_example_of_the_ready_made_mapping_is_taken_on(door: Door) -> None:
    status, report = await post_table(door, mapping.example_text().encode())
    assert (status, report["accepted"], report["faulty"]) == (200, 2, 0)


def test_a_form_is_read_to_the_byte() -> None:
    body = (
        b'ignored\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n'
        b"\x00\r\n\n--\r\n\xff\r\n--b\r\ncontent-disposition: form-data; name=mapping\r\n\r\n\r\n--b--\r\nignored"
    )
    assert multipart.parts_of("multipart/form-data; boundary=b", body) == {
        "file": b"\x00\r\n\n--\r\n\xff",
        "mapping": b"",
    }


@pytest.mark.parametrize("count", [multipart.MAX_PARTS, multipart.MAX_PARTS + 1])
def test_the_number_of_parts_is_bounded(count: int) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="p{}"\r\n\r\n1\r\n'
    body = "".join(part.format(number) for number in range(count)).encode() + b"--b--\r\n"
    if count <= multipart.MAX_PARTS:
        assert len(multipart.parts_of("multipart/form-data; boundary=b", body)) == count
    else:
        with pytest.raises(BadRequest):
            multipart.parts_of("multipart/form-data; boundary=b", body)


async def test_a_table_is_checked_against_the_lists_too(door: Door) -> None:
    before = door.runtime.knowledge
    door.runtime.knowledge = Knowledge(door.runtime.database, lambda session, wanted: Known(units={"101": "Stick"}))  # noqa: ARG005
    try:
        _, report = await post_table(door, TABLE.replace(b"T-1", b"L-1"))
    finally:
        door.runtime.knowledge = before
    faults = {one["reference"]: one["errors"] for one in report["documents"]}
    assert "unit_unknown" in [fault["code"] for fault in faults["L-1"]]
