"""T129: a batch is refused whole only for its form; each document in it is issued or refused on its own."""

import json
from typing import Any

import pytest

from risiti.efris import crypto
from risiti.efris.envelope import encode_base64
from risiti.efris.return_codes import catalogue
from tests.simulator.documents import Wire, document
from tests.simulator.rig import Rig

pytestmark = pytest.mark.anyio

PROVOKED = frozenset({"1610", "1611", "1612", "1613"})
LEFT_OUT: dict[str, str] = {}


def signed(rig: Rig, made: object) -> Wire:
    """Make a row: the document's JSON as text, and a signature over that text's UTF-8."""
    text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)
    return {"invoiceContent": text, "invoiceSignature": encode_base64(crypto.sign(rig.key, text.encode()))}


def numbered(number: int, **changes: Any) -> Wire:  # noqa: ANN401 - JSON
    made = document(reference=f"INV-{number}")
    made["summary"] |= changes
    return made


async def test_every_document_of_a_batch_is_issued_and_answered_in_order(rig: Rig) -> None:
    answer = await rig.call("T129", [signed(rig, numbered(number)) for number in range(3)])
    assert answer.code == "00"
    rows = rig.read(answer)
    assert [row["invoiceReturnCode"] for row in rows] == ["00", "00", "00"]
    references = [json.loads(row["invoiceContent"])["sellerDetails"]["referenceNo"] for row in rows]
    assert references == ["INV-0", "INV-1", "INV-2"]
    assert rig.world.ledger.last_number() == 3


async def test_good_documents_stay_when_others_of_the_batch_are_refused(rig: Rig) -> None:
    rows = [
        signed(rig, numbered(1)),
        signed(rig, numbered(2, grossAmount="1")),
        signed(rig, numbered(1)),
        signed(rig, numbered(3)) | {"invoiceSignature": signed(rig, numbered(4))["invoiceSignature"]},
        signed(rig, numbered(5)) | {"invoiceSignature": "no base64!"},
        signed(rig, "[1, 2"),
        signed(rig, "[1, 2]"),
        signed(rig, numbered(6)),
    ]
    answer = await rig.call("T129", rows)
    assert answer.code == "1613"
    outcomes = rig.read(answer)
    assert [row["invoiceReturnCode"] for row in outcomes] == ["00", "1345", "2253", "38", "38", "2066", "2066", "00"]
    assert json.loads(outcomes[2]["invoiceContent"])["existInvoiceList"][0]["invoiceNo"]
    assert outcomes[1]["invoiceContent"] == ""
    stored = [row[2] for row in rig.world.ledger.page(0, 10)]
    assert stored == ["INV-1", "INV-6"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("1610", {"invoiceContent": ""}),
        ("1610", {"invoiceContent": None}),
        ("1611", {"invoiceSignature": " "}),
        ("1611", {"invoiceSignature": []}),
    ],
)
async def test_a_row_without_content_or_signature_refuses_the_batch(rig: Rig, code: str, changes: Wire) -> None:
    answer = await rig.call("T129", [signed(rig, numbered(1)), signed(rig, numbered(2)) | changes])
    assert (answer.code, rig.world.ledger.last_number()) == (code, 0)
    assert answer.message.endswith("! Collection index:1")


async def test_a_batch_has_a_limit(rig: Rig) -> None:
    rig.configure(max_batch=2)
    rows = [signed(rig, numbered(number)) for number in range(3)]
    assert ((await rig.call("T129", rows)).code, rig.world.ledger.last_number()) == ("1612", 0)
    assert (await rig.call("T129", rows[:2])).code == "00"


@pytest.mark.parametrize(("content", "code"), [([], "2070"), ({}, "2066"), (["text"], "2066")])
async def test_what_is_no_batch_is_refused(rig: Rig, content: object, code: str) -> None:
    assert (await rig.call("T129", content)).code == code


def test_every_code_of_the_interface_is_provoked() -> None:
    assert {row.code for row in catalogue() if "T129" in row.interfaces} == PROVOKED
