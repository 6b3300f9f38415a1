"""Documents in the authority's own form through the HTTP door: checked, kept in our words, sent as they are."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from risiti.efris.interfaces import UPLOAD_INVOICE
from tests.efris import documents
from tests.gateway.api.door import Door
from tests.gateway.fiscal.bad_inputs import NOW
from tests.make import DEVICE_NO, OTHER_DEVICE_NO, OTHER_TIN, an_invoice

pytestmark = pytest.mark.anyio


def an_upload(reference: str, change: Callable[[Any], object] = lambda _: None) -> dict[str, Any]:
    """Return an upload as the authority's interface has it."""
    upload: dict[str, Any] = json.loads(UPLOAD_INVOICE.freeze(documents.an_upload(reference)).content)
    assert upload["basicInformation"]["deviceNo"] == DEVICE_NO
    upload["basicInformation"]["issuedDate"] = f"{NOW:%Y-%m-%d %H:%M:%S}"
    change(upload)
    return upload


async def post(door: Door, upload: dict[str, Any]) -> tuple[int, Any]:
    """Hand an upload in."""
    answer = await door.ask("POST", door.firm.path("/invoices/efris"), json=upload)
    return answer.status, await answer.json()


async def test_an_upload_is_kept_in_our_words_and_sent_as_it_is(door: Door) -> None:
    def more(upload: Any) -> None:  # noqa: ANN401 - JSON
        upload["sellerDetails"]["placeOfBusiness"] = "Stall 4, Owino (fictitious)"
        upload["buyerDetails"]["buyerPlaceOfBusi"] = "Around the corner"

    status, view = await post(door, an_upload("E-1", more))
    assert (status, view["state"], view["reference"]) == (202, "waiting", "E-1")
    assert view["totals"] == {"net": "10000.02", "tax": "1800.00", "gross": "11800.02"}
    assert "warnings" not in view or not view["warnings"]
    await door.work()
    (issued,) = door.authority.documents("E-1")
    blocks = json.dumps(issued.blocks, default=str)
    assert "Stall 4, Owino (fictitious)" in blocks
    assert "Around the corner" in blocks
    listed = await (await door.ask("GET", door.firm.path("/invoices"), params={"reference": "E-1"})).json()
    assert listed["items"][0]["fdn"] == issued.fdn
    receipt = await door.ask("GET", listed["items"][0]["links"]["receipt"])
    assert "Pen" in await receipt.text()


async def test_the_check_of_the_reference_is_switched_on_and_said_to_be(door: Door) -> None:
    def off(upload: Any) -> None:  # noqa: ANN401 - JSON
        upload["sellerDetails"]["isCheckReferenceNo"] = "0"

    status, view = await post(door, an_upload("E-2", off))
    assert status == 202
    assert [(one["path"], one["code"]) for one in view["warnings"]] == [
        ("sellerDetails.isCheckReferenceNo", "reference_check")
    ]
    again, repeated = await post(door, an_upload("E-2"))
    assert (again, repeated["id"]) == (202, view["id"])


async def test_a_repeat_is_known_and_another_content_is_not_taken_for_it(door: Door) -> None:
    _, first = await post(door, an_upload("E-3"))
    _, again = await post(door, an_upload("E-3"))
    assert again["id"] == first["id"]

    def elsewhere(upload: Any) -> None:  # noqa: ANN401 - JSON
        upload["sellerDetails"]["address"] = "Somewhere else"

    status, problem = await post(door, an_upload("E-3", elsewhere))
    assert (status, problem["code"], problem["errors"][0]["path"]) == (
        409,
        "reference_taken",
        "sellerDetails.referenceNo",
    )
    answer = await door.ask("POST", door.firm.path("/invoices"), json=an_invoice("e-3"))
    assert answer.status == 409


def _set(block: str, **fields: object) -> Callable[[Any], object]:
    return lambda upload: upload[block].update(fields)


def _row(block: str, **fields: object) -> Callable[[Any], object]:
    return lambda upload: upload[block][0].update(fields)


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (_set("sellerDetails", tin=OTHER_TIN), "sellerDetails.tin", "seller_differs"),
        (_set("sellerDetails", referenceNo="E 4"), "sellerDetails.referenceNo", "invalid_code"),
        (_set("sellerDetails", referenceNo=""), "sellerDetails.referenceNo", "not_carried"),
        (_set("basicInformation", deviceNo=OTHER_DEVICE_NO), "basicInformation.deviceNo", "device_unknown"),
        (_set("basicInformation", currency="XXXX"), "basicInformation.currency", "unknown_value"),
        (_set("basicInformation", issuedDate="31/03/2026"), "basicInformation.issuedDate", "not_carried"),
        (_set("sellerDetails", shoeSize="43"), "sellerDetails.shoeSize", "not_carried"),
        (_row("goodsDetails", total="11800.01"), "goodsDetails[0].total", "amount_differs"),
        (_row("goodsDetails", qty="three"), "goodsDetails[0].qty", "not_carried"),
        (_row("goodsDetails", item="x" * 201), "goodsDetails[0].item", "not_carried"),
        (_row("payWay", paymentAmount="1.00"), "payWay", "payments_do_not_add_up"),
        (lambda upload: upload.pop("summary"), "summary", "not_carried"),
    ],
)
async def test_a_fault_of_an_upload_names_the_authoritys_field(
    door: Door, change: Callable[[Any], object], path: str, code: str
) -> None:
    status, problem = await post(door, an_upload("E-4", change))
    assert status == 422
    assert (path, code) in [(fault["path"], fault["code"]) for fault in problem["errors"]]
    assert not await door.state_of("E-4")


async def test_an_upload_is_read_as_strictly_as_our_own_json(door: Door) -> None:
    headers = {"Content-Type": "application/json"}
    for body, code in ((b"[1]", "not_an_object"), (b'{"a": 1, "a": 2}', "duplicate_key"), (b"", "empty_body")):
        answer = await door.ask("POST", door.firm.path("/invoices/efris"), data=body, headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (400, code)
