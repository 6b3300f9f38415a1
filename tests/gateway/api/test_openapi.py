import json
from pathlib import Path
from typing import Any

import pytest

from risiti.gateway.api import openapi
from risiti.gateway.api.documentation import SCHEMAS
from risiti.gateway.api.examples import NEW_INVOICES
from tests.gateway.api.door import Door

pytestmark = pytest.mark.anyio

FILE = Path(__file__).parents[3] / "openapi.json"
DOCUMENT = openapi.build()
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_the_file_is_what_the_routes_say() -> None:
    assert FILE.read_text() == openapi.as_text(DOCUMENT), "run: python -m risiti.gateway.api.openapi > openapi.json"


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> set[str]:  # noqa: ANN401 - any JSON
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*(references(value) for value in node.values()))
        return set().union(*(references(item) for item in node)) if isinstance(node, list) else set()

    known = {SCHEMAS + name for name in DOCUMENT["components"]["schemas"]}
    assert references(DOCUMENT) <= known


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_fails(method: str, path: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    public = not operation.get("security")
    if method == "post" and path.startswith("/api/auth/"):  # what signs somebody in cannot ask who it is
        return
    assert public == path.startswith(("/health", "/metrics", "/api/metrics"))


def test_every_field_of_an_invoice_is_explained() -> None:
    shapes = DOCUMENT["components"]["schemas"]
    unexplained = [
        f"{name}.{field}"
        for name in ("NewInvoice", "Line", "InvoiceView")
        for field, schema in shapes[name]["properties"].items()
        if "description" not in schema and "$ref" not in schema
    ]
    assert unexplained == []


def test_operations_have_names_of_their_own() -> None:
    names = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(names) == len(set(names))
    assert "invoices_create" in names


async def test_the_document_is_served(door: Door) -> None:
    assert await (await door.ask_bare("GET", "/openapi.json")).json() == json.loads(FILE.read_text())


@pytest.mark.parametrize("name", NEW_INVOICES)
async def test_the_examples_are_taken_and_fiscalised(door: Door, name: str) -> None:
    answer = await door.ask("POST", door.firm.path("/invoices"), json=NEW_INVOICES[name])
    assert answer.status == 202, await answer.text()
    await door.work()
    look = await (await door.ask("GET", answer.headers["Location"])).json()
    assert (look["state"], look["refusal"]) == ("fiscalised", None)


BOUNDED = {
    "/api/companies/{company_id}/deadlines": "a row for each currency",
    "/api/deadlines": "the hundred most urgent",
    "/api/auth/sign-ins": "where one person is signed in",
    "/api/companies/{company_id}/invoices/{document_id}/events": "what happened to one document",
    "/api/companies/{company_id}/dictionaries": "as many as the authority has lists",
}
"""Lists that come whole, and why they cannot grow without bound."""


def test_every_list_is_paged_or_bounded() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    whole = {}
    for path, methods in DOCUMENT["paths"].items():
        for answer in methods.get("get", {}).get("responses", {}).values():
            content = answer.get("content", {}).get("application/json", {}).get("schema", {})
            fields = schemas.get(content.get("$ref", "").removeprefix(SCHEMAS), content).get("properties", {})
            if "items" not in fields:
                continue
            asked = {parameter["name"]: parameter["schema"] for parameter in methods["get"].get("parameters", ())}
            if "cursor" in asked and "next_cursor" in fields:
                assert (asked["limit"]["minimum"], asked["limit"]["maximum"]) == (1, 100), path
            else:
                whole[path] = asked
    assert set(whole) == set(BOUNDED)
