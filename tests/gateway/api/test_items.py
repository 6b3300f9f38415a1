"""An item is registered once, and named by its code alone ever after."""

from typing import Any

import pytest

from risiti.gateway.tenancy.access import Scope
from tests.gateway.api.door import Door

pytestmark = pytest.mark.anyio

BOOK = {"name": "Exercise book", "goods_code": "EB-96", "category": "14111514", "unit": "101", "tax": "standard"}


async def put(door: Door, code: str, item: dict[str, Any], status: int = 201) -> Any:  # noqa: ANN401 - any JSON
    answer = await door.ask("PUT", door.firm.path(f"/items/{code}"), json=item)
    assert answer.status == status
    return await answer.json(content_type=None)


async def hand_in(door: Door, reference: str, **line: Any) -> Any:  # noqa: ANN401 - any JSON
    document = {"reference": reference, "lines": [{"quantity": "3", "unit_price": "2500", **line}]}
    answer = await door.ask("POST", door.firm.path("/invoices"), json=document)
    return await answer.json(content_type=None)


async def test_a_line_that_names_an_item_needs_quantity_and_price_alone(door: Door) -> None:
    await put(door, "BOOK", BOOK)
    taken = await hand_in(door, "IT-1", item="BOOK")
    assert (taken["state"], taken["totals"]["gross"], taken["totals"]["tax"]) == ("waiting", "7500.00", "1144.07")
    await door.work()
    assert await door.state_of("IT-1") == "fiscalised"


async def test_what_the_line_says_itself_counts(door: Door) -> None:
    await put(door, "BOOK-2", BOOK)
    taken = await hand_in(door, "IT-2", item="BOOK-2", tax="exempt", name="Exercise book, export quality")
    assert taken["totals"]["tax"] == "0.00"


async def test_an_accepted_document_keeps_what_its_item_was_and_a_repeat_is_still_a_repeat(door: Door) -> None:
    await put(door, "BOOK-3", BOOK)
    first = await hand_in(door, "IT-3", item="BOOK-3")
    await put(door, "BOOK-3", BOOK | {"tax": "exempt", "name": "Another book"}, status=200)
    again = await hand_in(door, "IT-3", item="BOOK-3")
    assert (again["id"], again["totals"]) == (first["id"], first["totals"])
    assert (await door.ask("DELETE", door.firm.path("/items/BOOK-3"))).status == 200
    assert (await hand_in(door, "IT-3", item="BOOK-3"))["id"] == first["id"]
    other = await hand_in(door, "IT-3", item="BOOK-3", quantity="4")
    assert (other["status"], other["errors"][0]["code"]) == (422, "item_retired")


async def test_an_item_that_is_not_there_or_retired_is_one_problem_with_its_place(door: Door) -> None:
    unknown = await hand_in(door, "IT-4", item="NOTHING")
    assert [(fault["path"], fault["code"]) for fault in unknown["errors"]] == [("/lines/0/item", "item_unknown")]
    await put(door, "OLD", BOOK)
    await door.ask("DELETE", door.firm.path("/items/OLD"))
    retired = await hand_in(door, "IT-5", item="OLD")
    assert [(fault["path"], fault["code"]) for fault in retired["errors"]] == [("/lines/0/item", "item_retired")]
    await put(door, "OLD", BOOK, status=200)
    assert (await hand_in(door, "IT-5", item="OLD"))["state"] == "waiting"


async def test_an_item_carries_its_excise_duty_into_the_line(door: Door) -> None:
    duty = {"code": "LED190100", "name": "Sacks and bags of polymers", "percent": "10"}
    shown = await put(door, "BAG", BOOK | {"excise": duty})
    assert shown["excise"]["percent"] == "10"
    taken = await hand_in(door, "IT-6", item="BAG", unit_price="1298", quantity="1")
    assert (taken["totals"]["gross"], taken["totals"]["tax"]) == ("1298.00", "298.00")


async def test_items_are_read_and_listed_by_code(door: Door) -> None:
    for code in ("Z-1", "Z-2", "Z-3"):
        await put(door, code, BOOK)
    shown = await (await door.ask("GET", door.firm.path("/items/Z-1"))).json()
    assert (shown["code"], shown["goods_code"], shown["retired_at"]) == ("Z-1", "EB-96", None)
    query = {"limit": "2", "cursor": "Z"}
    page = await (await door.ask("GET", door.firm.path("/items"), params=query)).json()
    assert [item["code"] for item in page["items"]] == ["Z-1", "Z-2"]
    query["cursor"] = page["next_cursor"]
    page = await (await door.ask("GET", door.firm.path("/items"), params=query)).json()
    assert [item["code"] for item in page["items"]][:1] == ["Z-3"]


async def test_every_fault_of_an_item_is_listed(door: Door) -> None:
    bad = await put(door, "BAD", {"name": " ", "category": "?", "unit": "101", "tax": "vat", "colour": "red"}, 422)
    assert {fault["path"] for fault in bad["errors"]} == {"/name", "/category", "/tax", "/colour"}
    assert (await door.ask("GET", door.firm.path("/items/BAD"))).status == 404
    assert (await door.ask("PUT", door.firm.path("/items/A%20B"), json=BOOK)).status == 404


async def test_reading_and_writing_items_are_two_permissions(door: Door) -> None:
    reader = await door.key_with(Scope.GOODS_READ)
    assert (await door.ask("GET", door.firm.path("/items"), reader)).status == 200
    assert (await door.ask("PUT", door.firm.path("/items/X"), reader, json=BOOK)).status == 403
    writer = await door.key_with(Scope.GOODS_WRITE)
    assert (await door.ask("PUT", door.firm.path("/items/X"), writer, json=BOOK)).status == 201
    assert (await door.ask("GET", door.firm.path("/items/X"), writer)).status == 403


async def test_another_companys_items_are_not_there(door: Door) -> None:
    await put(door, "OURS", BOOK)
    assert (await door.ask("GET", door.other.path("/items/OURS"), door.other)).status == 404
