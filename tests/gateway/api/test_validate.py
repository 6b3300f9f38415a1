"""Everything that is wrong with an invoice is said before it is handed in, and what is safe is mended."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from risiti.gateway.db.session import CompanySession, SystemSession
from risiti.gateway.fiscal.catalogues.keeping import Part, keep_lists
from risiti.gateway.fiscal.catalogues.tables import CatalogueList
from risiti.gateway.fiscal.knowledge import Knowledge
from risiti.gateway.fiscal.validation.known import Known, Wanted
from risiti.gateway.tenancy.environment import Environment
from tests.gateway.api.door import Door
from tests.gateway.fiscal.validation.twelve import KNOWN, TWELVE
from tests.make import a_line, an_invoice

pytestmark = pytest.mark.anyio


@pytest.fixture
async def _with_lists(door: Door) -> AsyncIterator[None]:
    """Let the gateway know lists, as after a synchronisation."""

    def read(session: CompanySession, wanted: Wanted) -> Known:  # noqa: ARG001 - the signature
        return KNOWN

    before = door.runtime.knowledge
    door.runtime.knowledge = Knowledge(door.runtime.database, read)
    yield
    door.runtime.knowledge = before


async def ask(door: Door, document: dict[str, Any], to: str = "/invoices/validate", **query: str) -> Any:  # noqa: ANN401 - any JSON
    answer = await door.ask("POST", door.firm.path(to), json=document, params=query)
    return await answer.json(content_type=None)


@pytest.mark.usefixtures("_with_lists")
async def test_twelve_mistakes_are_twelve_problems_with_places_codes_and_fixes(door: Door) -> None:
    answer = await ask(door, TWELVE)
    assert (answer["valid"], len(answer["problems"]), answer["changes"]) == (False, 12, [])
    first = answer["problems"][0]
    assert first["authority_code"] == "2254"
    assert first["repair"] == [{"op": "move", "path": "/reference", "from": "/invoice_no"}]
    assert all(problem["message"] and problem["fix"] for problem in answer["problems"])
    assert answer["document"] == TWELVE


@pytest.mark.usefixtures("_with_lists")
async def test_accepting_the_safe_fixes_leaves_only_what_needs_a_person(door: Door) -> None:
    answer = await ask(door, TWELVE, fix="safe")
    assert [change["path"] for change in answer["changes"]] == [
        "/invoice_no",
        "/currency",
        "/buyer/type",
        "/buyer/tin",
        "/lines/0/name",
        "/lines/0/qty",
        "/lines/0/unit",
        "/lines/0/unit_price",
    ]
    remaining = {problem["path"]: problem["suggestion"] for problem in answer["problems"] if "suggestion" in problem}
    assert [problem["path"] for problem in answer["problems"]] == [
        "/lines/1/category",
        "/lines/1/quantity",
        "/lines/1/unit_price",
        "/lines/1/tax",
    ]
    assert all("repair" not in problem for problem in answer["problems"])
    by_a_person = answer["document"]
    by_a_person["lines"][1] |= {"category": "10171605", "quantity": "2.5", "unit_price": "1250", "tax": "zero"}
    assert remaining["/lines/1/unit_price"] == "1250"
    good = await ask(door, by_a_person)
    assert (good["valid"], good["problems"]) == (True, [])
    assert good["totals"] == {"net": "28548.73", "tax": "4576.27", "gross": "33125.00"}
    assert [problem["code"] for problem in good["advice"]] == ["goods_not_registered"]


async def test_nothing_is_kept_of_what_is_only_checked(door: Door) -> None:
    assert (await ask(door, an_invoice("V-1")))["valid"] is True
    assert await door.state_of("V-1") == ""


async def test_a_document_that_is_handed_in_is_mended_only_if_that_is_wanted(door: Door) -> None:
    document = an_invoice("V-2", currency="ugx", lines=[a_line(quantity=" 2 ")])
    refused = await ask(door, document, "/invoices")
    assert [(fault["path"], fault["suggestion"]) for fault in refused["errors"]] == [
        ("/lines/0/quantity", "2"),
        ("/currency", "UGX"),
    ]
    assert await door.state_of("V-2") == ""
    taken = await ask(door, document, "/invoices", fix="safe")
    assert taken["state"] == "waiting"
    assert [(notice["path"], notice["fix"]) for notice in taken["warnings"]] == [
        ("/lines/0/quantity", "2"),
        ("/currency", "UGX"),
    ]
    answer = await door.ask("POST", door.firm.path("/invoices"), json=document, params={"fix": "safe"})
    assert answer.headers["Idempotency-Replayed"] == "true"


async def test_what_needs_a_person_keeps_a_document_out_and_is_told_at_the_callers_own_places(door: Door) -> None:
    document = {"invoice_no": "V-3", "items": [a_line(quantity="-1")]}
    refused = await ask(door, document, "/invoices", fix="safe")
    assert [fault["path"] for fault in refused["errors"]] == ["/invoice_no", "/items", "/items/0/quantity"]
    assert await door.state_of("V-3") == ""


async def test_another_word_than_safe_is_refused(door: Door) -> None:
    refused = await ask(door, an_invoice("V-4"), fix="all")
    assert refused["errors"][0]["path"] == "?fix"


@pytest.mark.usefixtures("_with_lists")
async def test_a_repeat_is_known_although_the_lists_have_changed_since(door: Door) -> None:
    line = a_line(name="Exercise book", code="EB-96", unit="PCE")
    document = an_invoice("V-5", lines=[line])
    first = await ask(door, document, "/invoices")
    assert first["state"] == "waiting"
    door.runtime.knowledge = Knowledge(door.runtime.database, lambda session, wanted: Known(units={}))  # noqa: ARG005
    again = await door.ask("POST", door.firm.path("/invoices"), json=document)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await ask(door, document | {"reference": "V-6"}, "/invoices")
    assert [fault["code"] for fault in other["errors"]] == ["unit_unknown"]


async def test_numbers_come_back_as_they_were_written(door: Door) -> None:
    body = b'{"reference": "V-7", "revision": 1, "lines": [{"quantity": 0.10, "unit_price": 1e2}], "x": null}'
    answer = await door.ask(
        "POST", door.firm.path("/invoices/validate"), data=body, headers={"Content-Type": "application/json"}
    )
    text = await answer.text()
    assert '"quantity": 0.10, "unit_price": 1e2' in text


async def test_lists_that_were_fetched_judge_what_is_handed_in(door: Door) -> None:
    def keep(session: SystemSession, units: dict[str, str]) -> None:
        part = Part(CatalogueList.UNITS, units, is_last=True)
        keep_lists(session, Environment.TEST, [part], door.clock.now())

    document = an_invoice("V-8", lines=[a_line(unit="ZZ9")])
    assert (await ask(door, document))["problems"] == []
    await door.runtime.database.write(partial(keep, units={"101": "Stick"}))
    refused = await ask(door, document, "/invoices")
    assert [(one["path"], one["code"]) for one in refused["errors"]] == [("/lines/0/unit", "unit_unknown")]
    door.clock.advance(60)  # two copies of a list are told apart by when they were fetched
    await door.runtime.database.write(partial(keep, units={"101": "Stick", "ZZ9": "Crate"}))
    assert (await ask(door, document, "/invoices"))["state"] == "waiting"
